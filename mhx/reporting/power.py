"""The power curve: what more or fewer scenarios would have shown, at the spread that was seen."""

from __future__ import annotations

from functools import partial
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of
from mhx.reporting.figures import GRAY, INK, Picture, drawing, picture, styles
from mhx.reporting.lines import page_name
from mhx.reporting.palette import SMALL
from mhx.reporting.panels import over, panel, sheets, size
from mhx.reporting.records import CONTRAST, parity_table, words
from mhx.reporting.table import Column, Row, Table, show
from mhx.reporting.wording import mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENOUGH = 0.8
FAR = 6  # times the present number of units: how far a curve is drawn for the sake of 80 %
Panel = tuple[str, list[Row]]


def tables(evaluation: Evaluation) -> list[Table]:
    """Power of each contrast at the present number of units, and the number it needs."""
    rows = powers(evaluation)
    columns = (
        CONTRAST, Column(key="units", title="units", kind="int"),
        Column(key="sd", title="SD", kind="number"),
        Column(key="margin", title="margin", kind="number"),
        Column(key="power", title="power =", kind="share"),
        Column(key="power_difference", title="power ≠", kind="share"),
        Column(key="needed", title="needed =", kind="int"),
        Column(key="needed_difference", title="needed ≠", kind="int"),
        Column(key="needed_family", title="needed =, family", kind="int"),
    )
    notes = (
        "Power at the SD of the differences that was seen, for true gaps that are fixed in "
        "advance: to show equivalence (=) if the gap is zero, to find a difference (≠) if it is as "
        "large as the margin. Needed: the units that give 80 %. The gap that was found does not "
        "enter: “observed power” says nothing that p does not.",
        f"Units are what is resampled (scenarios); unpaired groups count with the smaller one and "
        f"grow in proportion. Alpha {alpha_of(evaluation):g} for one contrast; family: alpha "
        "divided by the number of contrasts, the most that the adjustment can ask for.")
    return [parity_table(
        evaluation, label="power", title="Power, and the number of units it takes",
        columns=columns, rows=rows, notes=notes, what="power",
        why="Power needs a margin and contrasts with a spread")]


def powers(evaluation: Evaluation) -> list[Row]:
    """One row a testable contrast of a single attribute that has a margin."""
    rows = _testable(evaluation)
    return [{**row, **_power(row, alpha_of(evaluation), _family(evaluation, row, rows))}
            for row in rows]


def _power(row: Row, alpha: float, family: int) -> Row:
    from mhx.stats.power import difference_power, equivalence_power, units_for

    equal = partial(equivalence_power, margin=row["margin"], sd=row["sd"])
    unequal = partial(difference_power, gap=row["margin"], sd=row["sd"], alpha=alpha)
    here = [row["units"]]
    return {
        "power": float(equal(here, alpha=alpha)[0]), "power_difference": float(unequal(here)[0]),
        "needed": units_for(partial(equal, alpha=alpha)), "needed_difference": units_for(unequal),
        "needed_family": units_for(partial(equal, alpha=alpha / family)),
    }


def _testable(evaluation: Evaluation) -> list[Row]:
    """Contrasts with `units` and the `sd` of one unit's difference: se x the root of units."""
    return [
        {**row, "units": row["clusters"], "sd": row["se"] * sqrt(row["clusters"])}
        for row in evaluation.parity_rows("contrasts", "main")
        if row.get("margin") and row.get("se") and (row.get("clusters") or 0) >= 2
    ]


def _family(evaluation: Evaluation, row: Row, rows: list[Row]) -> int:
    """How many p values are adjusted together: the contrasts of one call of parity()."""
    return sum((evaluation.from_table or one["system"] == row["system"])
               and (not evaluation.parts or one.get("language") == row.get("language"))
               for one in rows)


def pictures(evaluation: Evaluation) -> list[Picture]:
    """A panel a score and language, curves of each system; [] without a margin."""
    found: dict[str, list[Row]] = {}
    for row in (words(one) for one in _testable(evaluation)):
        several = len(evaluation.languages) > 1
        name = f"{row['score']}, {row['language']}" if several else row["score"]
        found.setdefault(name, []).append(row)
    return [_picture(evaluation, list(sheet), page_name("power", number))
            for number, sheet in enumerate(sheets(list(found.items())))]


