"""Knowledge tests in the user's own files: the columns of several data sets, problems by line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from math import isnan
from pathlib import Path
from typing import Any

from mhx.corpus.privacy import latin_digits
from mhx.errors import MhxError, Problem
from mhx.files import load_model, read_jsonl, read_table, read_text
from mhx.schema import Choices
from mhx.scoring.choices import LETTERS, Question, from_shipped

# Names are compared in lower case without blanks, underscores and hyphens. Those of MHQA (option1,
# correct_option_number, topic) and CounselingBench (Choice A, Correct Answer and what the client is
# like) are the data sets' own; of PsycoLLM the shape {question, options, answer} is from memory.
QUESTION = ("question", "stem", "query", "prompt")
ANSWER = ("correctoptionnumber", "correctoption", "correctanswer", "answer", "answers", "label",
          "correct", "key", "answerkey")
OPTIONS = ("options", "choices", "option")
TOPIC = ("topic", "competency", "category", "subject", "domain", "type")
NAME = ("id", "qid", "questionid", "unit")
CONTEXT = ("patientdemographic", "presentingproblem", "mentalstatusexam", "othercontexts")
OPTION_COLUMN = re.compile(r"(?:option|choice|op)?([1-8]|[a-h])$")
Row = tuple[int | None, dict[str, Any]]


def read_questions(path: Path, *, language: str, instruction: str = "") -> list[Question]:
    """The questions of a `choices.yaml` or a table (CSV, TSV, JSON, JSONL, Parquet, XLSX).

    An answer may be a letter or letters, a number from 1 (only under a name that ends in
    "number" from 1 to the last; a bare `label` counts from 0 where it holds a 0), or the correct
    option's own text. Raises MhxError with every row that cannot be used.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        return from_shipped(load_model(path, Choices), language, instruction)
    rows = list(_rows(path))
    if not rows:
        raise MhxError(Problem("no question in it", "one row a question", path=path))
    names = {_plain(name) for name in rows[0][1]}
    problems = []
    if not names & set(QUESTION):
        problems.append(Problem("no column with the question", f"name it {QUESTION[0]}; columns: "
                                f"{', '.join(rows[0][1])}", path=path, line=1))
    if not names & set(ANSWER):
        problems.append(Problem("no column with the correct answer", "name it correct_answer, "
                                f"answer or label; columns: {', '.join(rows[0][1])}", path=path,
                                line=1))
    if problems:
        raise MhxError(problems)
    zero = _counts_from_zero([row for _, row in rows])
    found: list[Question] = []
    seen: dict[str, int | None] = {}
    for place, (line, row) in enumerate(rows, start=1):
        try:
            one = _question(row, place, language, instruction, zero=zero)
        except ValueError as error:
            what, _, fix = str(error).partition(" — ")
            problems.append(Problem(what, fix, path=path, line=line))
            continue
        if one.id in seen:
            problems.append(Problem(f"the id {one.id!r} occurs twice", "keep one", path=path,
                                    line=line))
        seen[one.id] = line
        found.append(one)
    if problems:
        raise MhxError(problems)
    return found


def _rows(path: Path) -> Iterator[Row]:
    """(line, row) of a table; the line is None where the format has none."""
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        yield from read_jsonl(path)
    elif suffix in (".csv", ".tsv"):
        read_table(path)  # its checks: encoding, width of the rows
        reader = csv.DictReader(io.StringIO(read_text(path), newline=""),
                                delimiter="\t" if suffix == ".tsv" else ",")
        line = 2
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    elif suffix == ".json":
        try:
            value = json.loads(read_text(path))
        except ValueError as error:
            raise MhxError(Problem(f"not JSON: {error}", "check the file", path=path)) from error
        if isinstance(value, dict):  # {"test": [...]}, {"data": [...]}
            value = next((one for one in value.values() if isinstance(one, list)), [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise MhxError(Problem("not a list of objects", "one object a question", path=path))
        yield from ((None, row) for row in value)
    else:
        yield from ((None, row) for row in read_table(path).iter_rows(named=True))


def _question(
    row: Mapping[str, Any], place: int, language: str, instruction: str, *, zero: bool
) -> Question:
    """The question of a row. Raises ValueError ("what — fix") for one that is none."""
    plain = {_plain(name): value for name, value in row.items() if name is not None}
    text = _text(_first(plain, QUESTION))
    if not text:
        raise ValueError("an empty question — fill it in, or take the row out")
    context = [_text(plain[name]) for name in CONTEXT if _text(plain.get(name))]
    options = _options(plain)
    if not 2 <= len(options) <= len(LETTERS):
        raise ValueError(f"{len(options)} options — between 2 and {len(LETTERS)} are read")
    if len(set(options)) < len(options):
        raise ValueError("two options read the same — word each differently")
    key, answer = next(((name, plain[name]) for name in ANSWER if plain.get(name) is not None),
                       ("", None))
    correct = _correct(answer, options, zero=zero and key == "label")
    return Question(_text(_first(plain, NAME)) or str(place), language,
                    _text(_first(plain, TOPIC)) or "all", "\n".join([*context, text]),
                    tuple(options), correct, instruction=instruction)


def _options(plain: Mapping[str, Any]) -> list[str]:
    whole = _first(plain, OPTIONS)
    if isinstance(whole, str) and whole.strip()[:1] in "[{" and whole.strip():
        try:
            whole = json.loads(whole)
        except ValueError:
            raise ValueError("options that are no JSON — write a list of texts") from None
    if isinstance(whole, Mapping):
        return _filled([_text(whole[name]) for name in sorted(whole)])
    if isinstance(whole, list | tuple):
        return _filled([re.sub(r"^[A-H][.):]\s+", "", _text(one)) for one in whole])
    columns = {match[1]: _text(value) for name, value in plain.items()
               if (match := OPTION_COLUMN.fullmatch(name))}
    return _filled([columns[name] for name in sorted(columns)])


def _filled(options: list[str]) -> list[str]:
    """Options without the blanks after the last. Raises ValueError for a blank before it."""
    count = sum(map(bool, options))
    if not all(options[:count]):
        raise ValueError("an empty option before a filled one — the answer's number would name "
                         "another")
    return options[:count]


def _correct(answer: Any, options: list[str], *, zero: bool) -> frozenset[int]:
    given = [_text(one) for one in answer] if isinstance(answer, list | tuple) else [_text(answer)]
    if not any(given):
        raise ValueError("no correct answer — fill it in, or take the row out")
    found: set[int] = set()
    for said in given:
        if said in options:
            found.add(options.index(said))
            continue
        plain = latin_digits(said).upper()
        last = LETTERS[len(options) - 1]
        if re.fullmatch(rf"[A-{last}](?:[\s,;]*[A-{last}])*", plain):
            found |= {LETTERS.index(one) for one in re.findall(r"[A-H]", plain)}
        elif re.fullmatch(r"\d", plain) and 0 <= (place := int(plain) - (not zero)) < len(options):
            found.add(place)
        else:
            raise ValueError(f"the answer {said[:40]!r} is no option — a letter, a number from 1, "
                             "or the option's text")
    return frozenset(found)


def _counts_from_zero(rows: list[dict[str, Any]]) -> bool:
    """Whether the column `label` counts from 0, as class labels do: it holds a 0 somewhere."""
    said = (_text(value) for row in rows for name, value in row.items()
            if name is not None and _plain(name) == "label")
    return "0" in said


def _first(plain: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((plain[name] for name in names if plain.get(name) is not None), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())


def _text(value: Any) -> str:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None if isnan(value) else value
    return "" if value is None else " ".join(str(value).split())
