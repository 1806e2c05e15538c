"""Models that answer multiple-choice questions: by the likelihood of letters, or in writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.contracts import Status
from mhx.endpoint import Chat
from mhx.judging.answers import STATUSES
from mhx.judging.judges import Judge
from mhx.scoring.choices import Shown, letters_of

ANSWER_TOKENS = 24
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Given:
    """What was answered to a question as it was shown; `letters` None with the reason."""

    shown: Shown
    letters: frozenset[str] | None
    status: Status
    detail: str = ""

    @property
    def correct(self) -> bool | None:
        """Whether exactly the correct letters were given; None where none were."""
        return None if self.letters is None else self.letters == self.shown.right


class LocalModel:
    """A causal LM with or without an adapter; loaded when it is first asked."""

    def __init__(self, base: str, *, adapter: Path | None = None, device: str = "auto") -> None:
        self.base, self.adapter, self._device = base, adapter, device

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from mhx.training.base import load_model, load_tokenizer

        return (load_model(self.base, device=self._device, adapter=self.adapter),
                load_tokenizer(self.base))

    def likeliest(self, asked: Sequence[Shown], progress: Progress | None = None) -> list[Given]:
        """The letter with the highest log-likelihood as the whole answer.

        Questions with several correct options are not asked: how many letters to take is no
        matter of likelihood.
        """
        import torch

        model, tokenizer = self._loaded
        model.eval()
        device = next(model.parameters()).device
        found: list[Given] = []
        for one in asked:
            if not one.question.single:
                found.append(Given(one, None, "missing", "several options are correct"))
                continue
            start = _ids(tokenizer, one.text)
            best, most = "", float("-inf")
            for letter in one.letters:
                end = tokenizer(letter, add_special_tokens=False)["input_ids"]
                ids = torch.tensor([[*start, *end]], device=device)
                with torch.inference_mode():
                    logits = model(input_ids=ids).logits[0, len(start) - 1 : -1].float()
                each = logits.log_softmax(-1).gather(1, ids[0, len(start) :, None])
                total = float(each.sum())
                if total > most:
                    best, most = letter, total
            found.append(Given(one, frozenset(best), "scored"))
            if progress is not None:
                progress(len(found))
        return found

    def written(self, asked: Sequence[Shown], *, seed: int = 0) -> list[Given]:
        """Letters read from what the model writes (greedy)."""
        from mhx.training.generate import generate

        model, tokenizer = self._loaded
        chats = [[{"role": "user", "content": one.text}] for one in asked]
        texts = generate(model, tokenizer, chats, max_new_tokens=ANSWER_TOKENS, seed=seed)
        return [_read(one, text) for one, text in zip(asked, texts, strict=True)]


def written_by(judge: Judge, asked: Sequence[Shown]) -> list[Given]:
    """Letters read from what a model behind an endpoint writes; a failure is a status."""
    chats = [Chat(messages=({"role": "user", "content": one.text},), max_tokens=ANSWER_TOKENS)
             for one in asked]
    found = []
    for one, done in zip(asked, judge.complete(chats), strict=True):
        # an answer cut off after its letter is an answer
        text = done.cut if done.failure == "truncated" else done.text
        if text is None:
            failure = done.failure or "empty"
            found.append(Given(one, None, STATUSES.get(failure, "missing"), failure))
        else:
            found.append(_read(one, text))
    return found


def _read(one: Shown, text: str) -> Given:
    letters = letters_of(text, one.letters)
    if letters is None:
        return Given(one, None, "unparsable", "no letter, or more than one reading")
    if one.question.single and len(letters) > 1:
        return Given(one, None, "unparsable", "several letters, one was asked for")
    return Given(one, letters, "scored")


def _ids(tokenizer: Any, text: str) -> list[int]:
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False,
                                           add_generation_prompt=True)
    ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return ids
