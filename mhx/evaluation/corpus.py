"""Measures of the corpus itself: translation quality, adaptation edits, examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mhx.adaptation.plan import make_plan
from mhx.adaptation.rules import adapt_segment
from mhx.contracts import MeasureSettings
from mhx.corpus.export import test_references
from mhx.evaluation.freeze import hooks_hash, rule_hash
from mhx.files import hash_json
from mhx.run import Run
from mhx.schema import AdaptedDialogue, Card, Dialogue, Rule
from mhx.scoring import open_measure

if TYPE_CHECKING:
    import polars as pl

QUALITY = ("chrf", "bleu", "ter")
EXAMPLES = 12


def translation(run: Run) -> dict[str, Any] | None:
    """chrF, BLEU and TER of the engine on the shipped test dialogues; None for a user's corpus.

    Each with its interval: the dialogues are resampled, since their segments are alike.
    """
    import polars as pl

    if run.settings.source is not None:
        return None
    references = {
        (item.id, turn, segment): part.faithful
        for _, item in test_references(run)
        for turn, spoken in enumerate(item.turns)
        for segment, part in enumerate(spoken.segments)
    }
    frame = run.table("gate").filter(pl.col("split") == "test")
    rows = [
        {
            "unit": f"{row['dialogue']}|{row['turn']}|{row['segment']}",
            "cluster": row["dialogue"],
            "response": row["faithful"],
            "reference": references.get((row["dialogue"], row["turn"], row["segment"])),
        }
        for row in frame.iter_rows(named=True)
    ]
    done = [row for row in rows if row["response"] and row["reference"]]
    coverage = {"segments": len(rows), "translated": sum(bool(row["response"]) for row in rows)}
    if not done:
        return {
            "label": "no engine: the memory was not given the test dialogues",
            "coverage": coverage,
            "rows": [],
        }
    table = pl.DataFrame(done, infer_schema_length=None)
    out = []
    for name in QUALITY:
        settings = MeasureSettings(lang=run.language.tag, language_folder=run.language.folder,
                                   options={"seed": run.settings.seed})
        _, measure = open_measure(name, settings, run.shelves)
        out.append({"measure": name, **measure.summary(table)})
    # a guard: the test texts are kept from every memory, so no engine should be one
    answered = frame.filter(pl.col("target").is_not_null())["engine"]
    replay = bool(answered.str.starts_with("memory").any())
    label = "memory replay, not a quality figure" if replay else "measured"
    return {"label": label, "coverage": coverage, "rows": out}


def adaptation(run: Run) -> dict[str, Any] | None:
    """The frozen rules and the hooks' repairs on the test dialogues, against the listed edits."""
    import polars as pl

    frozen = frozen_rules(run)
    blind = frozen["dialogues"]
    pairs = [pair for pair in test_references(run) if not blind or pair[0].id in blind]
    if not pairs:
        return None
    rules = [rule for rule in run.language.card.rules if rule.id in frozen["rules"]]
    rows = []
    for source, item in pairs:
        made, listed = _edits(run, source, item, rules)
        rows.append(
            {"unit": item.id, "response": json.dumps(made), "reference": json.dumps(listed)}
        )
    settings = MeasureSettings(lang=run.language.tag, language_folder=run.language.folder)
    _, measure = open_measure("adaptation", settings, run.shelves)
    summary = measure.summary(pl.DataFrame(rows))
    signature = summary.pop("signature", None)
    label = f"{len(pairs)} test dialogues; one author's edits"
    if frozen["kept"]:
        label += (
            f", written after the {frozen['rules_used']} rules used here were frozen (the card "
            f"has {frozen['rules_in_card']} now)"
        )
    return {
        "label": label,
        "signature": signature,
        "dialogues": len(pairs),
        "frozen": frozen,
        "rows": [{"kind": kind, **values} for kind, values in summary.items()],
    }


def _edits(
    run: Run, source: Dialogue, item: AdaptedDialogue, rules: list[Rule]
) -> tuple[list[Any], list[Any]]:
    plan = make_plan(source, run.language, seed=run.settings.seed)
    made, listed = [], []
    for spoken, turn in zip(item.turns, source.turns, strict=True):
        for part in spoken.segments:
            done = adapt_segment(
                part.faithful,
                role=spoken.role,
                risk=turn.risk,
                plan=plan,
                rules=rules,
                hooks=run.language.hooks,
            )
            made.append([edit.model_dump() for edit in done.edits])
            listed.append([edit.model_dump() for edit in part.edits])
    return made, listed


def frozen_rules(run: Run) -> dict[str, Any]:
    """Which rules stood, word for word, before the test edits were written (`corpus/frozen.json`).

    Only those are measured, and only on the dialogues named there: a rule written or widened
    later may know the answers. A language without the record is measured on all its rules and
    its table says so (`kept` is false).
    """
    path = run.language.folder / "corpus" / "frozen.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    frozen: dict[str, str] = stored.get("rules", {})
    rules = run.language.card.rules
    same = [rule.id for rule in rules if frozen.get(rule.id) == rule_hash(rule)]
    return {
        "kept": bool(frozen),
        "rules": same if frozen else [rule.id for rule in rules],
        "rules_used": len(same) if frozen else len(rules),
        "rules_in_card": len(rules),
        "rules_sha256": hash_json(frozen),
        "dialogues": stored.get("dialogues", []),
        "hooks_same": stored.get("hooks_sha256", hooks_hash(run.language))
        == hooks_hash(run.language),
        "frozen_on": stored.get("frozen_on"),
        "caveat": stored.get("caveat", ""),
    }


def examples(run: Run) -> list[dict[str, Any]]:
    """Adapted segments with most kinds of edits, one a card entry first."""
    frame: pl.DataFrame = run.table("gate")
    rows = [row for row in frame.iter_rows(named=True) if row["edits"] and row["edits"] != "[]"]
    seen: set[str] = set()
    first: list[Any] = []
    rest: list[Any] = []
    for row in rows:
        edits = json.loads(row["edits"])
        new = {edit["rule"] for edit in edits} - seen
        (first if new else rest).append((row, edits))
        seen |= new
    return [
        {
            "dialogue": row["dialogue"],
            "topic": row["topic"],
            "role": row["role"],
            "turn": row["turn"],
            "source": row["text"],
            "faithful": row["faithful"],
            "adapted": row["adapted"],
            "edits": [{**edit, **explanation(run.language.card, edit)} for edit in edits],
        }
        for row, edits in [*first, *rest][:EXAMPLES]
    ]


def explanation(card: Card, edit: dict[str, Any]) -> dict[str, str]:
    """The reason of an edit and its English gloss, from the card's rule or fact.

    An edit of a name carries the id of the fact that holds the names; the rule for names that
    rests on this fact explains it.
    """
    entry = edit["rule"]
    for rule in card.rules:
        if rule.id == entry or (rule.match.entity and entry in rule.evidence):
            return {"reason": rule.reason, "gloss": rule.gloss or ""}
    claim = next((fact.claim for fact in card.facts if fact.id == entry), "")
    return {"reason": claim, "gloss": ""}
