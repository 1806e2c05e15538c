"""Learning curves: train and validation loss by step, a panel a language, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.figures import COLORS, GRAY, INK, Picture, drawing, picture
from mhx.reporting.palette import SMALL
from mhx.reporting.panels import over, panel, size
from mhx.reporting.table import Column, Table, show
from mhx.reporting.wording import absent, origin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEAN = 10  # training steps that the full line is the mean of
READ = (
    "Loss: cross-entropy in nats a token of the supporters' turns; of a training step it is that "
    "of its own batch, so it jumps. Shown are the steps that were validated, the first and the "
    "last; every step is in curves.jsonl beside the adapter."
)


def tables(evaluation: Evaluation) -> list[Table]:
    """The steps with a validation, the first and the last."""
    rows = evaluation.rows("learning")
    last = {row.get("language"): row.get("step") for row in rows}
    shown = [row for row in rows if row.get("valid_loss") is not None
             or row.get("step") in (1, last[row.get("language")])]
    return [Table(
        label="learning",
        title="Learning curves: loss by step",
        columns=(
            Column(key="tag", title="language"),
            Column(key="step", title="step", kind="int"),
            Column(key="loss", title="training loss", kind="number", digits=3),
            Column(key="valid_loss", title="validation loss", kind="number", digits=3),
            Column(key="kept", title="weights kept", kind="yesno"),
        ),
        rows=tuple({**row, "tag": row.get("language"), "kept": row is _kept(evaluation, shown)}
                   for row in shown),
        notes=(READ,) if rows else (), origin=origin(evaluation),
        signature=_signature(evaluation) if rows else "",
        agreement="none, the model's own likelihood" if rows else "",
        missing="" if rows else absent("learning curves", "The run kept none"),
    )]


def _signature(evaluation: Evaluation) -> str:
    meta = evaluation.part("meta", "adapter")
    keys = ("base", "corpus_sha256", "seed", "steps")
    return "|".join(["adapter", *(f"{key}:{meta[key]}" for key in keys if key in meta)])


def _kept(evaluation: Evaluation, rows: list[Row]) -> Row | None:
    """The row of the weights that were saved: the best validated ones with patience, else the
    last."""
    best = evaluation.part("meta", "adapter").get("best_step")
    found = [row for row in rows if best is None or row.get("step") == best]
    return found[-1] if found else None


def curves(evaluation: Evaluation, run: str = "", number: int = 1) -> Picture | None:
    """A panel a language; None without curves.

    `run` names the run where there are several; `number` is its place among them.
    """
    languages: dict[str, list[Row]] = {}
    for row in evaluation.rows("learning"):
        languages.setdefault(str(row.get("language")), []).append(row)
    if not languages:
        return None
    from matplotlib.lines import Line2D

    best = evaluation.part("meta", "adapter").get("best_step")
    with drawing(*size(len(languages))) as figure:
        for index, (name, rows) in enumerate(languages.items()):
            _panel(panel(figure, index, name), rows, best)
        handles = [
            Line2D([], [], color=COLORS["base"], lw=1.6, label=f"training, mean of {MEAN} steps"),
            Line2D([], [], color=COLORS["adapter"], lw=1.6, marker="s", ms=4, label="validation"),
        ]
        if best is not None:
            handles.append(Line2D([], [], color=INK, lw=0.8, ls=(0, (3, 2)), label="weights kept"))
        over(figure, handles)
        return picture(
            figure, "learning" if number == 1 else f"learning-{number}", alt=_alt(languages),
            caption="Learning curves: loss in nats a token by optimizer step"
            f"{f' ({run})' if run else ''}. Pale line: the loss of each training step's own batch.")


def _panel(axes: Axes, rows: list[Row], best: Any) -> None:
    steps = [row["step"] for row in rows]
    losses = [row["loss"] for row in rows]
    held = [(row["step"], row["valid_loss"]) for row in rows if row.get("valid_loss") is not None]
    axes.plot(steps, losses, color=COLORS["base"], lw=0.7, alpha=0.45)
    axes.plot(steps, _smooth(losses), color=COLORS["base"], lw=1.6)
    if held:
        axes.plot(*zip(*held, strict=True), color=COLORS["adapter"], lw=1.6, marker="s", ms=4)
    if best is not None:
        axes.axvline(best, color=INK, lw=0.8, ls=(0, (3, 2)))
    axes.set_xlim(0, max(steps) * 1.03)
    axes.grid(axis="y", color=GRAY, lw=0.3, alpha=0.5)
    axes.set_xlabel("optimizer step", size=SMALL, labelpad=1)
    axes.set_ylabel("loss, nats a token", size=SMALL, labelpad=1)


def _smooth(values: list[float]) -> list[float]:
    """The mean of each value and those before it, MEAN at most."""
    parts = [values[max(0, end - MEAN) : end] for end in range(1, len(values) + 1)]
    return [sum(part) / len(part) for part in parts]


def _alt(languages: dict[str, list[Row]]) -> str:
    each = []
    for name, rows in languages.items():
        held = [row["valid_loss"] for row in rows if row.get("valid_loss") is not None]
        text = f"{name}: training loss {show(rows[0]['loss'], 'number')} to "
        text += f"{show(rows[-1]['loss'], 'number')} in {len(rows)} steps"
        text += (f", validation loss {show(held[0], 'number')} to {show(held[-1], 'number')}"
                 if held else ", not validated")
        each.append(text)
    return f"Learning curves. {'; '.join(each)}."
