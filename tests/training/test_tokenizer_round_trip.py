"""A tokenizer that loses characters of a language's text is refused before it trains on it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from small_bases import ANSWERS, CHATML, byte_tokenizer, recipe

from mhx.errors import MhxError
from mhx.training.base import check_round_trip, load_tokenizer
from mhx.training.lora import train_lora

TEXTS = [
    "می‌فهمم که این روزها سخت است، نمی‌خوابی؟",
    "two  blanks,   three, and one at the end ",
    "Zażółć gęślą jaźń – „cytat” i myślnik — Łódź",
    "🙂 👨‍👩‍👧 ✨",
    " a leading blank\nand a line\ttab",
    "{{service:suicide_adult}}",
]


@pytest.fixture(scope="module")
def normalizing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SentencePiece tokenizer with the library's own defaults (NFKC, blanks joined), as T5's."""
    import sentencepiece
    from transformers import T5Tokenizer

    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*ANSWERS, *TEXTS] * 4), model_writer=stream, vocab_size=400,
        model_type="bpe", byte_fallback=True, hard_vocab_limit=False, minloglevel=2,
    )
    folder = tmp_path_factory.mktemp("normalizing")
    (folder / "tokenizer.model").write_bytes(stream.getvalue())
    tokenizer = T5Tokenizer.from_pretrained(folder)
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("text", TEXTS)
def test_the_embedded_tokenizer_gives_back_what_it_read(tiny: Any, text: str) -> None:
    check_round_trip(tiny, [text], "mhx-tiny")


@pytest.mark.parametrize("text", TEXTS)
def test_a_byte_level_tokenizer_passes(text: str) -> None:
    check_round_trip(byte_tokenizer(CHATML), [text], "bytes")


def test_a_tokenizer_that_drops_zwnj_is_refused_with_the_place(normalizing: Path) -> None:
    with pytest.raises(MhxError, match=r"U\+200C") as caught:
        check_round_trip(load_tokenizer(str(normalizing)), TEXTS[:1], "joined")
    assert "at 2," in str(caught.value)
    assert "choose a base" in caught.value.problems[0].fix


def test_a_tokenizer_that_joins_blanks_is_refused(normalizing: Path) -> None:
    with pytest.raises(MhxError, match=r"does not give back what it read: at 4, ' '"):
        check_round_trip(load_tokenizer(str(normalizing)), TEXTS[1:2], "joined")


def test_training_refuses_it_before_the_first_step(
    normalizing: Path, dialogues: list[dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(MhxError, match="does not give back what it read"):
        train_lora(dialogues, [], base=str(normalizing), recipe=recipe(), out=tmp_path / "adapter")
    assert not (tmp_path / "adapter").exists()
