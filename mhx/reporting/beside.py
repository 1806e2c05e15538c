"""What was checked beside the gaps, in sentences for the methods text: models, length, raters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mhx.reporting.checks import licences
from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import alpha_of
from mhx.reporting.records import single
from mhx.reporting.table import show
from mhx.reporting.wording import SHORT_HASH, counted


def beside(evaluation: Evaluation) -> Iterator[str]:
    """One sentence a check that was run; of a trial model's answers none is worth saying."""
    if evaluation.pipeline_check:
        return
    yield from _models(evaluation)
    yield from _lengths(evaluation)
    yield from _conditional(evaluation)
    yield from _licence(evaluation)


def _models(evaluation: Evaluation) -> Iterator[str]:
    rows = single(evaluation, "models")
    judged = [row for row in rows if row.get("agrees") is not None]
    if not rows:
        return
    agree = sum(bool(row["agrees"]) for row in judged)
    verb = "agrees" if agree == 1 else "agree"
    found = (f"of {counted(len(judged), 'fitted estimate')} {agree} {verb} with the gap in sign "
             "and in significance" if judged else "none could be fitted")
    left = len(rows) - len(judged)
    found += f", and {left} could not be judged" if judged and left else ""
    yield ("As a check of the gaps, a linear mixed model with the unit as random intercept and a "
           f"cumulative logit model clustered by unit were fitted: {found}.")


def _lengths(evaluation: Evaluation) -> Iterator[str]:
    asked = single(evaluation, "lengths")
    moves = [abs(row["adjusted"] - row["gap"]) for row in asked
             if row.get("adjusted") is not None and row.get("gap") is not None]
    if moves:
        yield ("With the length of the answers held equal by its slope within groups, the largest "
               f"change of {counted(len(moves), 'gap')} is {show(max(moves), 'number')} raw "
               "points; verdicts rest on the unadjusted gaps.")
    elif asked:
        yield f"The gap at equal length could not be computed{_reasons(asked)}."


def _conditional(evaluation: Evaluation) -> Iterator[str]:
    asked = single(evaluation, "conditional")
    rows = [row for row in asked if row.get("difference") is not None]
    if not rows:
        if asked:
            yield f"The scorer could not be examined at equal human rating{_reasons(asked)}."
        return
    tested = [row for row in rows if row.get("tost_p") is not None]
    within = sum(row["tost_p"] < alpha_of(evaluation) for row in tested)
    shown = (f"in {within} of {len(tested)} it was shown to lie within its bound" if tested
             else "no bound was given to test it against")
    yield ("The scorer was examined at equal human rating by group in "
           f"{counted(len(rows), 'contrast')}: {shown}.")


def _reasons(rows: list[Row]) -> str:
    notes = "; ".join(dict.fromkeys(str(row["note"]) for row in rows if row.get("note")))
    return f" ({notes})" if notes else ""


def _licence(evaluation: Evaluation) -> Iterator[str]:
    rows = [row for row in licences(evaluation) if row.get("certificate")]
    if not rows:
        return
    verdicts = Counter(str(row.get("verdict")) for row in rows)
    each = ", ".join(f"{verdict} in {count}" for verdict, count in verdicts.items())
    bounds = ", ".join(dict.fromkeys(f"±{show(row.get('bound'), 'number', 3)}" for row in rows))
    names = ", ".join(dict.fromkeys(str(row["certificate"])[:SHORT_HASH] for row in rows))
    yield ("Languages are compared only where anchors rated by people show that the scorer's "
           f"intercept and slope are equivalent within {bounds} raw points (certificate {names}): "
           f"{each} of {len(rows)} scores and pairs of languages.")
