"""The proving ground: every design at every gap through every procedure, cell by cell."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import mhx.stats
from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_folder, hash_json
from mhx.stats.proving.designs import DESIGNS, MARGIN
from mhx.stats.proving.foreign import digest, find
from mhx.stats.proving.procedures import PROCEDURES, Entry
from mhx.stats.proving.responders import draw, scorer_spread, shift, spread, task
from mhx.stats.proving.results import Proof, Rates, summarize
from mhx.stats.proving.task import Answer
from mhx.version import __version__

REPLICATES, FULL_REPLICATES = 200, 1000
RESAMPLES, FULL_RESAMPLES = 1000, 2000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides the numbers: cells (a design's name and a gap), procedures, sizes, seed."""

    cells: tuple[tuple[str, float], ...]
    procedures: tuple[str, ...]
    margin: float = MARGIN
    alpha: float = 0.05
    replicates: int = REPLICATES
    resamples: int = RESAMPLES
    seed: int = 0
    allow_code: bool = False


@dataclass(frozen=True)
class Cell:
    """One design at one gap, with the procedures still to be run on it and their rows' keys."""

    design: str
    gap: float
    procedures: tuple[str, ...]
    keys: tuple[str, ...]


def settings(*, designs: Sequence[str] = (), procedures: Sequence[str] = (),
             gaps: Sequence[float] = (), margin: float = MARGIN, replicates: int | None = None,
             full: bool = False, seed: int = 0, allow_code: bool = False) -> Settings:
    """Settings checked, with the defaults of the short or the full run.

    Short: the quick designs at zero and at the margin, 200 replicates. Full: all designs, twice
    the margin too, 1,000 replicates, fairlearn where it is installed. Raises MhxError with every
    problem.
    """
    found = [problem for name in designs if name not in DESIGNS
             for problem in unknown("design", name, DESIGNS).problems]
    usual = [entry.name for entry in PROCEDURES.values()
             if entry.usual or (full and entry.package and not entry.absent)]
    for name in procedures:
        try:
            find(name, allow_code=allow_code)
        except MhxError as error:
            found += error.problems
    if not margin > 0:
        found.append(Problem(f"{margin:g} is not above zero", "raw points such as 0.25",
                             field="margin"))
    if replicates is not None and replicates < 2:
        found.append(Problem(f"{replicates} is too few", "at least 2", field="replicates"))
    chosen = tuple(dict.fromkeys(designs)) or tuple(
        design.name for design in DESIGNS.values() if full or design.quick)
    planted = tuple(gaps) or ((0.0, margin, 2 * margin) if full else (0.0, margin))
    if not found:
        found += _impossible(chosen, planted)
    if found:
        raise MhxError(found)
    return Settings(
        cells=tuple((name, float(gap)) for name in chosen for gap in dict.fromkeys(planted)),
        procedures=tuple(dict.fromkeys(procedures)) or tuple(usual), margin=margin, seed=seed,
        allow_code=allow_code,
        replicates=replicates or (FULL_REPLICATES if full else REPLICATES),
        resamples=FULL_RESAMPLES if full else RESAMPLES)


def prove(chosen: Settings, *, jobs: int = 1, known: Sequence[Mapping[str, Any]] = (),
          report: Callable[[Proof, str, int, int], None] | None = None,
          track: Callable[[Sequence[int], str], Iterator[int]] | None = None) -> Proof:
    """Run what is not yet `known` (rows of an earlier Proof with the same keys) and answer all.

    After each cell `report` gets the proof so far, the cell's name, how many cells are left and
    how many there were, so that a killed run can be gone on with; `track` wraps the replicates of
    a cell in a progress bar. `jobs` processes share the cells; the numbers do not depend on it.
    """
    keys = _keys(chosen)
    rows = {key: _revive(row) for row in known
            if (key := str(row.get("key"))) in keys.values()}
    cells = _cells(chosen, keys, rows)

    def done(found: Sequence[Rates], left: int) -> None:
        rows.update({row.key: row for row in found})
        if report is not None:
            name = f"{found[0].design}, gap {found[0].gap:g}"
            report(_proof(chosen, keys, rows), name, left, len(cells))

    if jobs == 1 or len(cells) < 2:
        for place, cell in enumerate(cells):
            done(run_cell(cell, chosen, track), len(cells) - place - 1)
        return _proof(chosen, keys, rows)
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_die_at_once) as pool:
        waiting = [pool.submit(run_cell, cell, chosen) for cell in cells]
        try:
            for place, future in enumerate(as_completed(waiting)):
                done(future.result(), len(cells) - place - 1)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _proof(chosen, keys, rows)


