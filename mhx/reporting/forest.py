"""The forest plot: gaps of base and adapter with both intervals, the margin band, the verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import alpha_of, margin_of, percent
from mhx.reporting.figures import BAND, COLORS, GRAY, INK, Picture, drawing, picture
from mhx.reporting.wording import mark, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = {"base": "o", "adapter": "s"}
LINE = 0.23  # inches a line
Key = tuple[str, str, str, str]


def forest(evaluation: Evaluation) -> Picture | None:
    """The figure of all contrasts of single attributes; None when there is none."""
    rows = evaluation.parity_rows("contrasts", "main")
    if not rows:
        return None
    lines = layout(rows, evaluation.systems)
    places = _places(lines)
    with drawing(7.6, 1.25 + LINE * (places[-1] + 1)) as figure:
        axes = figure.add_axes((0.30, 0.14, 0.44, 0.80))
        _frame(axes, rows, places[-1], margin_of(evaluation))
        for y, (text, row) in zip(places, lines, strict=True):
            _line(axes, y, text, row)
        _legend(axes, evaluation)
        return picture(figure, "forest", caption=_caption(evaluation), alt=_alt(rows))


def layout(rows: list[Row], systems: list[str]) -> list[tuple[str, Row | None]]:
    """Lines from top to bottom: a heading a score, then each contrast once a system."""
    out: list[tuple[str, Row | None]] = []
    found: dict[str, dict[Key, dict[str, Row]]] = {}
    for row in rows:
        key = (str(row.get("score")), str(row.get("attribute")), str(row.get("group")),
               str(row.get("reference")))
        found.setdefault(key[0], {}).setdefault(key, {})[row["system"]] = row
    for score, contrasts in found.items():
        out.append((plain(score), None))
        for key, by_system in contrasts.items():
            name = f"{key[1]}: {key[2]} − {key[3]}"
            for system in (one for one in systems if one in by_system):
                out.append((name, by_system[system]))
                name = ""
    return out


def _places(lines: list[tuple[str, Row | None]]) -> list[float]:
    """Heights of the lines: base and adapter of one contrast stand close together."""
    out: list[float] = []
    for number, (text, row) in enumerate(lines):
        step = 1.15 if text and row else 1.45 if text else 0.8
        out.append(out[-1] + step if number else 0.0)
    return out


def _frame(axes: Axes, rows: list[Row], last: float, margin: float | None) -> None:
    ends = [abs(row[key]) for row in rows for key in ("gap", "low", "high", "tost_low", "tost_high")
            if row.get(key) is not None]
    reach = 1.12 * max([*ends, margin or 0.0, 0.05])
    axes.set_xlim(-reach, reach)
    axes.set_ylim(last + 0.8, -0.7)
    if margin:
        axes.axvspan(-margin, margin, color=BAND, lw=0, zorder=0)
        for side in (-margin, margin):
            axes.axvline(side, color=GRAY, lw=0.6, ls=(0, (3, 2)), zorder=1)
    axes.axvline(0, color=INK, lw=0.8, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("gap: group − reference, raw points of the score")


def _line(axes: Axes, y: float, text: str, row: Row | None) -> None:
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center",
                             "clip_on": False}
    if row is None:
        axes.text(-0.66, y, text, weight="bold", **place)
        return
    axes.text(-0.62, y, text, size=8, **place)
    color = COLORS[row["system"]]
    ends = [(key, row.get(f"{key}low"), row.get(f"{key}high")) for key in ("", "tost_")]
    for key, low, high in ends:
        if low is not None and high is not None:
            axes.plot([low, high], [y, y], color=color, lw=3.2 if key else 1.1,
                      solid_capstyle="butt", zorder=2)
    if row.get("gap") is not None:
        axes.plot([row["gap"]], [y], MARKERS[row["system"]], color="white", mec=color, mew=1.4,
                  ms=5.0, zorder=3)
    axes.text(1.03, y, f"{row['system']}: {row.get('verdict')}", size=8, **place)


def _legend(axes: Axes, evaluation: Evaluation) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=COLORS[name], marker=MARKERS[name], mfc="white", mec=COLORS[name],
               mew=1.4, ms=5, lw=1.1, label=name) for name in evaluation.systems
    ]
    wide, inner = _levels(evaluation)
    handles += [Line2D([], [], color=GRAY, lw=1.1, label=f"{wide} interval"),
                Line2D([], [], color=GRAY, lw=3.2, label=f"{inner} interval (TOST)"),
                Patch(color=BAND, label="± margin")]
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5,
                frameon=False, fontsize=8, handlelength=1.6, columnspacing=1.2)
    if mark(evaluation):
        axes.text(0.5, 0.5, mark(evaluation).lower(), transform=axes.transAxes, ha="center",
                  va="center", rotation=30, size=15, color=GRAY, alpha=0.28, zorder=0.5)


def _levels(evaluation: Evaluation) -> tuple[str, str]:
    """The levels of the two intervals in words: ("95 %", "90 %") at an alpha of .05."""
    alpha = alpha_of(evaluation)
    return percent(alpha, 1), percent(alpha, 2)


def _caption(evaluation: Evaluation) -> str:
    wide, inner = _levels(evaluation)
    text = ("Gap of each group against its reference, base and adapter. Thin line: the "
            f"{wide} interval; thick line: the {inner} interval of the equivalence test; "
            "band: the margin. Equivalence "
            "needs the thick line inside the band and an adjusted p below alpha.")
    return f"{mark(evaluation)}. {text}" if mark(evaluation) else text


def _alt(rows: list[Row]) -> str:
    each = [f"{row['system']}, {plain(row.get('score'))}, {row.get('group')} against "
            f"{row.get('reference')}: {row.get('verdict')}" for row in rows]
    return "Forest plot of gaps. " + "; ".join(each) + "."
