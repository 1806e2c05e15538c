"""The language × group heat map of gaps: color only where numbers may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import FLOOR, decimals, margin_of
from mhx.reporting.figures import GRAY, INK, Picture, drawing, picture
from mhx.reporting.lines import LABELS, Block, Page, page_name, paged, write_labels
from mhx.reporting.palette import (
    NOT_LICENSED,
    NOT_TESTABLE,
    PAGE,
    SMALL,
    TALL,
    fitted,
)
from mhx.reporting.records import place, words
from mhx.reporting.table import Row, show
from mhx.reporting.tint import light, scale, tint
from mhx.reporting.wording import mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIGH, WIDE = 0.215, 0.52  # inches a cell, at least
TOP, BOTTOM = 0.45, 0.62  # inches for the heads of the columns and for the legend
SIGNS = {"equivalent": "=", "different": "≠", "trivial": "≈", "inconclusive": "?"}
HATCHES = {NOT_TESTABLE: "not testable", NOT_LICENSED: "no licence"}
HATCHED: dict[str, Any] = {"fc": "white", "ec": "#BDBDBD", "hatch_linewidth": 0.5}
Place = tuple[str, str]  # system, language


def pictures(evaluation: Evaluation) -> list[Picture]:
    """Maps of the gaps of single attributes; [] without gaps.

    Rows are groups, columns languages within systems. Too many columns or rows for a page go on
    in a further picture.
    """
    rows = [words(row) for row in evaluation.parity_rows("contrasts", "main")]
    places = list(dict.fromkeys((row["system"], str(row.get("language") or "")) for row in rows))
    places.sort(key=lambda one: evaluation.systems.index(one[0]))
    most = int((PAGE - LABELS) / WIDE)
    parts = [places[start : start + most] for start in range(0, len(places), most)]
    pages = [(page, part) for part in parts
             for page in paged(_blocks(rows, part), HIGH, tall=TALL - 0.4)]
    open_ = licensed(evaluation)
    reach = max([abs(row["gap"]) for row in rows if row.get("gap") is not None]
                + [margin_of(evaluation) or 0.0, 1e-6])
    return [_picture(evaluation, page, part, open_, reach, page_name("heatmap", number))
            for number, (page, part) in enumerate(pages)]


def licensed(evaluation: Evaluation) -> dict[str, set[str]] | None:
    """By score in words, the languages whose numbers may be compared with each other.

    The reference language and those whose verdict against it is ``comparable``, in every system
    that has one. None where the results are in one language: there is nothing to license.
    """
    rows = evaluation.parity_rows("contrasts", "main")
    if len({str(row.get("language") or "") for row in rows}) < 2:
        return None
    verdicts: dict[str, dict[str, set[str]]] = {}
    homes: dict[str, str] = {}
    for row in (words(one) for one in evaluation.parity_rows("cross_language")):
        home = homes.setdefault(row["score"], str(row.get("reference")))
        if row.get("reference") == home:
            own = verdicts.setdefault(row["score"], {})
            own.setdefault(str(row.get("language")), set()).add(str(row.get("verdict")))
    return {score: {home, *(language for language, found in verdicts[score].items()
                            if found == {"comparable"})} for score, home in homes.items()}


def _blocks(rows: list[Row], places: list[Place]) -> list[Block]:
    """A heading a score and attribute, then a line a group: its rows by place."""
    found: dict[str, dict[str, dict[Place, Row]]] = {}
    for row in rows:
        at = (row["system"], str(row.get("language") or ""))
        if at in places:
            head = f"{row['score']} by {row.get('attribute')}, against {row.get('reference')}"
            found.setdefault(head, {}).setdefault(str(row.get("group")), {})[at] = row
    out = []
    for head, groups in found.items():
        out.append(Block(head))
        out += [Block(group, [{"cells": cells}]) for group, cells in groups.items()]
    return out


def _picture(evaluation: Evaluation, page: Page, places: list[Place],
             open_: dict[str, set[str]] | None, reach: float, name: str) -> Picture:
    wide = min(0.8, (PAGE - LABELS) / len(places))
    width, height = LABELS + wide * len(places), page.last + TOP + BOTTOM
    with drawing(width, height) as figure:
        axes = figure.add_axes((LABELS / width, BOTTOM / height, 1 - LABELS / width,
                                page.last / height))
        axes.set_xlim(0, wide * len(places))
        axes.set_ylim(page.last, 0)
        axes.set_axis_off()
        write_labels(figure, axes, page)
        for block in (block for block in page.blocks if block.rows):
            for k, at in enumerate(places):
                _cell(axes, block.rows[0]["cells"].get(at), (k * wide, block.y, wide), open_, reach,
                      decimals(evaluation))
        _heads(figure, axes, places, wide)
        found = {_hatch(row, open_) for line in page.rows for row in line["cells"].values()}
        scale(figure, reach, margin_of(evaluation), decimals(evaluation))
        _legend(figure, [one for one in HATCHES if one in found])
        return picture(figure, name, caption=_caption(evaluation, open_), alt=_alt(page, open_))


def _cell(axes: Axes, row: Row | None, where: tuple[float, float, float],
          open_: dict[str, set[str]] | None, reach: float, digits: int) -> None:
    from matplotlib.patches import Rectangle

    x, y, wide = where
    box: dict[str, Any] = {"xy": (x, y), "width": wide, "height": HIGH, "lw": 0.5, "zorder": 1}
    text, paper = _text(row, digits), "white"
    if row is None:
        axes.add_patch(Rectangle(**box, fc="white", ec="#D5D5D5"))
        return
    hatch = _hatch(row, open_)
    if hatch:
        axes.add_patch(Rectangle(**box, **HATCHED, hatch=hatch))
    else:
        paper = tint(row["gap"] / reach)
        axes.add_patch(Rectangle(**box, fc=paper, ec="white"))
    behind = {"fc": "white", "ec": "none", "pad": 0.8} if paper == "white" else None
    axes.text(x + wide / 2, y + HIGH / 2, text, size=7, ha="center", va="center_baseline",
              color=INK if light(paper) else "white", bbox=behind, zorder=2)


def _text(row: Row | None, digits: int) -> str:
    if row is None:
        return ""
    if row.get("verdict") == FLOOR:
        return "floor"
    gap = show(row.get("gap"), "number", digits)
    plus = "+" if (row.get("gap") or 0) > 0 and gap.strip("0.") else ""
    return f"{plus}{gap} {SIGNS.get(str(row.get('verdict')), '')}".strip()


def _hatch(row: Row, open_: dict[str, set[str]] | None) -> str:
    """The hatch of a cell that has no color: not testable, or not licensed; else empty."""
    if any(row.get(key) is None for key in ("gap", "low", "p")):
        return NOT_TESTABLE
    if open_ is None or str(row.get("language") or "") in open_.get(row["score"], set()):
        return ""
    return NOT_LICENSED


def _heads(figure: Figure, axes: Axes, places: list[Place], wide: float) -> None:
    """The systems over their columns, the languages over each."""
    for k, (_, language) in enumerate(places):
        if language:
            axes.text((k + 0.5) * wide, -0.06, fitted(figure, language, SMALL, wide), size=SMALL,
                      ha="center", va="baseline")
    for system in dict.fromkeys(system for system, _ in places):
        own = [k for k, one in enumerate(places) if one[0] == system]
        left, right = own[0] * wide + 0.04, (own[-1] + 1) * wide - 0.04
        up = -0.26 if any(language for _, language in places) else -0.06
        text = fitted(figure, system, 8, right - left, bold=True)
        axes.text((left + right) / 2, up, text, size=8, weight="bold", ha="center", va="baseline",
                  linespacing=0.95)
        if system and up < -0.06:
            axes.plot([left, right], [up + 0.05, up + 0.05], color=GRAY, lw=0.6, clip_on=False)


def _legend(figure: Figure, hatches: list[str]) -> None:
    """What the hatches of the page mean, beside the scale."""
    from matplotlib.patches import Patch

    width, height = figure.get_size_inches()
    handles = [Patch(**HATCHED, hatch=one, lw=0.5, label=HATCHES[one]) for one in hatches]
    if handles:
        figure.legend(handles=handles, loc="lower left", fontsize=7, handleheight=1.1,
                      bbox_to_anchor=(2.0 / width, 0.2 / height), frameon=False, handlelength=1.6,
                      labelspacing=0.35, borderaxespad=0, borderpad=0)


def _caption(evaluation: Evaluation, open_: dict[str, set[str]] | None) -> str:
    text = ("Gaps of each group against its reference, raw points of the score. Verdicts: = "
            "equivalent, ≠ different, ≈ trivial (both), ? inconclusive. Orange: the group gets "
            "less than the reference; blue: more. Cross-hatched: not testable (no scores, one "
            "unit, or all scores at one end of the scale).")
    if open_ is not None:
        text += (" Color compares cells, so only the reference language and those with a licence "
                 "to compare with it have one. Hatched: no licence; the gap holds within its "
                 "language and is not compared with another's.")
    return f"{mark(evaluation)}. {text}" if mark(evaluation) else text


def _alt(page: Page, open_: dict[str, set[str]] | None) -> str:
    each = []
    for row in (row for line in page.rows for row in line["cells"].values()):
        state = HATCHES.get(_hatch(row, open_), "")
        parts = (show(row.get("gap"), "number"), str(row.get("verdict")), state)
        each.append(f"{place(row)}: {', '.join(part for part in parts if part)}")
    return f"Heat map of gaps. {'; '.join(each)}."
