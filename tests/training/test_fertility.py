"""How many tokens a word of a language takes, and what the vocabulary lacks."""

from __future__ import annotations

from typing import Any

import pytest
from small_bases import ANSWERS, CHATML, byte_tokenizer

from mhx.training.fertility import fertility


def test_words_known_whole_take_a_token_each() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {"<unk>": 0, "jest": 1, "dobrze": 2}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")
    found = fertility(fast, ["jest dobrze", "jest źle"])
    assert (found.tokens_per_word, found.unknown, found.bytes) == (1.0, 0.25, 0.0)
    assert found.words == 4


def test_pieces_of_characters_are_counted(tiny: Any) -> None:
    known, strange = fertility(tiny, [ANSWERS[0]]), fertility(tiny, ["한국어 문장입니다"])
    assert known.bytes < 0.05
    assert strange.bytes > 0.9
    assert strange.tokens_per_word > 5 * known.tokens_per_word
    level = byte_tokenizer(CHATML)
    assert fertility(level, ["한국어"]).bytes == pytest.approx(1.0)
    assert fertility(level, ["abc"]).bytes == 0.0


def test_no_text_is_no_error(tiny: Any) -> None:
    assert fertility(tiny, []).tokens_per_word == 0
