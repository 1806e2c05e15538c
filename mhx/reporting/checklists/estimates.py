"""Sentences on estimates: how many with which error bars, how they were made, their reach."""

from __future__ import annotations

from mhx.reporting.checklists.facts import joined
from mhx.reporting.checks import proved
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of, percent
from mhx.reporting.table import Kind, show
from mhx.reporting.wording import counted, parity_signature, scorer


def statistics(evaluation: Evaluation) -> str:
    """How much is estimated, with which error bars, and how often there is none."""
    if evaluation.pipeline_check:
        return joined("The base model is for trials: its gaps are not reported.",
                      "The statistics are shown on synthetic scores with known gaps instead."
                      if proved(evaluation) else "")
    means, gaps = (evaluation.parity_rows(key) for key in ("groups", "contrasts"))
    if not means:
        return "No group means are reported."
    without = sum(row.get("low") is None for row in (*means, *gaps))
    settings = evaluation.part("parity", evaluation.systems[0], "settings")
    resamples = settings.get("resamples") or evaluation.part("meta", "analysis").get("resamples")
    how = f" (bootstrap of {resamples} resamples)" if resamples else ""
    what = "rows of the table" if evaluation.from_table else "answers, never the best of several"
    return joined(
        f"Reported: {counted(len(means), 'group mean')}, each with n, coverage and its "
        f"{percent(alpha_of(evaluation), 1)} interval, and {counted(len(gaps), 'gap')}, each with "
        f"both intervals, effect sizes and adjusted p values{how}.",
        f"Without an interval, because scores are constant or too few: {without} of them."
        if without else "", f"They are estimates of all scored {what}.")


def trained_once(evaluation: Evaluation) -> str:
    """That intervals are over units and not over training runs; empty for a table."""
    if evaluation.from_table:
        return ""
    seeds = ", ".join(dict.fromkeys(str(one.meta.get("seed")) for one in evaluation.sources))
    runs = len(evaluation.sources)
    which = "The run" if runs == 1 else f"Each of the {runs} runs"
    if not evaluation.systems:
        return f"{which} trained one adapter once (seed {seeds})."
    return (f"{which} trained one adapter once, and each system answered each probe once (seed "
            f"{seeds}): the intervals are over units, not over training runs.")


def signatures(evaluation: Evaluation) -> str:
    """How every kind of number was made, in the measures' own signatures."""
    found: dict[str, None] = {}
    for one in evaluation.sources:
        rows = [*one.rows("perplexity"), *one.rows("translation", "rows")]
        found |= dict.fromkeys(str(row["signature"]) for row in rows if row.get("signature"))
    if evaluation.systems:
        found[parity_signature(evaluation)] = None
    elif evaluation.part("empathy"):
        found[scorer(evaluation)] = None
    return f"Signatures: {'; '.join(found)}." if found else "No signature is recorded."


def reach(evaluation: Evaluation) -> str:
    """The sample in units and the smallest gap that could have been found; empty for babble."""
    rows = evaluation.parity_rows("contrasts", "main")
    if not rows or evaluation.pipeline_check:
        return ""
    pairs = [row["pairs"] for row in rows if row.get("pairs") is not None]
    rest = [row[key] for row in rows if row.get("pairs") is None
            for key in ("n_group", "n_reference") if row.get(key) is not None]
    sizes = [text for text in (f"{_range(pairs, 'int')} pairs" if pairs else "",
                               f"{_range(rest, 'int')} a group" if rest else "") if text]
    mde = [row["mde"] for row in rows if row.get("mde") is not None]
    return joined(
        f"{counted(len(rows), 'contrast')} of {', or of '.join(sizes) or 'no scored units'}.",
        f"Smallest gap found with 80 % power: {_range(mde, 'number')} raw points." if mde else "")


def _range(values: list[float], kind: Kind) -> str:
    ends = dict.fromkeys(show(one, kind) for one in (min(values), max(values)))
    return " to ".join(ends)
