"""Conversations from the user's files, as they are: `messages` or ShareGPT, any usual container."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mhx.corpus.export import CHAT_ROLES
from mhx.corpus.readers import ROLE_KEYS, ROLES, TEXT_KEYS
from mhx.errors import MhxError, Problem
from mhx.files import read_jsonl, read_table, read_text
from mhx.training.base import require
from mhx.training.encoding import Record

LISTS = ("messages", "conversations")
SHOWN = 20  # problems of a file that are printed
Numbered = tuple[int, dict[str, Any]]


def records_of(path: Path) -> list[Record]:
    """Chat records of a JSONL, JSON or Parquet file, or of a data set's folder.

    `messages` holds {role, content}, ShareGPT's `conversations` {from, value}; other columns are
    kept. Text is not touched. Raises MhxError for every record without a conversation, with its
    line (of a Parquet file or data set: its row, from 1).
    """
    return checked(rows_of(path), path)


def hub_records(spec: str) -> list[Record]:
    """Chat records of a data set by name, ``NAME`` or ``NAME:SPLIT`` (train when not said)."""
    require("datasets")
    import datasets

    name, _, split = spec.partition(":")
    try:
        loaded = datasets.load_dataset(name, split=split or "train")
    except Exception as error:  # datasets raises many kinds; each ends here with its own words
        raise MhxError(Problem(f"data set {name!r}: {str(error).splitlines()[0]}",
                               "check the name, the split and the network")) from error
    return checked(enumerate(loaded, start=1), Path(name))


def checked(rows: Iterable[Numbered], path: Path) -> list[Record]:
    """Records with `id` and `messages`; raises MhxError with every record that has none."""
    out: list[Record] = []
    problems: list[Problem] = []
    for line, row in rows:
        try:
            messages = _messages(row)
        except ValueError as error:
            what, _, fix = str(error).partition(" — ")
            problems.append(Problem(what, fix, path=path, line=line, field="messages"))
            continue
        rest = {key: value for key, value in row.items() if key not in LISTS}
        out.append({"id": f"line {line}", **rest, "messages": messages})
    if len(problems) > SHOWN:
        more = Problem(f"and {len(problems) - SHOWN} more records like these", path=path)
        problems = [*problems[:SHOWN], more]
    if problems:
        raise MhxError(problems)
    return out


def _messages(row: dict[str, Any]) -> list[dict[str, str]]:
    found = next((row[name] for name in LISTS if row.get(name) is not None), None)
    if not isinstance(found, list) or not found:
        columns = ", ".join(row) or "none"
        raise ValueError("no list of turns — a column messages of {role, content}, or "
                         f"conversations of {{from, value}}; the columns are {columns}")
    out = []
    for place, turn in enumerate(found):
        given = turn if isinstance(turn, dict) else {}
        role = next((str(given[key]) for key in ROLE_KEYS if given.get(key)), "").lower()
        text = next((given[key] for key in TEXT_KEYS if isinstance(given.get(key), str)), None)
        if role != "system" and role not in ROLES:
            known = ", ".join(("system", *sorted(ROLES)))
            raise ValueError(f"turn {place}: role {role!r} — roles are {known}")
        if text is None:
            raise ValueError(f"turn {place}: no text — it stands under {' or '.join(TEXT_KEYS)}")
        name = role if role == "system" else CHAT_ROLES[ROLES[role]]
        out.append({"role": name, "content": text})
    return out


def rows_of(path: Path) -> Iterator[Numbered]:
    """(line or row, record) of a JSONL, JSON or Parquet file, or of a data set's folder."""
    if path.is_dir():
        yield from _data_set(path)
    elif path.suffix.lower() == ".json":
        yield from _json(path)
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        yield from read_jsonl(path)
    else:
        yield from enumerate(read_table(path).iter_rows(named=True), start=1)


def _json(path: Path) -> Iterator[Numbered]:
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MhxError(Problem(f"not JSON: {error.msg}", "check the file", path=path,
                               line=error.lineno)) from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MhxError(Problem("not a list of objects", "one object a conversation", path=path))
    yield from enumerate(value, start=1)


def _data_set(folder: Path) -> Iterator[Numbered]:
    """Rows of a folder that `datasets` saved (with its split, where it has any), or holds data."""
    require("datasets")
    import datasets

    try:
        saved = (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file()
        loaded = (datasets.load_from_disk(str(folder)) if saved
                  else datasets.load_dataset(str(folder)))
    except Exception as error:  # datasets raises many kinds; each ends here with its own words
        what = f"not a data set: {(str(error).splitlines() or [''])[0]}"
        raise MhxError(Problem(what, "give a folder written by save_to_disk, or of Parquet or "
                               "JSONL files", path=folder)) from error
    splits = dict(loaded) if isinstance(loaded, dict) else {"": loaded}
    number = 0
    for name, rows in splits.items():
        for row in rows:
            number += 1
            yield number, {**({"split": str(name)} if name else {}), **row}


def with_system(records: Sequence[Record], prompt: str) -> list[Record]:
    """Records that have no system message get the language's."""
    return [
        record if record["messages"] and record["messages"][0]["role"] == "system"
        else {**record, "messages": [{"role": "system", "content": prompt}, *record["messages"]]}
        for record in records
    ]
