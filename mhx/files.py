"""Reading and writing: strict YAML with lines, JSON Lines, tables, atomic writes, hashes."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mhx.atomic import atomic_path
from mhx.errors import MhxError, Problem, os_problem

if TYPE_CHECKING:
    import polars as pl
    from pydantic import BaseModel

Path_ = tuple[str | int, ...]
Lines = dict[Path_, int]
M = TypeVar("M", bound="BaseModel")
JSON_INDENT = 1
FIRST_RECORDS = 1000  # of a delimited file, whose width is compared with the header's
FULL = 65536  # bytes free, below which a failed write is taken for a full disk
TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".xlsx", ".json")


# ---------------------------------------------------------------- reading text


def read_text(path: Path) -> str:
    """The file as UTF-8 text (a byte-order mark is dropped).

    Raises MhxError with the line of the first bad byte, or for a missing file.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise os_problem(error, path, reading=True) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        guess, name = ("UTF-16", "UTF-16") if wide else ("another encoding", "WINDOWS-1250")
        raise MhxError(
            Problem(
                f"not UTF-8 (byte 0x{raw[error.start]:02x}; it looks like {guess})",
                f"save it as UTF-8, for example: iconv -f {name} -t UTF-8 in > out",
                path=path,
                line=line,
            )
        ) from error


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a JSON Lines file, a line at a time.

    The whole file is checked before the first object comes: all malformed lines are reported
    together. Lines end at a line feed only: U+2028 inside a string is text (``str.splitlines``
    breaks it). Raises MhxError for these and for what `read_text` refuses.
    """
    problems = [value for _, value in _json_lines(path) if isinstance(value, Problem)]
    if problems:
        raise MhxError(problems)
    yield from ((number, value) for number, value in _json_lines(path) if isinstance(value, dict))


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    try:
        with path.open("rb") as handle:
            for number, raw in enumerate(handle, start=1):
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                if line.strip():
                    yield number, _json_line(line, path, number)
    except UnicodeDecodeError:
        read_text(path)  # says which byte, and what it looks like
        raise
    except OSError as error:
        raise os_problem(error, path, reading=True) from error


def _json_line(line: str, path: Path, number: int) -> dict[str, Any] | Problem:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg} at column {error.colno}"
        return Problem(what, "one JSON object a line", path=path, line=number)
    if "\\ud" in line.lower() and not _encodable(value):
        what = "half of a surrogate pair (\\\\ud83d alone): no text can hold it"
        return Problem(what, "write the whole character", path=path, line=number)
    if not isinstance(value, dict):
        what = f"a {type(value).__name__}, not an object"
        return Problem(what, "one JSON object a line", path=path, line=number)
    return value


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


# ---------------------------------------------------------------- strict YAML


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """YAML 1.2 as plain Python, with the line of every value.

    ``no`` is text, a duplicate key is an error, tags are errors. Returns (value, lines) where
    lines maps a key path such as ``("rules", 3, "id")`` to a 1-based line.
    """
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    text = read_text(path)
    try:
        node = _composed(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        what = f"not YAML: {error.problem or error.context}"
        raise MhxError(
            Problem(what, "check quotes and indentation", path=path, line=line)
        ) from error
    except YAMLError as error:  # a control character: the reader's error has no mark
        what = f"not YAML: {str(error).splitlines()[0]}"
        raise MhxError(Problem(what, "remove the character", path=path)) from error
    lines: Lines = {(): 1}
    problems: list[Problem] = []
    value = None if node is None else _from_node(node, (), lines, problems, path, set())
    if problems:
        raise MhxError(problems)
    return value, lines


@lru_cache(maxsize=32)  # cards and territories are read by one stage after the other
def _composed(text: str) -> Any:
    """The node tree of a YAML text; nobody changes it."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def _from_node(
    node: Any, at: Path_, lines: Lines, problems: list[Problem], path: Path, seen: set[int]
) -> Any:
    """The plain value of a node. `seen` holds lists and mappings: an alias to one would let a
    file of a few lines hold itself or grow without end."""
    line = lines[at] = node.start_mark.line + 1
    kind = type(node).__name__
    if kind == "ScalarNode":
        return _scalar(node, at, problems, path)

    def report(what: str, fix: str, line: int, at: Path_) -> None:
        problems.append(Problem(what, fix, path=path, line=line, field=dotted(at)))

    if id(node) in seen:
        report("an alias of a list or mapping", "write it out again", line, at)
        return None
    seen.add(id(node))
    if str(node.tag).rsplit(":", 1)[-1] not in ("map", "seq"):
        report(f"tag {node.tag}", "remove it: mhx reads plain YAML", line, at)
    if kind == "SequenceNode":
        return [
            _from_node(item, (*at, index), lines, problems, path, seen)
            for index, item in enumerate(node.value)
        ]
    out: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if type(key_node).__name__ != "ScalarNode":
            report("a key that is a list or mapping", "keys are text", line, at)
            continue
        key = str(key_node.value)
        here = (*at, key)
        if key in out:
            report(f"duplicate key (first on line {lines[here]})", "keep one", line, here)
            continue
        out[key] = _from_node(value_node, here, lines, problems, path, seen)
        lines[here] = line
    return out


