"""A diverging scale of colors: orange below zero, white at it, blue above, and its bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mhx.reporting.figures import INK
from mhx.reporting.palette import color
from mhx.reporting.table import show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

READ_DARK = 0.18  # luminance from which dark text has the higher contrast


def tint(share: float) -> str:
    """The color of -1..1 as hex: white at 0, the palette's blue at 1, its orange at -1."""
    from matplotlib.colors import to_hex, to_rgb

    size = min(abs(share), 1.0)
    red, green, blue = (1 - size * (1 - part) for part in to_rgb(color(1 if share > 0 else 0)))
    return str(to_hex((red, green, blue)))


def light(shade: str) -> bool:
    """Whether dark text is read better on a color than white (luminance of sRGB, WCAG 2)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in to_rgb(shade)]
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * part for w, part in zip(weights, linear, strict=True)) > READ_DARK


def scale(figure: Figure, reach: float, margin: float | None, digits: int) -> None:
    """The bar of colors from -reach to reach at the lower left, with lines at the margin."""
    from matplotlib.colors import to_rgb

    width, height = figure.get_size_inches()
    bar = figure.add_axes((0.16 / width, 0.3 / height, 1.5 / width, 0.11 / height))
    bar.imshow([[to_rgb(tint(k / 50 - 1)) for k in range(101)]], aspect="auto",
               extent=(-reach, reach, 0, 1))
    for side in (-margin, margin) if margin else ():
        bar.axvline(side, color=INK, lw=0.9)
    bar.set_yticks([])
    bar.set_xticks([-reach, 0, reach],
                   [show(one, "number", digits) for one in (-reach, 0.0, reach)])
    bar.tick_params(labelsize=7, length=2, pad=1)
    bar.set_title("gap" + (" (lines: ± margin)" if margin else ""), size=7, pad=2, loc="left")
