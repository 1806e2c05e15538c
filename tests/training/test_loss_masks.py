"""What is learned: the supporter's words and the token that ends them, nothing else."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from small_bases import ANSWERS, CHATML, REWRITES, byte_tokenizer

from mhx.errors import MhxError
from mhx.training.masks import Encoded, encode
from mhx.training.tiny import TEMPLATE


def learned(tokenizer: Any, encoded: Encoded) -> list[str]:
    """The text of each learned stretch."""
    pairs = zip(encoded.ids, encoded.mask, strict=True)
    return [
        tokenizer.decode([token for token, _ in group], clean_up_tokenization_spaces=False)
        for chosen, group in groupby(pairs, key=lambda pair: pair[1])
        if chosen
    ]


def said(dialogue: dict[str, Any]) -> list[str]:
    return [item["content"] for item in dialogue["messages"] if item["role"] == "assistant"]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_the_embedded_base_learns_the_answers_and_their_end(
    tiny: Any, dialogues: list[dict[str, Any]], number: int
) -> None:
    dialogue = dialogues[number]
    encoded = encode(tiny, dialogue["messages"], name="d", max_length=4096)
    assert learned(tiny, encoded) == [f"{text}<|end|>" for text in said(dialogue)]


def test_the_ids_are_those_of_the_rendered_dialogue(
    tiny: Any, dialogues: list[dict[str, Any]]
) -> None:
    messages = dialogues[0]["messages"]
    text = tiny.apply_chat_template(messages, tokenize=False)
    encoded = encode(tiny, messages, name="d", max_length=4096)
    assert encoded.ids == tiny(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_a_template_without_marks_is_masked_by_prefix(
    dialogues: list[dict[str, Any]], number: int
) -> None:
    tokenizer = byte_tokenizer(CHATML.replace("im_start", "turn"))
    dialogue = dialogues[number]
    encoded = encode(tokenizer, dialogue["messages"], name="d", max_length=4096)
    assert learned(tokenizer, encoded) == [f"{text}<|im_end|>" for text in said(dialogue)]


@pytest.mark.parametrize("template", [CHATML, REWRITES], ids=["plain", "rewrites earlier turns"])
def test_chatml_without_marks_gets_the_training_template(
    dialogues: list[dict[str, Any]], template: str
) -> None:
    tokenizer = byte_tokenizer(template)
    encoded = encode(tokenizer, dialogues[0]["messages"], name="d", max_length=4096)
    assert learned(tokenizer, encoded) == [f"{text}<|im_end|>" for text in said(dialogues[0])]


def test_a_template_that_renders_earlier_turns_anew_is_refused(
    dialogues: list[dict[str, Any]],
) -> None:
    tokenizer = byte_tokenizer(REWRITES.replace("im_start", "turn"))
    with pytest.raises(MhxError, match="renders earlier turns anew") as caught:
        encode(tokenizer, dialogues[0]["messages"], name="d", max_length=4096)
    assert "{% generation %}" in caught.value.problems[0].fix


def test_a_template_that_marks_the_words_without_the_stop_token_is_refused(
    dialogues: list[dict[str, Any]],
) -> None:
    short = CHATML.replace(
        "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'",
        "{{- '<|im_start|>' + message['role'] + '\\n' }}"
        "{%- if message['role'] == 'assistant' %}"
        "{% generation %}{{- message['content'] }}{% endgeneration %}"
        "{%- else %}{{- message['content'] }}{%- endif %}{{- '<|im_end|>'",
    )
    assert "endgeneration" in short
    with pytest.raises(MhxError, match="dialogue 7: the stop token is outside the loss mask"):
        encode(byte_tokenizer(short), dialogues[0]["messages"], name="7", max_length=4096)


def test_marks_around_the_wrong_role_are_refused(dialogues: list[dict[str, Any]]) -> None:
    wrong = TEMPLATE.replace("message['role'] == 'assistant'", "message['role'] == 'user'")
    with pytest.raises(MhxError, match="not the supporter's words"):
        encode(byte_tokenizer(wrong), dialogues[0]["messages"], name="d", max_length=4096)


def test_a_dialogue_cut_before_the_first_answer_is_named(
    tiny: Any, dialogues: list[dict[str, Any]]
) -> None:
    with pytest.raises(MhxError, match="dialogue d5: no supporter token within 4 tokens"):
        encode(tiny, dialogues[5]["messages"], name="d5", max_length=4)


def test_a_dialogue_without_a_supporter_is_named(tiny: Any) -> None:
    with pytest.raises(MhxError, match="dialogue lonely: no supporter token"):
        encode(tiny, [{"role": "user", "content": "Hello?"}], name="lonely", max_length=64)


def test_a_tokenizer_without_a_chat_template_is_refused(dialogues: list[dict[str, Any]]) -> None:
    with pytest.raises(MhxError, match="no chat template"):
        encode(byte_tokenizer(None), dialogues[0]["messages"], name="d", max_length=64)
