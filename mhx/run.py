"""The run folder: frozen settings, stage records, resume, row accounting, the log."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import Field

from mhx.errors import MhxError, Problem, os_problem
from mhx.files import hash_file, hash_json, load_model, write_json, write_yaml
from mhx.parquet import Writer, batches, parquet_writer
from mhx.schema import Strict
from mhx.streaming import Executor, InProcess
from mhx.version import __version__

if TYPE_CHECKING:
    import polars as pl

    from mhx.language import Language
    from mhx.schema import Territory
    from mhx.shelves import Shelves

STAGES = ("load", "translate", "adapt", "gate", "train", "evaluate", "report")
PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "datasets",
    "sentencepiece",
    "polars",
    "spacy",
    "sacrebleu",
    "numpy",
    "scipy",
    "morfeusz2",
    "lingua-language-detector",
    "matplotlib",
)
# A reviewer may write into it: an edit alone does not make the stage stale, its import does.
EDITED_BY_PEOPLE = frozenset({"review.jsonl"})
T = TypeVar("T")


class RunSettings(Strict):
    """What decides a run's result. Its hash says whether two runs are the same."""

    lang: str
    source_lang: str = "en"
    territory: str
    card: str | None = None
    source: str | None = Field(None, description="the user's file or hf:NAME; shipped when null")
    source_sha256: str | None = None
    mapping: dict[str, str] = {}
    translator: str = Field(description="NAME or NAME:MODEL; several stand in for each other")
    back_translator: str | None = Field(None, description="NAME[:MODEL] of the way back")
    request_budget: int | None = Field(None, ge=0, description="requests a client may send")
    token_budget: int | None = Field(None, ge=0, description="tokens a client may spend")
    memories: list[str] = []
    memory_sha256: list[str] = []
    fuzzy: int = Field(90, ge=1, le=100, description="least percent of a memory's fuzzy match")
    quality: str | None = Field(None, description="MEASURE:MODEL that estimates translations")
    quality_floor: float | None = Field(None, description="least estimate that needs no person")
    editor: str | None = Field(None, description="openai:MODEL@URL that proposes edits")
    base_model: str = "mhx-tiny"
    base_sha256: str | None = None
    suite: str = "empathy"
    all_probes: bool = False
    judges: list[str] = Field([], description="specs of judges that rate the answers")
    rubrics: list[str] = Field([], description="judged measures that they rate by")
    classifier: str | None = Field(None, description="FOLDER or MECHANISM=FOLDER,… beside cues")
    cases: bool = Field(False, description="scripted cases and stimuli at risk are played")
    seed: int = 0
    today: date
    limit: int | None = None
    device: str = "auto"
    plugin_sha256: dict[str, str] = {}
    mhx: str = __version__

    def identity(self) -> str:
        """The hash of everything that decides the result.

        The day is left out: a run that was killed yesterday is finished today, with its own day.
        """
        return hash_json(self.model_dump(mode="json", exclude={"today"}))


class Counts(Strict):
    """Row accounting of a stage, in dialogues: rows in = accepted + review + rejected."""

    rows_in: int
    accepted: int
    review: int = 0
    rejected: int = 0
    reasons: dict[str, int] = {}
    notes: list[str] = []

    def problem(self) -> str | None:
        """Why the account does not add up, or None."""
        total = self.accepted + self.review + self.rejected
        return None if total == self.rows_in else f"{self.rows_in} in, {total} out"


class StageRecord(Strict):
    """A finished stage: what it read, what it wrote, how long it took."""

    key: str
    outputs: dict[str, str]
    counts: Counts | None = None
    seconds: float
    peak_mib: float
    finished: str


class Reporter(Protocol):
    """Where progress and messages go. The library itself prints nothing."""

    def stage(self, name: str, state: str, detail: str = "") -> None:
        """A stage starts, is done or is reused."""

    def say(self, message: str) -> None:
        """One line for the person who waits."""

    def track(self, items: Iterable[T], label: str) -> Iterator[T]:
        """Iterate with a progress bar."""


