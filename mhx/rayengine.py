"""`--engine ray`: the stages' own functions on Ray Data, in workers of a ray started here.

A worker gets names only: the run's folder, the plugins' folders, the function's module and name.
It opens the run itself; Python objects of plugins are never sent. What it makes of a piece comes
back through ray's object store, in order. A worker that dies is started again, and its pieces with
it. Telemetry of ray is off.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.api import reopen
from mhx.errors import MhxError, Problem, unknown
from mhx.parquet import ROWS
from mhx.run import Run, Silent
from mhx.shelves import Plugin, Shelves
from mhx.streaming import Executor, InProcess, Opened, Work, label, rows_at_once

if TYPE_CHECKING:
    import polars as pl

ENGINES = ("local", "ray")
CPUS = 0.5  # of a worker: what it asks of ray's scheduler, no limit
EACH = 4  # pieces a worker gets at least, so that none waits long for the last
QUIET = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
STORE = 256 * 2**20  # bytes of ray's object store: pieces are small


@contextmanager
def executor_of(engine: str, workers: int | None = None) -> Iterator[Executor]:
    """Who does the stages' work: this process, or workers of ray until the block ends.

    Raises MhxError for an unknown engine, for workers without ray, and where ray is missing.
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if engine == "local":
        if workers is not None:
            raise MhxError(Problem("--workers is of --engine ray", "add --engine ray"))
        yield InProcess()
        return
    # ray prints what it does about dead workers; standard output is the command's
    with redirect_stdout(sys.stderr), OnRay(workers or len(os.sched_getaffinity(0))) as ray:
        yield ray


@dataclass(frozen=True)
class Errand:
    """What a worker is told, all of it names and plain values."""

    folder: Path
    cwd: Path
    plugins: Mapping[tuple[str, str], Plugin]
    roots: tuple[tuple[str, Path], ...]
    allow_code: bool
    module: str
    function: str
    source: str
    given: Any


@dataclass
class Told(Silent):
    """A worker's reporter: what it is told goes back with the piece."""

    lines: list[str] = field(default_factory=list)

    def say(self, message: str) -> None:
        """Keep the line."""
        self.lines.append(message)


class Worker:
    """A process of ray: opens the run and the work at its first piece."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._told = Told()
        self._stack = ExitStack()
        self._ready: tuple[Run, Work] | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """The pieces of a batch: their places and what the work made of each, pickled."""
        columns = (batch["place"].tolist(), batch["first"].tolist(), batch["rows"].tolist())
        done = [self._piece(first, rows) for _, first, rows in zip(*columns, strict=True)]
        return {"place": columns[0], "done": done}

    def _piece(self, first: int, rows: int) -> bytes:
        try:
            run, work = self._opened()
            made = work(run.piece(self._errand.source, first, rows))
        except MhxError as error:  # the user's to mend, so no crash of a worker
            return pickle.dumps(error.problems)
        lines, self._told.lines = self._told.lines, []
        return pickle.dumps((*made, lines))

    def _opened(self) -> tuple[Run, Work]:
        if self._ready is None:
            errand = self._errand
            os.chdir(errand.cwd)  # settings may hold paths from there
            shelves = Shelves(dict(errand.plugins), errand.roots, errand.allow_code)
            run = reopen(errand.folder, shelves=shelves, reporter=self._told)
            function = getattr(import_module(errand.module), errand.function)
            self._ready = run, self._stack.enter_context(function(run, errand.given))
        return self._ready


class OnRay:
    """A ray of this machine, from its start to its end, as an executor."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def __enter__(self) -> OnRay:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when ray starts
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise MhxError(
                Problem("ray is needed for --engine ray", "pip install 'mhx[ray]'")
            ) from error
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_no_progress_timeout_s = -1  # a piece may take a language model hours
        context.execution_options.preserve_order = True
        ray.init(
            address="local", num_cpus=max(1, round(self._workers * CPUS)), include_dashboard=False,
            log_to_driver=False, logging_level=logging.ERROR, object_store_memory=STORE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        ray.shutdown()

    def map(
        self, run: Run, opened: Opened, source: str, given: Any = None, *, most: int = ROWS
    ) -> Generator[tuple[pl.DataFrame, Any], None, None]:
        """Of each piece of the stage `source`'s table, in order, what a worker makes of it."""
        if run.settings.request_budget is not None or run.settings.token_budget is not None:
            what = "a budget is counted in one process, --engine ray has several"
            raise MhxError(Problem(what, "leave out --engine ray or the budget"))
        total = run.height(source)
        rows = min(most, rows_at_once(total), max(1, -(-total // (self._workers * EACH))))
        pieces = run.pieces(source, rows)
        errand = Errand(
            run.folder.resolve(), Path.cwd(), run.shelves.plugins, run.shelves.roots,
            run.shelves.allow_code, opened.__module__, opened.__name__, source, given,
        )
        done = self._done(pieces, errand)
        for _ in run.reporter.track(pieces, label(source)):
            answer = pickle.loads(next(done))
            if isinstance(answer, list):
                raise MhxError(answer)
            frame, facts, lines = answer
            for line in lines:
                run.reporter.say(line)
            yield frame, facts

    def _done(self, pieces: list[tuple[int, int]], errand: Errand) -> Iterator[bytes]:
        """The answers in the order of the pieces."""
        import ray.data

        items = [
            {"place": place, "first": first, "rows": rows}
            for place, (first, rows) in enumerate(pieces)
        ]
        data = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            Worker,
            batch_size=1,
            batch_format="numpy",
            fn_constructor_args=(errand,),
            num_cpus=CPUS,
            compute=ray.data.ActorPoolStrategy(size=min(self._workers, len(items))),
        )
        early: dict[int, bytes] = {}
        wanted = 0
        for row in data.iter_rows():
            early[row["place"]] = row["done"]
            while wanted in early:
                yield early.pop(wanted)
                wanted += 1
