"""Conversations as tokens and loss masks, after the tokenizer has shown that it loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.training.base import check_round_trip, load_tokenizer
from mhx.training.masks import Encoded, NothingToLearn, encode, encode_marked

Record = dict[str, Any]
SAMPLES = 8  # conversations whose text must come back from the tokenizer
TOGETHER = 256  # conversations that the tokenizer gets in one call


@dataclass(frozen=True)
class Dataset:
    """Encoded conversations, with what did not fit: ids left out, how many were cut."""

    tokenizer: Any
    encoded: list[Encoded]
    left_out: list[str]
    cut: int


def encode_records(
    records: Sequence[Record], base: str, *, max_length: int, tokenizer: Any = None
) -> Dataset:
    """Conversations as tokens and masks; the tokenizer's round trip is checked first.

    A conversation without a learned token within `max_length` is left out and named; when none
    is left that is an error, as is every mask that does not decode to the supporter's words.
    """
    tokenizer = tokenizer or load_tokenizer(base)
    samples = [message["content"] for record in records[:SAMPLES] for message in record["messages"]]
    check_round_trip(tokenizer, samples, base)
    problems: list[Problem] = []
    empty: list[Problem] = []
    left_out: list[str] = []
    out: list[Encoded] = []
    for record, whole in _rendered(tokenizer, records):
        name = str(record.get("id", "?"))
        try:
            out.append(encode(tokenizer, record["messages"], name=name, max_length=max_length,
                              whole=whole))
        except NothingToLearn as error:
            left_out.append(name)
            empty += error.problems
        except MhxError as error:
            problems += error.problems
    if problems or (empty and not out):
        raise MhxError(problems or empty)
    return Dataset(tokenizer, out, left_out, sum(item.full > len(item.ids) for item in out))


def _rendered(
    tokenizer: Any, records: Sequence[Record]
) -> Iterator[tuple[Record, Encoded | None]]:
    for start in range(0, len(records), TOGETHER):
        part = records[start : start + TOGETHER]
        wholes = encode_marked(tokenizer, [record["messages"] for record in part])
        yield from zip(part, wholes, strict=True)
