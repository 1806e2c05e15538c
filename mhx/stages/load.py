"""load: the source dialogues, cleaned, pseudonymized, de-duplicated, split; one row a segment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mhx.corpus.frames import dialogue_rows, frame_of
from mhx.corpus.intake import dialogue_of, rejection
from mhx.corpus.names import name_finder
from mhx.corpus.readers import RawDialogue, read_source
from mhx.corpus.sentences import splitter
from mhx.corpus.splits import NearDuplicates, assign_split, bands_of
from mhx.errors import MhxError, Problem
from mhx.files import write_parquet
from mhx.parquet import batches, parquet_writer
from mhx.run import Counts, Run
from mhx.streaming import Work

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "source",
    "source_sha256",
    "mapping",
    "source_lang",
    "seed",
    "limit",
    "plugin_sha256.source",
)
OUTPUTS = ("load.parquet",)
AT_ONCE = 500  # records whose dialogues are in memory together
RECORDS = "records"
HASH, KEY = 32, 16  # bytes of a text's hash, and of it what is compared with all others
T = TypeVar("T")


def run(run: Run) -> None:
    """Write `load.parquet`. Rejected records stay in it, with their reason and text.

    A user's file is read, cleaned and written some dialogues at a time. What is kept of all of
    them is a hash and the near-duplicates' numbers, some 250 bytes a dialogue, and some 90 more
    while the split is made; of one from a table its question's hash too, some 130.
    """
    source = run.settings.source
    if source is not None:
        _load_user(run, source)
        return
    dialogues = run.source.source_corpus[: run.settings.limit]
    _require(len(dialogues), run.source.folder)
    rows = (row for n, item in enumerate(dialogues, 1) for row in dialogue_rows(item, row=n))
    write_parquet(run.path("load.parquet"), frame_of(rows))
    run.account("load", Counts(rows_in=len(dialogues), accepted=len(dialogues)))


def _require(usable: int, path: Path | str) -> None:
    if not usable:
        what, fix = "no usable dialogue", "a dialogue needs text of both a seeker and a supporter"
        raise MhxError(Problem(what, fix, path=path))


def _load_user(run: Run, source: str) -> None:
    all_of_them = _All()
    # the split waits for the last dialogue: near-duplicates of it may be anywhere
    with run.writer("load") as writer:
        _copy_records(run, source, writer.folder / f"{RECORDS}.parquet")
        draft = writer.folder / "draft.parquet"
        records = f"{writer.folder.name}/{RECORDS}"
        done = run.executor.map(run, opened, records, most=AT_ONCE)
        with parquet_writer(draft) as first, closing(done):
            first.add(frame_of([]))
            for frame, read in done:
                doubles = all_of_them.add(read)
                first.add(_rejected(frame, doubles, "duplicate") if doubles else frame)
        counts, sides = all_of_them.counts(), all_of_them.sides(run.settings.seed)
        _require(counts.accepted, source)
        before = 0
        for frame in batches(draft):
            place = frame["dialogue"].rle_id() + before  # dialogues are whole, in their order
            writer.add(frame.with_columns(sides.gather(place).alias("split")))
            before += frame["dialogue"].n_unique()
    run.account("load", counts)


def _copy_records(run: Run, source: str, path: Path) -> None:
    """The user's records as a table, one a row, so that they can be given out in pieces."""
    import polars as pl

    columns = {"dialogue": pl.String, "row": pl.Int64, "record": pl.String}
    records = islice(_records(source, run.settings.mapping), run.settings.limit)
    with parquet_writer(path) as writer:
        writer.add(pl.DataFrame(schema=columns))
        for some in _chunks(run.reporter.track(records, "reading"), AT_ONCE):
            rows = [(str(raw.row), raw.row, json.dumps(asdict(raw))) for raw in some]
            writer.add(pl.DataFrame(rows, schema=columns, orient="row"))


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _rejected(frame: pl.DataFrame, names: list[str], reason: str) -> pl.DataFrame:
    import polars as pl

    chosen = pl.col("dialogue").is_in(names)
    return frame.with_columns(
        pl.when(chosen).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in (("status", "rejected"), ("reason", reason))
    )


