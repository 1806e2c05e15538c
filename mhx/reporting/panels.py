"""Figures made of equal panels, two a row: one panel fits a column, more fit the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mhx.reporting.palette import SMALL, fitted, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, HIGH = 3.2, 2.45  # inches a panel with its labels
LEFT, RIGHT, UP, DOWN = 0.52, 0.08, 0.3, 0.42  # inches around the axes of a panel
HEAD = 0.45  # inches for the legend over all panels
A_PAGE = 6

Item = TypeVar("Item")


def sheets(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items a page each, six at most."""
    return [items[start : start + A_PAGE] for start in range(0, len(items), A_PAGE)]


def size(count: int) -> tuple[float, float]:
    """Width and height in inches of a figure of `count` panels."""
    return WIDE * min(count, 2), HIGH * ((count + 1) // 2) + HEAD


def panel(figure: Figure, index: int, title: str) -> Axes:
    """The axes of the panel at `index`, titled, in a figure of `size`."""
    width, height = figure.get_size_inches()
    x, y = WIDE * (index % 2), height - HEAD - HIGH * (index // 2 + 1)
    axes = figure.add_axes(((x + LEFT) / width, (y + DOWN) / height,
                            (WIDE - LEFT - RIGHT) / width, (HIGH - UP - DOWN) / height))
    text = fitted(figure, title, 8, WIDE - LEFT - RIGHT, bold=True)
    axes.set_title(text, size=8, weight="bold", pad=4, loc="left", linespacing=1.0)
    axes.tick_params(labelsize=SMALL, length=3, pad=2)
    return axes


def over(figure: Figure, handles: list[Any]) -> None:
    """A legend over all panels."""
    legend(figure, handles, [str(one.get_label()) for one in handles],
           up=figure.get_figheight() - HEAD + 0.04)
