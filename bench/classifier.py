"""EPITOME scorers on the same held-out half: majority, length, cues, a small trained classifier.

    python bench/classifier.py --data ../shared/data/epitome --kumar ../shared/data/kumar_empathy

The classifier is an encoder of `SIZE` from scratch, its WordPiece vocabulary and weights from the
development half alone, on a CPU in minutes: what the code does with no pretrained encoder at hand,
not what a classifier can do. The test half is only measured. No text of the data is stored, nor
the classifier. Writes `results/epitome_scorers.json` and, of the 50 answers that the experts of
Kumar et al. rated by EPITOME, `results/epitome_experts.json`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from epitome_agreement import (
    LANG,
    LEVELS,
    baselines,
    file_name,
    fit_length,
    gains,
    half_of,
    lengths,
    macro_f1,
    read,
)

from mhx.contracts import MeasureSettings
from mhx.files import hash_file, write_json
from mhx.run import machine, versions
from mhx.scoring import MECHANISMS, open_measure
from mhx.scoring.classifier import Classifier
from mhx.scoring.classifier_train import (
    Labelled,
    Recipe,
    agreement_rows,
    train_classifier,
)
from mhx.shelves import discover, shipped_root

RESULTS = Path(__file__).resolve().parent / "results"
SIZE = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 192, "max_position_embeddings": 160}
VOCABULARY = 4000
RECIPE = Recipe(epochs=8, batch_size=16, learning_rate=1e-3, longest=128, seed=0)
EXPERTS = ("expert1", "expert2", "expert3")


def halves(data: Path) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
    """The development and the test half by mechanism, as `epitome_agreement` halves them."""
    dev, test = {}, {}
    for name in MECHANISMS:
        frame = read(data, name)[0]
        ids = zip(frame["sp_id"], frame["rp_id"], strict=True)
        part = pl.Series([half_of(str(one), str(two)) for one, two in ids])
        dev[name], test[name] = frame.filter(part == "dev"), frame.filter(part == "test")
    return dev, test


def joined(frames: dict[str, pl.DataFrame]) -> Labelled:
    """The mechanisms' tables as one, by id pair."""
    found: dict[tuple[str, str], list[Any]] = {}
    for place, name in enumerate(MECHANISMS):
        for row in frames[name].iter_rows(named=True):
            key = (str(row["sp_id"]), str(row["rp_id"]))
            entry = found.setdefault(
                key, [str(row["seeker_post"]), str(row["response_post"]), [None] * 3])
            entry[2][place] = int(row["level"])
    rows = list(found.values())
    return Labelled(tuple(row[0] for row in rows), tuple(row[1] for row in rows),
                    tuple(tuple(row[2]) for row in rows))


def encoder(texts: list[str], folder: Path) -> Path:
    """A random BERT of `SIZE` with a WordPiece vocabulary of these texts."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=VOCABULARY, show_progress=False)
    pieces.save_model(str(folder))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(RECIPE.seed)
    BertModel(BertConfig(vocab_size=pieces.get_vocab_size(), **SIZE)).save_pretrained(folder)
    return folder


def scorers(data: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    """Every scorer on the test half, a row a mechanism and scorer; and the classifier's folder."""
    dev, test = halves(data)
    learning, held = joined(dev), joined(test)
    base = encoder([*learning.prompts, *learning.responses], folder)
    started = time.process_time()
    train_classifier(learning, str(base), folder / "made", lang=LANG, recipe=RECIPE, device="cpu",
                     held_out=held, held_out_name="EPITOME Reddit subset, test half by hash")
    seconds = time.process_time() - started
    shelves = discover(cwd=shipped_root())
    cues: Any = open_measure(
        "epitome", MeasureSettings(LANG, shelves.get("languages", LANG).folder), shelves)[1]
    model = Classifier(str(folder / "made"), None, "cpu")
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(MECHANISMS):
        frame = test[name]
        human = frame["level"].to_numpy()
        asked, said = ([str(text) for text in frame[column]]
                       for column in ("seeker_post", "response_post"))
        made = {
            "cues": np.array([cues.level(text, name) for text in said]),
            "classifier": np.array(model.levels(asked, said)[name]),
        }
        simple = {one["baseline"]: one for one in baselines(dev[name], frame, made["classifier"])}
        before = dev[name]["level"].to_numpy()
        made["majority"] = np.full(len(human), simple["majority"]["fitted"]["level"])
        made["length"] = fit_length(lengths(dev[name]), before).levels(lengths(frame))
        for scorer in ("majority", "length", "classifier", "cues"):
            people = Labelled(tuple(asked), tuple(said), tuple(
                tuple(int(level) if k == place else None for k in range(3)) for level in human))
            row = agreement_rows(people, {name: made[scorer].tolist()})[0]
            rows.append({
                "scorer": scorer, **row,
                "f1_level": [macro_f1(human, made[scorer], (level,)) for level in LEVELS],
                "kappa_level": [level_kappa(human, made[scorer], level) for level in LEVELS],
                "gain_over": {
                    other: gains(human, made[scorer], made[other])
                    for other in ("majority", "length", "cues") if other != scorer
                } if scorer in ("classifier", "cues") else {},
            })
    return {
        "data": "EPITOME Reddit subset; trained on the development half, measured on the test half",
        "data_sha256": {name: hash_file(data / file_name(name)) for name in MECHANISMS},
        "pairs": {"development": len(learning.responses), "test": len(held.responses)},
        "encoder": {**SIZE, "vocabulary": VOCABULARY, "pretrained": False},
        "recipe": vars(RECIPE), "training_cpu_seconds": round(seconds, 1),
        "rows": rows, "machine": machine(), "versions": versions(),
        "note": "kappa_quadratic with a 95% bootstrap interval over pairs; kappa_level is Cohen's "
        "kappa of one level against the others; gain_over is paired. A classifier from scratch on "
        "some 1,500 answers: no statement on pretrained ones, of which none was at hand.",
    }, folder / "made"


