"""Figures with matplotlib: one style, deterministic files, inline images for the HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito 2008: distinguishable with every common color vision, and in gray by lightness
COLORS = {"base": "#E69F00", "adapter": "#0072B2"}
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
    def uri(self) -> str:
        """The vector image as a data URI."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.files['svg']).decode()}"

    def write(self, folder: Path) -> None:
        """Store `NAME.pdf` and `NAME.png`."""
        for suffix in ("pdf", "png"):
            write_bytes(folder / f"{self.name}.{suffix}", self.files[suffix])


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
        figure.savefig(stream, format=suffix, dpi=200, metadata=metadata, bbox_inches="tight",
                       pad_inches=0.06)
        files[suffix] = stream.getvalue()
    return Picture(name, caption, alt, files)
