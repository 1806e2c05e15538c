"""Two passes of edits over one text as one: offsets of the first text, none overlapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mhx.schema import Edit
from mhx.schema.dialogue import apply_edits

Operation = Literal["insert", "replace", "delete"]
Pass = Literal["first", "second"]


@dataclass(frozen=True)
class Outcome:
    """An edit, and where what it wrote stands in the edited text: ``[start:end]``."""

    edit: Edit
    start: int
    end: int

    def meets(self, edit: Edit) -> bool:
        """Whether an edit of the edited text wants this place; beside a deletion it does not."""
        if self.start == self.end and edit.start < edit.end:
            return edit.start < self.start < edit.end
        return _meet(self.start, self.end, edit.start, edit.end)

    def survives(self, edited: str, edit: Edit) -> bool:
        """Whether what was written still stands after an edit of the edited text that meets it."""
        head, tail = edited[self.start : edit.start], edited[edit.end : self.end]
        return self.edit.after in head + edit.after + tail


def overlap(one: Edit, two: Edit) -> bool:
    """Whether two edits of one text want the same place; an insertion wants its neighbours' too."""
    return _meet(one.start, one.end, two.start, two.end)


def operation_of(before: str, after: str) -> Operation:
    """What a change is called."""
    return "insert" if not before else "replace" if after else "delete"


def outcomes(edits: Sequence[Edit]) -> list[Outcome]:
    """Edits of one text in order, with the places of what they wrote."""
    found, shift = [], 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        start = edit.start + shift
        found.append(Outcome(edit, start, start + len(edit.after)))
        shift += len(edit.after) - len(edit.before)
    return found


def shifted(edit: Edit, earlier: Sequence[Edit]) -> Edit:
    """An edit at its place after `earlier` edits of the same text, which it does not overlap."""
    by = sum(len(item.after) - len(item.before) for item in earlier if item.end <= edit.start)
    return edit.model_copy(update={"start": edit.start + by, "end": edit.end + by})


def compose(
    text: str, first: Sequence[Edit], second: Sequence[Edit], *, cites: Pass = "second"
) -> list[Edit]:
    """Edits of `text` that do what `first` does, and then `second` to what `first` made of it.

    An edit of `second` that meets outcomes of `first` becomes one edit with them, which cites the
    rule, depth and nature of the pass `cites`; the others keep theirs and are only moved. Edits of
    one pass must not overlap. A part that ends as it began is no edit.
    """
    between = apply_edits(text, list(first))
    moved = outcomes(first)
    groups: list[tuple[int, int, list[Outcome], list[Edit]]] = []
    for edit in sorted(second, key=lambda item: (item.start, item.end)):
        low, high, inside = edit.start, edit.end, [edit]
        met = [item for item in moved if item.meets(edit)]
        for item in met:
            low, high = min(low, item.start), max(high, item.end)
        while groups and set(map(id, met)) & set(map(id, groups[-1][2])):
            other = groups.pop()
            low, high = min(low, other[0]), max(high, other[1])
            met += [item for item in other[2] if item not in met]
            inside = [*other[3], *inside]
        groups.append((low, high, met, inside))
    taken = {id(item) for _, _, met, _ in groups for item in met}
    edits = [item.edit for item in moved if id(item) not in taken]
    edits += [_merged(text, between, moved, group, cites) for group in groups]
    kept = [edit for edit in edits if edit.before != edit.after]
    return sorted(kept, key=lambda edit: (edit.start, edit.end))


def _meet(start: int, end: int, other: int, stop: int) -> bool:
    if start == end or other == stop:
        return start <= stop and other <= end
    return start < stop and other < end


def _merged(
    text: str,
    between: str,
    moved: Sequence[Outcome],
    group: tuple[int, int, list[Outcome], list[Edit]],
    cites: Pass,
) -> Edit:
    """One edit of `text` for edits of the second pass and the outcomes they meet."""
    low, high, met, inside = group
    own = {id(item) for item in met}
    start = low - sum(_growth(item) for item in moved if item.end <= low and id(item) not in own)
    end = start + (high - low) - sum(_growth(item) for item in met)
    here = [
        edit.model_copy(update={"start": edit.start - low, "end": edit.end - low})
        for edit in inside
    ]
    before, after = text[start:end], apply_edits(between[low:high], here)
    cited = met[0].edit if met and cites == "first" else inside[0]
    return cited.model_copy(
        update={
            "start": start,
            "end": end,
            "before": before,
            "after": after,
            "operation": operation_of(before, after),
        }
    )


def _growth(item: Outcome) -> int:
    return len(item.edit.after) - len(item.edit.before)
