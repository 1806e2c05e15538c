"""Rows for a terminal that is too narrow for their table: one paragraph a row, nothing cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

Cells = dict[str, str]
FRAME, BETWEEN = 3, " · "  # blanks and rule of a table's column
LINES, LONG = 5, 32  # of a cell; letters of what reads as a sentence
NUMBER = re.compile(r"\[|[<+-]?[\d.,/]+%?( [±\[(].*)?$")


def fits(rows: Sequence[Cells], rigid: Sequence[str], width: int) -> bool:
    """Whether a table of these rows needs no more than `width` without breaking a word, and no
    cell more than `LINES` lines.

    rigid: names of columns whose cells stay on one line. The others are narrowed as Rich narrows
    them: the widest first, down to the next.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = {name: [name, *(row.get(name, "") for row in rows)] for name in names}
    widths = {name: max(map(len, texts[name])) for name in names}
    free = [name for name in names if name not in rigid]
    natural = dict(widths)
    excess = sum(widths.values()) + FRAME * len(names) + 1 - width
    while excess > 0 and any(widths[name] > 1 for name in free):
        top = max(widths[name] for name in free)
        widest = [name for name in free if widths[name] == top]
        next_ = max((widths[name] for name in free if widths[name] < top), default=1)
        cut = max(1, min(top - next_, -(-excess // len(widest))))
        for name in widest:
            widths[name] -= cut
        excess -= cut * len(widest)
    words = {name: max((len(word) for text in texts[name] for word in text.split()), default=0)
             for name in free}
    return excess <= 0 and all(widths[name] >= words[name] and
                               natural[name] <= LINES * widths[name] for name in free)


def stacked(rows: Sequence[Cells], width: int) -> str:
    """Each row as its leading words, then ``name value`` pairs; pairs stay whole where they fit."""
    out = []
    for row in rows:
        names = [name for name, text in row.items() if text not in ("", "–")]
        heads = _heads(row, names)
        out.append(", ".join(row[name] for name in heads))
        line = ""
        for name in names[len(heads):]:
            pair = f"{name} {row[name]}"
            if line and len(line) + len(BETWEEN) + len(pair) + 4 > width:
                out += _indented(line, width)
                line = pair
            else:
                line = BETWEEN.join(part for part in (line, pair) if part)
        out += _indented(line, width)
    return "\n".join(out)


def _heads(row: Cells, names: Sequence[str]) -> list[str]:
    """The names before the first that holds a number or, in a row without one, a sentence."""
    tests = (NUMBER.match, lambda text: len(text) > LONG)
    place = next((k for test in tests for k, name in enumerate(names) if test(row[name])), 1)
    return list(names[:max(1, place)])


def _indented(line: str, width: int) -> list[str]:
    return [f"    {part}" for part in wrap(line, max(20, width - 4), break_long_words=False)]
