"""Preference pairs: from a file in TRL's forms or compiled from the card, checked, encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, hash_folder, hash_json
from mhx.language import Language
from mhx.training.base import check_round_trip
from mhx.training.encoding import SAMPLES, Dataset, Record
from mhx.training.masks import Encoded, NothingToLearn, encode
from mhx.training.mixture import VALID, Share
from mhx.training.pairs import compile_pairs
from mhx.training.preference import last_answer
from mhx.training.sources import SHOWN, rows_of

FIX = "columns prompt, chosen and rejected, each text or a list of {role, content}"


def pair_records(path: Path) -> list[Record]:
    """Pairs of a JSONL, JSON or Parquet file, or a data set's folder, as TRL takes them.

    `prompt`, `chosen`, `rejected` are texts or lists of messages; without `prompt` both sides are
    whole conversations that differ in their last answer. A record has `messages`, which end with
    the chosen answer, and `rejected`, the other answer's text; other columns are kept. Raises
    MhxError for every record that is no pair, with its line.
    """
    out: list[Record] = []
    problems: list[Problem] = []
    for line, row in rows_of(path):
        try:
            messages, rejected = _pair(row)
        except ValueError as error:
            problems.append(Problem(str(error), FIX, path=path, line=line))
            continue
        rest = {key: value for key, value in row.items() if key not in ("prompt", "chosen")}
        out.append({"id": f"line {line}", **rest, "messages": messages, "rejected": rejected})
    if len(problems) > SHOWN:
        more = Problem(f"and {len(problems) - SHOWN} more records like these", path=path)
        problems = [*problems[:SHOWN], more]
    if problems:
        raise MhxError(problems)
    return out


def _pair(row: Mapping[str, Any]) -> tuple[list[dict[str, str]], str]:
    sides = {name: _messages(row.get(name), "assistant", name) for name in ("chosen", "rejected")}
    prompt = _messages(row["prompt"], "user", "prompt") if row.get("prompt") else []
    (*before, chosen), (*others, rejected) = sides["chosen"], sides["rejected"]
    if before != others:
        raise ValueError("chosen and rejected differ before their last message")
    if chosen["role"] != "assistant" or rejected["role"] != "assistant":
        raise ValueError("chosen and rejected must end with the assistant's answer")
    if chosen == rejected:
        raise ValueError("chosen and rejected are the same")
    if prompt and before[: len(prompt)] == prompt:  # the sides are whole conversations
        prompt = []
    messages = [*prompt, *before]
    if not messages or messages[-1]["role"] != "user":
        raise ValueError("what is answered must be the user's: no prompt, or an answer in it")
    return [*messages, chosen], rejected["content"]


def _messages(value: Any, role: str, name: str) -> list[dict[str, str]]:
    if isinstance(value, str) and value.strip():
        return [{"role": role, "content": value}]
    good = isinstance(value, list) and value and all(
        isinstance(one, Mapping) and isinstance(one.get("content"), str)
        and one.get("role") in ("system", "user", "assistant") for one in value)
    if not good:
        raise ValueError(f"{name} is no text and no list of messages")
    return [{"role": str(one["role"]), "content": str(one["content"])} for one in value]


def pair_share(language: Language, source: Language, given: str, *, alone: bool) -> Share:
    """A language's pairs: from the file `given`, or compiled from its card where that is "".

    Rows of a file count by their `lang` where they have one; those whose `split` is valid are
    validated on, those of test left out. Raises MhxError where none is the language's.
    """
    if not given:
        rows = [_compiled(pair.record(language)) for pair in compile_pairs(language, source).pairs]
        return Share(rows, [], ("compiled from the card",), hash_json(rows))
    path = Path(given)
    rows = pair_records(path)
    chosen = [row for row in rows if row.get("lang", language.tag if alone else None)
              == language.tag]
    if not chosen:
        what = f"no pair of {language.tag} among {len(rows)}"
        raise MhxError(Problem(what, "check --lang and the column lang", path=path, field="lang"))
    train = [row for row in chosen if str(row.get("split", "train")) not in (*VALID, "test")]
    valid = [row for row in chosen if str(row.get("split", "train")) in VALID]
    digest = hash_folder(path) if path.is_dir() else hash_file(path)
    return Share(train, valid, (given,), digest)


def _compiled(row: Record) -> Record:
    messages, rejected = _pair(row)
    rest = {key: value for key, value in row.items() if key not in ("prompt", "chosen")}
    return {**rest, "messages": messages, "rejected": rejected}


def encode_pairs(
    records: Sequence[Record], base: str, *, max_length: int, tokenizer: Any
) -> Dataset:
    """Pairs as rows chosen, rejected, chosen, …; of each the last answer alone is learned.

    A pair of which an answer does not fit into `max_length` whole is left out and named; where
    none is left that is an error. Raises MhxError as `encode_records` does.
    """
    said = [message["content"] for record in records[:SAMPLES] for message in record["messages"]]
    check_round_trip(tokenizer, [*said, *(row["rejected"] for row in records[:SAMPLES])], base)
    out: list[Encoded] = []
    left_out: list[str] = []
    problems: list[Problem] = []
    for record in records:
        name = str(record.get("id", "?"))
        *prompt, chosen = record["messages"]
        answers = (chosen, {**chosen, "content": record["rejected"]})
        try:
            sides = [encode(tokenizer, [*prompt, answer], name=name, max_length=max_length)
                     for answer in answers]
        except NothingToLearn:
            left_out.append(name)
            continue
        except MhxError as error:
            problems += error.problems
            continue
        if any(item.full > len(item.ids) for item in sides):
            left_out.append(name)
        else:
            out += map(last_answer, sides)
    if records and not out and not problems:
        what = f"no pair fits into {max_length} tokens, the first is {left_out[0]}"
        problems.append(Problem(what, "raise max_length", field="max_length"))
    if problems:
        raise MhxError(problems)
    return Dataset(tokenizer, out, left_out, 0)
