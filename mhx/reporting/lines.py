"""Figures made of lines: labels at the left, an axis, text at the right, split into pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.reporting.palette import PAGE, SMALL, TALL, fitted
from mhx.reporting.table import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = 1.75  # inches for the labels
TOP, BOTTOM = 0.62, 0.5  # inches for the legend and the axis
HEAD, FOOT = 0.3, 0.1  # inches of a heading, and below the last line


@dataclass
class Block:
    """A heading (no `rows`), or the rows of one label, which stay on one page.

    `y` is the upper edge in inches from the top of the page's lines.
    """

    text: str
    rows: list[Row] = field(default_factory=list)
    y: float = 0.0


@dataclass(frozen=True)
class Page:
    """The blocks of one figure, laid out; `step` is the height of a row, `last` of all blocks."""

    blocks: list[Block]
    step: float
    last: float

    @property
    def height(self) -> float:
        """The whole figure's, in inches."""
        return self.last + TOP + BOTTOM

    @property
    def rows(self) -> list[Row]:
        """The rows, from top to bottom."""
        return [row for block in self.blocks for row in block.rows]


def page_name(base: str, number: int) -> str:
    """`base` for the first page (0), then `base-2`, ..."""
    return base if number == 0 else f"{base}-{number + 1}"


def blocks_of(rows: Iterable[Row], systems: list[str]) -> list[Block]:
    """A heading a score, attribute, reference and language, then a block of systems a group."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        head = f"{row['score']} by {row.get('attribute')}, against {row.get('reference')}"
        head += f", {row['language']}" if row.get("language") else ""
        found.setdefault(head, {}).setdefault(str(row.get("group")), []).append(row)
    out = []
    for head, groups in found.items():
        out.append(Block(head))
        out += [Block(group, sorted(each, key=lambda row: systems.index(row["system"])))
                for group, each in groups.items()]
    return out


def paged(blocks: list[Block], step: float, *, tall: float = TALL) -> list[Page]:
    """The blocks on as many pages as it takes; a heading goes with its rows and is repeated."""
    pages: list[Page] = []
    own: list[Block] = []
    y, head = 0.0, ""
    for place, block in enumerate(blocks):
        head = head if block.rows else block.text
        # a heading at the foot of a page would stand alone
        follows = blocks[place + 1 : place + 2] if not block.rows else []
        need = sum(_height(one, step) for one in (block, *follows))
        if own and y + need > tall - TOP - BOTTOM - FOOT:
            pages.append(Page(own, step, y + FOOT))
            own, y = [], 0.0
            if block.rows:
                own, y = [Block(f"{head} (continued)")], HEAD
        block.y = y
        y += _height(block, step)
        own.append(block)
    return [*pages, Page(own, step, y + FOOT)] if own else pages


def _height(block: Block, step: float) -> float:
    return step * len(block.rows) if block.rows else HEAD


def frame(figure: Figure, page: Page, *, right: float) -> Axes:
    """Axes whose vertical unit is an inch, downwards; `right` inches are left at the right."""
    axes = figure.add_axes((LABELS / PAGE, BOTTOM / page.height,
                            (PAGE - LABELS - right) / PAGE, page.last / page.height))
    axes.set_ylim(page.last, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=SMALL)
    return axes


def write_labels(figure: Figure, axes: Axes, page: Page) -> None:
    """The headings and the labels at the left, broken to fit."""
    left = -LABELS / (axes.get_position().width * figure.get_figwidth())
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    for block in page.blocks:
        if not block.rows:
            axes.text(left, block.y + 0.6 * HEAD, block.text, weight="bold", size=8.5,
                      va="center", **place)
            continue
        text = fitted(figure, block.text, SMALL, LABELS - 0.12)
        axes.text(left + 0.01, block.y + 0.5 * _height(block, page.step), text, size=SMALL,
                  va="center", linespacing=1.0, **place)
