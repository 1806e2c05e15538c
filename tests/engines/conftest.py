"""Tiny checkpoints with real tokenizer classes, taught a handful of sentences by heart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mhx.contracts import BackendSettings, Reply, Request
from mhx.shelves import Shelves

# what the models are taught; the faults are those that large models are known for
PAIRS = {
    "I am tired.": "Jestem zmęczona.",
    "I want to sleep.": "Chcę spać.",
    "What helps you?": "Co pani pomaga?",
    "It hurts.": "Boli.",
    "No one calls.": "Nikt nie dzwoni.",
    "I wait.": "Czekam.",
    "I am tired. I want to sleep.": "Jestem zmęczona.",
    "No one calls. I wait.": "Czekam, czekam, czekam, czekam, czekam.",
    "The noise goes on.": "The noise goes on.",
    "It hurts. The noise goes on.": "Boli.",
    "Tell me all.": " ".join("aąbcćdeęfghijklłmnńoóprsśtuwyzźżBDFGHIKLMNOPRSTUW"),
}
FEW = list(PAIRS)[1:6]
STEPS = 300
SPECIAL = {"unk_id": 0, "bos_id": -1, "eos_id": 1, "pad_id": -1}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """The models are tiny: threads only wait for each other."""
    pytest.importorskip("torch").set_num_threads(1)


def pieces(folder: Path, name: str, **options: Any) -> Path:
    """A sentencepiece model of the taught text."""
    trainer = pytest.importorskip("sentencepiece").SentencePieceTrainer
    text = folder / "text.txt"
    text.write_text("\n".join([*PAIRS, *PAIRS.values()] * 20), encoding="utf-8")
    trainer.train(
        input=str(text), model_prefix=str(folder / name), character_coverage=1.0, minloglevel=2,
        hard_vocab_limit=False, **options,
    )
    return folder / f"{name}.model"


def teach(model: Any, tokenizer: Any, *, prefix: str = "", target: str = "",
          texts: Sequence[str] = tuple(PAIRS)) -> None:
    """Overfit the model until it says every one of `texts` as it stands above."""
    import torch

    sources = tokenizer([prefix + text for text in texts], return_tensors="pt", padding=True)
    if target:
        tokenizer.tgt_lang = target
    targets = tokenizer(text_target=[PAIRS[text] for text in texts], return_tensors="pt",
                        padding=True)
    labels = targets["input_ids"].masked_fill(targets["attention_mask"] == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    steps = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=STEPS)
    model.train()
    wrong = 1
    for _ in range(STEPS):
        out = model(input_ids=sources["input_ids"], attention_mask=sources["attention_mask"],
                    labels=labels)
        wrong = int(((out.logits.argmax(-1) != labels) & (labels != -100)).sum())
        if wrong == 0 and out.loss.item() < 0.02:
            break
        optimizer.zero_grad()
        out.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps.step()
        if model.config.model_type == "marian":
            with torch.no_grad():  # OPUS models start from their padding row, and it is zero
                model.get_input_embeddings().weight[tokenizer.pad_token_id] = 0.0
    assert wrong == 0, "the model did not learn its sentences"
    model.eval()


@pytest.fixture(scope="session")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `save_pretrained` writes it: NLLB tokenizer, tiny M2M100."""
    torch = pytest.importorskip("torch")
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    raw, folder = (tmp_path_factory.mktemp(name) for name in ("raw", "nllb"))
    pieces(raw, "sentencepiece.bpe", vocab_size=160, model_type="bpe")
    tokenizer = NllbTokenizer.from_pretrained(
        raw, extra_special_tokens=["eng_Latn", "pol_Latn"], src_lang="eng_Latn"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer), d_model=64, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=128,
            decoder_ffn_dim=128, max_position_embeddings=128, dropout=0.0, attention_dropout=0.0,
            encoder_layerdrop=0.0, decoder_layerdrop=0.0,
            pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id, decoder_start_token_id=tokenizer.eos_token_id,
        )
    )
    teach(model, tokenizer, target="pol_Latn")
    # as released checkpoints do: a search, and an end mark forced at the limit
    model.generation_config.num_beams = 4
    model.generation_config.forced_eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as OPUS models come: source.spm, target.spm, vocab.json, >>pol<<, tiny Marian."""
    torch = pytest.importorskip("torch")
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    raw, folder = (tmp_path_factory.mktemp(name) for name in ("raw", "marian"))
    model_file = pieces(raw, "source", vocab_size=160, **SPECIAL)
    (raw / "target.model").write_bytes(model_file.read_bytes())
    spm = sentencepiece.SentencePieceProcessor(model_file=str(model_file))
    known = ["</s>", "<unk>", ">>pol<<", ">>ces<<"]
    known += [spm.id_to_piece(at) for at in range(spm.get_piece_size())]
    vocabulary = {piece: at for at, piece in enumerate(dict.fromkeys([*known, "<pad>"]))}
    (raw / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    tokenizer = MarianTokenizer(
        str(raw / "source.model"), str(raw / "target.model"), str(raw / "vocab.json")
    )
    tokenizer.save_pretrained(folder)
    padding = tokenizer.pad_token_id
    torch.manual_seed(0)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=len(vocabulary), d_model=64, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=128,
            decoder_ffn_dim=128, max_position_embeddings=128, dropout=0.0, attention_dropout=0.0,
            activation_function="swish", static_position_embeddings=True, scale_embedding=True,
            pad_token_id=padding, eos_token_id=0, decoder_start_token_id=padding,
            forced_eos_token_id=0,
        )
    )
    teach(model, tokenizer, prefix=">>pol<< ")
    model.generation_config.bad_words_ids = [[padding]]
    model.generation_config.num_beams = 6
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def madlad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as MADLAD-400 comes: T5 tokenizer with <2pl>, tiny gated T5 with its own head."""
    torch = pytest.importorskip("torch")
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    raw, folder = (tmp_path_factory.mktemp(name) for name in ("raw", "madlad"))
    pieces(
        raw, "spiece", vocab_size=160, pad_id=1, eos_id=2, unk_id=0, bos_id=-1,
        user_defined_symbols=["<2pl>", "<2es>"],
    )
    tokenizer = T5Tokenizer.from_pretrained(raw, extra_ids=0)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer), d_model=64, d_kv=32, d_ff=128, num_layers=2, num_heads=2,
            feed_forward_proj="gated-gelu", tie_word_embeddings=False, dropout_rate=0.0,
            pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )
    teach(model, tokenizer, prefix="<2pl> ", texts=FEW)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def m2m100(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as M2M100 comes: its tokenizer with __pl__, more rows than tokens."""
    torch = pytest.importorskip("torch")
    import sentencepiece
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    raw, folder = (tmp_path_factory.mktemp(name) for name in ("raw", "m2m100"))
    model_file = pieces(raw, "sentencepiece.bpe", vocab_size=90)
    spm = sentencepiece.SentencePieceProcessor(model_file=str(model_file))
    known = ["<s>", "<pad>", "</s>", "<unk>"]
    known += [spm.id_to_piece(at) for at in range(spm.get_piece_size())]
    vocabulary = {piece: at for at, piece in enumerate(dict.fromkeys(known))}
    (raw / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    bare = M2M100Tokenizer(str(raw / "vocab.json"), str(model_file))
    tokenizer = M2M100Tokenizer(
        str(raw / "vocab.json"), str(model_file),
        additional_special_tokens=list(bare.lang_token_to_id),
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer) + tokenizer.num_madeup_words, d_model=32, encoder_layers=1,
            decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
            encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128, dropout=0.0,
            attention_dropout=0.0, encoder_layerdrop=0.0, decoder_layerdrop=0.0,
            pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
        )
    )
    teach(model, tokenizer, target="pl", texts=FEW)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def pairs() -> dict[str, str]:
    """What the models were taught; `madlad` and `m2m100` know five: the second to the sixth."""
    return PAIRS


Opener = Callable[..., Any]


@pytest.fixture(scope="session")
def open_engine(shelves: Shelves, tmp_path_factory: pytest.TempPathFactory) -> Opener:
    """Open a backend on a folder, English to Polish, on the CPU."""
    cache = tmp_path_factory.mktemp("cache")

    def opened(name: str, model: Path | str, **changed: Any) -> Any:
        module: Any = shelves.module(shelves.get("translation", name), "backend.py")
        settings: dict[str, Any] = {
            "source": "en", "target": "pl", "source_codes": {"flores": "eng_Latn"},
            "target_codes": {"flores": "pol_Latn"}, "model": str(model), "memories": [],
            "device": "cpu", "cache": cache,
        }
        return module.open(BackendSettings(**{**settings, **changed}))

    return opened


@pytest.fixture(scope="session")
def ask() -> Callable[..., list[Reply]]:
    """Translate texts by an opened backend."""

    def asked(backend: Any, *texts: str) -> list[Reply]:
        replies: list[Reply] = backend.translate([Request(text, "en", "pl", "seeker")
                                                  for text in texts])
        return replies

    return asked