def _scalar(node: Any, at: Path_, problems: list[Problem], path: Path) -> Any:
    text = str(node.value)
    readers: dict[str, Callable[[str], Any]] = {
        "str": str,
        "int": lambda value: int(value.replace("_", ""), 0),
        "float": float,
        "bool": lambda value: value.lower() == "true",
        "null": lambda value: None,
        "timestamp": date.fromisoformat,
    }
    tag = str(node.tag).rsplit(":", 1)[-1]
    try:
        return readers[tag](text)
    except (KeyError, ValueError):
        what = f"{text!r} is not a value mhx reads (tag {tag})"
        line = node.start_mark.line + 1
        problems.append(Problem(what, "put it in quotes", path=path, line=line, field=dotted(at)))
        return text


def dotted(at: Iterable[str | int]) -> str:
    """``("rules", 3, "id")`` as ``rules[3].id``."""
    out = ""
    for part in at:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else str(part))
    return out


def load_model(path: Path, model: type[M]) -> M:
    """The YAML file checked against a schema; raises MhxError with every problem and its line."""
    value, lines = read_yaml(path)
    return parse_model(value, model, path=path, lines=lines)


def parse_model(
    value: Any, model: type[M], *, path: Path, lines: Lines | None = None, line: int | None = None
) -> M:
    """`value` checked against `model`; messages carry the path and the line of the bad field."""
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise MhxError(
            [_schema_problem(item, model, path, lines or {}, line) for item in error.errors()]
        ) from error


def _schema_problem(
    error: Any, model: type[BaseModel], path: Path, lines: Lines, line: int | None
) -> Problem:
    at: Path_ = tuple(error["loc"])
    known = at
    while known and known not in lines:
        known = known[:-1]
    kind, given = error["type"], error.get("input")
    message, fix = str(error["msg"]), ""
    if kind == "extra_forbidden":
        from difflib import get_close_matches

        near = get_close_matches(str(at[-1]), list(_fields_at(model, at[:-1])), n=1)
        message = "unknown key"
        fix = f"did you mean {near[0]!r}?" if near else "remove it, or check the spelling"
    elif kind == "missing":
        message, fix = "missing", "add it"
    elif kind == "string_type" and isinstance(given, int | float | date):
        shown = str(given).lower() if isinstance(given, bool) else str(given)
        kinds = {date: "a date", bool: "true or false"}
        name = kinds.get(type(given), "a number")
        message, fix = f"{shown} is {name}, text is wanted", f'put it in quotes: "{shown}"'
    elif kind == "literal_error":
        message, fix = f"{given!r} is not one of the values", f"write {error['ctx']['expected']}"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
        message, _, fix = message.partition(" — ")
    return Problem(message, fix, path=path, line=lines.get(known, line), field=dotted(at))


def _fields_at(model: type[BaseModel], at: Path_) -> Iterable[str]:
    """Field names of the model that sits at a location (best effort, for the nearest name)."""
    from typing import get_args

    current: Any = model
    for part in at:
        if isinstance(part, int):
            continue
        fields = getattr(current, "model_fields", {})
        if part not in fields:
            continue
        current = _inner_model(fields[part].annotation, get_args) or current
    return list(getattr(current, "model_fields", {}))


def _inner_model(annotation: Any, get_args: Callable[[Any], tuple[Any, ...]]) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for argument in get_args(annotation):
        found = _inner_model(argument, get_args)
        if found is not None:
            return found
    return None


# ---------------------------------------------------------------- tables


