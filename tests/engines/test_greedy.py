"""The loop of hf: the tokens of plain generate, and no work for rows that have ended."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from mhx.seq2seq.greedy import greedy

TEXTS = ["I wait.", "Tell me all.", "It hurts.", "What helps you?", "No one calls. I wait."]


@pytest.fixture(scope="module")
def loaded(nllb: Path) -> tuple[Any, list[list[int]], dict[str, Any]]:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(nllb, src_lang="eng_Latn")
    model = AutoModelForSeq2SeqLM.from_pretrained(nllb).eval()
    model.generation_config = GenerationConfig()  # the checkpoint's forces an end at the limit
    marks = {
        "start": model.config.decoder_start_token_id,
        "forced": tokenizer.convert_tokens_to_ids("pol_Latn"),
        "end": tokenizer.eos_token_id,
        "padding": tokenizer.pad_token_id,
    }
    return model, tokenizer(TEXTS)["input_ids"], marks


def generated(model: Any, row: list[int], limit: int, marks: dict[str, Any]) -> list[int]:
    import torch
    from transformers import GenerationConfig

    settings = GenerationConfig(
        do_sample=False, num_beams=1, decoder_start_token_id=marks["start"],
        forced_bos_token_id=marks["forced"], eos_token_id=marks["end"],
        pad_token_id=marks["padding"], max_new_tokens=limit)
    with torch.inference_mode():
        out: list[int] = model.generate(
            input_ids=torch.tensor([row]), attention_mask=torch.ones(1, len(row), dtype=torch.long),
            generation_config=settings)[0, 1:].tolist()
    return out


def test_a_batch_says_what_generate_says_row_by_row(loaded: Any) -> None:
    model, rows, marks = loaded
    limits = [2 * len(row) + 16 for row in rows]
    wanted = [generated(model, row, limit, marks) for row, limit in zip(rows, limits, strict=True)]
    assert greedy(model, rows, limits, **marks) == wanted
    assert len({len(row) for row in wanted}) > 2  # they end at different steps


def test_a_row_that_has_ended_leaves_the_batch(
    loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows, marks = loaded
    sizes: list[int] = []
    forward = model.forward

    def watched(*args: Any, **given: Any) -> Any:
        sizes.append(len(given["decoder_input_ids"]))
        return forward(*args, **given)

    monkeypatch.setattr(model, "forward", watched)
    out = greedy(model, rows, [40] * len(rows), **marks)
    # a step gives every open row a token; the first one follows the forced token
    assert sizes == [sum(len(row) > step for row in out) for step in range(1, len(sizes) + 1)]
    assert (sizes[0], sizes[-1]) == (len(rows), 1)


def test_each_row_ends_at_its_own_limit(loaded: Any) -> None:
    model, rows, marks = loaded
    limits = [1, 9, 40, 2, 3]
    short = greedy(model, rows, limits, **marks)
    whole = greedy(model, rows, [40] * len(rows), **marks)
    assert [row[:limit] for row, limit in zip(short, limits, strict=True)] == [
        row[:limit] for row, limit in zip(whole, limits, strict=True)]
    assert len(short[1]) == 9
    assert marks["end"] not in short[1]
    assert greedy(model, rows, [1] * len(rows), **marks) == [[marks["forced"]]] * len(rows)


def test_a_barred_token_is_never_said(loaded: Any) -> None:
    model, rows, marks = loaded
    first = greedy(model, rows[:1], [40], **marks)[0][1]
    barred = greedy(model, rows[:1], [40], barred=[first], **marks)[0]
    assert first not in barred


def drawn(kind: str) -> Any:
    """A model of random weights, whose answers end at any step or not at all."""
    import torch
    from transformers import MarianConfig, MarianMTModel, T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    if kind == "t5":
        return T5ForConditionalGeneration(T5Config(
            vocab_size=40, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, pad_token_id=1,
            eos_token_id=2, decoder_start_token_id=1, initializer_factor=3.0,
            tie_word_embeddings=False)).eval()
    return MarianMTModel(MarianConfig(
        vocab_size=40, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, pad_token_id=1,
        max_position_embeddings=128, eos_token_id=2, decoder_start_token_id=1,
        init_std=0.6)).eval()


@pytest.mark.parametrize("kind", ["t5", "marian"])
def test_other_architectures_without_a_forced_token(kind: str) -> None:
    import torch
    from transformers import GenerationConfig

    model, draw = drawn(kind), random.Random(1)
    model.generation_config = GenerationConfig()
    rows = [[*(draw.randrange(3, 40) for _ in range(draw.randrange(2, 20))), 2] for _ in range(24)]
    limits = [draw.randrange(3, 40) for _ in rows]  # of 24 rows three end before any leaves
    wanted = []
    for row, limit in zip(rows, limits, strict=True):
        settings = GenerationConfig(
            do_sample=False, num_beams=1, decoder_start_token_id=1, eos_token_id=2,
            pad_token_id=1, max_new_tokens=limit, bad_words_ids=[[1]])
        with torch.inference_mode():
            out = model.generate(input_ids=torch.tensor([row]), generation_config=settings,
                                 attention_mask=torch.ones(1, len(row), dtype=torch.long))
        wanted.append(out[0, 1:].tolist())
    said = greedy(model, rows, limits, start=1, forced=None, end=2, padding=1, barred=[1])
    assert said == wanted
    assert len({len(row) for row in said}) > 8
