"""Scoring and generation a second, batched as mhx does it and one text at a time, in one process.

    python bench/scoring_speed.py [--repeat 5] [--out FOLDER]

`ours` is one call for all texts, `peer` the same function once for each text; both are timed in
turn, and their results must be equal before a time counts. Texts are the shipped dialogues. The
classifier is a random encoder of two layers (speed does not depend on what it learned); mhx-tiny
answers greedily, to a fixed length. Writes `results/scoring_speed.json`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import common

LANG = "pl"
BATCH = 16
TOKENS = 32  # new tokens of an answer
PROMPTS, CLASSIFIED, DIALOGUES = 32, 192, 8
ENCODER: dict[str, Any] = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
                           "intermediate_size": 192, "max_position_embeddings": 160}
WORDPIECES = 4000
Row = dict[str, Any]


def compared(case: str, unit: str, items: Sequence[Any], work: Callable[[Sequence[Any]], list[Any]],
             repeat: int) -> Row:
    """Medians of all items at once and of one by one, in turn; raises where the results differ."""
    def one_by_one(given: Sequence[Any]) -> list[Any]:
        return [result for item in given for result in work([item])]

    sides: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(repeat + 1):  # the first of each is not counted: caches, first calls
        results = []
        for name, side in (("ours", work), ("peer", one_by_one)):
            start = time.perf_counter()
            results.append(side(items))
            sides[name].append(time.perf_counter() - start)
        if results[0] != results[1]:
            raise SystemExit(f"{case}: batched and one by one differ")
    found = {
        name: {"seconds": times[1:], "median_s": statistics.median(times[1:]),
               "per_second": len(items) / statistics.median(times[1:])}
        for name, times in sides.items()
    }
    ratio = found["peer"]["median_s"] / found["ours"]["median_s"]
    common.say(f"{case}: {found['ours']['per_second']:.3g} and {found['peer']['per_second']:.3g} "
               f"{unit} a second, {ratio:.2f} times")
    return {"case": case, "unit": unit, "items": len(items), **found, "ratio": ratio}


def encoder(texts: list[str], folder: Path) -> str:
    """A random sequence classifier for the three mechanisms, its vocabulary from the texts."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    from mhx.scoring import MECHANISMS

    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=WORDPIECES, show_progress=False)
    pieces.save_model(str(folder))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    labels = dict(enumerate(f"{name}:{level}" for name in MECHANISMS for level in range(3)))
    config = BertConfig(vocab_size=pieces.get_vocab_size(), id2label=labels,
                        label2id={name: place for place, name in labels.items()}, **ENCODER)
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def material() -> tuple[Any, Any, list[Row], list[Row]]:
    """Shelves, language, a row a supporter's turn, a row a test dialogue (messages as JSON)."""
    from mhx.corpus.export import CHAT_ROLES, adapted_turns
    from mhx.language import load_language
    from mhx.shelves import discover, shipped_root

    shelves = discover(cwd=shipped_root())
    language = load_language(LANG, shelves=shelves)
    answers, dialogues = [], []
    for item in language.corpus:
        turns = adapted_turns(item)
        answers += [{"unit": f"{item.id}|{number:03d}", "prompt": one[1], "response": two[1],
                     "reference": two[1][::-1]}
                    for number, (one, two) in enumerate(pairwise(turns))
                    if (one[0], two[0]) == ("seeker", "supporter")]
        messages = [{"role": CHAT_ROLES[role], "content": text} for role, text in turns]
        dialogues.append({"unit": item.id, "response": json.dumps(messages, ensure_ascii=False)})
    return shelves, language, answers, dialogues


def scoring(repeat: int, folder: Path) -> list[Row]:
    """Cues, chrF, classifier and perplexity."""
    from mhx.contracts import MeasureSettings
    from mhx.scoring import open_measure
    from mhx.scoring.classifier import Classifier

    shelves, language, answers, dialogues = material()

    def measure(name: str, **options: Any) -> Any:
        settings = MeasureSettings(LANG, language.folder, device="cpu", options=options)
        return open_measure(name, settings, shelves)[1]

    rows = [
        compared("EPITOME by cues", "answers", answers, by_call(measure("epitome")), repeat),
        compared("chrF, each segment", "answers", answers, by_call(measure("chrf")), repeat),
    ]
    texts = [row["response"] for row in answers]
    model = Classifier(encoder(texts, folder), None, "cpu")

    def classify(given: Sequence[Row]) -> list[Any]:
        levels = model.levels([row["prompt"] for row in given], [row["response"] for row in given])
        return [*zip(*levels.values(), strict=True)]

    rows.append(compared("EPITOME by a classifier", "answers", answers[:CLASSIFIED], classify,
                         repeat))
    rows.append(compared("perplexity by mhx-tiny, loading included", "dialogues",
                         dialogues[:DIALOGUES], by_call(measure("perplexity", base="mhx-tiny")),
                         repeat))
    return rows


def by_call(measure: Any) -> Callable[[Sequence[Row]], list[Any]]:
    """A measure's scores, a tuple a unit in the order of the rows."""
    import polars as pl

    def work(rows: Sequence[Row]) -> list[Any]:
        found: dict[str, list[Any]] = {}
        for unit, name, score in measure.score(pl.DataFrame(rows)).select(
                "unit", "measure", "score").iter_rows():
            found.setdefault(unit, []).append((name, score))
        return [tuple(found[row["unit"]]) for row in rows]

    return work


def generation(repeat: int) -> Row:
    """Greedy answers of mhx-tiny to the first turns of the shipped dialogues."""
    from mhx.talking import conversation
    from mhx.training.base import load_model, load_tokenizer
    from mhx.training.generate import generate

    _, language, answers, _ = material()
    firsts = list({row["unit"].split("|")[0]: row["prompt"] for row in answers[::-1]}.values())
    asked = [conversation(language, [text]) for text in firsts[:PROMPTS]]
    model, tokenizer = load_model("mhx-tiny", device="cpu"), load_tokenizer("mhx-tiny")

    def answer(given: Sequence[Any]) -> list[Any]:
        return list(generate(model, tokenizer, given, max_new_tokens=TOKENS, batch_size=BATCH))

    return compared(f"mhx generate, mhx-tiny, {TOKENS} tokens, batches of {BATCH}", "answers",
                    asked, answer, repeat)


def main() -> None:
    """Measure and write the result."""
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        results = [*scoring(given.repeat, Path(folder)), generation(given.repeat)]
    common.record("scoring_speed", {"repeat": given.repeat, "results": results},
                  peers=("sacrebleu",), folder=given.out)


if __name__ == "__main__":
    main()
