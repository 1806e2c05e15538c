"""load: the source dialogues, cleaned, pseudonymized, de-duplicated, split; one row a segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from mhx.adaptation.conservation import risk_level
from mhx.corpus.frames import dialogue_rows, frame_of
from mhx.corpus.names import NameFinder, name_finder
from mhx.corpus.privacy import people_of, pseudonymize
from mhx.corpus.readers import RawDialogue, read_source
from mhx.corpus.sentences import splitter
from mhx.corpus.splits import NearDuplicates, assign_split
from mhx.errors import MhxError, Problem
from mhx.files import sha256, write_parquet
from mhx.language import Language
from mhx.parquet import batches, parquet_writer
from mhx.run import Counts, Run
from mhx.schema import Dialogue, Origin, Participant, Turn
from mhx.schema.dialogue import Risk

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
T = TypeVar("T")


def run(run: Run) -> None:
    """Write `load.parquet`. Rejected records stay in it, with their reason and text.

    A user's file is read, cleaned and written some dialogues at a time. What is kept of all of
    them is a hash, a name and the near-duplicates' numbers, some 500 bytes a dialogue.
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
    import polars as pl

    reading = _Reading(run.source, source)
    records = islice(_records(source, run.settings.mapping), run.settings.limit)
    # the split waits for the last dialogue: near-duplicates of it may be anywhere
    with run.writer("load") as writer, TemporaryDirectory(dir=run.folder, prefix=".load.") as place:
        draft = Path(place) / "draft.parquet"
        with parquet_writer(draft) as first:
            first.add(frame_of([]))
            for some in _chunks(run.reporter.track(records, "reading"), AT_ONCE):
                first.add(reading.frame(some))
        counts, sides = reading.counts(), reading.sides(run.settings.seed)
        _require(counts.accepted, source)
        for frame in batches(draft):
            split = pl.col("dialogue").replace_strict(sides, return_dtype=pl.String)
            writer.add(frame.with_columns(split.alias("split")))
    run.account("load", counts)


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


class _Reading:
    """Records as they come in: what has been seen, replaced and refused so far."""

    def __init__(self, language: Language, source: str) -> None:
        self._language, self._source = language, source
        self._split, self._finder = splitter(language), name_finder(language)
        self._near = NearDuplicates()
        self._names: list[str] = []
        self._hashes: list[str] = []
        self._seen: set[str] = set()
        self._personal: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()

    def frame(self, records: Sequence[RawDialogue]) -> pl.DataFrame:
        """The rows of the next records, without their split."""
        rows: list[dict[str, Any]] = []
        texts: list[str] = []
        for raw in records:
            dialogue, found = _dialogue(
                raw, self._language, self._source, self._split, self._finder
            )
            self._notes.update(raw.notes)
            self._personal.update(found)
            reason = self._refusal(raw, dialogue)
            status = "rejected" if reason else "ok"
            rows += dialogue_rows(dialogue, row=raw.row, status=status, reason=reason)
            texts.append(" ".join(" ".join(turn.segments) for turn in dialogue.turns))
        self._near.add(texts, [raw.group for raw in records])
        return frame_of(rows)

    def _refusal(self, raw: RawDialogue, dialogue: Dialogue) -> str:
        digest = dialogue.text_hash()
        self._names.append(dialogue.id)
        self._hashes.append(digest)
        reason = _rejection(raw) or ("duplicate" if digest in self._seen else "")
        if reason:
            self._reasons[reason] += 1
        else:
            self._seen.add(digest)
        return reason

    @cached_property
    def groups(self) -> list[int]:
        """Of each dialogue the first one of its near-duplicates, when all have been read."""
        return self._near.groups()

    def sides(self, seed: int) -> dict[str, str]:
        """The split of every dialogue: its group's first one decides."""
        return {
            name: assign_split(self._hashes[group], seed=seed)
            for name, group in zip(self._names, self.groups, strict=True)
        }

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
            rows_in=len(self._names),
            accepted=len(self._names) - rejected,
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


def _rejection(raw: RawDialogue) -> str:
    roles = {role for role, _ in raw.turns}
    if not roles:
        return "empty"
    if "seeker" not in roles:
        return "empty_seeker"
    return "" if "supporter" in roles else "empty_supporter"


def _dialogue(
    raw: RawDialogue, language: Language, source: str, split: Any, finder: NameFinder | None
) -> tuple[Dialogue, Counter[str]]:
    found: Counter[str] = Counter()
    turns: list[Turn] = []
    levels: list[str] = []
    people = people_of(finder, (text for _, text in raw.turns))
    for role, text in raw.turns:
        hidden, counts = pseudonymize(text, people)
        found.update(counts)
        segments = [language.hooks.normalize(part) for part in split(hidden)]
        levels.append(risk_level(language.risk_cues, hidden))  # a screen: it errs to yes
        turns.append(
            Turn(role=role, segments=segments or [hidden], risk=levels[-1] != "none")
        )
    while len(turns) < 2:  # a one-sided record is kept to be read, and rejected
        turns.append(Turn(role="supporter", segments=[""]))
    identity = sha256(f"{Path(source).name}:{raw.row}")[:10]
    dialogue = Dialogue(
        id=f"{raw.row:06d}-{identity}",
        lang=language.tag,
        topic=raw.topic,
        risk=_strongest(levels),
        split="train",
        origin=Origin(kind="human", name=f"the user's file {Path(source).name}"),
        license="the user's",
        participants={"seeker": Participant(), "supporter": Participant()},
        turns=turns,
    )
    return dialogue, found


def _strongest(levels: Iterable[str]) -> Risk:
    """The level of a dialogue, of those its turns have by the source language's cues."""
    found = set(levels)
    known: tuple[Risk, ...] = ("explicit", "indirect", "third_party")
    return next((level for level in known if level in found), "none")
