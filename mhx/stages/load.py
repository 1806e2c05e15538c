"""load: the source dialogues, cleaned, pseudonymized, de-duplicated, split; one row a segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mhx.adaptation.conservation import risk_level
from mhx.corpus.frames import dialogue_rows, frame_of
from mhx.corpus.privacy import pseudonymize, self_names
from mhx.corpus.readers import RawDialogue, read_source
from mhx.corpus.sentences import splitter
from mhx.corpus.splits import assign_split, near_duplicate_groups
from mhx.errors import MhxError, Problem
from mhx.files import sha256, write_parquet
from mhx.language import Language
from mhx.run import Counts, Run
from mhx.schema import Dialogue, Origin, Participant, Turn
from mhx.schema.dialogue import Risk

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


def run(run: Run) -> None:
    """Write `load.parquet`. Rejected records stay in it, with their reason and text."""
    settings = run.settings
    if settings.source is None:
        dialogues = run.source.source_corpus[: settings.limit]
        rows = [row for n, item in enumerate(dialogues, 1) for row in dialogue_rows(item, row=n)]
        run.account("load", Counts(rows_in=len(dialogues), accepted=len(dialogues)))
    else:
        rows = list(_user_rows(run, settings.source))
    if not any(row["status"] == "ok" for row in rows):
        raise MhxError(
            Problem(
                "no usable dialogue",
                "a dialogue needs text of both a seeker and a supporter",
                path=settings.source or run.source.folder,
            )
        )
    write_parquet(run.path("load.parquet"), frame_of(rows))


def _user_rows(run: Run, source: str) -> Iterator[dict[str, Any]]:
    records = list(_records(source, run.settings.mapping))[: run.settings.limit]
    split = splitter(run.source)
    personal: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    built: list[tuple[RawDialogue, Dialogue, str]] = []
    seen: dict[str, int] = {}
    for raw in run.reporter.track(records, "reading"):
        notes.update(raw.notes)
        dialogue, found = _dialogue(raw, run.source, source, split)
        personal.update(found)
        digest = dialogue.text_hash() if len(dialogue.turns) > 1 else ""
        reason = _rejection(raw) or ("duplicate" if digest in seen else "")
        if not reason:
            seen[digest] = raw.row
        built.append((raw, dialogue, reason))
    groups = near_duplicate_groups(
        [" ".join(" ".join(turn.segments) for turn in item.turns) for _, item, _ in built],
        [raw.group for raw, _, _ in built],
    )
    reasons = Counter(reason for _, _, reason in built if reason)
    for (raw, dialogue, reason), group in zip(built, groups, strict=True):
        side = assign_split(built[group][1].text_hash(), seed=run.settings.seed)
        placed = dialogue.model_copy(update={"split": side})
        status = "rejected" if reason else "ok"
        yield from dialogue_rows(placed, row=raw.row, status=status, reason=reason)
    said = [f"{name}: {count}" for name, count in sorted(notes.items())]
    said += [f"personal data replaced, {kind}: {count}" for kind, count in sorted(personal.items())]
    shared = sum(group != place for place, group in enumerate(groups))
    said += [f"near-duplicates and shared questions, kept on one side of the split: {shared}"]
    rejected = sum(reasons.values())
    run.account(
        "load",
        Counts(
            rows_in=len(records),
            accepted=len(records) - rejected,
            rejected=rejected,
            reasons=dict(sorted(reasons.items())),
            notes=said,
        ),
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
    raw: RawDialogue, language: Language, source: str, split: Any
) -> tuple[Dialogue, Counter[str]]:
    found: Counter[str] = Counter()
    turns: list[Turn] = []
    levels: list[str] = []
    names = {name for _, text in raw.turns for name in self_names(text)}
    for role, text in raw.turns:
        hidden, counts = pseudonymize(text, names)
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
