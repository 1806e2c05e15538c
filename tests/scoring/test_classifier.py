"""The classifier scorer: a tiny random encoder learns planted labels, any label shape is read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx.api import open_run
from mhx.cli import main
from mhx.errors import MhxError
from mhx.evaluation.answers import score_answers
from mhx.evaluation.wanted import Wanted
from mhx.schema import SuiteManifest
from mhx.scoring.classifier import Classified, Classifier, heads_of
from mhx.scoring.classifier_train import Labelled, Recipe, labelled, table_of, train_classifier
from mhx.shelves import discover, shipped_root

WORDS = ["sorry", "sad", "what", "why", "maybe", "because", "you", "feel", "that", "it", "is",
         "long", "walk", "night", "work"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of one layer with a vocabulary of words."""
    import torch
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=1,
                        num_attention_heads=2, intermediate_size=64, max_position_embeddings=64)
    BertForMaskedLM(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def printed(monkeypatch: Any, capsys: Any, *arguments: object) -> Any:
    """What a command prints as JSON."""
    monkeypatch.setattr(sys, "argv", ["mhx", *map(str, arguments), "--json"])
    main()
    return json.loads(capsys.readouterr().out)


def planted(count: int = 240) -> pl.DataFrame:
    """Levels that words decide: sorry, maybe, why, each weak alone and strong said twice."""
    rows = []
    for number in range(count):
        levels = [number % 3, (number // 3) % 3, (number // 9) % 3]
        cues = [word for word, level in zip(("sorry", "maybe", "why"), levels, strict=True)
                for _ in range(level)]
        rows.append({"prompt": f"it is {WORDS[number % 7]} {number}",
                     "response": " ".join(["you", *cues, WORDS[-1 - number % 4]]),
                     "emotional_reactions": levels[0], "interpretations": levels[1],
                     "explorations": levels[2]})
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A classifier after one pass, and its record."""
    folder = tmp_path_factory.mktemp("trained") / "made"
    frame = planted()
    data = labelled(frame, prompt="prompt", response="response", path=Path("x.csv"),
                    columns=table_of([], frame))
    return folder, train_classifier(data, str(base), folder, lang="en", device="cpu",
                                    recipe=Recipe(epochs=1))


def test_it_learns_what_words_decide_and_measures_it_on_messages_it_has_not_seen(base, tmp_path):
    frame = planted()
    data = labelled(frame, prompt="prompt", response="response", path=Path("x.csv"),
                    columns={name: name for name in frame.columns[2:]})
    learning, held = data.halves(seed=1)
    assert held.prompts and not set(learning.prompts) & set(held.prompts)
    record = train_classifier(data, str(base), tmp_path / "made", lang="en", device="cpu",
                              recipe=Recipe(epochs=25, learning_rate=5e-3, seed=1))
    assert [row["n"] for row in record["rows"]] == [len(held.prompts)] * 3
    assert min(row["kappa_quadratic"] for row in record["rows"]) > 0.6  # 0 is chance


def test_the_command_trains_stores_the_agreement_and_score_prints_it(
    base, tmp_path, monkeypatch, capsys
):
    labels, table, folder = (tmp_path / name for name in ("labels.csv", "answers.csv", "made"))
    planted(60).rename({"explorations": "asks"}).drop("interpretations").write_csv(labels)
    record = printed(
        monkeypatch, capsys, "score", labels, "--lang", "en", "--train", "--base", base, "--into",
        folder, "--label", "explorations=asks", "--epochs", "1", "--device", "cpu")
    assert [row["mechanism"] for row in record["rows"]] == ["explorations"]
    assert record["trained_on"] + record["rows"][0]["n"] == 60
    pl.DataFrame({"prompt": ["it is long"] * 2, "response": ["sorry sorry", ""]}).write_csv(table)
    found = printed(monkeypatch, capsys, "score", table, "--lang", "en", "--prompt", "prompt",
                    "--classifier", folder, "--device", "cpu")
    assert found["signature"].endswith("agreement:measured")
    assert found["agreement"]["rows"] == record["rows"]
    by_unit = {(row["unit"], row["measure"]): row for row in found["scores"]}
    assert len(by_unit) == 2  # no outputs for what nobody labelled
    assert by_unit["1", "explorations"]["score"] in (0, 1, 2)
    assert by_unit["2", "explorations"]["status"] == "missing"


def test_an_agreement_holds_for_its_language_and_weights_alone(trained, tmp_path):
    import shutil

    folder, _ = trained
    assert Classifier(str(folder), None).agreement("en")
    assert Classifier(str(folder), None).agreement("pl") == {}
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    weights = other / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    assert Classifier(str(other), None).agreement("en") == {}


def test_batched_levels_are_those_of_one_by_one(trained):
    made = Classifier(str(trained[0]), None, "cpu")
    frame = planted(40)
    prompts, responses = frame["prompt"].to_list(), frame["response"].to_list()
    assert made.levels(prompts, responses, batch_size=7) == made.levels(
        prompts, responses, batch_size=1)


def test_three_plain_labels_are_levels_of_the_mechanism_that_is_named():
    heads = heads_of({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, name="x",
                     mechanism="explorations")
    assert [(head.mechanism, head.columns) for head in heads] == [("explorations", (0, 1, 2))]
    with pytest.raises(MhxError, match="no level"):
        heads_of({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, name="x", mechanism=None)
    with pytest.raises(MhxError, match="no level"):
        heads_of({0: "POSITIVE", 1: "NEGATIVE"}, name="x", mechanism="explorations")
    with pytest.raises(MhxError, match="lacks a level"):
        heads_of({0: "explorations:0", 1: "explorations:2"}, name="x", mechanism=None)


def test_a_mechanism_scored_twice_or_unknown_is_refused(trained):
    with pytest.raises(MhxError, match="same mechanism"):
        Classified("en", f"explorations={trained[0]},interpretations={trained[0]}")
    with pytest.raises(MhxError, match="mechanism"):
        Classified("en", f"explorration={trained[0]}")


def test_bad_levels_are_named_by_line_and_missing_ones_are_left_out():
    frame = pl.DataFrame({"p": ["a", "b", "c"], "r": ["x", "y", "z"], "level": ["0", "3", None]})
    columns = {"explorations": "level"}
    with pytest.raises(MhxError) as caught:
        labelled(frame, prompt="p", response="r", columns=columns, path=Path("t.csv"))
    assert [problem.line for problem in caught.value.problems] == [3]
    kept = labelled(frame.filter(frame["level"].is_null()), prompt="p", response="r",
                    columns=columns, path=Path("t.csv"))
    assert kept == Labelled(("c",), ("z",), ((None, None, None),))


def test_a_folder_that_is_no_classifier_is_said_to_be_none(tmp_path):
    with pytest.raises(MhxError, match="cannot load classifier"):
        _ = Classifier(str(tmp_path), None).heads


def test_a_run_scores_its_answers_by_a_classifier_beside_the_cues(trained, tmp_path):
    folder, _ = trained
    shelves = discover(cwd=shipped_root())
    run = open_run("pl", shelves=shelves, out=tmp_path / "runs", device="cpu",
                   wanted=Wanted(classifier=str(folder)))
    assert "classifier" in run.settings.plugin_sha256
    answers = pl.DataFrame([
        {"unit": f"u{number}", "system": system, "prompt": "I cannot sleep.", "spans": "[]",
         "response": "That is hard." if number else "", "also": "", "control": "none",
         "risk": False}
        for system in ("base", "adapter") for number in range(3)])
    suite = SuiteManifest.model_validate({"name": "x", "title": "x", "measures": ["epitome"]})
    out = score_answers(run, suite, answers)
    cues, classified = out.measured
    assert (cues.instrument, classified.instrument) == ("epitome", "epitome:classifier")
    rows = list(classified.rows())
    assert {(row["scored"], row["expected"]) for row in rows} == {(2, 3)}
    assert {row["by"] for row in rows} == {"classifier"}
    assert {row["agreement"] for row in rows} == {None}  # it was measured on English
    assert out.empathy.equals(cues.scores)