def _die_at_once() -> None:
    """Ctrl-C ends a worker without a traceback; the first process tells what happened."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run_cell(cell: Cell, chosen: Settings,
             track: Callable[[Sequence[int], str], Iterator[int]] | None = None) -> list[Rates]:
    """All replicates of one cell: each table is drawn once and goes to every procedure."""
    entries = [find(name, allow_code=chosen.allow_code) for name in cell.procedures]
    design = DESIGNS[cell.design]
    running = [one for one in entries if not one.absent]
    answers: dict[str, list[Answer]] = {one.name: [] for one in entries}
    many = max((_replicates(one, chosen) for one in running), default=0)
    numbers = range(many)
    for replicate in track(numbers, f"{cell.design}, gap {cell.gap:g}") if track else numbers:
        frame = draw(design, cell.gap, seed=chosen.seed, replicate=replicate)
        asked = task(design, margin=chosen.margin, alpha=chosen.alpha,
                     resamples=chosen.resamples, seed=replicate)
        for one in running:
            if replicate < _replicates(one, chosen):
                answers[one.name].append(_answer(one, frame, asked))
    rows = [
        Rates(design=design.name, title=design.title, estimand=design.estimand,
              procedure=one.name, gap=cell.gap, margin=chosen.margin,
              replicates=len(answers[one.name]), key=key,
              **summarize(answers[one.name], gap=cell.gap, alpha=chosen.alpha))
        for key, one in zip(cell.keys, entries, strict=True)
    ]
    return [replace(row, note=one.absent or row.note)
            for row, one in zip(rows, entries, strict=True)]


def _answer(one: Entry, frame: Any, asked: Any) -> Answer:
    try:
        return one.answer(frame, asked)
    except MhxError as error:  # a table the procedure says it cannot answer
        return Answer(refused=str(error.problems[0]))


def _replicates(one: Entry, chosen: Settings) -> int:
    return min(chosen.replicates, one.at_most or chosen.replicates)


def _keys(chosen: Settings) -> dict[tuple[str, float, str], str]:
    """What each row's numbers depend on, as a hash: design, settings, code."""
    code = hash_folder(Path(mhx.stats.__file__).parent)
    entries = {name: find(name, allow_code=chosen.allow_code) for name in chosen.procedures}
    own = {name: digest(name) for name in entries}
    out = {}
    for name, gap in chosen.cells:
        design = DESIGNS[name]
        asked = task(design, margin=chosen.margin, alpha=chosen.alpha,
                     resamples=chosen.resamples, seed=0)
        out.update({
            (name, gap, procedure): hash_json([
                asdict(design), gap, asdict(asked), chosen.replicates, chosen.seed, procedure,
                own[procedure], code, np.__version__])[:16]
            for procedure, one in entries.items() if one.fits(asked)})
    return out


def _cells(chosen: Settings, keys: Mapping[tuple[str, float, str], str],
           rows: Mapping[str, Rates]) -> list[Cell]:
    out = []
    for design, gap in chosen.cells:
        left = {name: key for name in chosen.procedures
                if (key := keys.get((design, gap, name))) and key not in rows}
        if left:
            out.append(Cell(design, gap, tuple(left), tuple(left.values())))
    return out


def _proof(chosen: Settings, keys: Mapping[tuple[str, float, str], str],
           rows: Mapping[str, Rates]) -> Proof:
    entries = [find(name, allow_code=chosen.allow_code) for name in chosen.procedures
               if any(procedure == name for _, _, procedure in keys)]
    shown = {"margin": chosen.margin, "alpha": chosen.alpha, "replicates": chosen.replicates,
             "resamples": chosen.resamples, "seed": chosen.seed,
             "procedures": [one.name for one in entries], "mhx": __version__,
             "numpy": np.__version__}
    return Proof(
        rows=tuple(rows[key] for key in keys.values() if key in rows), settings=shown,
        procedures=tuple({"name": one.name, "title": one.title, "claim": one.claim}
                         for one in entries))


def _revive(row: Mapping[str, Any]) -> Rates:
    return Rates(**{name: row[name] for name in Rates.__dataclass_fields__ if name in row})


def _impossible(designs: Sequence[str], gaps: Sequence[float]) -> list[Problem]:
    """Gaps that a design's scale cannot have, people's or the scorer's."""
    out = []
    for design, gap in product([DESIGNS[name] for name in designs], gaps):
        try:
            shift(design.cuts, spread(design), gap)
            shift(design.cuts, scorer_spread(design), gap + design.bias)
        except MhxError as error:
            out += [replace(problem, field=design.name) for problem in error.problems]
    return out
