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

from mhx.training import lora

JOINT = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from mhx.schema import TrainRecipe
from mhx.training import lora
records, settings, out = (Path(name) for name in sys.argv[1:])
rows = json.loads(records.read_text("utf-8"))
recipe = TrainRecipe.model_validate_json(settings.read_text("utf-8"))
lora.CHECKPOINT_EVERY = 2
jobs = [lora.Job("pl", rows, rows[:1], recipe, out / "pl"),
        lora.Job("fa", rows[:5], [], recipe.model_copy(update={"seed": 3}), out / "fa")]
done = lora.train_adapters(
    jobs, base=settings.parent.as_posix() + "/Llama", folder=out, device="cpu",
    progress=lambda moment: print(moment.step, moment.total, flush=True),
)
print("resumed", done["pl"].resumed_at, "first", [done[name].losses for name in done])
"""
SCRIPT = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from mhx.schema import TrainRecipe
from mhx.training import lora
lora.CHECKPOINT_EVERY = 1
records, settings, out = (Path(name) for name in sys.argv[1:])
result = lora.train_lora(
    json.loads(records.read_text("utf-8")), [], base=settings.parent.as_posix() + "/Llama",
    recipe=TrainRecipe.model_validate_json(settings.read_text("utf-8")), out=out, device="cpu",
    progress=lambda moment: print(moment.step, moment.total, flush=True),
)
print("resumed", result.resumed_at, "first", result.losses[0], "last", result.losses[-1])
"""


def start(folder: Path, out: Path, script: str = SCRIPT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder / "records.json"), str(folder / "recipe.json"),
         str(out)],
        stdout=subprocess.PIPE, text=True,
    )


@pytest.fixture
def material(tmp_path: Path, dialogues: list[dict[str, Any]]) -> Path:
    """A small base, records and a recipe of eighty steps, on disk for another process."""
    small_base("Llama", tmp_path)
    (tmp_path / "records.json").write_text(json.dumps(dialogues), encoding="utf-8")
    settings = recipe(epochs=40).model_dump_json()
    (tmp_path / "recipe.json").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("script", "adapters"), [(SCRIPT, [""]), (JOINT, ["pl/", "fa/"])],
                         ids=["solo", "joint"])
def test_kill_9_and_the_same_call_give_the_bytes_of_an_undisturbed_run(
    script: str, adapters: list[str], material: Path
) -> None:
    whole = start(material, material / "whole", script)
    told, _ = whole.communicate(timeout=300)
    assert "resumed 0 " in told

    killed = start(material, material / "killed", script)
    assert killed.stdout is not None
    checkpoint = material / "killed" / lora.CHECKPOINT
    for line in killed.stdout:
        if int(line.split()[0]) >= 4 and checkpoint.is_file():
            killed.send_signal(signal.SIGKILL)
            break
    assert killed.wait(timeout=60) == -signal.SIGKILL
    assert checkpoint.is_file()
    assert not list((material / "killed").rglob("adapter_model.safetensors"))

    again = start(material, material / "killed", script)
    rest, _ = again.communicate(timeout=300)
    resumed = int(rest.split("resumed ")[1].split()[0])
    assert resumed >= 2
    assert rest.split(" first")[1] == told.split(" first")[1]
    for folder in adapters:
        for file in ("adapter_model.safetensors", "adapter_config.json"):
            one, other = (material / run / folder / file for run in ("killed", "whole"))
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