class Silent:
    """The reporter of notebooks and tests: says nothing."""

    def stage(self, name: str, state: str, detail: str = "") -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""

    def track(self, items: Iterable[T], label: str) -> Iterator[T]:
        """The items."""
        yield from items


@dataclass
class Run:
    """A run folder with everything a stage may read."""

    folder: Path
    settings: RunSettings
    language: Language
    source: Language
    territory: Territory
    shelves: Shelves
    reporter: Reporter = field(default_factory=Silent)
    executor: Executor = field(default_factory=InProcess)  # who does the work; never the result
    counts: dict[str, Counts] = field(default_factory=dict)

    def account(self, stage: str, counts: Counts) -> None:
        """Store a stage's row account. Raises AssertionError when rows are lost: our bug."""
        wrong = counts.problem()
        if wrong is not None:
            raise AssertionError(f"{stage}: rows do not add up: {wrong}")
        self.counts[stage] = counts

    @property
    def cache(self) -> Path:
        """Caches shared by the runs of one output folder (they hold text: `mhx purge`)."""
        return self.folder.parent.parent / "cache"

    @property
    def screened(self) -> bool:
        """Whether names were looked for: the text is shipped, or the source has rules for them."""
        return self.settings.source is None or self.source.privacy is not None

    def path(self, name: str) -> Path:
        """A path in the run folder."""
        return self.folder / name

    def table(self, stage: str) -> pl.DataFrame:
        """The table a stage wrote."""
        import polars as pl

        with self._readable(stage) as path:
            return pl.read_parquet(path)

    def batches(self, stage: str, *, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
        """The table a stage wrote, some thousand rows at a time; no dialogue is cut in two."""
        with self._readable(stage) as path:
            yield from batches(path, columns=columns)

    def height(self, stage: str) -> int:
        """Rows of the table a stage wrote."""
        import polars as pl

        with self._readable(stage) as path:
            return int(pl.scan_parquet(path).select(pl.len()).collect().item())

    def pieces(self, stage: str, rows: int) -> list[tuple[int, int]]:
        """(first row, rows) of pieces of about `rows` rows; no dialogue is cut in two."""
        with self._readable(stage) as path:
            sizes = [part.height for part in batches(path, rows=rows, columns=["dialogue"])]
        return list(zip(accumulate([0, *sizes]), sizes, strict=False))

    def piece(self, stage: str, first: int, rows: int) -> pl.DataFrame:
        """Rows of the table a stage wrote."""
        import polars as pl

        with self._readable(stage) as path:
            return pl.scan_parquet(path).slice(first, rows).collect()

    def of_dialogues(self, stage: str, names: pl.Series, columns: list[str]) -> pl.DataFrame:
        """Columns of the rows of these dialogues, as a stage wrote them."""
        import polars as pl

        with self._readable(stage) as path:
            chosen = pl.scan_parquet(path).filter(pl.col("dialogue").is_in(names.implode()))
            return chosen.select(columns).collect()

    def writer(self, stage: str) -> AbstractContextManager[Writer]:
        """The table of a stage, written frame by frame: whole or not at all."""
        return parquet_writer(self.path(f"{stage}.parquet"))

    @contextmanager
    def _readable(self, stage: str) -> Iterator[Path]:
        import polars as pl

        path = self.path(f"{stage}.parquet")
        if not path.is_file():
            raise MhxError(
                Problem("not there", f"run the stages up to {stage} first (--from load)", path=path)
            )
        try:
            yield path
        except pl.exceptions.PolarsError as error:
            what = f"damaged: {str(error).splitlines()[0]}"
            raise MhxError(Problem(what, f"do it again: --from {stage}", path=path)) from error

    def log(self, event: str, **values: Any) -> None:
        """Append one line to the log (the only file that is not written whole)."""
        line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **values}
        try:
            with self.path("log.jsonl").open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        except OSError as error:
            raise os_problem(error, self.path("log.jsonl")) from error

    # ------------------------------------------------------------ stage records

    def records(self) -> dict[str, StageRecord]:
        """Finished stages, by name."""
        path = self.path("stages.json")
        if not path.is_file():
            return {}
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            return {name: StageRecord.model_validate(item) for name, item in dict(value).items()}
        except (ValueError, TypeError) as error:  # cut, or of another shape
            what = f"not stage records: {str(error).splitlines()[0]}"
            fix = "delete it; the stages are done again"
            raise MhxError(Problem(what, fix, path=path)) from error

    def is_done(self, stage: str, key: str) -> bool:
        """Whether a stage's record has this key and its outputs are as they were written."""
        record = self.records().get(stage)
        if record is None or record.key != key:
            return False
        return all(
            self.path(name).is_file() and hash_file(self.path(name)) == digest
            for name, digest in record.outputs.items()
            if name not in EDITED_BY_PEOPLE
        )

    def record(self, stage: str, value: StageRecord) -> None:
        """Store a finished stage; the records of later stages are dropped (they are stale)."""
        records = self.records()
        keep = STAGES[: STAGES.index(stage)]
        records = {name: item for name, item in records.items() if name in keep}
        records[stage] = value
        write_json(
            self.path("stages.json"),
            {name: item.model_dump(mode="json") for name, item in records.items()},
        )

    @contextmanager
    def timed(self) -> Iterator[dict[str, float]]:
        """Wall seconds and the process's peak memory (MiB) of a block."""
        result: dict[str, float] = {}
        start = time.perf_counter()
        yield result
        result["seconds"] = round(time.perf_counter() - start, 3)
        result["peak_mib"] = round(peak_mib(), 1)


