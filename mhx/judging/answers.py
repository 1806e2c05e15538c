"""What a judge answered, item by item: a legal value, or a status that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mhx.contracts import Status
from mhx.corpus.privacy import latin_digits
from mhx.endpoint import Completion
from mhx.endpoint.answers import objects
from mhx.schema import Rubric
from mhx.schema.rubric import REASON, RubricItem

# what the server did to the answer, as the status of a score; anything else never arrived
STATUSES: dict[str, Status] = {
    "refused": "refused", "truncated": "unparsable", "empty": "unparsable",
    "unparsable": "unparsable",
}


@dataclass(frozen=True)
class Reading:
    """An item's answer as the judge wrote it, or None with status and reason."""

    value: str | None
    status: Status
    detail: str = ""


def read(done: Completion, rubric: Rubric) -> tuple[dict[str, Reading], str]:
    """The reading of each item, and the judge's remark.

    An illegal or missing value is unparsable for its item alone; nothing is filled in, rounded
    or moved into the range. Of several objects with ratings none is chosen: where they differ,
    all items are unparsable.
    """
    if done.text is None:
        failure = done.failure or "empty"
        status = STATUSES.get(failure, "missing")
        return dict.fromkeys(_ids(rubric), Reading(None, status, failure)), ""
    ids = set(_ids(rubric))
    rated = [given for given in objects(done.text) if ids & set(given)]
    if not rated:
        return dict.fromkeys(_ids(rubric), Reading(None, "unparsable", "no ratings in it")), ""
    each = [{item.id: _reading(item, rubric, given) for item in rubric.items} for given in rated]
    readings = each[-1]
    if any(other != readings for other in each):
        several = Reading(None, "unparsable", "several ratings that differ")
        return dict.fromkeys(readings, several), ""
    remark = rated[-1].get(REASON)
    return readings, " ".join(remark.split()) if isinstance(remark, str) else ""


def _ids(rubric: Rubric) -> list[str]:
    return [item.id for item in rubric.items]


def _reading(item: RubricItem, rubric: Rubric, given: dict[str, Any]) -> Reading:
    if item.id not in given:
        return Reading(None, "unparsable", "left out")
    said = given[item.id]
    text = ""
    if isinstance(said, str):
        text = latin_digits(said.strip()).replace("\u2212", "-").removeprefix("+")
    elif isinstance(said, int | float) and not isinstance(said, bool):
        text = f"{said:g}"
    if text in rubric.answers(item):
        return Reading(text, "scored")
    return Reading(None, "unparsable", f"illegal value {str(said)[:40]!r}")
