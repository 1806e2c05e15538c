"""The client of the COMET worker: one checkpoint, many segments, one second chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mhx.environments import Environment, environment, require
from mhx.errors import MhxError, Problem
from mhx.quality.process import Lost, Process

BATCH = 16  # segments, COMET's own default
CHUNK = 512  # segments a request: what is lost with a worker, and how often progress is seen
LOAD_SECONDS, FETCH_SECONDS, CHUNK_SECONDS = 600.0, 7200.0, 3600.0
LOST_CHUNKS = 2  # one after the other: then the rest is given up as well
FIXES = {
    "not_found": "name a file, a folder, or a model of the hub that can be fetched",
    "not_comet": "name a checkpoint that unbabel-comet trained: checkpoints/model.ckpt with "
                 "hparams.yaml in the folder above",
    "no_encoder": "a local checkpoint is read offline: fetch the encoder once (its hub name as the "
                  "model of any transformers program), or name the checkpoint by its hub name",
    "no_device": "--device cpu, or a CUDA build of torch in the environment",
    "lost": "mhx doctor --install comet checks the environment; it may also lack memory",
}
GIVEN_UP = "given up: the COMET worker was lost again and again"
T = TypeVar("T")
Row = Mapping[str, str]


@dataclass(frozen=True)
class Scored:
    """A segment's score, or null and why there is none."""

    score: float | None
    why: str = ""


class Comet:
    """A checkpoint in the COMET environment.

    `model` is a folder with ``checkpoints/model.ckpt`` and ``hparams.yaml``, the ``.ckpt`` itself,
    or a name of the hub, which is fetched only because it was named. `inputs` are the texts it
    reads (``src``, ``mt``, ``ref``); `needs_reference` is false for one that estimates quality
    without a reference.
    """

    def __init__(
        self, model: str, *, device: str = "auto", batch_size: int = BATCH,
        seconds: float = CHUNK_SECONDS, place: Environment | None = None,
    ) -> None:
        """Start the worker and load the checkpoint.

        Raises MhxError where the environment is not installed or broken, and for a model that is
        not there or not a COMET checkpoint.
        """
        self.place = place or environment("comet")
        self.local = is_path(model)
        path = Path(model).expanduser()
        if self.local and not path.exists():
            raise MhxError(Problem("no such COMET checkpoint", FIXES["not_found"], path=model))
        require(self.place)
        self.model = str(path.resolve()) if self.local else model
        self.device, self.batch_size, self.seconds = device, batch_size, seconds
        self._process: Process | None = None
        about, why = self._twice(self._load)
        if about is None:
            raise MhxError(Problem(f"the COMET worker was lost twice: {why}", FIXES["lost"]))
        self.inputs = tuple(map(str, about["inputs"]))
        self.needs_reference = bool(about["needs_reference"])
        self.signature = _signature(path.resolve().name if self.local else model, about)

    def scores(self, rows: Sequence[Row]) -> Iterator[list[Scored]]:
        """Scores of `rows` (the texts of `inputs` by name), a list for each request of `CHUNK`.

        A worker that dies, hangs or answers garbage is started once more; what it then still
        cannot score has no score and the reason.
        """
        lost = 0
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            if lost == LOST_CHUNKS:
                yield [Scored(None, GIVEN_UP) for _ in part]
                continue
            found, why = self._twice(partial(self._score, part))
            lost = lost + 1 if found is None else 0
            yield [Scored(None, why) for _ in part] if found is None else found

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _twice(self, act: Callable[[], T]) -> tuple[T | None, str]:
        """(what `act` returns, ""), by a fresh worker if the first is lost; (None, why) at last."""
        why = ""
        for _ in range(2):
            try:
                return act(), ""
            except Lost as error:
                self.close()
                why = str(error)
        return None, why

    def _load(self) -> dict[str, Any]:
        environ = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
        if self.local:
            environ["HF_HUB_OFFLINE"] = "1"
        self._process = Process([str(self.place.python), "-I", str(self.place.worker)], environ)
        answer = self._process.ask(
            {"do": "load", "model": self.model, "device": self.device,
             "download": not self.local},
            seconds=LOAD_SECONDS if self.local else FETCH_SECONDS)
        if "failed" in answer:
            self.close()
            fix = FIXES.get(str(answer["failed"]), "")
            raise MhxError(Problem(str(answer.get("why", "")), fix, field="COMET checkpoint"))
        done: dict[str, Any] = answer["done"]
        return done

    def _score(self, rows: Sequence[Row]) -> list[Scored]:
        if self._process is None:
            try:
                self._load()
            except MhxError as error:  # it was loaded before: the segments lack a score, no more
                raise Lost(str(error)) from error
        if self._process is None:  # pragma: no cover - _load starts it or raises
            raise Lost("it was not started")
        answer = self._process.ask(
            {"do": "score", "rows": list(rows), "batch_size": self.batch_size},
            seconds=self.seconds)
        if "failed" in answer:
            return [Scored(None, str(answer.get("why", ""))) for _ in rows]
        found = answer["done"].get("scores") if isinstance(answer["done"], dict) else None
        if not isinstance(found, list) or len(found) != len(rows):
            raise Lost(f"{len(found or ())} scores for {len(rows)} segments")
        return [Scored(None, "not a number") if one is None else Scored(float(one))
                for one in found]


def is_path(model: str) -> bool:
    """Whether a model is meant as a file or folder, not as a name of the hub."""
    path = Path(model).expanduser()
    return path.exists() or path.is_absolute() or model.startswith(".") or path.suffix == ".ckpt"


def _signature(name: str, about: Mapping[str, Any]) -> str:
    versions = about["versions"]
    return "|".join((
        f"comet|model:{name}", f"checkpoint:{about['checkpoint']}", f"class:{about['class']}",
        f"reference:{'yes' if about['needs_reference'] else 'no'}", f"device:{about['device']}",
        *(f"{package}:{versions[package]}"
          for package in ("unbabel-comet", "torch", "transformers")),
    ))
