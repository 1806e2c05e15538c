"""The DIF plot: the score that an ordinal model expects at equal human rating in two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mhx.reporting.calibration import certified
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import BAND, GRAY, Picture, drawing, picture
from mhx.reporting.lines import page_name
from mhx.reporting.palette import SMALL, color, dashes
from mhx.reporting.panels import over, panel, sheets, size
from mhx.reporting.table import Row, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Panel = tuple[str, Row]
CAPTION = (
    "Differential item functioning of the scorer: the score that a cumulative-logit model expects "
    "at each human rating, in the language and in the reference. The band between the curves is "
    "what the languages differ by at equal human rating: a constant distance is uniform DIF "
    "(a bias), one that changes with the rating is non-uniform (a slope). p: t tests with a "
    "jackknife over anchors; class: change of Nagelkerke's R² after Jodoin & Gierl (2001). A "
    "difference that is not significant is not comparability: the licence rests on the equivalence "
    "test.")


def pictures(evaluation: Evaluation) -> list[Picture]:
    """A panel a score and pair of languages; [] without a fitted model."""
    panels = [(f"{title}: {row.get('language')} and {row.get('reference')}", row)
              for title, rows in certified(evaluation, "dif") for row in rows if row.get("curves")]
    return [_picture(list(sheet), page_name("dif", number))
            for number, sheet in enumerate(sheets(panels))]


def _picture(sheet: list[Panel], name: str) -> Picture:
    from matplotlib.lines import Line2D

    with drawing(*size(len(sheet))) as figure:
        for index, (title, row) in enumerate(sheet):
            _panel(panel(figure, index, title), row)
        over(figure, [Line2D([], [], color=color(k), lw=1.6, ls=(0, dashes(k)), label=one)
                        for k, one in enumerate(("reference", "language"))])
        return picture(figure, name, caption=CAPTION, alt=_alt(sheet))


def _panel(axes: Axes, row: Row) -> None:
    curves = {}
    for k, language in enumerate((row.get("reference"), row.get("language"))):
        own = sorted((point["human"], point["expected"]) for point in row["curves"]
                     if point.get("language") == language)
        curves[k] = dict(own)
        axes.plot([x for x, _ in own], [y for _, y in own], color=color(k), lw=1.6,
                  ls=(0, dashes(k)), zorder=3)
    both = sorted(curves[0].keys() & curves[1].keys())
    axes.fill_between(both, [curves[0][x] for x in both], [curves[1][x] for x in both], color=BAND,
                      lw=0, zorder=1)
    if row.get("categories"):
        low, high = min(row["categories"]), max(row["categories"])
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    axes.set_xlabel("human rating", size=SMALL, labelpad=1)
    axes.set_ylabel("expected score", size=SMALL, labelpad=1)
    low, high = axes.get_ylim()
    early = [curve[x] for curve in curves.values() for x in both[: len(both) // 2 + 1]]
    # in the corner that rising curves leave free: the lower one where they start high
    above = max(early, default=low) < low + 0.6 * (high - low)
    x, y, across, up = (0.03, 0.97, "left", "top") if above else (0.97, 0.05, "right", "bottom")
    axes.text(x, y, _words(row), size=7, ha=across, va=up, transform=axes.transAxes, zorder=4,
              multialignment="left",
              bbox={"fc": "white", "ec": GRAY, "lw": 0.4, "pad": 2.0})


def _words(row: Row) -> str:
    lines = [f"uniform: p {show(row.get('uniform_p'), 'p')}",
             f"non-uniform: p {show(row.get('nonuniform_p'), 'p')}"]
    if row.get("difference") is not None:
        lines.append(f"mean difference {show(row['difference'], 'number')}")
    if row.get("size"):
        lines.append(str(row["size"]))
    return "\n".join(lines)


def _alt(sheet: list[Panel]) -> str:
    each = [f"{title}: {_words(row)}".replace("\n", ", ") for title, row in sheet]
    return f"Expected score by human rating in two languages. {'; '.join(each)}."