def read_table(path: Path) -> pl.DataFrame:
    """A CSV, TSV, Parquet, JSONL, JSON or XLSX file as a polars frame.

    Column names are stripped of blanks around them. Raises MhxError for an unknown kind or a
    file that cannot be parsed.
    """
    import polars as pl

    suffix = path.suffix.lower()
    if suffix not in TABLES:
        raise MhxError(
            Problem(
                f"not a table mhx reads ({suffix or 'no suffix'})",
                f"use one of {', '.join(TABLES)}",
                path=path,
            )
        )
    if suffix in (".csv", ".tsv", ".jsonl", ".ndjson", ".json"):
        read_text(path)  # a clear message for a missing file or a wrong encoding
        if suffix in (".csv", ".tsv"):
            _same_width(path, "\t" if suffix == ".tsv" else ",")
    readers: dict[str, Callable[[], pl.DataFrame]] = {
        ".csv": lambda: pl.read_csv(path, infer_schema_length=None),
        ".tsv": lambda: pl.read_csv(path, separator="\t", infer_schema_length=None),
        ".parquet": lambda: pl.read_parquet(path),
        ".jsonl": lambda: pl.DataFrame(
            [row for _, row in read_jsonl(path)], infer_schema_length=None
        ),
        ".json": lambda: pl.read_json(path, infer_schema_length=None),
        ".xlsx": lambda: pl.read_excel(path),
    }
    readers[".ndjson"] = readers[".jsonl"]
    with table_errors(path):
        frame = readers[suffix]()
        return frame.rename({name: name.strip() for name in frame.columns})


@contextmanager
def table_errors(path: Path) -> Iterator[None]:
    """What the readers of tables raise, as an MhxError about the file."""
    try:
        yield
    except (MhxError, ImportError):
        raise
    except OSError as error:
        raise os_problem(error, path) from error
    except Exception as error:  # polars and its XLSX reader raise many kinds
        what = f"cannot be read as {path.suffix[1:].upper()}: {str(error).splitlines()[0]}"
        raise MhxError(Problem(what, "check the file", path=path)) from error


def _same_width(path: Path, separator: str) -> None:
    """Refuse a delimited file whose records have fewer or more fields than the header has names.

    polars would fill up short ones with nulls, and a shifted column would be read as missing.
    Raises MhxError with the line of the first one.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=separator)
            header = next(reader, [])
            wrong = [(reader.line_num, len(record)) for record in islice(reader, FIRST_RECORDS)
                     if record and len(record) != len(header)]
    except csv.Error:  # a field longer than the module takes: polars will say what is wrong
        return
    if wrong:
        line, fields = wrong[0]
        raise MhxError(Problem(
            f"{fields} fields where the header has {len(header)} names "
            f"({len(wrong)} such records among the first {FIRST_RECORDS})",
            "write every field, empty ones too, quote fields with separators in them, and name "
            "every column",
            path=path, line=line))


# ---------------------------------------------------------------- hashes and atomic writes


def sha256(data: bytes | str) -> str:
    """Hex SHA-256 of bytes or of UTF-8 text."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def hash_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def hash_json(value: Any) -> str:
    """Hex SHA-256 of the canonical JSON of a value."""
    return sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str))


def hash_folder(folder: Path, *, skip: tuple[str, ...] = ("__pycache__",)) -> str:
    """Hex SHA-256 over names and contents of a folder's files, in name order."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part in skip for part in path.relative_to(folder).parts):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hash_file(path).encode())
    return digest.hexdigest()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=JSON_INDENT, default=str) + "\n")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON Lines whole or not at all."""
    with jsonl_writer(path) as add:
        for row in rows:
            add(row)


@contextmanager
def jsonl_writer(path: Path) -> Iterator[Callable[[dict[str, Any]], object]]:
    """What adds a line to a JSON Lines file that is there whole when the block ends well."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        yield lambda row: handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_yaml(path: Path, value: Any) -> None:
    """Write YAML whole or not at all (plain data, keys in the given order)."""
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 110
    yaml.representer.ignore_aliases = lambda data: True  # the strict reader refuses aliases
    stream = io.StringIO()
    yaml.dump(value, stream)
    write_text(path, stream.getvalue())


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write a Parquet file whole or not at all."""
    with atomic_path(path) as temporary, system_errors(temporary):
        frame.write_parquet(temporary, compression="zstd", statistics=False)


@contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """What the system told polars, which wraps it, as the OSError that it was."""
    import polars as pl

    try:
        yield
    except pl.exceptions.PolarsError as error:
        found = re.search(r"\(os error (\d+)\)", str(error))  # "... No space left (os error 28)"
        code = int(found[1]) if found else 0
        if not code and shutil.disk_usage(path.parent).free < FULL:
            code = errno.ENOSPC  # of a full disk under the footer polars says "transport error"
        if not code:
            raise
        raise OSError(code, os.strerror(code), str(path)) from error
