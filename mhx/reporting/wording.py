"""Sentences that several parts of the report repeat: origin, signatures, agreement, marks."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import PIPELINE_CHECK, show

SHORT_HASH = 12


def plain(name: object) -> str:
    """An identifier as words: `emotional_reactions` is "emotional reactions"."""
    return str(name if name is not None else "").replace("_", " ")


def origin(evaluation: Evaluation) -> str:
    """Who wrote the text that the numbers are about."""
    return str(evaluation.meta.get("text_origin") or "origin not recorded")


def answers_origin(evaluation: Evaluation) -> str:
    """Who wrote the answers (base and adapter), and the dialogues that stand behind them."""
    if evaluation.from_table:
        return origin(evaluation)
    base = evaluation.meta.get("base_model") or "a model that is not recorded"
    return f"answers by {base} and its adapter; dialogues {origin(evaluation)}"


def mark(evaluation: Evaluation) -> str:
    """The mark of numbers that come from a trial model; empty in a real run."""
    return PIPELINE_CHECK if evaluation.pipeline_check else ""


def agreement(evaluation: Evaluation) -> str:
    """What is known of the empathy scorer against people, in one clause."""
    found = evaluation.part("empathy", "agreement")
    rows = evaluation.rows("empathy", "agreement", "rows")
    if not rows:
        return "agreement with people not measured"
    each = ", ".join(f"{plain(row.get('mechanism'))} {show(row.get('kappa_quadratic'), 'number')}"
                     for row in rows)
    where = f" on {found['measured_on']}" if found.get("measured_on") else ""
    data = f" ({found['data']})" if found.get("data") else ""
    return f"quadratic-weighted κ against people{where}{data}: {each}"


def scorer(evaluation: Evaluation) -> str:
    """The empathy scorer's signature."""
    return str(evaluation.part("empathy").get("signature") or "scorer signature not recorded")


def parity_signature(evaluation: Evaluation) -> str:
    """How the parity numbers were made: scorer, plan and the options of the test."""
    found = (evaluation.part("parity", name, "settings") for name in evaluation.systems)
    settings = next(found, {})
    plan = plan_name(evaluation)
    keys = ("margin", "alpha", "resamples", "adjust", "seed", "numpy")
    options = [f"{key}:{settings[key]}" for key in keys if settings.get(key) is not None]
    return " | ".join([scorer(evaluation), f"parity plan:{plan}", *options])


def plan_name(evaluation: Evaluation) -> str:
    """The frozen plan by the start of its hash; several plans, or none, are said."""
    found = dict.fromkeys(str(one.meta.get("plan_sha256") or "")[:SHORT_HASH]
                          for one in evaluation.sources)
    if evaluation.from_table and not any(found):
        return "none, exploratory"
    return ", ".join(name or "not recorded" for name in found)


def signatures(rows: list[dict[str, object]]) -> str:
    """The distinct signatures of rows that carry their own."""
    found = dict.fromkeys(str(row["signature"]) for row in rows if row.get("signature"))
    return "; ".join(found) or "not recorded"


def absent(what: str, why: str = "") -> str:
    """A part that is not there, in words."""
    return f"Not in this run: {what}. {sentence(why)}".strip()


def sentence(text: str) -> str:
    """`text` with a capital and a full stop; empty text stays empty."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def counted(number: int, word: str) -> str:
    """A number with its noun: "1 gap", "2 gaps"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