def _picture(evaluation: Evaluation, sheet: list[Panel], name: str) -> Picture:
    looks = styles(evaluation.systems)
    with drawing(*size(len(sheet))) as figure:
        for index, (title, rows) in enumerate(sheet):
            _panel(panel(figure, index, title), rows, looks, alpha_of(evaluation))
        drawn = {row["system"] for _, rows in sheet for row in rows}
        _legend(figure, {name: look for name, look in looks.items() if name in drawn})
        return picture(figure, name, caption=_caption(evaluation), alt=_alt(sheet))


def _panel(axes: Axes, rows: list[Row], looks: dict[str, tuple[str, str]], alpha: float) -> None:
    import numpy as np

    from mhx.stats.power import difference_power, equivalence_power, units_for

    margin = max(row["margin"] for row in rows)
    units = round(median(row["units"] for row in rows))
    typical = median(row["sd"] for row in rows)
    needed = units_for(lambda n: equivalence_power(n, margin=margin, sd=typical, alpha=alpha))
    last = max(1.6 * units, min(1.25 * (needed or 0), FAR * units), 10)
    counts = np.unique(np.linspace(2, last, 160).round())
    for system, (color, marker) in looks.items():
        own = [row for row in rows if row["system"] == system]
        if not own:
            continue
        spread = sorted(row["sd"] for row in own)
        low, middle, high = (equivalence_power(counts, margin=margin, sd=sd, alpha=alpha)
                             for sd in (spread[-1], median(spread), spread[0]))
        axes.fill_between(counts, low, high, color=color, alpha=0.13, lw=0)
        axes.plot(counts, middle, color=color, lw=1.6)
        axes.plot(counts, difference_power(counts, gap=margin, sd=median(spread), alpha=alpha),
                  color=color, lw=1.2, ls=(0, (3, 2)))
        here = np.array([median(row["units"] for row in own)])
        axes.plot(here, equivalence_power(here, margin=margin, sd=median(spread), alpha=alpha),
                  marker, color="white", mec=color, mew=1.3, ms=5, zorder=4)
    axes.axhline(ENOUGH, color=GRAY, lw=0.6, ls=(0, (1, 2)))
    axes.axvline(units, color=INK, lw=0.7)
    axes.set_xlim(0, last)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, ENOUGH, 1], ["0", "50 %", "80 %", "100 %"])
    axes.set_xlabel(f"units (margin ±{margin:.3g})", size=SMALL, labelpad=1)
    axes.set_ylabel("power", size=SMALL, labelpad=0)


def _legend(figure: Figure, looks: dict[str, tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=color, lw=1.6, marker=marker, mfc="white", mec=color, mew=1.3,
                      ms=5, label=name or "scores") for name, (color, marker) in looks.items()]
    handles += [Line2D([], [], color=INK, lw=1.6, label="equivalence, gap 0"),
                Line2D([], [], color=INK, lw=1.2, ls=(0, (3, 2)), label="difference, gap = margin"),
                Line2D([], [], color=INK, lw=0.7, label="present units")]
    over(figure, handles)


def _caption(evaluation: Evaluation) -> str:
    text = ("Power by the number of units, at the SD of the differences that was seen. Full line: "
            "power to show equivalence within the margin if the true gap is zero (median SD of "
            "the contrasts; band: the smallest to the largest SD). Dashed: power to find a true "
            "gap as large as the margin. Vertical line and markers: the present number of units; "
            f"dotted: 80 %. Alpha {alpha_of(evaluation):g}, one contrast, no adjustment.")
    return f"{mark(evaluation)}. {text}" if mark(evaluation) else text


def _alt(sheet: list[Panel]) -> str:
    each = [f"{title}: {show(median(row['units'] for row in rows), 'int')} units, SD of the "
            f"differences {show(min(row['sd'] for row in rows), 'number')} to "
            f"{show(max(row['sd'] for row in rows), 'number')}" for title, rows in sheet]
    return f"Power curves. {'; '.join(each)}."
