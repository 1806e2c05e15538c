"""A training's state on disk: whole or not at all, and only for the same data and settings."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mhx.files import write_bytes
from mhx.training.adapters import Adapters
from mhx.training.course import Course

NAME = "checkpoint.pt"


def store(folder: Path, key: str, state: dict[str, Any]) -> None:
    """Write the state of a step: adapters, optimizers, schedules, history, random numbers."""
    import torch

    data = io.BytesIO()
    torch.save({"key": key, "random": random_numbers(), **state}, data)
    write_bytes(folder / NAME, data.getvalue())


def snapshot(step: int, adapters: Adapters, courses: Sequence[Course]) -> dict[str, Any]:
    """The state of a training after a step, but for its random numbers."""
    return {
        "step": step,
        "adapters": {course.name: adapters.state(course.name) for course in courses},
        "courses": {course.name: course.state() for course in courses},
    }


def put_back(state: dict[str, Any], adapters: Adapters, courses: Sequence[Course]) -> int:
    """Set adapters and courses as they were; returns the step."""
    for course in courses:
        adapters.load(course.name, state["adapters"][course.name])
        course.load(state["courses"][course.name])
    return int(state["step"])


def fetch(folder: Path, key: str) -> dict[str, Any] | None:
    """The stored state, with its random numbers set again.

    None without one, and for one of other data or settings: that training starts anew.
    """
    import torch

    path = folder / NAME
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    if state["key"] != key:
        return None
    draw_on(state.pop("random"))
    return state


def drop(folder: Path) -> None:
    """Remove the checkpoint of a finished training."""
    (folder / NAME).unlink(missing_ok=True)


def random_numbers() -> dict[str, Any]:
    """The state of torch's random numbers in this process."""
    import torch

    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def draw_on(drawn: dict[str, Any]) -> None:
    """Go on with random numbers from a stored state."""
    import torch

    torch.set_rng_state(drawn["cpu"])
    if drawn["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(drawn["cuda"])
