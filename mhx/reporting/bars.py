"""Figures of shares: coverage by group and system, accepted dialogues by topic, risk, gender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.reporting.accounting import acceptance_rows
from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.figures import COLORS, GRAY, Picture, drawing, picture, styles
from mhx.reporting.table import ordered, show
from mhx.reporting.wording import mark, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 0.23  # inches a line
Bar = tuple[str, str, float | None, str]  # heading, label, share, text at the right


def acceptance(evaluation: Evaluation, run: str = "", number: int = 1) -> Picture | None:
    """Accepted share by topic, risk and gender; None when no gate counted it.

    `run` names the run where there are several; `number` is its place among them.
    """
    rows = [row for row in acceptance_rows(evaluation)
            if row["share"] is not None and row["of"] == "dialogues"]
    if not rows:
        return None
    bars = [(row["by"], row["value"], row["share"], f"{row['accepted']} of {row['dialogues']}")
            for row in rows]
    with drawing(6.4, 0.9 + LINE * (len(bars) + len({bar[0] for bar in bars}))) as figure:
        axes = figure.add_axes((0.34, 0.1, 0.46, 0.86))
        _draw(axes, bars, [COLORS["adapter"]] * len(bars))
        axes.set_xlabel("accepted share of the dialogues offered to the gate")
        return picture(
            figure, "acceptance" if number == 1 else f"acceptance-{number}",
            alt="; ".join(f"{bar[1]}: {bar[3]} accepted" for bar in bars),
            caption="Accepted share of dialogues by topic, risk level and seeker's gender"
            f"{f' ({run})' if run else ''}, so that what the gates filter is seen.")


def coverage(evaluation: Evaluation) -> Picture | None:
    """Scored share of answers by group and system; None when nothing was scored."""
    rows = [row for row in evaluation.parity_rows("groups", "main")
            if row.get("coverage") is not None]
    if not rows:
        return None
    bars = [_coverage_bar(row, evaluation) for row in _lowest(rows, evaluation)]
    look = styles(evaluation.systems)
    colors = [look[row["system"]][0] for row in _lowest(rows, evaluation)]
    with drawing(6.4, 0.9 + LINE * (len(bars) + len({bar[0] for bar in bars}))) as figure:
        axes = figure.add_axes((0.34, 0.1, 0.46, 0.86))
        _draw(axes, bars, colors)
        axes.set_xlabel("scored share of the answers (lowest of the scores)")
        if mark(evaluation):
            axes.set_title(mark(evaluation), size=9, color=GRAY, loc="left")
        return picture(
            figure, "coverage", alt="; ".join(f"{bar[0]}, {bar[1]}: {bar[3]}" for bar in bars),
            caption="Coverage: share of answers with a score, by group and system, for the score "
            "with the lowest. Missing, refused and unparsable answers are not imputed.")


def _lowest(rows: list[Row], evaluation: Evaluation) -> list[Row]:
    """One row an attribute, language, group and system: the score with the lowest coverage."""
    found: dict[tuple[str, str, str, int], Row] = {}
    for row in rows:
        key = (str(row.get("attribute")), str(row.get("language") or ""), str(row.get("group")),
               evaluation.systems.index(row["system"]))
        if key not in found or row["coverage"] < found[key]["coverage"]:
            found[key] = row
    return [found[key] for key in sorted(found)]


def _coverage_bar(row: Row, evaluation: Evaluation) -> Bar:
    counted = f"{row.get('n')} of {row.get('expected')}"
    if row["coverage"] < 1:
        counted += f" ({plain(row.get('score'))})"
    label = str(row.get("group"))
    label += f", {row['system']}" if len(evaluation.systems) > 1 else ""
    heading = str(row.get("attribute"))
    heading += f", {row['language']}" if len(evaluation.languages) > 1 else ""
    return heading, ordered(label, ", "), row["coverage"], counted


def _draw(axes: Axes, bars: list[Bar], colors: list[str]) -> None:
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center",
                             "clip_on": False}
    y, last = 0, ""
    for (heading, label, share, text), color in zip(bars, colors, strict=True):
        if heading != last:
            axes.text(-0.62, y, heading, weight="bold", **place)
            y, last = y + 1, heading
        axes.barh(y, 1, height=0.62, color="#F0F0F0", lw=0)
        axes.barh(y, share or 0.0, height=0.62, color=color, lw=0)
        axes.text(-0.03, y, label, ha="right", size=8, **place)
        axes.text(1.03, y, f"{show(share, 'share')}  {text}", size=8, **place)
        y += 1
    axes.set_ylim(y - 0.3, -0.7)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
