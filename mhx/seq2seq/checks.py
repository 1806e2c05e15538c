"""What can be wrong with an answer, by source and target alone; the codes engines record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

Failure = Literal[
    "empty", "source_copied", "truncated", "too_long", "dropped", "added", "repeats", "length"
]

COPY_WORDS = 2  # a shorter text may well be the same in two languages: "OK", "Stop it"
CYCLE_WORDS = 8  # the longest loop looked for
CYCLE_TIMES, WORD_TIMES = 3, 4  # rounds of a loop, and of a single word ("no, no, no" is speech)
NGRAM, NGRAM_TIMES = 4, 3
LENGTH_TOKENS = 12  # a shorter text's ratio says nothing
LENGTH_FACTOR = 2.5  # target tokens over source tokens, either way
SENTENCE_MORE = 1  # a translator may cut one long sentence in two


def failure_of(
    source: str,
    target: str,
    *,
    source_sentences: Sequence[str] = (),
    target_sentences: Sequence[str] = (),
    tokens: tuple[int, int] | None = None,
    finished: bool = True,
) -> Failure | None:
    """The first thing wrong with an answer, or None.

    `tokens` are the model's own subwords of source and target: their ratio holds across scripts.
    `finished` is False where the model was stopped before its end mark. Sentences not given are
    not counted.
    """
    if not re.search(r"\w", target):
        return "empty"
    if _copied(source, target, source_sentences, target_sentences):
        return "source_copied"
    if repeats(source, target, source_sentences, target_sentences):
        return "repeats"
    if not finished:
        return "truncated"
    more = len(target_sentences) - len(source_sentences)
    if source_sentences and target_sentences and not 0 <= more <= SENTENCE_MORE:
        return "dropped" if more < 0 else "added"
    return "length" if tokens is not None and _odd_length(*tokens) else None


def _copied(
    source: str, target: str, source_sentences: Sequence[str], target_sentences: Sequence[str]
) -> bool:
    """The whole text, or one sentence of several words, left as it was."""
    wanted = {_plain(text) for text in (source, *source_sentences)}
    given = {_plain(text) for text in (target, *target_sentences)}
    return any(len(text.split()) > COPY_WORDS for text in wanted & given)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def repeats(
    source: str,
    target: str,
    source_sentences: Sequence[str] = (),
    target_sentences: Sequence[str] = (),
) -> bool:
    """Whether the target says a thing over and over, and more often than the source does."""
    before, after = _plain(source).split(), _plain(target).split()
    for size in range(1, CYCLE_WORDS + 1):
        times = CYCLE_TIMES if size > 1 else WORD_TIMES
        found = _rounds(after, size)
        if found >= times and found > _rounds(before, size):
            return True
    often = _most(after, NGRAM)
    if often >= NGRAM_TIMES and often > _most(before, NGRAM):
        return True
    said = Counter(_plain(text) for text in target_sentences)
    asked = Counter(_plain(text) for text in source_sentences)
    most = max(asked.values(), default=1)
    return bool(asked) and any(
        times > most and len(text.split()) > COPY_WORDS for text, times in said.items()
    )


def _rounds(words: list[str], size: int) -> int:
    """The most rounds a run of `size` words makes, one right after the other."""
    best = run = 0
    for place in range(size, len(words)):
        run = run + 1 if words[place] == words[place - size] else 0
        best = max(best, run)
    return best // size + 1 if words else 0


def _most(words: list[str], size: int) -> int:
    grams = Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
    return max(grams.values(), default=0)


def _odd_length(source: int, target: int) -> bool:
    if max(source, target) < LENGTH_TOKENS:
        return False
    return not source / LENGTH_FACTOR <= target <= source * LENGTH_FACTOR
