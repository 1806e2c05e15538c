"""`--objective dpo --merge` as a user calls it: one model with the adapter's logits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import UsageError
from mhx.files import read_yaml
from mhx.training import merging
from mhx.training.base import load_model


def test_pairs_become_an_adapter_and_a_merged_model_with_its_logits(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = small_base("Llama", tmp_path)
    rows = []
    for number in range(6):
        *prompt, chosen = dialogue(number)["messages"]
        rows.append({"prompt": prompt, "chosen": [chosen], "lang": "pl",
                     "rejected": [{"role": "assistant", "content": "Przesadza Pan."}],
                     "split": "valid" if number == 5 else "train"})
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, [
        "train", "--lang", "pl", "--objective", "dpo", "--pairs", str(path), "--base-model", base,
        "--into", str(out), "--set", "learning_rate=0.02", "--merge", "--device", "cpu", "--json",
    ], catch_exceptions=False)
    assert done.exit_code == 0
    row = json.loads(done.stdout)
    assert row["dialogues"] == 5
    assert row["first loss"] == pytest.approx(0.6931, abs=1e-4)
    assert row["valid loss"] < row["first loss"]
    manifest, _ = read_yaml(out / "manifest.yaml")
    assert manifest["objective"] == "dpo"
    assert "DPO on 5 preference pairs, beta 0.1" in (out / "README.md").read_text("utf-8")

    merged = Path(row["merged"])
    alone: Any = AutoModelForCausalLM.from_pretrained(merged).eval()
    adapted = load_model(base, device="cpu", adapter=out).eval()
    plain = load_model(base, device="cpu").eval()
    text = AutoTokenizer.from_pretrained(merged)("Nie śpię od tygodnia.", return_tensors="pt")
    ids = text["input_ids"]
    with torch.no_grad():
        one, two, three = (model(input_ids=ids).logits for model in (alone, adapted, plain))
    assert float((one - two).abs().max()) < 1e-4
    assert float((one - three).abs().max()) > 1e-3
    assert {path.name for path in out.iterdir()} >= {"merged", "adapter_model.safetensors"}
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_merge_that_breaks_off_at_the_end_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Part:
        def merge_and_unload(self, **_: Any) -> Part:
            return self

        def save_pretrained(self, folder: Path) -> None:
            (folder / "new").touch()

    for name in ("load_model", "load_tokenizer"):
        monkeypatch.setattr(merging, name, lambda *_, **__: Part())
    into = tmp_path / "merged"
    into.mkdir()
    (into / "old").touch()
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if target == into and (self / "new").exists():
            raise OSError("no room")
        return rename(self, target)

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no room"):
        broken.setattr(Path, "rename", refused)
        merging.merge("base", tmp_path, into)
    assert [path.name for path in tmp_path.rglob("*")] == ["merged", "old"]
    merging.merge("base", tmp_path, into)
    assert [path.name for path in tmp_path.rglob("*")] == ["merged", "new"]


def test_options_that_exclude_each_other_are_refused(tmp_path: Path) -> None:
    for options in (["--pairs", "a.jsonl"], ["--objective", "dpo", "--data", "a.jsonl"],
                    ["--objective", "ppo"], ["--gpu", "24"],
                    ["--recipe", "small", "--base-model", "mhx-tiny"]):
        with pytest.raises(UsageError):
            CliRunner().invoke(app, ["train", "--lang", "pl", "--out", str(tmp_path), *options],
                               catch_exceptions=False)
