"""An ablation in a folder: JSON, CSV of effects and of items, the figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.files import write_json, write_text
from mhx.reporting import palette
from mhx.reporting.figures import GRAY, INK, Picture, drawing, picture
from mhx.reporting.table import PIPELINE_CHECK
from mhx.reporting.wording import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "ablation"
LINE = 0.23  # inches a line
OUTCOMES = {"loss_adapted": "on adapted text", "loss_edited": "on its edited turns",
            "loss_faithful": "on faithful text"}
Row = dict[str, Any]


def write_ablation(folder: Path, record: Row, items: Sequence[Row], *, trial: bool) -> None:
    """Write `ablation.json`, `.csv` (effects), `items.csv`, and `.pdf` and `.png` of the losses.

    `trial` marks the numbers of mhx-tiny. The same results give the same bytes.
    """
    write_json(folder / f"{NAME}.json", record)
    write_text(folder / f"{NAME}.csv", _csv(record["effects"]))
    write_text(folder / "items.csv", _csv(items))
    found = ablation_picture(record, trial=trial)
    if found is not None:
        found.write(folder)


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: " ".join(map(str, value)) if isinstance(value, list) else value
         for name, value in row.items()} for row in rows)
    return text.getvalue()


def ablation_picture(record: Row, *, trial: bool) -> Picture | None:
    """Forest plot of the losses' differences: interval over dialogues, a tick a seed."""
    rows = [row for row in record["effects"] if row["family"] == "loss" and row.get("low")
            is not None]
    if not rows:
        return None
    outcomes = list(dict.fromkeys(row["outcome"] for row in rows))
    lines: list[tuple[str, Row | None]] = []
    for name in outcomes:
        lines.append((OUTCOMES.get(name, plain(name)), None))
        lines += [(f"{row['arm']} − {row['against']}", row) for row in rows
                  if row["outcome"] == name]
    with drawing(6.9, 1.0 + LINE * len(lines)) as figure:
        axes = figure.add_axes((0.34, 0.16, 0.47, 0.78))
        axes.axvline(0, color=GRAY, linewidth=0.8, zorder=1)
        for place, (text, row) in enumerate(lines):
            _line(axes, -place, text, row)
        axes.set_ylim(-len(lines) + 0.4, 0.6)
        axes.set_yticks([])
        axes.locator_params(axis="x", nbins=5)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("difference of the held-out loss, nats a token (left: lower)")
        said = f"{record['language']}, {record['base']}, {record['steps']} steps, " \
               f"{len(record['seeds'])} seed{'s' * (len(record['seeds']) > 1)}"
        axes.set_title(f"{PIPELINE_CHECK}: {said}" if trial else said, size=8.5, color=GRAY)
        return picture(figure, NAME, caption=_caption(record, trial), alt=_alt(rows))


def _line(axes: Axes, y: float, text: str, row: Row | None) -> None:
    across = axes.get_yaxis_transform()
    if row is None:
        axes.text(-0.02, y, text, transform=across, ha="right", va="center", weight="bold",
                  size=8.5)
        return
    color = palette.color(1)
    axes.text(-0.02, y, text, transform=across, ha="right", va="center", size=8.5, color=INK)
    axes.plot([row["low"], row["high"]], [y, y], color=color, linewidth=1.3)
    axes.plot([row["difference"]], [y], palette.marker(1), color=color, markersize=4.5)
    if len(row["by_seed"]) > 1:
        axes.plot(row["by_seed"], [y + 0.25] * len(row["by_seed"]), "|", color=GRAY, markersize=5)
    axes.text(1.02, y, row["verdict"], transform=across, ha="left", va="center", size=8)


def _caption(record: Row, trial: bool) -> str:
    text = (f"Difference of the held-out loss between adapters ({record['language']}, "
            f"{record['steps']} steps each, {len(record['seeds'])} seeds averaged) on "
            f"{record['scored_on']['dialogues']} {record['scored_on']['what']}. Line: the 95 % "
            "interval over dialogues; ticks: each seed; verdicts after Holm.")
    return f"{PIPELINE_CHECK}. {text}" if trial else text


def _alt(rows: Sequence[Row]) -> str:
    each = [f"{OUTCOMES.get(row['outcome'], '')}, {row['arm']} against {row['against']}: "
            f"{row['verdict']}" for row in rows]
    return "Forest plot of differences of losses. " + "; ".join(each) + "."
