"""Counterfactual differences: the same scenario with one attribute changed, pair by pair."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import BAND, GRAY, INK, Picture, drawing, picture, styles
from mhx.reporting.lines import TOP, Page, blocks_of, frame, page_name, paged, write_labels
from mhx.reporting.palette import PAGE, SMALL, legend
from mhx.reporting.records import CONTRAST, interval, matched, parity_table, place, single, words
from mhx.reporting.table import Column, Row, Table, show
from mhx.reporting.wording import mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIGH = 0.34  # inches a histogram
RIGHT = 1.75  # inches for the shares at the right
THIN = 0.012  # inches: the bar of a single pair is still seen
SEEN = 0.01  # of the axis: a narrower bar would be hidden by the line at zero
MOST = 2  # pages with every contrast
LARGEST = 16  # contrasts where there are more


def tables(evaluation: Evaluation) -> list[Table]:
    """Counterfactual differences of the paired contrasts."""
    rows = differences(evaluation)
    columns = (
        CONTRAST, Column(key="n", title="pairs", kind="int"),
        Column(key="mean", title="mean", kind="number"), interval(evaluation),
        Column(key="sd", title="SD", kind="number"),
        Column(key="dz", title="dz", kind="number"),
        Column(key="q05", upper="q95", title="middle 90 %", kind="interval"),
        Column(key="below", title="lower", kind="share"),
        Column(key="zero", title="equal", kind="share"),
        Column(key="above", title="higher", kind="share"),
    )
    notes = (
        "A pair is one unit met in the group and in the reference, its rows averaged. Where units "
        "are probes that differ in the attribute alone, the difference is counterfactual; "
        "elsewhere it is one of matched units. Lower, equal, higher: shares of pairs in which the "
        "group scores lower than, equal to or higher than the reference. The interval is that of "
        "the mean; the middle 90 % is where single pairs lie.",
        "A mean near zero with many pairs lower and many higher is not sameness: the model treats "
        "single scenarios differently, only not in one direction.")
    return [parity_table(
        evaluation, label="differences", title="Counterfactual differences within pairs",
        columns=columns, rows=rows, notes=notes, what="counterfactual differences",
        why="No contrast is paired: no unit was met in a group and in its reference")]


def differences(evaluation: Evaluation) -> list[Row]:
    """One row a paired contrast, intersections left out: its shape, interval and margin."""
    gaps = single(evaluation, "contrasts")
    return [
        {**row, "q05": row.get("low"), "q95": row.get("high"),
         **{name: gap.get(name) for name in ("low", "high", "margin", "dz")}}
        for row, gap in matched(single(evaluation, "differences"), gaps)
    ]


def pictures(evaluation: Evaluation) -> list[Picture]:
    """Histograms of the differences, a line a contrast and system; [] when nothing pairs.

    More than MOST pages are not read: then there is one, with the largest mean differences.
    """
    rows = [words(row) for row in differences(evaluation) if row.get("values")]
    pages, note = paged(blocks_of(rows, evaluation.systems), HIGH), ""
    if len(pages) > MOST:
        shown = sorted(rows, key=lambda row: -abs(row["mean"]))[:LARGEST]
        note = (f" Of {len(rows)} contrasts the {LARGEST} with the largest mean differences in "
                "size are drawn, so they are picked; all are in the table.")
        chosen = [row for row in rows if any(row is one for one in shown)]
        pages = paged(blocks_of(chosen, evaluation.systems), HIGH)
    reach = _reach(rows)
    return [_picture(evaluation, page, reach, note, page_name("differences", number))
            for number, page in enumerate(pages)]


def _picture(evaluation: Evaluation, page: Page, reach: float, note: str, name: str) -> Picture:
    looks = styles(evaluation.systems)
    with drawing(PAGE, page.height) as figure:
        axes = frame(figure, page, right=RIGHT)
        axes.set_xlim(-reach, reach)
        axes.set_xlabel("difference of a pair: group − reference, raw points", size=8)
        write_labels(figure, axes, page)
        for block in page.blocks:
            for k, row in enumerate(block.rows):
                _histogram(axes, row, block.y + (k + 1) * HIGH, looks[row["system"]])
        drawn = {row["system"] for row in page.rows}
        _legend(figure, {name: look for name, look in looks.items() if name in drawn})
        return picture(figure, name, caption=_caption(evaluation) + note, alt=_alt(page))


def _reach(rows: list[Row]) -> float:
    """The same limits on every page."""
    ends = [abs(value) + _width(row) / 2 for row in rows for value in row["values"]]
    return 1.1 * float(max([*ends, 0.05, *(row["margin"] for row in rows if row.get("margin"))]))


def _histogram(axes: Axes, row: Row, y: float, look: tuple[str, str]) -> None:
    """Bars that stand on `y` (inches, downwards), the mean and its interval on it."""
    if row.get("margin"):
        axes.fill_betweenx([y - HIGH, y], -row["margin"], row["margin"], color=BAND, lw=0,
                           zorder=0)
    axes.plot([0, 0], [y - HIGH, y], color=INK, lw=0.6, zorder=1)
    tall = [-max(0.84 * HIGH * count / max(row["counts"]), THIN) if count else 0.0
            for count in row["counts"]]
    low, high = axes.get_xlim()
    axes.bar(row["values"], tall, width=max(_width(row), SEEN * (high - low)), bottom=y,
             color=look[0], lw=0.3, ec="white", zorder=2)
    axes.plot(axes.get_xlim(), [y, y], color=GRAY, lw=0.4, zorder=2)
    if row.get("low") is not None and row.get("high") is not None:
        axes.plot([row["low"], row["high"]], [y, y], color=INK, lw=1.6, zorder=3,
                  solid_capstyle="butt")
    axes.plot([row["mean"]], [y], look[1], color="white", mec=INK, mew=1.1, ms=4.4,
              zorder=4)
    for k, (sign, key) in enumerate((("<", "below"), ("=", "zero"), (">", "above"))):
        axes.text(1.03 + 0.155 * k, y - HIGH / 2, f"{sign} {show(row[key], 'share')}",
                  size=SMALL, va="center", transform=axes.get_yaxis_transform(), clip_on=False)


def _width(row: Row) -> float:
    """The width of the bars: that of the bins, else a third of the smallest step of the values."""
    steps = (b - a for a, b in pairwise(row["values"]))
    return float(row["width"] or 0.35 * min(steps, default=1.0))


def _legend(figure: Figure, looks: dict[str, tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        (Patch(color=color), Line2D([], [], color=INK, lw=1.6, marker=marker, mfc="white", mec=INK,
                                    ms=4.4)) for color, marker in looks.values()]
    names = [f"{name}: share of pairs, mean with interval".lstrip(": ") for name in looks]
    legend(figure, [*handles, Patch(color=BAND)], [*names, "± margin"],
           up=figure.get_figheight() - TOP, most=2)


def _caption(evaluation: Evaluation) -> str:
    text = ("Differences within pairs: the same scenario in the group and in the reference. Bars: "
            "share of pairs at each difference, each line scaled to its tallest bar; marker: the "
            "mean; dark line: its interval; band: the margin. At the right: pairs in which the "
            "group scores lower than (<), equal to (=) and higher than (>) the reference. The "
            "margin is about the mean, not about single pairs.")
    return f"{mark(evaluation)}. {text}" if mark(evaluation) else text


def _alt(page: Page) -> str:
    each = [f"{place(row)} against {row['reference']}: mean {show(row['mean'], 'number')}, lower "
            f"in {show(row['below'], 'share')}, equal in {show(row['zero'], 'share')}, higher in "
            f"{show(row['above'], 'share')}" for row in page.rows]
    return f"Histograms of paired differences. {'; '.join(each)}."
