"""The user's file, whatever its layout, as raw dialogues: one record a row, nothing dropped."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.corpus.tables import Table, open_table
from mhx.errors import MhxError, Problem
from mhx.files import read_jsonl, read_text
from mhx.schema.base import Role

SEEKER_COLUMNS = (
    "seeker",
    "seeker_post",
    "questiontext",
    "question",
    "context",
    "input",
    "prompt",
    "instruction",
    "user",
    "client",
    "patient",
)
SUPPORTER_COLUMNS = (
    "supporter",
    "response_post",
    "answertext",
    "answer",
    "response",
    "output",
    "completion",
    "assistant",
    "counselor",
    "counsellor",
    "therapist",
)
ROLES: dict[str, Role] = {
    **dict.fromkeys(("seeker", "user", "human", "client", "patient", "speaker", "usr"), "seeker"),
    **dict.fromkeys(
        (
            "supporter",
            "assistant",
            "gpt",
            "therapist",
            "counselor",
            "counsellor",
            "listener",
            "sys",
            "model",
            "bot",
        ),
        "supporter",
    ),
}
TURN_LISTS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns")
TEXT_KEYS = ("content", "value", "text", "utterance")
ROLE_KEYS = ("role", "from", "speaker")


@dataclass(frozen=True)
class RawDialogue:
    """One record of the source: (role, text) pairs in order, and where it stood."""

    row: int
    turns: list[tuple[Role, str]]
    topic: str = "unknown"
    notes: tuple[str, ...] = ()
    group: str = ""


def read_source(path: Path, mapping: Mapping[str, str] | None = None) -> Iterator[RawDialogue]:
    """Records of a CSV, TSV, Parquet, XLSX, JSON or JSONL file.

    JSON records may hold a list of turns (`messages`, ShareGPT `conversations`, ESConv `dialog`);
    tables need a seeker and a supporter column, found by usual names or given by `mapping`.
    Of JSON and XLSX all records are in memory at once. Raises MhxError when neither is there; it
    offers ``--map``.
    """
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        records = _Lines(path) if path.suffix.lower() != ".json" else list(_json_records(path))
        first = next(iter(records), None)
        if first is not None and _turn_list(first[1]) is not None:
            yield from _from_turn_lists(records, path)
            return
    yield from _from_table(open_table(path), path, mapping or {})


@dataclass(frozen=True)
class _Lines:
    """The records of a JSON Lines file, read anew each time: the file may be larger than memory."""

    path: Path

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        return read_jsonl(self.path)


def _json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MhxError(
            Problem(f"not JSON: {error.msg}", "check the file", path=path, line=error.lineno)
        ) from error
    if isinstance(value, dict):
        value = next((item for item in value.values() if isinstance(item, list)), [value])
    if not isinstance(value, list):
        value = [value]
    problems = [
        Problem(
            f"record {number}: a {type(item).__name__}, not an object",
            "one object a record",
            path=path,
        )
        for number, item in enumerate(value, start=1)
        if not isinstance(item, dict)
    ]
    if problems:
        raise MhxError(problems)
    yield from enumerate(value, start=1)


def _turn_list(record: Mapping[str, Any]) -> list[Any] | None:
    return next((record[key] for key in TURN_LISTS if isinstance(record.get(key), list)), None)


def _from_turn_lists(
    records: Iterable[tuple[int, dict[str, Any]]], path: Path
) -> Iterator[RawDialogue]:
    """Two passes: nothing is given before every record is known to be sound."""
    problems = [
        item for number, record in records for item in _turns(record, path, number)
        if isinstance(item, Problem)
    ]
    if problems:
        raise MhxError(problems)
    for number, record in records:
        turns = [item for item in _turns(record, path, number) if isinstance(item, tuple)]
        topic = str(record.get("problem_type") or record.get("topic") or "unknown")
        yield RawDialogue(number, _merged(turns), topic=topic)


def _turns(
    record: Mapping[str, Any], path: Path, number: int
) -> Iterator[tuple[Role, str] | Problem]:
    for position, item in enumerate(_turn_list(record) or []):
        if not isinstance(item, dict):
            what = f"turn {position}: a {type(item).__name__}, not an object with role and text"
            fix = f"a role is under {', '.join(ROLE_KEYS)}, text under {', '.join(TEXT_KEYS)}"
            yield Problem(what, fix, path=path, line=number, field="turns")
            continue
        name = next((str(item[key]) for key in ROLE_KEYS if key in item), "").lower()
        text = next((item[key] for key in TEXT_KEYS if key in item), None)
        if name == "system":
            continue
        if name in ROLES and isinstance(text, str):
            yield ROLES[name], text
            continue
        said = f"role {name!r}" if name not in ROLES else "no text"
        fix = f"roles are {', '.join(sorted(ROLES))}; text is under {', '.join(TEXT_KEYS)}"
        yield Problem(f"turn {position}: {said}", fix, path=path, line=number, field="turns")


def _from_table(
    table: Table, path: Path, mapping: Mapping[str, str]
) -> Iterator[RawDialogue]:
    seeker, supporter = _columns(table.columns, path, mapping)
    title = _title_column(table.columns, seeker)
    topic = next((name for name in table.columns if name.lower() in ("topic", "topics")), None)
    names = dict.fromkeys(name for name in (seeker, supporter, title, topic) if name is not None)
    for number, record in enumerate(table.rows(list(names)), start=2):
        question = clean(record[seeker])
        notes: tuple[str, ...] = ()
        if not question and title is not None and clean(record[title]):
            question, notes = clean(record[title]), ("seeker text empty: its title taken",)
        answer = clean(record[supporter])
        turns: list[tuple[Role, str]] = [("seeker", question), ("supporter", answer)]
        yield RawDialogue(
            number,
            [turn for turn in turns if turn[1]],
            topic=str(record[topic] or "unknown") if topic else "unknown",
            notes=notes,
            group=question,
        )


def _columns(
    names: Sequence[str], path: Path, mapping: Mapping[str, str]
) -> tuple[str, str]:
    lowered = {name.lower(): name for name in names}
    chosen: list[str] = []
    problems: list[Problem] = []
    for role, usual in (("seeker", SEEKER_COLUMNS), ("supporter", SUPPORTER_COLUMNS)):
        wanted = mapping.get(role)
        found = next((lowered[name] for name in usual if name in lowered), None)
        if wanted is not None:
            found = wanted if wanted in names else None
        if found is None:
            what = f"no column {wanted!r}" if wanted else f"no column with the {role}'s text"
            columns = ", ".join(names)
            fix = f"say which: --map seeker=COL,supporter=COL; the columns are {columns}"
            problems.append(Problem(what, fix, path=path, line=1, field=role))
        else:
            chosen.append(found)
    if problems:
        raise MhxError(problems)
    return chosen[0], chosen[1]


def _title_column(names: Sequence[str], seeker: str) -> str | None:
    stem = re.sub(r"text$", "", seeker, flags=re.IGNORECASE).lower()
    wanted = {f"{stem}title", f"{stem}_title", "title"}
    return next((name for name in names if name.lower() in wanted), None)


def _merged(turns: list[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """Cleaned turns, neighbours of one role joined, empty ones left out."""
    out: list[tuple[Role, str]] = []
    for role, raw in turns:
        text = clean(raw)
        if not text:
            continue
        if out and out[-1][0] == role:
            out[-1] = (role, f"{out[-1][1]} {text}")
        else:
            out.append((role, text))
    return out


_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_BARE = re.compile(r"<(?!/?[a-zA-Z][^<>]*>|!--)")  # "I slept <five hours": no tag, but words
_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|h\d|tr|td|blockquote)\b[^<>]*>", re.IGNORECASE)


def clean(value: Any) -> str:
    """Text without HTML, entities resolved, blanks single; the empty text for nothing."""
    if value is None:
        return ""
    text = str(value)
    if _TAG.search(text):
        from lxml import html as lxml_html

        text = _BARE.sub("&lt;", _BLOCK.sub(" ", text))
        if text.strip():
            text = str(lxml_html.fromstring(f"<div>{text}</div>").text_content())
    return re.sub(r"[\s\u00a0\u2028\u2029\u200b\ufeff]+", " ", html.unescape(text)).strip()
