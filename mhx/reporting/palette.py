"""Colors, markers and hatches that keep apart in gray print, and labels that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = 6.85  # inches: the text width of a two-column page, less the margin of a figure
TALL = 8.6  # inches: a higher figure does not fit a page with its caption
KEY = 0.42  # inches of a legend's line or patch with the space around it
SMALL = 7.5  # points; nothing is smaller than 7
# Okabe & Ito 2008 without yellow, which is lost on white; neighbors differ in lightness
COLORS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.5), (1, 1.2), (6, 1.5, 1, 1.5), (2, 1),
                                         (8, 2), (3, 1, 1, 1, 1, 1))
NOT_LICENSED, NOT_TESTABLE = "////", "xxxx"


def color(index: int) -> str:
    """The color of the `index`-th system or language; after seven they repeat."""
    return COLORS[index % len(COLORS)]


def marker(index: int) -> str:
    """The marker that goes with `color`."""
    return MARKERS[index % len(MARKERS)]


def dashes(index: int) -> tuple[float, ...]:
    """The dash pattern that goes with `color`; the first is a full line."""
    return DASHES[index % len(DASHES)]


def width_of(figure: Figure, text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in inches, shaped as it will be drawn."""
    drawn = figure.text(0, 0, text, size=size, weight="bold" if bold else "normal")
    box = drawn.get_window_extent()
    drawn.remove()
    return float(box.width) / figure.dpi


def fitted(figure: Figure, text: str, size: float, most: float, *, bold: bool = False) -> str:
    """`text` on as many lines as it takes to be no wider than `most` inches.

    Breaks at spaces; inside a word only where the word alone is too wide, after a hyphen, a slash
    or an underscore if it has one.
    """
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(figure, joined, size, bold=bold) <= most:
            lines[-1] = joined
        else:
            lines += _pieces(figure, word, size, most, bold)
    return "\n".join(lines)


def _pieces(figure: Figure, word: str, size: float, most: float, bold: bool) -> list[str]:
    out = [word]
    while len(out[-1]) > 1 and width_of(figure, out[-1], size, bold=bold) > most:
        last, keep = out[-1], len(out[-1]) - 1
        while keep > 1 and width_of(figure, last[:keep], size, bold=bold) > most:
            keep -= 1
        at = max(last.rfind(sign, 0, keep) for sign in "-/_") + 1
        keep = at if at > 0 else keep
        out[-1:] = [last[:keep], last[keep:]]
    return out


def legend(figure: Figure, handles: list[Any], labels: list[str], *, up: float,
           most: int = 4) -> None:
    """A legend centered `up` inches over the figure's foot, never wider than the figure.

    It has as many columns as fit, `most` at most; a label too wide for one is broken.
    """
    room = figure.get_figwidth() - 0.1
    texts = [fitted(figure, one, SMALL, room - KEY) for one in labels]
    wide = [max(width_of(figure, part, SMALL) for part in one.split("\n")) + KEY for one in texts]
    columns = next((k for k in range(min(most, len(wide)), 1, -1)
                    if sum(max(part) for part in _columns(wide, k)) <= room), 1)
    figure.legend(handles=handles, labels=texts, loc="lower center", ncols=columns, frameon=False,
                  fontsize=SMALL, handlelength=1.9, handletextpad=0.5, columnspacing=1.0,
                  labelspacing=0.25, borderaxespad=0, borderpad=0.2,
                  bbox_to_anchor=(0.5, up / figure.get_figheight()))


def _columns(wide: list[float], count: int) -> list[list[float]]:
    """As a legend fills its columns: from the top, the first ones one longer."""
    short, longer = divmod(len(wide), count)
    out, start = [], 0
    for k in range(count):
        end = start + short + (k < longer)
        out.append(wide[start:end])
        start = end
    return out