def peak_mib() -> float:
    """Peak resident memory of this process, MiB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 2**20


def versions() -> dict[str, str]:
    """Installed versions of the packages that decide results."""
    from importlib.metadata import PackageNotFoundError, version

    out = {"mhx": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            continue
    return out


def machine() -> dict[str, Any]:
    """The machine, in a few words."""
    import os

    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cpus": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
    }


# ---------------------------------------------------------------- finding and making run folders


def run_folders(out: Path, lang: str) -> list[Path]:
    """Run folders of a language, oldest first."""
    found = [path for path in (out / lang).glob("*") if (path / "run.yaml").is_file()]
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[str, int]:
    day, _, number = path.name.rpartition("-")
    return (day, int(number)) if number.isdigit() else (path.name, 0)


def choose_folder(out: Path, settings: RunSettings) -> Path:
    """The folder of the newest run with the same settings, else the next number of the day."""
    folders = run_folders(out, settings.lang)
    for folder in reversed(folders):
        stored = stored_identity(folder)
        if stored == settings.identity():
            return folder
    day = settings.today.isoformat()
    numbers = [_order(path)[1] for path in folders if path.name.startswith(f"{day}-")]
    return out / settings.lang / f"{day}-{max(numbers, default=0) + 1}"


def stored_identity(folder: Path) -> str | None:
    """The settings hash of a run folder; None when it was made by another version of mhx."""
    try:
        return read_settings(folder).identity()
    except MhxError:
        return None


class RunFile(Strict):
    """`run.yaml`: frozen settings, with the versions and the machine of the first start."""

    settings: RunSettings
    identity: str
    signatures: dict[str, str] = {}
    versions: dict[str, str]
    machine: dict[str, Any]
    started: str


def read_settings(folder: Path) -> RunSettings:
    """The frozen settings of a run folder."""
    return load_model(folder / "run.yaml", RunFile).settings


def freeze(run: Run, signatures: dict[str, str]) -> None:
    """Write `run.yaml` once; a resumed run keeps the first one."""
    if run.path("run.yaml").is_file():
        return
    write_yaml(
        run.path("run.yaml"),
        {
            "settings": run.settings.model_dump(mode="json"),
            "identity": run.settings.identity(),
            "signatures": signatures,
            "versions": versions(),
            "machine": machine(),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
