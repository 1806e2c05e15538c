"""The forest plot: gaps of each system with both intervals, the margin band, the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import alpha_of, percent
from mhx.reporting.figures import BAND, GRAY, INK, Picture, drawing, picture, styles
from mhx.reporting.table import ordered
from mhx.reporting.wording import mark, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 0.21  # inches a line
MOST_LINES = 44  # a page holds no more at a size that is read
OTHER_SCALE = 4.0  # scores whose gaps reach so many times further stand on a page of their own
Line = tuple[str, Row | None]
Key = tuple[str, str, str]


def forest(evaluation: Evaluation) -> list[Picture]:
    """The figure of all contrasts of single attributes, in pages; none when there is none.

    Every page has one scale: a score on another scale begins a new one.
    """
    rows = evaluation.parity_rows("contrasts", "main")
    pages = _pages(layout(rows, evaluation)) if rows else []
    return [_page(evaluation, lines, "forest" if number == 1 else f"forest-{number}")
            for number, lines in enumerate(pages, start=1)]


def _page(evaluation: Evaluation, lines: list[Line], name: str) -> Picture:
    rows = [row for _, row in lines if row is not None]
    places = _places(lines)
    with drawing(6.9, 1.1 + LINE * (places[-1] + 1)) as figure:
        axes = figure.add_axes((0.30, 0.14, 0.46, 0.80))
        _frame(axes, rows, places[-1])
        for y, (text, row) in zip(places, lines, strict=True):
            _line(axes, y, text, row, evaluation)
        _legend(axes, evaluation, banded=any(row.get("margin") for row in rows))
        return picture(figure, name, caption=_caption(evaluation), alt=_alt(rows))


def layout(rows: list[Row], evaluation: Evaluation) -> list[Line]:
    """Lines from top to bottom: a heading a score (and language), each contrast once a system."""
    out: list[Line] = []
    several = len(evaluation.languages) > 1
    found: dict[str, dict[Key, dict[str, Row]]] = {}
    for row in rows:
        heading = plain(row.get("score")) + (f", {row.get('language')}" if several else "")
        key = (str(row.get("attribute")), str(row.get("group")), str(row.get("reference")))
        found.setdefault(heading, {}).setdefault(key, {})[row["system"]] = row
    for heading, contrasts in found.items():
        out.append((heading, None))
        for (attribute, group, reference), by_system in contrasts.items():
            name = f"{attribute}: {ordered(f'{group} − {reference}')}"
            for system in (one for one in evaluation.systems if one in by_system):
                out.append((name, by_system[system]))
                name = ""
    return out


def _pages(lines: list[Line]) -> list[list[Line]]:
    """Blocks (a heading and its contrasts) put on pages; a long block is cut between contrasts."""
    blocks: list[list[Line]] = []
    for text, row in lines:
        if row is None:
            blocks.append([(text, row)])
        elif text and len(blocks[-1]) >= MOST_LINES:
            blocks.append([(f"{blocks[-1][0][0].removesuffix(' (continued)')} (continued)", None),
                           (text, row)])
        else:
            blocks[-1].append((text, row))
    pages: list[list[Line]] = []
    for block in blocks:
        place = next((number for number, page in enumerate(pages) if _fits(page, block)), None)
        if place is None:
            pages.append(block)
        else:
            pages[place] = pages[place] + block
    return pages


def _fits(page: list[Line], block: list[Line]) -> bool:
    low, high = sorted((_reach(page), _reach(block)))
    return len(page) + len(block) <= MOST_LINES + 4 and high <= OTHER_SCALE * low


def _reach(lines: list[Line]) -> float:
    """How far from zero the gaps, intervals and margins of the lines go."""
    return max([abs(row[key]) for _, row in lines if row is not None
                for key in ("gap", "low", "high", "tost_low", "tost_high", "margin")
                if row.get(key) is not None], default=0.05) or 0.05


def _places(lines: list[Line]) -> list[float]:
    """Heights of the lines: the systems of one contrast stand close together."""
    out: list[float] = []
    for number, (text, row) in enumerate(lines):
        step = 1.15 if text and row else 1.45 if text else 0.8
        out.append(out[-1] + step if number else 0.0)
    return out


def _frame(axes: Axes, rows: list[Row], last: float) -> None:
    reach = 1.12 * _reach([("", row) for row in rows])
    axes.set_xlim(-reach, reach)
    axes.set_ylim(last + 0.8, -0.7)
    axes.axvline(0, color=INK, lw=0.8, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("gap: group − reference, raw points of the score")


def _line(axes: Axes, y: float, text: str, row: Row | None, evaluation: Evaluation) -> None:
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center",
                             "clip_on": False}
    if row is None:
        axes.text(-0.66, y, text, weight="bold", **place)
        return
    axes.text(-0.62, y, text, size=8, **place)
    color, marker = styles(evaluation.systems)[row["system"]]
    if row.get("margin"):  # a band a line: margins may differ between scores
        axes.fill_between([-row["margin"], row["margin"]], y - 0.6, y + 0.6, color=BAND, lw=0,
                          zorder=0)
        for side in (-row["margin"], row["margin"]):
            axes.plot([side, side], [y - 0.6, y + 0.6], color=GRAY, lw=0.6, zorder=1)
    ends = [(key, row.get(f"{key}low"), row.get(f"{key}high")) for key in ("", "tost_")]
    for key, low, high in ends:
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=color, lw=3.2 if key else 1.1,
                      solid_capstyle="butt", zorder=2)
    if row.get("gap") is not None:
        axes.plot([row["gap"]], [y], marker, color="white", mec=color, mew=1.4, ms=5.0, zorder=3)
    system = f"{row['system']}: " if len(evaluation.systems) > 1 else ""
    axes.text(1.03, y, f"{system}{row.get('verdict')}", size=8, **place)


def _legend(axes: Axes, evaluation: Evaluation, *, banded: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    drawn = {row["system"] for row in evaluation.parity_rows("contrasts", "main")}
    look = {name: one for name, one in styles(evaluation.systems).items() if name in drawn}
    handles: list[Any] = [
        Line2D([], [], color=color, marker=marker, mfc="white", mec=color, mew=1.4, ms=5, lw=1.1,
               label=name) for name, (color, marker) in look.items() if len(look) > 1
    ]
    wide, inner = _levels(evaluation)
    handles += [Line2D([], [], color=GRAY, lw=1.1, label=f"{wide} interval"),
                Line2D([], [], color=GRAY, lw=3.2, label=f"{inner} interval (TOST)")]
    handles += [Patch(color=BAND, label="± margin")] if banded else []
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.35, 1.0),
                ncols=min(5, len(handles)), frameon=False, fontsize=8, handlelength=1.6,
                columnspacing=1.2)
    if mark(evaluation):
        axes.text(0.5, 0.5, mark(evaluation).lower(), transform=axes.transAxes, ha="center",
                  va="center", rotation=30, size=15, color=GRAY, alpha=0.28, zorder=0.5)


def _levels(evaluation: Evaluation) -> tuple[str, str]:
    """The levels of the two intervals in words: ("95 %", "90 %") at an alpha of .05."""
    alpha = alpha_of(evaluation)
    return percent(alpha, 1), percent(alpha, 2)


def _caption(evaluation: Evaluation) -> str:
    wide, inner = _levels(evaluation)
    drawn = dict.fromkeys(row["system"] for row in evaluation.parity_rows("contrasts", "main"))
    each = f" ({', '.join(drawn)})" if len(drawn) > 1 else ""
    text = (f"Gap of each group against its reference{each}. Thin line: the "
            f"{wide} interval; thick line: the {inner} interval of the equivalence test; "
            "band: the margin. Equivalence "
            "needs the thick line inside the band and an adjusted p below alpha.")
    return f"{mark(evaluation)}. {text}" if mark(evaluation) else text


def _alt(rows: list[Row]) -> str:
    each = [", ".join(str(part) for part in (row.get("language"), row["system"],
                                             plain(row.get("score"))) if part)
            + f", {row.get('group')} against {row.get('reference')}: {row.get('verdict')}"
            for row in rows]
    return "Forest plot of gaps. " + "; ".join(each) + "."
