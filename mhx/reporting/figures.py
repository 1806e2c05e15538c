"""Figures with matplotlib: one style, deterministic files, inline images for the HTML."""

from __future__ import annotations

import base64
import io
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.files import write_bytes
from mhx.reporting import palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {"base": palette.color(0), "adapter": palette.color(1)}
DPI = 200
INK, GRAY, BAND = "#222222", "#767676", "#E8E8E8"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9, "axes.edgecolor": GRAY, "axes.labelcolor": INK,
    "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "mhx",
    "path.simplify": False,
}
# no dates and no program name, so that the same numbers give the same bytes
METADATA = {
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


@dataclass(frozen=True)
class Picture:
    """A figure ready to be stored and shown: files by suffix, and what it shows in words."""

    name: str
    caption: str
    alt: str
    files: dict[str, bytes]

    @property
    def title(self) -> str:
        """What a list of contents calls it: the caption up to its first stop, and the page."""
        number = self.name.rpartition("-")[2]
        return re.split("[.:,;]", self.caption)[0] + (f" ({number})" if number.isdigit() else "")

    @property
    def uri(self) -> str:
        """The vector image as a data URI."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.files['svg']).decode()}"

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height as it is drawn."""
        width, height = struct.unpack(">II", self.files["png"][16:24])  # the PNG header
        return width / DPI, height / DPI

    def write(self, folder: Path) -> None:
        """Store `NAME.pdf` and `NAME.png`."""
        for suffix in ("pdf", "png"):
            write_bytes(folder / f"{self.name}.{suffix}", self.files[suffix])


def styles(systems: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A color and a marker for each system, by order; base and adapter keep their own."""
    places = {"base": 0, "adapter": 1}
    free = iter(range(2 if set(systems) & set(places) else 0, len(systems) + 2))
    found = {name: places[name] if name in places else next(free) for name in systems}
    return {name: (palette.color(one), palette.marker(one)) for name, one in found.items()}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """An empty figure of `width` x `height` inches in the report's style, without a display."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        yield figure


def picture(figure: Figure, name: str, *, caption: str, alt: str) -> Picture:
    """The figure as PDF, PNG and SVG bytes; call it inside `drawing`."""
    files = {}
    for suffix, metadata in METADATA.items():
        stream = io.BytesIO()
        figure.savefig(stream, format=suffix, dpi=DPI, metadata=metadata, bbox_inches="tight",
                       pad_inches=0.06)
        files[suffix] = stream.getvalue()
    return Picture(name, caption, alt, files)
