"""Segments through a model: checked, and tried again sentence by sentence where one is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mhx import defaults
from mhx.contracts import BackendSettings, Reply, Request
from mhx.files import hash_folder
from mhx.seq2seq.batches import answer_budget, batches
from mhx.seq2seq.checkpoint import Checkpoint
from mhx.seq2seq.checks import Failure, failure_of, repeats
from mhx.seq2seq.sentences import Splitter

DETAIL = 80  # characters of a wrong answer that are shown


class Decoder(Protocol):
    """The weights: greedy decoding of batches."""

    description: str  # arithmetic, device and versions, for the signature

    def budget(self, tokens: int, batch_tokens: int) -> int:
        """Padded source tokens a batch may have, of `tokens` in all."""

    def decode(self, groups: list[list[list[int]]], most: list[int]) -> list[list[list[int]]]:
        """Token ids of the answers, after the decoder's start token; `most` new ones a batch."""

    def close(self) -> None:
        """Let the weights go."""


@dataclass(frozen=True)
class Answer:
    """What the model said to one text; `tokens` without special ones, `finished` by itself."""

    text: str
    tokens: tuple[int, int]
    finished: bool


class Translator:
    """An engine of the translation shelf around a decoder. Greedy: a text has one answer."""

    def __init__(
        self, engine: str, checkpoint: Checkpoint, decoder: Decoder, settings: BackendSettings
    ) -> None:
        self.checkpoint, self.decoder = checkpoint, decoder
        self.engine = f"{engine}:{checkpoint.name}"
        self.revision = checkpoint.revision
        self.special = {*checkpoint.tokenizer.all_special_ids, checkpoint.codes.forced}
        self.batch_tokens = settings.batch_size
        self.split_source: Splitter = settings.split_source or defaults.split_sentences
        self.split_target: Splitter = settings.split_target or defaults.split_sentences
        self.signature = "|".join(
            (
                engine,
                checkpoint.name,
                f"rev:{self.revision}",
                checkpoint.codes.label,
                "greedy",
                decoder.description,
                # mended checks do not answer from the old cache
                f"code:{hash_folder(Path(__file__).parent)[:8]}",
            )
        )

    def translate(self, batch: list[Request]) -> list[Reply]:
        """One reply a request, in order; a wrong answer is tried again by sentence."""
        texts = [request.text for request in batch]
        sentences = [self.split_source(text) for text in texts]
        answers = self.answers(texts)
        failures = [
            self._failure(text, answer, parts)
            for text, answer, parts in zip(texts, answers, sentences, strict=True)
        ]
        again = [at for at, code in enumerate(failures) if code and len(sentences[at]) > 1]
        parts = list(dict.fromkeys(part for at in again for part in sentences[at]))
        second = dict(zip(parts, self.answers(parts), strict=True))
        replies = [
            self._reply(answer, code) for answer, code in zip(answers, failures, strict=True)
        ]
        for at in again:
            replies[at] = self._rejoined(texts[at], sentences[at], second, failures[at])
        return replies

    def answers(self, texts: Sequence[str]) -> list[Answer | None]:
        """The model's answers, unchecked; None for a text that is empty or too long for it."""
        ids, limit = self.checkpoint.encode(list(texts)), self.checkpoint.limit
        fits = [at for at, row in enumerate(ids) if texts[at].strip() and len(row) <= limit]
        lengths = [len(ids[at]) for at in fits]
        budget = self.decoder.budget(sum(lengths), self.batch_tokens)
        groups = batches(lengths, budget)
        given = self.decoder.decode(
            [[ids[fits[place]] for place in group] for group in groups],
            [answer_budget(lengths[group[0]], limit) for group in groups],
        )
        out: list[Answer | None] = [None] * len(ids)
        for group, rows in zip(groups, given, strict=True):
            for place, row in zip(group, rows, strict=True):
                most = answer_budget(lengths[place], limit)
                out[fits[place]] = self._answer(ids[fits[place]], row[:most])
        return out

    def _answer(self, source: list[int], row: list[int]) -> Answer:
        end = self.checkpoint.tokenizer.eos_token_id
        finished = end in row
        body = [
            token
            for token in row[: row.index(end) if finished else None]
            if token not in self.special
        ]
        asked = sum(token not in self.special for token in source)
        return Answer(self.checkpoint.text_of(body), (asked, len(body)), finished)

    def _failure(self, text: str, answer: Answer | None, parts: Sequence[str]) -> Failure | None:
        if answer is None:
            return "too_long" if text.strip() else "empty"
        return failure_of(
            text,
            answer.text,
            source_sentences=parts,
            target_sentences=self.split_target(answer.text),
            tokens=answer.tokens,
            finished=answer.finished,
        )

    def _reply(self, answer: Answer | None, failure: Failure | None) -> Reply:
        text = answer.text if answer else ""
        if failure is None:
            return Reply(text, self.engine, self.revision)
        return Reply(None, self.engine, self.revision, failure=failure, detail=text[:DETAIL])

    def _rejoined(
        self,
        text: str,
        parts: list[str],
        second: dict[str, Answer | None],
        first: Failure | None,
    ) -> Reply:
        """The sentences' answers as one text, or the failure of the first that is wrong."""
        said: list[str] = []
        for number, part in enumerate(parts, start=1):
            answer = second[part]
            failure = self._failure(part, answer, [part])
            if failure is not None or answer is None:
                detail = f"whole: {first}; sentence {number} of {len(parts)}: "
                detail += (answer.text if answer else "")[:DETAIL]
                return Reply(None, self.engine, self.revision, failure=failure, detail=detail)
            said.append(answer.text)
        joined = " ".join(said)
        if repeats(text, joined, parts, said):
            detail = f"whole: {first}; by sentence: {joined[:DETAIL]}"
            return Reply(None, self.engine, self.revision, failure="repeats", detail=detail)
        detail = f"translated by sentence: the whole was {first}"
        return Reply(joined, self.engine, self.revision, detail=detail)

    def close(self) -> None:
        """Let the model go."""
        self.decoder.close()
