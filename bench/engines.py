"""The translators hf and ct2 beside plain `generate` of transformers, one thread each.

    python bench/engines.py [--size 96] [--repeats 5]

The model is M2M100, the architecture of NLLB-200: width 512, six layers on each side, feed-forward
2,048, eight heads, 32,000 rows (NLLB-600M: 1,024, twelve, 4,096, sixteen, 256,206). Its weights are
set by hand and by a seed: the last cross attention looks at its own position and says what it
finds, the rest adds noise. So answers are near copies that end by themselves, at 60 to 100 % of
their source's tokens, as `sentences` plants the end; no quality can be read from them. Sources are
as long as the segments of the shipped English dialogues, at 1.35 tokens a word.

- hf beside batches of 16 in the order of the texts: target 1.2 times, with equal answers.
- ct2 at int8 beside batches of 32 sorted by length: target 3 times. Its arithmetic differs, so
  some answers do (counted); at float32 they must be equal (not timed).

The sides take turns. Processor seconds: one thread, nothing waits.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from sides import Side, Work, arguments, in_turn

TARGET_CT2, TARGET_HF = 3.0, 1.2
SHAPE = {"d_model": 512, "layers": 6, "ffn": 2048, "heads": 8, "vocabulary": 32_000}
PLAIN, SORTED = 16, 32  # texts in a peer's batch
LETTERS, END = "abcdefghijklmnopqrstuvwxy", "z"
CODES = ("eng_Latn", "pol_Latn")
TOKENS_A_WORD, SHORTEST = 1.35, 0.6
# the crafted weights: dimensions kept for positions on each half, those looked at, the spread of
# embeddings, the sharpness of the look, the strength of the copy, the noise of the rest
FREE, LOOKED, SPREAD, SHARP, COPY, NOISE = 128, 48, 3.0, 16.0, 8.0, 0.02


def build(folder: Path) -> None:
    """The checkpoint with its tokenizer, as `save_pretrained` writes it."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

    known = ["<s>", "<pad>", "</s>", "<unk>", "▁", *LETTERS, END]
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
    with torch.no_grad():
        _craft(model, known.index(END))
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _craft(model: Any, end: int) -> None:
    """Weights that copy: token and position stand in different dimensions."""
    import torch

    width, heads = SHAPE["d_model"], SHAPE["heads"]
    half, size = width // 2, width // heads
    free = torch.zeros(width, dtype=torch.bool)
    free[:FREE] = free[half : half + FREE] = True
    table = model.get_input_embeddings().weight
    table.normal_(0, SPREAD / width**0.5)
    table[:, free] = 0
    table -= table.sum(1, keepdim=True) / (~free).sum() * ~free  # a mean would tilt the look
    table[1] = 0
    table[end] = 0.9 * table[2]  # seen as a letter, said as the end mark
    for part in (model.model.encoder, model.model.decoder):
        for name, layer in part.layers.named_modules():
            if isinstance(layer, torch.nn.Linear):
                layer.weight.normal_(0, NOISE)
                layer.bias.zero_()
                if name.endswith(("out_proj", "fc2")):
                    layer.weight.mul_(0.05)
    look = torch.zeros(width, width)
    for at, place in enumerate(torch.linspace(0, LOOKED - 1, size // 2).round().long().tolist()):
        for start in range(0, width, size):
            look[start + at, place] = look[start + size // 2 + at, half + place] = SHARP
    copying = model.model.decoder.layers[-1].encoder_attn
    copying.q_proj.weight.copy_(look)
    copying.k_proj.weight.copy_(look)
    copying.v_proj.weight.copy_(torch.diag((~free).float()))
    copying.out_proj.weight.copy_(COPY * torch.eye(width))


def sentences(count: int) -> list[str]:
    """Seeded texts, a letter a token, with the planted end."""
    from mhx.language import load_language

    draw = random.Random(0)
    words = [len(text.split()) for dialogue in load_language("en").source_corpus
             for turn in dialogue.turns for text in turn.segments]
    out = []
    for _ in range(count):
        tokens = round(TOKENS_A_WORD * draw.choice(words))
        letters = draw.choices(LETTERS, k=tokens)
        letters[min(tokens - 1, round(draw.uniform(SHORTEST, 1) * tokens))] = END
        out.append("".join(letters))
    return out


def ours(options: dict[str, Any]) -> Work:
    """The engines of the shelf, unchecked: checks cost the peer nothing."""
    from mhx.contracts import BackendSettings
    from mhx.shelves import discover

    shelves, texts, opened = discover(), sentences(options["size"]), {}
    names = {"hf": ("hf", ""), "ct2 int8": ("ct2", ""), "ct2 float32": ("ct2", "@float32")}
    for case, (name, arithmetic) in names.items():
        module: Any = shelves.module(shelves.get("translation", name), "backend.py")
        opened[case] = module.open(BackendSettings(
            "en", "pl", {"flores": CODES[0]}, {"flores": CODES[1]}, memories=[], device="cpu",
            model=options["folder"] + arithmetic, cache=Path(options["cache"])))
    return lambda case: [answer.text for answer in opened[case].answers(texts)]


def theirs(options: dict[str, Any]) -> Work:
    """Batches through `generate`, as a script would do it."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options["folder"], src_lang=CODES[0])
    model = AutoModelForSeq2SeqLM.from_pretrained(options["folder"]).eval()
    texts = sentences(options["size"])

    def work(case: str) -> list[str]:
        lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
        order, size = list(range(len(texts))), PLAIN
        if case != "hf":
            order, size = sorted(order, key=lambda at: -lengths[at]), SORTED
        out = [""] * len(texts)
        for start in range(0, len(order), size):
            places = order[start : start + size]
            inputs = tokenizer([texts[at] for at in places], return_tensors="pt", padding=True)
            with torch.inference_mode():
                rows = model.generate(
                    **inputs, num_beams=1, do_sample=False,
                    max_new_tokens=2 * max(lengths[at] for at in places) + 16,
                    forced_bos_token_id=tokenizer.convert_tokens_to_ids(CODES[1]))
            said = tokenizer.batch_decode(rows, skip_special_tokens=True)
            for at, text in zip(places, said, strict=True):
                out[at] = " ".join(text.split())
        return out

    return work


def main() -> None:
    """Time both and write `results/engines.json`."""
    import common

    common.single_threaded()
    given = arguments(__doc__, size=96).parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "model"
        build(folder)
        options = {"size": given.size, "folder": str(folder), "cache": place}
        one = Side(sys.executable, "engines", "ours", options)
        two = Side(sys.executable, "engines", "theirs", options)
        exact = one.run("ct2 float32")["value"]
        timed = {case: in_turn((one, two), case, given.repeats) for case in ("hf", "ct2 int8")}
        one.close()
        two.close()
    said = {case: [runs[-1]["value"] for runs in sides] for case, sides in timed.items()}
    assert said["hf"][0] == said["hf"][1] == said["ct2 int8"][1] == exact, "answers differ"
    differ = sum(a != b for a, b in zip(*said["ct2 int8"], strict=True))
    tokens = [sum(map(len, answers)) for answers in (sentences(given.size), exact)]
    rows = []
    for case, target, peer, more in (
        ("hf", TARGET_HF, f"plain batches of {PLAIN}", {"equal_answers": True}),
        ("ct2 int8", TARGET_CT2, f"sorted batches of {SORTED}", {"answers_that_differ": differ}),
    ):
        for runs in timed[case]:
            for run in runs:
                run["value"] = {"texts": given.size}
        rows.append(common.sides_row(f"{case}, {peer} through generate", *timed[case],
                                     target=target, unit="texts", count=given.size, cpu=True,
                                     **more))
    common.record(
        "engines", {"shape": SHAPE, "texts": given.size, "source_tokens": tokens[0],
                    "answer_tokens": tokens[1], "results": rows},
        peers=("ctranslate2", "transformers", "torch"), folder=given.out)


if __name__ == "__main__":
    main()
