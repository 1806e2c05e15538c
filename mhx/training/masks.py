"""Chat templates and loss masks: only what the supporter says is learned, stop token included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from jinja2 import TemplateError

from mhx.errors import MhxError, Problem
from mhx.training.templates import has_marks, mark_answers, render

Message = dict[str, str]


@dataclass(frozen=True)
class Encoded:
    """Token ids of one conversation and which of them are learned."""

    ids: list[int]
    mask: list[bool]
    full: int = 0  # tokens before the cut to max_length


class NothingToLearn(MhxError):
    """A conversation without a learned token (within the maximal length)."""


def encode(
    tokenizer: Any,
    messages: Sequence[Message],
    *,
    name: str,
    max_length: int,
    whole: Encoded | None = None,
) -> Encoded:
    """A conversation through the chat template, with its assistant mask, verified by decoding.

    The mask comes from the template's generation marks; a template without them is rendered
    turn by turn, which is allowed only if each rendering is a prefix of the next. Cut at
    `max_length` (`full` says how long it was). `whole` is what `encode_marked` made of it, where it
    was rendered with others. Raises NothingToLearn naming the dialogue when no
    learned token is left, MhxError when the mask does not decode to the assistant's words.
    """
    if tokenizer.chat_template is None:
        raise MhxError(
            Problem("the tokenizer has no chat template", "choose an instruction-tuned base")
        )
    try:
        encoded = whole or _whole(tokenizer, list(messages))
    except TemplateError as error:  # roles that do not alternate, where a template wants that
        fix = "seeker and supporter take turns, the seeker first"
        raise MhxError(Problem(f"dialogue {name}: the chat template: {error}", fix)) from error
    _verify(tokenizer, messages, encoded, name)
    cut = Encoded(encoded.ids[:max_length], encoded.mask[:max_length], len(encoded.ids))
    if not any(cut.mask):
        raise NothingToLearn(
            Problem(
                f"dialogue {name}: no supporter token within {max_length} tokens",
                "raise max_length in train.yaml, or shorten the dialogue",
            )
        )
    return cut


def encode_marked(
    tokenizer: Any, dialogues: Sequence[Sequence[Message]]
) -> list[Encoded] | list[None]:
    """Conversations as tokens and masks in one call of the tokenizer, not yet verified.

    Nones where the template has no generation marks or refuses one of them: `encode` then takes
    them one by one, and names the refused one.
    """
    if tokenizer.chat_template is None:
        return [None] * len(dialogues)
    mark_answers(tokenizer)
    if not dialogues or not has_marks(tokenizer):
        return [None] * len(dialogues)
    try:
        return _by_marks(tokenizer, [list(messages) for messages in dialogues])
    except TemplateError:
        return [None] * len(dialogues)


def _whole(tokenizer: Any, messages: list[Message]) -> Encoded:
    mark_answers(tokenizer)
    if has_marks(tokenizer):
        return _by_marks(tokenizer, [messages])[0]
    return _by_prefix(tokenizer, messages)


def _by_marks(tokenizer: Any, dialogues: list[list[Message]]) -> list[Encoded]:
    done = tokenizer.apply_chat_template(
        dialogues, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    key = "assistant_masks" if "assistant_masks" in done else "assistant_mask"
    return [Encoded(list(ids), [bool(value) for value in mask])
            for ids, mask in zip(done["input_ids"], done[key], strict=True)]


def _by_prefix(tokenizer: Any, messages: list[Message]) -> Encoded:
    """Render up to each assistant turn with the generation prompt, then with the turn."""
    text = render(tokenizer, messages)
    spans: list[tuple[int, int]] = []
    for place, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = render(tokenizer, messages[:place], prompt=True)
        after = render(tokenizer, messages[: place + 1])
        if not text.startswith(before) or not text.startswith(after):
            raise MhxError(
                Problem(
                    "the chat template has no generation marks and renders earlier turns anew",
                    "give the tokenizer a training template with {% generation %} around the "
                    "assistant's text and its end token",
                )
            )
        spans.append((len(before), len(after)))
    done = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    mask = [
        any(start >= first and end <= last and end > start for first, last in spans)
        for start, end in done["offset_mapping"]
    ]
    ids = list(done["input_ids"])
    return Encoded(ids, _to_the_stop(ids, mask, set(tokenizer.all_special_ids)))


def _to_the_stop(ids: list[int], mask: list[bool], stops: set[int]) -> list[bool]:
    """The mask without what a template writes after the stop token of a turn (a line feed)."""
    out: list[bool] = []
    for learned, run in groupby(zip(ids, mask, strict=True), key=lambda pair: pair[1]):
        tokens = [token for token, _ in run]
        end = max((place for place, token in enumerate(tokens) if token in stops),
                  default=len(tokens) - 1)
        out += [learned and place <= end for place in range(len(tokens))]
    return out


def _verify(tokenizer: Any, messages: Sequence[Message], encoded: Encoded, name: str) -> None:
    """The masked tokens decode to the assistant turns, and each run ends with a stop token."""
    learned = bytes(encoded.mask)
    runs: list[list[int]] = []
    start = learned.find(1)
    while start >= 0:
        end = learned.find(0, start)
        end = len(learned) if end < 0 else end
        runs.append(encoded.ids[start:end])
        start = learned.find(1, end)
    wanted = [message["content"] for message in messages if message["role"] == "assistant"]
    specials = set(tokenizer.all_special_ids)
    told = [
        tokenizer.decode(run, skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()
        for run in runs
    ]
    if [text.strip() for text in wanted] != told:
        raise MhxError(
            Problem(
                f"dialogue {name}: the loss mask covers {told[:1]!r}, not the supporter's words",
                "the chat template's generation marks are wrong for this tokenizer",
            )
        )
    if any(not specials & set(run[-2:]) for run in runs):
        raise MhxError(
            Problem(
                f"dialogue {name}: the stop token is outside the loss mask",
                "put the end token inside the generation marks, else answers never end",
            )
        )
