"""The proving ground as a table and a figure: how often each procedure was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

from mhx.reporting.figures import GRAY, INK, Picture, drawing, picture
from mhx.reporting.palette import color, marker
from mhx.reporting.table import NOTHING, Column, Row, Table, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORIGIN = "synthetic scores with a gap known in advance, no text"
RATES = (("coverage", "coverage"), ("type_1", "type I error"), ("power", "power"),
         ("false_parity", "false parity"), ("true_parity", "parity shown"))
SE_OF = {"type_1": "rejected", "power": "rejected", "false_parity": "claimed",
         "true_parity": "claimed"}
LINE, BETWEEN, TOP, BOTTOM = 0.115, 0.11, 0.4, 0.5  # inches: a procedure, designs, the edges
LEFT, WRAP, GAPS = 0.29, 36, 3  # width of the names: share and letters; most gaps drawn
NOMINAL = {"coverage": 0.95, "wrong": 0.05}
Part = Mapping[str, Any]


def proving_tables(part: Part) -> list[Table]:
    """The rates of every design, gap and procedure; `part` is a Proof as plain data."""
    rows = tuple(_row(row) for row in part.get("rows") or ())
    columns = [Column(key="title", title="design"),
               Column(key="gap", title="true gap", kind="number"),
               Column(key="procedure", title="procedure"),
               *(Column(key=f"{key}_shown", title=title) for key, title in RATES
                 if any(row[key] is not None for row in rows)),
               Column(key="bias", title="bias", kind="number", digits=3)]
    if any(row.get("answered") != 1 for row in rows):
        columns += [Column(key="answered", title="answered", kind="share"),
                    Column(key="note", title="why not")]
    return [Table(
        label="proving", title="The statistics on gaps that are known in advance",
        columns=tuple(columns), rows=rows, notes=tuple(_notes(part)) if rows else (),
        origin=ORIGIN if rows else "", signature=signature(part) if rows else "",
        missing="" if rows else "Not in this run: the proving ground.")]


def proving_picture(part: Part) -> Picture | None:
    """Coverage and wrong claims by design, a panel a gap; None without rows."""
    rows = [dict(row) for row in part.get("rows") or ()]
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["procedure"]) for row in rows))
    places, heads, last = _places(rows)
    panels = _panels(rows)
    tall = last + TOP + BOTTOM
    with drawing(7.0, tall) as figure:
        step = (1 - LEFT) / len(panels)
        for index, (kind, gap) in enumerate(panels):
            axes = figure.add_axes((LEFT + index * step, BOTTOM / tall, step - 0.03,
                                    last / tall))
            _frame(axes, last, kind, gap)
            if not index:
                _headings(axes, heads)
            for row in rows:
                if row["gap"] == gap:
                    y = places[str(row["design"]), str(row["procedure"])]
                    _mark(axes, y, row, kind, names.index(str(row["procedure"])))
        _legend(figure, names)
        return picture(figure, "proving", caption=_caption(part, panels), alt=_alt(rows))


def signature(part: Part) -> str:
    """How the numbers were made."""
    settings = part.get("settings") or {}
    keys = ("margin", "alpha", "replicates", "resamples", "seed", "mhx", "numpy")
    return " | ".join(["prove", *(f"{key}:{settings[key]}" for key in keys if key in settings)])


def _row(row: Part) -> Row:
    shown = {f"{key}_shown": _with_error(row.get(key), row.get(f"{SE_OF.get(key, key)}_se"))
             for key, _ in RATES}
    return {**row, **{key: row.get(key) for key, _ in RATES}, **shown}


def _with_error(rate: float | None, error: float | None) -> str:
    if rate is None or error is None:
        return NOTHING
    return f"{show(rate, 'number', 3)} ± {show(error, 'number', 3)}"


def _notes(part: Part) -> list[str]:
    settings = part.get("settings") or {}
    margin = show(settings.get("margin"), "number")
    rules = "; ".join(f"{one['name']}: {one['claim']}" for one in part.get("procedures") or ())
    return [
        f"Rates over seeded tables, {_counts(part)}, ± one Monte Carlo standard error. Nominal: "
        f"coverage .95, type I error .05, false parity at most .05. Parity is false where the "
        f"true gap is {margin} points or more. Coverage and bias are over the tables that were "
        "answered; what gives no answer claims nothing.",
        f"What each procedure takes for parity: {rules}.",
        "No procedure that sees the scores alone can tell a scorer's bias from a gap: those "
        "designs show what a scorer's error does to every row.",
    ]


def _counts(part: Part) -> str:
    counts: dict[int, list[str]] = {}
    for row in part.get("rows") or ():
        names = counts.setdefault(int(row.get("replicates") or 0), [])
        if row["procedure"] not in names:
            names.append(str(row["procedure"]))
    return "; ".join(f"{many:,} for {', '.join(names)}" for many, names in counts.items() if many)


def _panels(rows: Sequence[Row]) -> list[tuple[str, float]]:
    """Coverage at up to three gaps, then wrong claims where a claim can be wrong."""
    gaps = sorted({float(row["gap"]) for row in rows})[:GAPS]
    wrong = [gap for gap in gaps if any(_wrong(row)[0] is not None for row in rows
                                        if row["gap"] == gap)]
    return [("coverage", gap) for gap in gaps] + [("wrong", gap) for gap in wrong]


def _places(rows: Sequence[Row]) -> tuple[dict[tuple[str, str], float],
                                          list[tuple[float, str]], float]:
    """Inches from the top: of each design's procedures, of the design's name; and of the end."""
    found: dict[str, dict[str, None]] = {}
    titles: dict[str, str] = {}
    for row in rows:
        found.setdefault(str(row["design"]), {})[str(row["procedure"])] = None
        titles[str(row["design"])] = str(row["title"])
    places, heads, y = {}, [], BETWEEN / 2
    for design, procedures in found.items():
        first = y
        for procedure in procedures:
            places[design, procedure] = y + LINE / 2
            y += LINE
        heads.append(((first + y) / 2, titles[design]))
        y += BETWEEN
    return places, heads, y - BETWEEN / 2


def _wrong(row: Row) -> tuple[float | None, float | None]:
    """The rate of claims that are wrong: a gap where there is none, parity where there is one."""
    if row.get("type_1") is not None:
        return row["type_1"], row.get("rejected_se")
    return row.get("false_parity"), row.get("claimed_se")


def _frame(axes: Axes, last: float, kind: str, gap: float) -> None:
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(last, 0.0)
    axes.axvline(NOMINAL[kind], color=INK, lw=0.8, ls=(0, (3, 2)), zorder=1)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color="#E4E4E4", lw=0.6)
    axes.set_axisbelow(True)
    text = "coverage" if kind == "coverage" else "type I error" if gap == 0 else "false parity"
    axes.set_xlabel(f"{text}\ngap {show(gap, 'number')}", size=8)


def _headings(axes: Axes, heads: Sequence[tuple[float, str]]) -> None:
    for y, text in heads:
        axes.text(-0.08, y, fill(text, WRAP), size=7.5, ha="right", va="center", clip_on=False,
                  linespacing=1.0, transform=axes.get_yaxis_transform())


def _mark(axes: Axes, y: float, row: Row, kind: str, index: int) -> None:
    """The rate with its 95 % Monte Carlo interval; the reason where there was no answer."""
    rate, error = (row.get("coverage"), row.get("coverage_se")) if kind == "coverage" \
        else _wrong(row)
    if rate is None or error is None:
        if kind == "coverage":
            axes.text(0.5, y, "no answer", size=7, va="center", ha="center", color=GRAY)
        return
    ends = max(0.0, rate - 1.96 * error), min(1.0, rate + 1.96 * error)
    axes.plot(ends, [y, y], color=color(index), lw=1.2, zorder=2)
    axes.plot([rate], [y], marker(index), color="white", mec=color(index), mew=1.3, ms=4.0,
              zorder=3, clip_on=False)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=color(index), marker=marker(index), mfc="white",
                      mec=color(index), mew=1.3, ms=4.0, lw=1.2, label=name)
               for index, name in enumerate(names)]
    handles.append(Line2D([], [], color=INK, lw=0.8, ls=(0, (3, 2)), label="nominal"))
    figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.0), frameon=False,
                  ncols=min(4, len(handles)), fontsize=8, handlelength=1.8)


def _caption(part: Part, panels: Sequence[tuple[str, float]]) -> str:
    more = {float(row["gap"]) for row in part["rows"]} - {gap for _, gap in panels}
    left = "; other gaps are in the table" if more else ""
    return ("The proving ground: procedures on synthetic scores with a known gap. Coverage: how "
            "often the 95 % interval holds it. Wrong claims: type I error, a gap is found that is "
            "not there; false parity, parity is claimed although the gap is the margin or more. "
            f"Bars: 95 % Monte Carlo intervals{left}. {signature(part)}.")


def _alt(rows: Sequence[Row]) -> str:
    parts = []
    for row in rows:
        wrong = _wrong(row)[0]
        parts.append(f"{row['title']}, gap {show(row['gap'], 'number')}, {row['procedure']}: "
                     f"coverage {show(row.get('coverage'), 'number')}, "
                     f"wrong claims {show(wrong, 'number')}")
    return "; ".join(parts)
