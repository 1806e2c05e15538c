"""What a judge answered, item by item: a legal value, or a status that says why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from mhx.contracts import Status
from mhx.corpus.privacy import latin_digits
from mhx.endpoint import Completion, structured
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


class _Answer(BaseModel):
    """Any object: which of its keys count is decided item by item."""

    model_config = ConfigDict(extra="allow")


def read(done: Completion, rubric: Rubric) -> tuple[dict[str, Reading], str]:
    """The reading of each item, and the judge's remark.

    An illegal or missing value is unparsable for its item alone; nothing is filled in, rounded
    or moved into the range.
    """
    if done.text is None:
        failure = done.failure or "empty"
        status = STATUSES.get(failure, "missing")
        return dict.fromkeys(_ids(rubric), Reading(None, status, failure)), ""
    found = structured(done.text, _holder(_ids(rubric)))
    if found is None:
        return dict.fromkeys(_ids(rubric), Reading(None, "unparsable", "no ratings in it")), ""
    given: dict[str, Any] = found.model_extra or {}
    readings = {item.id: _reading(item, rubric, given) for item in rubric.items}
    remark = given.get(REASON)
    return readings, " ".join(remark.split()) if isinstance(remark, str) else ""


def _ids(rubric: Rubric) -> list[str]:
    return [item.id for item in rubric.items]


def _holder(ids: Iterable[str]) -> type[_Answer]:
    """An object that holds at least one of the keys, so that no other object is taken for it."""
    from pydantic import model_validator

    wanted = set(ids)

    class Answer(_Answer):
        @model_validator(mode="after")
        def _rates(self) -> Answer:
            if not wanted & set(self.model_extra or {}):
                raise ValueError("rates nothing")
            return self

    return Answer


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
