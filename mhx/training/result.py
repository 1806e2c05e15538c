"""What a training did for one language."""

from __future__ import annotations

from dataclasses import dataclass

from mhx.training.adapters import Adapters
from mhx.training.batches import planned_batches
from mhx.training.course import Course
from mhx.training.encoding import Dataset
from mhx.training.fertility import Fertility


@dataclass(frozen=True)
class TrainResult:
    """What a training did for one language.

    `tokens` are those of all steps, `labelled` the learned ones; losses are nats a token.
    `stopped_at` is the step at which patience ended it, `best_step` the step whose weights are
    kept then, `base_valid_loss` the validation loss before the first step. `notes` say where a
    slower way was taken, and why.
    """

    steps: int
    planned_steps: int
    left_out: tuple[str, ...]
    cut: int
    tokens: int
    labelled: int
    first_loss: float
    last_loss: float
    valid_loss: float | None
    resumed_at: int
    trainable: int
    losses: tuple[float, ...]
    stopped_at: int | None = None
    best_step: int | None = None
    fertility: Fertility | None = None
    notes: tuple[str, ...] = ()
    base_valid_loss: float | None = None


def result_of(
    course: Course,
    data: Dataset,
    adapters: Adapters,
    resumed: int,
    notes: tuple[str, ...],
    words: Fertility,
) -> TrainResult:
    """The record of a finished course."""
    learned = [course.encoded[place] for batch in course.batches[: course.done] for place in batch]
    kept = course.best is not None
    validated = [row["valid_loss"] for row in course.curve if row["valid_loss"] is not None]
    return TrainResult(
        steps=course.done,
        planned_steps=len(planned_batches(course.encoded[:: course.unit], course.recipe)),
        left_out=tuple(data.left_out),
        cut=data.cut,
        tokens=sum(len(item.ids) for item in learned),
        labelled=sum(sum(item.mask) for item in learned),
        first_loss=course.losses[0],
        last_loss=course.losses[-1],
        valid_loss=course.best_loss if kept else (validated[-1] if validated else None),
        resumed_at=resumed,
        trainable=sum(weight.numel() for weight in adapters.weights(course.name)),
        losses=tuple(course.losses),
        stopped_at=course.done if course.stopped else None,
        best_step=course.best_step if kept else None,
        fertility=words,
        notes=notes,
        base_valid_loss=course.base_loss,
    )
