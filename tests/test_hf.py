"""The hf translator on a real, random M2M100 checkpoint with a real NLLB tokenizer made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mhx.contracts import BackendSettings, Reply, Request
from mhx.errors import MhxError
from mhx.shelves import Shelves

TEXTS = [
    "I feel sad today.",
    "What helps you?",
    "I am tired of the noise.",
    "No.",
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `save_pretrained` writes it: sentencepiece model, NLLB tokenizer, tiny M2M100."""
    sentencepiece = pytest.importorskip("sentencepiece")
    torch = pytest.importorskip("torch")
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    raw, folder = (tmp_path_factory.mktemp(name) for name in ("raw", "model"))
    text = raw / "text.txt"
    text.write_text("\n".join(TEXTS * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(raw / "sentencepiece.bpe"),
        vocab_size=90,
        model_type="bpe",
        character_coverage=1.0,
        minloglevel=2,
    )
    tokenizer = NllbTokenizer.from_pretrained(
        raw, extra_special_tokens=["eng_Latn", "pol_Latn"], src_lang="eng_Latn"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the model is tiny: threads only wait for each other
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer),
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=256,
            init_std=0.3,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.eos_token_id,
        )
    )
    model.save_pretrained(folder)
    return folder


def module_of(shelves: Shelves) -> Any:
    return shelves.module(shelves.get("translation", "hf"), "backend.py")


def open_it(shelves: Shelves, model: Path | str, **codes: str) -> Any:
    return module_of(shelves).open(
        BackendSettings(
            source="en",
            target="pl",
            source_codes={"flores": codes.get("source", "eng_Latn")},
            target_codes={"flores": codes.get("target", "pol_Latn")},
            model=str(model),
            memories=[],
            device="cpu",
        )
    )


@pytest.fixture(scope="module")
def backend(shelves: Shelves, checkpoint: Path) -> Any:
    return open_it(shelves, checkpoint)


def ask(backend: Any, *texts: str) -> list[Reply]:
    return backend.translate([Request(text, "en", "pl", "seeker") for text in texts])


def test_language_codes_are_tokens_and_not_unknown(backend: Any) -> None:
    unknown = backend.tokenizer.unk_token_id
    source, target = backend.tokenizer.convert_tokens_to_ids(["eng_Latn", "pol_Latn"])
    assert unknown not in (source, target)
    assert source != target
    assert backend.codes == ("eng_Latn", "pol_Latn")
    assert backend.forced == target
    assert source in backend.tokenizer("What helps you?")["input_ids"]


def test_the_answer_begins_with_the_target_language(backend: Any) -> None:
    inputs = backend.tokenizer(["What helps you?"], return_tensors="pt")
    tokens = backend.model.generate(**inputs, forced_bos_token_id=backend.forced, max_new_tokens=4)
    assert int(tokens[0, 1]) == backend.forced


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_language_code_the_tokenizer_does_not_know_is_an_error(
    shelves: Shelves, checkpoint: Path, side: str
) -> None:
    with pytest.raises(MhxError, match="knows no language code") as caught:
        open_it(shelves, checkpoint, **{side: "xxx_Latn"})
    assert "xxx_Latn" in str(caught.value)
    assert "codes.flores" in caught.value.problems[0].fix


def test_a_folder_without_a_model_is_a_message(shelves: Shelves, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="cannot be loaded"):
        open_it(shelves, tmp_path)


def outputs(backend: Any, texts: list[str]) -> list[tuple[str | None, str | None, str]]:
    return [(reply.text, reply.failure, reply.detail) for reply in ask(backend, *texts)]


def test_batches_do_not_change_the_answers(
    backend: Any, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = outputs(backend, TEXTS)
    assert len(set(whole)) > 1
    assert [outputs(backend, [text])[0] for text in TEXTS] == whole
    monkeypatch.setattr(module_of(shelves), "BATCH_TOKENS", 12)
    assert outputs(backend, TEXTS[::-1]) == whole[::-1]


def test_the_signature_says_what_decides_the_answer(backend: Any, checkpoint: Path) -> None:
    for piece in (str(checkpoint), "eng_Latn-pol_Latn", "greedy", "float32", "cpu"):
        assert piece in backend.signature


def test_no_request_is_no_reply(backend: Any) -> None:
    assert ask(backend) == []


@pytest.mark.parametrize(
    ("source", "target", "failure"),
    [
        ("I am tired.", "Jestem zmęczona.", None),
        ("I am tired.", "", "empty"),
        ("I am tired.", " … ", "empty"),
        ("I am so tired.", "I am so TIRED.", "source_copied"),
        ("Okay.", "Okay.", None),
        ("I am tired.", "a b c d " * 3, "repetition"),
        ("I am tired.", "no no no", None),
    ],
)
def test_an_empty_copied_or_repeated_answer_is_a_failure(
    shelves: Shelves, source: str, target: str, failure: str | None
) -> None:
    assert module_of(shelves).failure_of(source, target) == failure


def test_a_failed_answer_has_no_text(backend: Any) -> None:
    reply = backend._reply("I am so tired.", "I am so tired.")
    assert (reply.text, reply.failure) == (None, "source_copied")


def test_a_random_models_babble_is_text_or_a_failure_never_empty(backend: Any) -> None:
    for reply in ask(backend, *TEXTS[2:]):
        assert (reply.text is None) != (reply.failure is None)
        assert reply.text is None or reply.text.strip()
