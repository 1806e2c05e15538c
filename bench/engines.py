"""The translators ct2 and hf beside plain `generate`, one thread each.

    python bench/engines.py [--texts 48] [--repeats 5]

The model is M2M100, the architecture of NLLB-200, with random weights: width 512, six layers on
each side, feed-forward 2,048, eight heads, 32,000 rows (NLLB-600M: 1,024, twelve, 4,096, sixteen,
256,206). Random weights give no end mark, so each answer runs to its limit of 2n + 16 tokens; no
quality can be read from it. Texts are seeded, of 2 to 13 words, each letter a token.

- ct2 at int8 beside batches of 32 sorted by length through `generate`: target 3 times. Its
  arithmetic differs, so its answers do too; at float32 they must be equal (not timed).
- hf beside batches of 16 in the order of the texts: target 1.2 times, with equal answers.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from typing import Any

import common

from mhx.contracts import BackendSettings
from mhx.shelves import discover

TARGET_CT2, TARGET_HF = 3.0, 1.2
SHAPE = {"d_model": 512, "layers": 6, "ffn": 2048, "heads": 8, "vocabulary": 32_000}
PLAIN, SORTED = 16, 32  # texts in a peer's batch
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CODES = ("eng_Latn", "pol_Latn")


def build(folder: Path) -> Path:
    """The checkpoint with its tokenizer, as `save_pretrained` writes it."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    known = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, "."]
    known += [f"piece{at}" for at in range(SHAPE["vocabulary"] - len(known) - 3)]
    tokenizer = NllbTokenizer(
        vocab={piece: at for at, piece in enumerate(known)}, merges=[],
        extra_special_tokens=list(CODES), src_lang=CODES[0],
    )
    torch.manual_seed(0)
    side = {"layers": SHAPE["layers"], "attention_heads": SHAPE["heads"], "ffn_dim": SHAPE["ffn"]}
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer), d_model=SHAPE["d_model"], max_position_embeddings=512,
            pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
            **{f"{part}_{name}": value for part in ("encoder", "decoder")
               for name, value in side.items()},
        )
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def sentences(count: int) -> list[str]:
    """Seeded texts of mixed length."""
    draw = random.Random(0)
    return [
        " ".join("".join(draw.choices(LETTERS, k=draw.randint(2, 7)))
                 for _ in range(draw.randint(2, 13))) + "."
        for _ in range(count)
    ]


def engine(name: str, model: str, cache: Path) -> Any:
    """A translator of the shelf on the checkpoint."""
    shelves = discover()
    module: Any = shelves.module(shelves.get("translation", name), "backend.py")
    return module.open(BackendSettings(
        "en", "pl", {"flores": CODES[0]}, {"flores": CODES[1]}, model=model, memories=[],
        device="cpu", cache=cache))


def plain(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model as a script would load them."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    return (AutoTokenizer.from_pretrained(folder, src_lang=CODES[0]),
            AutoModelForSeq2SeqLM.from_pretrained(folder).eval())


def generate(loaded: tuple[Any, Any], texts: list[str], size: int, *, by_length: bool
             ) -> list[str]:
    """Batches of `size` through `generate`; each answer cut at its own limit."""
    import torch

    tokenizer, model = loaded
    lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    order = list(range(len(texts)))
    if by_length:
        order.sort(key=lambda at: -lengths[at])
    out = [""] * len(texts)
    for start in range(0, len(order), size):
        places = order[start : start + size]
        inputs = tokenizer([texts[at] for at in places], return_tensors="pt", padding=True)
        with torch.inference_mode():
            rows = model.generate(
                **inputs, num_beams=1, do_sample=False,
                max_new_tokens=2 * max(lengths[at] for at in places) + 16,
                forced_bos_token_id=tokenizer.convert_tokens_to_ids(CODES[1]))
        for at, row in zip(places, rows, strict=True):
            text = tokenizer.decode(row[: 2 * lengths[at] + 17], skip_special_tokens=True)
            out[at] = " ".join(text.split())
    return out


def answers(translator: Any, texts: list[str]) -> list[str]:
    """What an engine says, before any check: checks cost the peers nothing."""
    return [answer.text for answer in translator.answers(texts)]


def main() -> None:
    """Time both and write `results/engines.json`."""
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    options = parser.parse_args()
    texts = sentences(options.texts)
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place) / "model", Path(place) / "cache"
        build(folder)

        def run(prepare: Any, work: Any) -> common.Timed:
            return common.timed(prepare, work, options.repeats)

        hf = run(lambda: engine("hf", str(folder), cache), lambda given: answers(given, texts))
        one = run(lambda: plain(folder),
                  lambda given: generate(given, texts, PLAIN, by_length=False))
        exact = common.timed(lambda: engine("ct2", f"{folder}@float32", cache),
                             lambda given: answers(given, texts), 1)
        ct2 = run(lambda: engine("ct2", str(folder), cache), lambda given: answers(given, texts))
        two = run(lambda: plain(folder),
                  lambda given: generate(given, texts, SORTED, by_length=True))
    assert hf.value == one.value == two.value, "hf and generate differ"
    assert exact.value == hf.value, "ct2 at float32 and hf differ"
    rows = [
        common.side_by_side("ct2 int8, sorted batches of 32 through generate", ct2, two,
                            target=TARGET_CT2, equal_at_float32=True),
        common.side_by_side("hf, plain batches of 16 through generate", hf, one,
                            target=TARGET_HF, equal_answers=True),
    ]
    common.record("engines", {"shape": SHAPE, "texts": options.texts, "results": rows},
                  peers=("ctranslate2", "transformers", "torch"), folder=options.out)


if __name__ == "__main__":
    main()