def level_kappa(human: Any, made: Any, level: int) -> float | None:
    """Cohen's kappa of one level against the others; None where neither side uses it."""
    one, two = human == level, made == level
    chance = one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())
    return None if chance == 1 else float(((one == two).mean() - chance) / (1 - chance))


def experts(kumar: Path, data: Path, model: Path) -> dict[str, Any]:
    """Quadratic kappa of each scorer with each expert, beside that of the experts, on 50 answers.

    Baselines are fitted on EPITOME's own labels less these answers; the classifier has seen those
    of the development half, so its rows are of the test half's answers alone.
    """
    frame = pl.read_csv(kumar / "combined_annotations.csv", infer_schema_length=0)
    columns = frame.columns
    first = next(i for i, name in enumerate(columns) if name.startswith("epitome_conversation_id"))
    part = frame[:, first:].select(
        pl.nth(0).alias("sp_id"), pl.nth(1).alias("rp_id"),
        *(pl.nth(2 + k).cast(pl.Float64).alias(name)
          for k, name in enumerate(("emotional_reactions", "interpretations", "explorations"))),
        pl.nth(5).alias("rater"),
    ).filter(pl.col("rater").is_in(EXPERTS))
    dev, test = halves(data)
    shelves = discover(cwd=shipped_root())
    cues: Any = open_measure(
        "epitome", MeasureSettings(LANG, shelves.get("languages", LANG).folder), shelves)[1]
    classifier = Classifier(str(model), None, "cpu")
    rows: list[dict[str, Any]] = []
    for name in MECHANISMS:
        people = part.filter(pl.col(name).is_not_null()).pivot(
            "rater", index=["sp_id", "rp_id"], values=name, aggregate_function="first")
        both = pl.concat([dev[name].with_columns(half=pl.lit("dev")),
                          test[name].with_columns(half=pl.lit("test"))])
        items = people.join(both.with_columns(pl.col("sp_id", "rp_id").cast(pl.String)),
                            on=["sp_id", "rp_id"], how="inner")
        rest = both.with_columns(pl.col("sp_id", "rp_id").cast(pl.String)).join(
            people, on=["sp_id", "rp_id"], how="anti")
        before = rest["level"].to_numpy()
        asked, said = ([str(text) for text in items[column]]
                       for column in ("seeker_post", "response_post"))
        made = {
            "majority": [int(np.bincount(before, minlength=3).argmax())] * items.height,
            "length": fit_length(lengths(rest), before).levels(lengths(items)).tolist(),
            "cues": [cues.level(text, name) for text in said],
            "epitome_label": items["level"].to_list(),
            "classifier": [level if half == "test" else None for level, half in zip(
                classifier.levels(asked, said)[name], items["half"], strict=True)],
        }
        given = {rater: items[rater].to_list() for rater in EXPERTS if rater in items.columns}
        names = [*given, *made]
        for one, levels in given.items():
            for two in names[names.index(one) + 1:]:
                other = given.get(two, made.get(two))
                rows.append({"mechanism": name, "one": one, "two": two, **pair(levels, other)})
    return {
        "data": "Kumar et al. 2025, the answers of EPITOME rated by experts",
        "data_sha256": hash_file(kumar / "combined_annotations.csv"), "rows": rows,
        "note": "quadratic kappa with a 95% bootstrap interval over answers; of 50 answers it is "
        "wide. epitome_label is the level of the published EPITOME file. The cues were tuned with "
        "the development half in view, and some of these answers are of it.",
    }


def pair(one: list[Any], two: list[Any] | None) -> dict[str, Any]:
    """Quadratic kappa of two lists of levels, where both are there."""
    from mhx.stats.agreement import agree

    kept = [(a, b) for a, b in zip(one, two or [], strict=True)
            if a is not None and b is not None]
    table = pl.DataFrame({
        "unit": [str(i) for i in range(len(kept))] * 2, "rater": ["a"] * len(kept)
        + ["b"] * len(kept), "value": [float(a) for a, _ in kept] + [float(b) for _, b in kept]})
    found = agree(table, item="unit", rater="rater", rating="value", level="interval",
                  range_=(0, 2)).pairs[0].statistics["kappa_quadratic"]
    return {"n": len(kept), "kappa_quadratic": found.value, "low": found.low, "high": found.high}


def main() -> None:
    """Train, measure, write both results, print a line a row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/epitome"))
    parser.add_argument("--kumar", type=Path, default=Path("../shared/data/kumar_empathy"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found, model = scorers(options.data, Path(name))
        write_json(RESULTS / "epitome_scorers.json", found)
        for row in found["rows"]:
            print(f"{row['mechanism']:20} {row['scorer']:10} κ {row['kappa_quadratic'] or 0:.2f} "
                  f"F1 {row['f1_binary']:.2f} {row['f1_macro']:.2f}", flush=True)
        rated = experts(options.kumar, options.data, model)
    write_json(RESULTS / "epitome_experts.json", rated)
    for row in rated["rows"]:
        print(f"{row['mechanism']:20} {row['one']:8} {row['two']:14} n {row['n']:3} "
              f"κ {row['kappa_quadratic'] or 0:.2f}")


if __name__ == "__main__":
    main()
