"""Templates as the families write them: what is trained on is what the model is asked with."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from small_bases import ANSWERS, recipe, small_base

from mhx.errors import MhxError
from mhx.training.base import load_tokenizer
from mhx.training.lora import TEMPLATE, train_lora
from mhx.training.masks import encode
from mhx.training.templates import fold_system, is_folded, mark_answers, render

# Written here after the families' published templates, for plain conversations.
QWEN3 = (
    "{%- set ns = namespace(last=0) %}"
    "{%- for m in messages %}{%- if m.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}"
    "{%- endfor %}"
    "{%- for m in messages %}"
    "{%- if m.role == 'assistant' and loop.index0 > ns.last and loop.last %}"
    "{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + m.content + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endif %}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
LLAMA3 = (
    "{{- '<s>' }}{%- if not date_string is defined %}"
    "{%- set date_string = strftime_now('%d %b %Y') %}{%- endif %}"
    "{%- if messages[0]['role'] == 'system' %}{%- set said = messages[0]['content'] | trim %}"
    "{%- set messages = messages[1:] %}{%- else %}{%- set said = '' %}{%- endif %}"
    "{{- '<|start|>system<|end|>\\n\\nToday Date: ' + date_string + '\\n\\n' + said + '<|eot|>' }}"
    "{%- for m in messages %}"
    "{{- '<|start|>' + m['role'] + '<|end|>\\n\\n' + m['content'] | trim + '<|eot|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start|>assistant<|end|>\\n\\n' }}{%- endif %}"
)
GEMMA2 = (
    "{{ '<s>' }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\\n'"
    " + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)
MISTRAL = (  # the system prompt stands in the last user turn
    "{%- if messages[0]['role'] == 'system' %}{%- set said = messages[0]['content'] %}"
    "{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}"
    "{%- endif %}"
    "{%- set ns = namespace(last=0) %}{%- for m in loop_messages %}{%- if m.role == 'user' %}"
    "{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}"
    "{{- '<s>' }}{%- for m in loop_messages %}"
    "{%- if m['role'] == 'user' %}{{- '[INST] ' }}"
    "{%- if loop.index0 == ns.last and said is defined %}{{- said + '\\n\\n' }}{%- endif %}"
    "{{- m['content'] + '[/INST]' }}{%- else %}{{- ' ' + m['content'] + '<|eot|>' }}{%- endif %}"
    "{%- endfor %}"
)
FAMILIES = {"Qwen3": QWEN3, "Llama": LLAMA3, "Gemma2": GEMMA2, "Mistral": MISTRAL}
STOPS = {"Qwen3": "<|im_end|>", "Llama": "<|eot|>", "Gemma2": "<end_of_turn>",
         "Mistral": "<|eot|>"}
TALK = [
    {"role": "system", "content": "Wspieraj, nie diagnozuj."},
    {"role": "user", "content": "Nie śpię."},
    {"role": "assistant", "content": ANSWERS[0]},
    {"role": "user", "content": "نمی‌دانم…"},
    {"role": "assistant", "content": ANSWERS[1]},
]


def tokenizer_of(family: str) -> Any:
    """A byte-level tokenizer with the family's special tokens and template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<|im_start|>", "<|im_end|>", "<|start|>", "<|end|>", "<|eot|>",
               "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(ANSWERS, trainers.BpeTrainer(
        vocab_size=400, show_progress=False, special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token=STOPS[family],
        pad_token="<|end|>", additional_special_tokens=special)
    fast.chat_template = FAMILIES[family]
    return fast


def learned(tokenizer: Any, talk: list[dict[str, str]]) -> list[str]:
    encoded = encode(tokenizer, talk, name="d", max_length=4096)
    pairs = zip(encoded.ids, encoded.mask, strict=True)
    return [tokenizer.decode([token for token, _ in group], clean_up_tokenization_spaces=False)
            for chosen, group in groupby(pairs, key=lambda pair: pair[1]) if chosen]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_answers_and_their_stop_token_are_learned(family: str) -> None:
    tokenizer = tokenizer_of(family)
    fold_system(tokenizer)
    found = [text.strip() for text in learned(tokenizer, TALK)]
    assert found == [f"{text}{STOPS[family]}" for text in ANSWERS[:2]]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_prompt_of_the_dialogue_is_what_was_trained_on(family: str) -> None:
    tokenizer = tokenizer_of(family)
    fold_system(tokenizer)
    ids = encode(tokenizer, TALK, name="d", max_length=4096).ids
    whole = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    for end in (2, 4):
        assert whole.startswith(render(tokenizer, TALK[:end], prompt=True))


@pytest.mark.parametrize("family", ["Qwen3", "Llama"])
def test_prompts_are_those_of_the_bases_own_template(family: str) -> None:
    own, ours = tokenizer_of(family), tokenizer_of(family)
    fold_system(ours)
    mark_answers(ours)
    assert not is_folded(ours)
    for end in (2, 4):
        assert render(ours, TALK[:end], prompt=True) == render(own, TALK[:end], prompt=True)


def test_a_system_prompt_that_is_refused_or_moves_opens_the_first_turn() -> None:
    gemma, mistral = tokenizer_of("Gemma2"), tokenizer_of("Mistral")
    with pytest.raises(Exception, match="System role not supported"):
        render(gemma, TALK[:2], prompt=True)
    one_turn = render(mistral, TALK[:2], prompt=True)
    for tokenizer in (gemma, mistral):
        fold_system(tokenizer)
        assert is_folded(tokenizer)
        first = render(tokenizer, TALK[:2], prompt=True)
        assert "Wspieraj, nie diagnozuj.\n\nNie śpię." in first
        assert render(tokenizer, TALK).startswith(first)
    assert render(mistral, TALK[:2], prompt=True) == one_turn


def test_a_template_that_prints_todays_date_is_read_with_one_day() -> None:
    text = render(tokenizer_of("Llama"), TALK)
    assert "Today Date: 26 Jul 2024" in text


def test_chatml_that_asks_in_another_way_keeps_its_own_template() -> None:
    tokenizer = tokenizer_of("Qwen3")
    tokenizer.chat_template = QWEN3.replace(
        "{{- '<|im_start|>assistant\\n' }}{%- endif %}",
        "{{- '<|im_start|>assistant\\nHm, ' }}{%- endif %}")
    own = tokenizer.chat_template
    mark_answers(tokenizer)
    assert tokenizer.chat_template == own
    with pytest.raises(MhxError, match="renders earlier turns anew"):
        learned(tokenizer, TALK)


def test_roles_that_do_not_alternate_are_named_with_their_dialogue() -> None:
    tokenizer = tokenizer_of("Gemma2")
    fold_system(tokenizer)
    with pytest.raises(MhxError, match="dialogue d: the chat template: Conversation roles"):
        learned(tokenizer, [*TALK[:2], *TALK[1:3]])


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_trains_and_says_how_to_serve_it(family: str, tmp_path: Path) -> None:
    tokenizer = tokenizer_of(family)
    base = small_base(family, tmp_path, vocab_size=len(tokenizer))
    tokenizer.save_pretrained(base)
    rows = [{"id": str(number), "messages": TALK} for number in range(4)]
    done = train_lora(rows, [], base=base, recipe=recipe(base=base, epochs=3, batch_size=2),
                      out=tmp_path / "out", device="cpu")
    assert done.last_loss < done.first_loss
    folded = family in ("Gemma2", "Mistral")
    assert (tmp_path / "out" / TEMPLATE).is_file() == folded
    assert any(TEMPLATE in note for note in done.notes) == folded
    assert is_folded(load_tokenizer(base)) == folded
