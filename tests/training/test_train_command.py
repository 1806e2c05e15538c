"""`mhx train` as a user calls it: one language or several, their data, weights and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.files import read_yaml
from mhx.schema import TrainRecipe
from mhx.training.command import changed

TINY = ["--set", "epochs=1", "--set", "batch_size=2", "--set", "max_steps=4", "--set",
        "overrides={}", "--device", "cpu"]


@pytest.fixture
def base(tmp_path: Path) -> str:
    return small_base("Llama", tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve conversations of two languages, one each to validate on; no system prompt."""
    rows = []
    for number in range(12):
        row = dialogue(number)
        tag = ("pl", "fa")[number % 2]
        rows.append({**row, "messages": row["messages"][1:], "lang": tag,
                     "split": "valid" if number > 9 else "train"})
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def train(*options: str) -> Any:
    result = CliRunner().invoke(app, ["train", "--json", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_two_languages_from_one_file_in_one_pass(base: str, data: Path, tmp_path: Path) -> None:
    rows = train("--lang", "pl", "--lang", "fa", "--data", str(data), "--base-model", base,
                 "--weight", "pl=2", "--cap", "fa=3", "--into", str(tmp_path / "out"), *TINY[:4],
                 *TINY[6:])
    assert [(row["lang"], row["dialogues"], row["steps"]) for row in rows] == [
        ("pl", 5, 6), ("fa", 3, 2)]
    for row in rows:
        folder = tmp_path / "out" / row["lang"]
        assert row["adapter"] == str(folder)
        assert row["valid loss"] > 0
        assert row["tokens a word"] > 1
        manifest, _ = read_yaml(folder / "manifest.yaml")
        assert manifest["trained_with"] == ["pl", "fa"]
        assert manifest["tokenizer"]["tokens_per_word"] == row["tokens a word"]
        card = (folder / "README.md").read_text(encoding="utf-8")
        other = "fa" if row["lang"] == "pl" else "pl"
        assert f"in one pass with adapters of {other}" in card
    assert not (tmp_path / "out" / "checkpoint.pt").exists()


def test_one_language_takes_the_bare_folder(base: str, data: Path, tmp_path: Path) -> None:
    row = train("--lang", "pl", "--data", str(data), "--base-model", base, "--into",
                str(tmp_path / "out"), *TINY)
    assert (row["lang"], row["dialogues"], row["steps"]) == ("pl", 5, 3)
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()
    assert "in one pass" not in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_every_language_without_a_corpus_is_named(base: str, tmp_path: Path) -> None:
    with pytest.raises(MhxError) as caught:
        CliRunner().invoke(app, ["train", "--lang", "pl", "--lang", "fa", "--base-model", base,
                                 "--out", str(tmp_path)], catch_exceptions=False)
    assert len(caught.value.problems) == 2
    assert "mhx adapt --lang fa --until gate" in caught.value.problems[1].fix


def test_settings_are_checked_like_the_recipe() -> None:
    recipe = TrainRecipe.model_validate({"lora": {"r": 8}})
    found = changed(recipe, ["epochs=2.5", "lora.r=16", "lora.targets=[q_proj, v_proj]",
                             "patience=3"])
    assert (found.epochs, found.lora.r, found.patience) == (2.5, 16, 3)
    assert found.lora.targets == ["q_proj", "v_proj"]
    with pytest.raises(MhxError, match=r"epoch: unknown key — did you mean 'epochs'"):
        changed(recipe, ["epoch=2"])
    with pytest.raises(MhxError, match="learning_rate"):
        changed(recipe, ["learning_rate=0"])
    with pytest.raises(UsageError, match="--set 'epochs'"):
        changed(recipe, ["epochs"])


def test_the_same_language_twice_is_a_mistake(base: str, data: Path) -> None:
    with pytest.raises(UsageError, match="name each language once"):
        CliRunner().invoke(app, ["train", "--lang", "pl", "--lang", "pl", "--data", str(data),
                                 "--base-model", base], catch_exceptions=False)


def test_progress_says_speed_losses_and_time_left(base: str, data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [
        "train", "--lang", "pl", "--lang", "fa", "--data", str(data), "--base-model", base,
        "--into", str(tmp_path / "out"), "--set", "batch_size=9", "--set", "epochs=2",
        "--device", "cpu"], catch_exceptions=False)
    assert result.exit_code == 0
    said = result.stderr
    assert "step 1 of 2, loss pl " in said
    assert ", fa " in said
    assert "tokens/s, 0:00:0" in said
    assert "pl: 5 conversations are fewer than a batch of 9" in said
    assert "tokens a word" in result.stdout
