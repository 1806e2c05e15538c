"""The training loop: languages step together, each with its own batches, optimizer and end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mhx.training import checkpoint
from mhx.training.adapters import Adapters
from mhx.training.batches import MicroBatch, Row, spread
from mhx.training.course import Course
from mhx.training.distributed import Processes
from mhx.training.failures import Fits, check_base_loss, check_weights, not_finite
from mhx.training.layout import Cut
from mhx.training.loss import Objective, held_out_sums

READ_EVERY = 10  # steps between readings of the loss on a GPU: each one waits for the device


@dataclass(frozen=True)
class Moment:
    """Where a training is after a step; `losses` are nats a token by language."""

    step: int
    total: int
    losses: dict[str, float]
    tokens_per_second: float
    seconds_left: float

    @property
    def loss(self) -> float:
        """The mean of the languages' losses."""
        return math.fsum(self.losses.values()) / max(1, len(self.losses))


Watch = Callable[[Moment], None]


@dataclass(frozen=True)
class _Step:
    """A finished step whose losses may still lie on the device; lists go by `taking`."""

    number: int
    taking: list[int]
    batches: list[int]  # of each language's own steps
    sums: Any
    norms: list[Any]
    rates: list[float]
    speed: float


@dataclass
class Training:
    """A training of one or several languages on one base.

    `every` is the number of steps between checkpoints, `folder` where they lie. `model` is set to
    train or eval mode; everything else goes through `adapters`, `objective` and `cut`. With
    several processes `cut` gives the part of a step that this one does.
    """

    model: Any
    adapters: Adapters
    courses: list[Course]
    objective: Objective
    cut: Cut
    folder: Path
    key: str
    every: int
    watch: Watch | None = None
    group: Processes = field(default_factory=Processes)
    fits: Fits = field(default_factory=Fits)
    _pending: list[_Step] = field(default_factory=list)
    _began: float = 0.0
    _start: int = 0
    _total: int = 0

    def run(self) -> int:
        """Train to the end, from the checkpoint where there is one; returns the step it was at.

        Raises MhxError for a loss that is no number and for a lack of memory; the checkpoint
        stays.
        """
        self._start = self._restore()
        plan = spread([len(course.batches) for course in self.courses])
        self._total = len(plan)
        if not self._start:
            for owner, course in enumerate(self.courses):
                if course.held:
                    course.base_loss = self._held_loss(owner)
                    check_base_loss(course.name, course.base_loss)
        self.model.train()
        self._began = time.perf_counter()
        for step in range(self._start, self._total):
            taking = [owner for owner in plan[step] if not self.courses[owner].stopped]
            if taking:
                self._step(step, taking)
            if all(course.stopped for course in self.courses):
                break
            if (step + 1) % self.every == 0 and step + 1 < self._total:
                self._read()
                self._store(step + 1)
        self._read()
        self._check_weights(self._total)
        return self._start

    def _step(self, step: int, taking: Sequence[int]) -> None:
        import torch

        began = time.perf_counter()
        rows = self._rows(taking)
        counts = torch.zeros(len(self.courses))
        for row in rows:
            counts[row.owner] += len(row.learned)
        device = next(self.model.parameters()).device
        share = (1 / counts.clamp(min=1)).to(device)
        sums = torch.zeros(len(self.courses), device=device)
        for batch in self.cut(rows):
            with self.fits.watch(batch.padded):
                sums += self._pass(batch, share)
        if self.group.size > 1:
            weights = [one for owner in taking for one in self.courses[owner].optimizer.weights]
            sums = self.group.add_up(weights, sums)
        courses = [self.courses[owner] for owner in taking]
        done = [course.done for course in courses]
        rates = [course.optimizer.rate for course in courses]
        if device.type == "cpu":
            self._check(_Step(step, list(taking), done, sums, [], rates, 0.0))
        norms = [course.optimizer.step() for course in courses]
        for course in courses:
            course.done += 1
        tokens = sum(len(row.item.ids) for row in rows)
        speed = tokens / max(1e-9, time.perf_counter() - began)
        self._pending.append(_Step(step, list(taking), done, sums, norms, rates, speed))
        due = [owner for owner in taking if self.courses[owner].validates]
        if device.type == "cpu" or due or (step + 1) % READ_EVERY == 0:
            self._read()
        for owner in due:
            self._validate(owner)

    def _rows(self, taking: Sequence[int]) -> list[Row]:
        return [
            Row(owner, self.courses[owner].encoded[place])
            for owner in taking
            for place in self.courses[owner].batches[self.courses[owner].done]
        ]

    def _pass(self, batch: MicroBatch, share: Any) -> Any:
        """Forward and backward of a part of a step; each language's part of its mean loss."""
        import torch

        self.adapters.route(batch)
        weights = share[batch.learners]
        total, losses = self.objective(batch, weights)
        total.backward()
        empty = torch.zeros(len(share), device=share.device)
        return empty.index_add_(0, batch.learners, losses * weights)

    def _check(self, step: _Step) -> list[float]:
        """The losses of a step by language; raises MhxError where one, or a gradient, is none."""
        values: list[float] = step.sums.tolist()
        for place, owner in enumerate(step.taking):
            course = self.courses[owner]
            wrong = "" if math.isfinite(values[owner]) else "loss"
            if not wrong and step.norms and not math.isfinite(step.norms[place]):
                wrong = "gradient"
            if wrong:
                names = [course.ids[row] for row in course.batches[step.batches[place]]]
                raise not_finite(course.name, step.number + 1, names, step.rates[place], wrong)
        return values

    def _check_weights(self, step: int) -> None:
        for course in self.courses:
            check_weights(course.name, step, course.optimizer.weights, course.optimizer.rate)

    def _read(self) -> None:
        """Take the losses of finished steps from the device and tell the watcher."""
        for step in self._pending:
            values, at = self._check(step), step.number
            for owner, rate in zip(step.taking, step.rates, strict=True):
                self.courses[owner].learned(values[owner], rate)
            if self.watch is not None:
                spent = time.perf_counter() - self._began
                self.watch(Moment(
                    at + 1, self._total,
                    {self.courses[owner].name: values[owner] for owner in step.taking},
                    step.speed, spent / (at + 1 - self._start) * (self._total - at - 1)))
        self._pending.clear()

    def _validate(self, owner: int) -> None:
        """The loss of the held-out conversations, for the language to judge by."""
        course = self.courses[owner]
        loss = self._held_loss(owner)
        if not math.isfinite(loss):
            raise not_finite(course.name, course.done, (), course.optimizer.rate,
                             "validation loss")
        course.validated(loss, self.adapters.state(course.name))

    def _held_loss(self, owner: int) -> float:
        self.model.eval()
        rows = [Row(owner, item) for item in self.courses[owner].held]
        total, count = self._over_all(held_out_sums(self._routed, self.cut, rows))
        self.model.train()
        return total / max(1, count)

    def _over_all(self, sums: tuple[float, int]) -> tuple[float, float]:
        import torch

        total, count = self.group.summed(torch.tensor(sums, dtype=torch.float64)).tolist()
        return total, count

    def _routed(self, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        self.adapters.route(batch)
        with self.fits.watch(batch.padded, learns=False):
            return self.objective(batch, weights)

    # ------------------------------------------------------------ checkpoints

    def _state(self, step: int) -> dict[str, Any]:
        return checkpoint.snapshot(step, self.adapters, self.courses)

    def _store(self, step: int) -> None:
        self._check_weights(step)
        others = self.group.gathered(checkpoint.random_numbers())[1:]
        if self.group.leads:
            checkpoint.store(self.folder, self.key, {**self._state(step), "others": others})

    def _restore(self) -> int:
        state = checkpoint.fetch(self.folder, self.key) if self.group.leads else None
        if self.group.size > 1:
            self.group.agree(self.key)
            state = self.group.told(state or (self._state(0) if self.group.leads else None))
        if state is None:
            return 0
        others = state.pop("others", [])
        if 0 < self.group.rank <= len(others):
            checkpoint.draw_on(others[self.group.rank - 1])
        return checkpoint.put_back(state, self.adapters, self.courses)