@dataclass
class Read:
    """Of a piece's dialogues what is compared with all the others, and what was counted."""

    names: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # empty: none of its own
    groups: list[str] = field(default_factory=list)
    bands: Any = None
    personal: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)


@contextmanager
def opened(run: Run, given: Any) -> Iterator[Work]:
    """The source language's splitter and names: records become segments, without a split."""
    language, source = run.source, str(run.settings.source)
    split, finder = splitter(language), name_finder(language)

    def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, Read]:
        read, texts = Read(), []
        rows: list[dict[str, Any]] = []
        for record in frame["record"]:
            raw = RawDialogue(**json.loads(record))
            dialogue, found = dialogue_of(raw, language, source, split, finder)
            reason = rejection(raw)
            status = "rejected" if reason else "ok"
            rows += dialogue_rows(dialogue, row=raw.row, status=status, reason=reason)
            texts.append(" ".join(" ".join(turn.segments) for turn in dialogue.turns))
            read.names.append(dialogue.id)
            read.hashes.append(dialogue.text_hash())
            read.reasons.append(reason)
            read.groups.append(raw.group)
            read.personal.update(found)
            read.notes.update(raw.notes)
        read.bands = bands_of(texts)
        return frame_of(rows), read

    yield work


class _All:
    """What has been seen, replaced and refused of all records so far."""

    def __init__(self) -> None:
        self._near = NearDuplicates()
        self._hashes = bytearray()  # one after the other: a list of texts takes four times that
        self._seen: set[bytes] = set()
        self._personal: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def add(self, read: Read) -> list[str]:
        """Take the next piece's; the names of its dialogues that have been there before."""
        doubles = []
        for name, digest, own in zip(read.names, read.hashes, read.reasons, strict=True):
            raw = bytes.fromhex(digest)
            self._hashes += raw
            reason = own or ("duplicate" if raw[:KEY] in self._seen else "")
            if reason:
                self._reasons[reason] += 1
            else:
                self._seen.add(raw[:KEY])
            if reason and not own:
                doubles.append(name)
        self._personal.update(read.personal)
        self._notes.update(read.notes)
        if read.names:
            self._near.add_bands(read.bands, read.groups)
        return doubles

    @cached_property
    def groups(self) -> list[int]:
        """Of each dialogue the first one of its near-duplicates, when all have been read."""
        return self._near.groups()

    def sides(self, seed: int) -> pl.Series:
        """The split of every dialogue, in order: its group's first one decides."""
        import polars as pl

        found = (
            assign_split(self._hashes[group * HASH : (group + 1) * HASH].hex(), seed=seed)
            for group in self.groups
        )
        return pl.Series("split", found, pl.String)

    def counts(self) -> Counts:
        """The account of all records."""
        said = [f"{name}: {count}" for name, count in sorted(self._notes.items())]
        said += [
            f"personal data replaced, {kind}: {count}"
            for kind, count in sorted(self._personal.items())
        ]
        shared = sum(group != place for place, group in enumerate(self.groups))
        said += [f"near-duplicates and shared questions, kept on one side of the split: {shared}"]
        rejected = self._reasons.total()
        return Counts(
            rows_in=len(self.groups),
            accepted=len(self.groups) - rejected,
            rejected=rejected,
            reasons=dict(sorted(self._reasons.items())),
            notes=said,
        )


def _records(source: str, mapping: dict[str, str]) -> Iterator[RawDialogue]:
    if source.startswith("hf:"):
        from mhx.corpus.hub import read_hub

        yield from read_hub(source.removeprefix("hf:"), mapping)
    else:
        yield from read_source(Path(source), mapping)
