"""A training killed with no warning goes on from its checkpoint and ends in the same bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_bases import recipe, small_base

from mhx.schema import TrainRecipe
from mhx.training import lora

SCRIPT = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from test_killed_training import train
train(Path(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4]),
      lambda moment: print(moment.step, moment.total, flush=True))
"""


def train(
    material: Path, out: Path, names: list[str], watch: lora.Watch | None = None
) -> dict[str, lora.TrainResult]:
    """Train languages on the material, with a checkpoint after every second step."""
    lora.CHECKPOINT_EVERY = 2
    rows = json.loads((material / "records.json").read_text("utf-8"))
    plain = TrainRecipe.model_validate_json((material / "recipe.json").read_text("utf-8"))
    jobs = [lora.Job(name, rows[start:], rows[:1], plain.model_copy(update={"seed": start}),
                     out / name) for start, name in enumerate(names)]
    return lora.train_adapters(jobs, base=str(material / "Llama"), folder=out, device="cpu",
                               progress=watch)


@pytest.fixture
def material(tmp_path: Path, dialogues: list[dict[str, Any]]) -> Path:
    """A small base, records and a recipe of eighty steps, on disk for another process."""
    small_base("Llama", tmp_path)
    (tmp_path / "records.json").write_text(json.dumps(dialogues), encoding="utf-8")
    settings = recipe(epochs=40).model_dump_json()
    (tmp_path / "recipe.json").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("names", [["pl"], ["pl", "fa"]], ids=["solo", "joint"])
def test_kill_9_and_the_same_call_give_the_bytes_of_an_undisturbed_run(
    names: list[str], material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", lora.CHECKPOINT_EVERY)  # set back afterwards
    whole = train(material, material / "whole", names)
    assert whole["pl"].resumed_at == 0

    folder = str(Path(__file__).parent)
    killed = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, folder, str(material), str(material / "killed"),
         json.dumps(names)], stdout=subprocess.PIPE, text=True,
    )
    assert killed.stdout is not None
    checkpoint = material / "killed" / lora.CHECKPOINT
    for line in killed.stdout:
        if int(line.split()[0]) >= 5 and checkpoint.is_file():
            killed.send_signal(signal.SIGKILL)
            break
    assert killed.wait(timeout=60) == -signal.SIGKILL
    assert checkpoint.is_file()
    assert not list((material / "killed").rglob("adapter_model.safetensors"))

    again = train(material, material / "killed", names)
    assert again["pl"].resumed_at >= 4
    for name in names:
        assert again[name].losses == whole[name].losses
        for file in ("adapter_model.safetensors", "adapter_config.json"):
            one, other = (material / run / name / file for run in ("killed", "whole"))
            assert one.read_bytes() == other.read_bytes()
    assert not checkpoint.exists()


def test_a_checkpoint_of_other_data_is_not_used(
    dialogues: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 1)
    out = tmp_path / "adapter"

    def stop(moment: lora.Moment) -> None:
        if moment.step == 2:
            raise KeyboardInterrupt

    settings = recipe(epochs=2)
    with pytest.raises(KeyboardInterrupt):
        lora.train_lora(dialogues, [], base="mhx-tiny", recipe=settings, out=out, device="cpu",
                        progress=stop)
    assert (out / lora.CHECKPOINT).is_file()
    other = lora.train_lora(dialogues[4:], [], base="mhx-tiny", recipe=settings, out=out,
                            device="cpu")
    assert other.resumed_at == 0
    plain = tmp_path / "plain"
    lora.train_lora(dialogues[4:], [], base="mhx-tiny", recipe=settings, out=plain, device="cpu")
    name = "adapter_model.safetensors"
    assert (out / name).read_bytes() == (plain / name).read_bytes()
