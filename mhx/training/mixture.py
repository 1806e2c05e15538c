"""Which conversations each language of a training learns: files, splits, weights and caps."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import hash_file, hash_folder, hash_json
from mhx.training.encoding import Record
from mhx.training.sources import hub_records, records_of

VALID = ("valid", "validation", "dev", "eval")


@dataclass(frozen=True)
class Share:
    """A language's conversations, and the hash of the files they were read from."""

    train: list[Record]
    valid: list[Record]
    sources: tuple[str, ...]
    sha256: str


def by_language(
    texts: Sequence[str], languages: Sequence[str], option: str, *, bare: bool = False
) -> dict[str, str]:
    """``pl=2`` options as a mapping. A text without a language is kept under "" where `bare`.

    Raises UsageError for a language that is not trained and for a text without one.
    """
    out: dict[str, str] = {}
    for text in texts:
        tag, equals, value = text.partition("=")
        if bare and (not equals or tag not in languages):
            tag, value = "", text
        elif not equals or tag not in languages:
            raise UsageError(f"{option} {text!r}", f"write LANG=VALUE, LANG one of "
                             f"{', '.join(languages)} (--lang)")
        if tag in out:
            raise UsageError(f"{option} twice for {tag or 'all languages'}", "give it once")
        out[tag] = value
    return out


def numbers(
    given: Mapping[str, str], option: str, kind: Callable[[str], float]
) -> dict[str, float]:
    """Values as positive numbers. Raises UsageError for others."""
    out = {}
    for tag, text in given.items():
        try:
            out[tag] = kind(text)
        except ValueError as error:
            raise UsageError(f"{option} {tag}={text}", "a number is wanted") from error
        if not out[tag] > 0:
            raise UsageError(f"{option} {tag}={text}", "more than zero is wanted")
    return out


def shares(
    languages: Sequence[str], data: Mapping[str, str], valid: Mapping[str, str]
) -> dict[str, Share]:
    """What each language trains and validates on.

    `data` and `valid` map a language, or "" for all, to a file, a folder or ``hf:NAME``. Rows of
    a file are told apart by their `lang` where they have one. Rows whose `split` is valid are
    validated on, those of test are left out. Raises MhxError where a language finds no row, or
    rows without a `lang` could be of several.
    """
    read: dict[str, tuple[list[Record], str]] = {}
    for source in {*data.values(), *valid.values()}:
        read[source] = _read(source)
    out, problems = {}, []
    for tag in languages:
        train: list[Record] = []
        held: list[Record] = []
        used: list[str] = []
        for given, into in ((data, train), (valid, held)):
            source = given.get(tag, given.get("", ""))
            if not source:
                continue
            used.append(source)
            rows, found = _of_language(read[source][0], tag, source, alone=len(languages) == 1
                                       or tag in given)
            problems += found
            for row in rows:
                split = str(row.get("split", "train"))
                if into is held or split in VALID:
                    held.append(row)
                elif split != "test":
                    into.append(row)
        out[tag] = Share(train, held, tuple(used), hash_json([read[one][1] for one in used])
                         if len(used) != 1 else read[used[0]][1])
    if problems:
        raise MhxError(problems)
    return out


def _read(source: str) -> tuple[list[Record], str]:
    if source.startswith("hf:"):
        rows = hub_records(source.removeprefix("hf:"))
        return rows, hash_json(rows)
    path = Path(source)
    return records_of(path), hash_folder(path) if path.is_dir() else hash_file(path)


def _of_language(
    rows: Sequence[Record], tag: str, source: str, *, alone: bool
) -> tuple[list[Record], list[Problem]]:
    unnamed = [row for row in rows if not row.get("lang")]
    if unnamed and not alone:
        what = f"{len(unnamed)} conversations without a lang, the first is {unnamed[0]['id']}"
        fix = f"add a column lang, or give a file a language: --data {tag}=FILE"
        return [], [Problem(what, fix, path=source, field="lang")]
    chosen = [row for row in rows if not row.get("lang") or row["lang"] == tag]
    if not chosen:
        found = ", ".join(sorted({str(row["lang"]) for row in rows if row.get("lang")})) or "none"
        return [], [Problem(f"no conversation of {tag}; the languages are {found}",
                            "check --lang and the column lang", path=source, field="lang")]
    return chosen, []


def capped(records: Sequence[Record], cap: int | None, seed: int) -> list[Record]:
    """At most `cap` records, drawn by the seed, in their order."""
    if cap is None or len(records) <= cap:
        return list(records)
    chosen = sorted(random.Random(seed).sample(range(len(records)), cap))
    return [records[place] for place in chosen]
