"""Two processes train what one trains: divided steps, sharded bases, kills and resumes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from small_bases import dialogue, recipe, small_base
from typer.testing import CliRunner
from work_of_several import Stopped, joint, preferred, solo, stopping

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.files import read_yaml
from mhx.training import launching, lora
from mhx.training.batches import Row, collate
from mhx.training.distributed import Processes
from mhx.training.division import Divided, idle, portion
from mhx.training.launching import launched, lost_processes, processes
from mhx.training.layout import Padded
from mhx.training.masks import Encoded
from mhx.training.sharding import asked_by_accelerate, check_shardable

HERE = Path(__file__).parent
WEIGHTS = "adapter_model.safetensors"
TOLERANCE = 1e-5
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("ACCELERATE", "FSDP", "MASTER", "WORLD", "RANK", "LOCAL_"))}
ACCELERATE = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu",
              "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no",
              "--dynamo_backend", "no", "--main_process_port", "0", "-m", "mhx"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_base("Llama", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def told(base: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The folder of two processes and what each of them says."""
    out = tmp_path_factory.mktemp("two")
    with pytest.raises(Stopped), stopping(4):
        solo(base, out / "begun_by_one")
    done = subprocess.run([sys.executable, str(HERE / "work_of_several.py"), base, str(out)],
                          env={**CLEAN, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return out, [json.loads((out / f"{rank}.json").read_text("utf-8")) for rank in (0, 1)]


def furthest(one: Path, other: Path) -> float:
    from safetensors.torch import load_file

    mine, theirs = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    assert mine.keys() == theirs.keys()
    return max(float((mine[name] - theirs[name]).abs().max()) for name in mine)


def same(one: dict[str, Any], other: lora.TrainResult, within: float = 1e-5) -> None:
    for name in ("steps", "stopped_at", "best_step", "tokens", "labelled"):
        assert one[name] == getattr(other, name), name
    assert one["losses"] == pytest.approx(other.losses, rel=within)
    assert (one["valid_loss"] is None) == (other.valid_loss is None)
    if other.valid_loss is not None:
        assert one["valid_loss"] == pytest.approx(other.valid_loss, rel=within)


@pytest.mark.parametrize("name", ["joint", "sharded"])
def test_two_processes_give_the_adapters_of_one(
    name: str, base: str, told: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    out, said = told
    alone = joint(base, tmp_path)
    assert alone["pl"].stopped_at is not None
    for tag, result in alone.items():
        for one in said:
            same(one[name][tag], result)
        assert furthest(out / name / tag, tmp_path / tag) < TOLERANCE
        config = "adapter_config.json"
        assert (out / name / tag / config).read_bytes() == (tmp_path / tag / config).read_bytes()
        assert any("sharded" in note for note in said[0][name][tag]["notes"]) == (
            name == "sharded")


@pytest.mark.parametrize("name", ["preferred", "preferred_sharded"])
def test_pairs_are_divided_whole(
    name: str, base: str, told: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    out, said = told
    for tag, result in preferred(base, tmp_path).items():
        for one in said:  # a margin is a small difference of large sums
            same(one[name][tag], result, within=1e-4)
        assert furthest(out / name / tag, tmp_path / tag) < TOLERANCE


def test_dora_and_a_checkpoint_of_one_process(
    base: str, told: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    out, said = told
    for name, how in (("dora", {"dora": True}), ("begun_by_one", {})):
        alone = solo(base, tmp_path / name, **how)
        same(said[1][name]["pl"], alone["pl"])
        assert furthest(out / name, tmp_path / name) < TOLERANCE
    assert said[0]["begun_by_one"]["pl"]["resumed_at"] == 4
    assert said[1]["begun_by_one"]["pl"]["resumed_at"] == 4


def test_two_that_were_stopped_draw_the_masks_they_would_have_drawn(
    told: tuple[Path, list[dict[str, Any]]]
) -> None:
    out, said = told
    assert said[0]["dropout_resumed"]["pl"]["resumed_at"] == 4
    whole, again = (out / name / WEIGHTS for name in ("dropout", "dropout_resumed"))
    assert whole.read_bytes() == again.read_bytes()


def test_the_second_process_writes_nothing_and_both_say_the_same(
    told: tuple[Path, list[dict[str, Any]]]
) -> None:
    out, (first, second) = told
    assert not (out / "second").exists()
    assert not list(out.rglob(lora.CHECKPOINT))
    for name in ("joint", "sharded", "preferred", "dropout"):
        assert first[name] == second[name]


def test_gradients_are_added_up_and_where_there_is_none_there_stays_none(
    told: tuple[Path, list[dict[str, Any]]]
) -> None:
    for one in told[1]:
        assert one["gradients"] == [[2.0, 1.0], [1.0, 1.0], [2.0, 2.0], None]


def test_processes_with_other_data_are_refused(told: tuple[Path, list[dict[str, Any]]]) -> None:
    for one in told[1]:
        assert "do not train the same" in one["other_data"]


def test_a_sharded_base_lies_in_halves_and_is_read_by_one(
    told: tuple[Path, list[dict[str, Any]]]
) -> None:
    for one in told[1]:
        parts = one["in_parts"]
        assert parts["gap"] < 1e-6
        assert parts["here"] == parts["layers"] / 2
        assert parts["layers"] == parts["all"]


# ---------------------------------------------------------------- the command


@pytest.fixture
def command(base: str, tmp_path: Path) -> list[str]:
    """A joint training of forty steps as a user calls it."""
    rows = [{**dialogue(number), "lang": ("pl", "fa")[number % 2]} for number in range(16)]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return ["train", "--lang", "pl", "--lang", "fa", "--data", str(data), "--base-model", base,
            "--device", "cpu", "--set", "overrides={}", "--set", "batch_size=4",
            "--set", "lora.dropout=0", "--set", "epochs=20", "--set", "patience=null"]


def test_a_process_killed_by_9_ends_all_and_one_process_goes_on(
    command: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "two"
    heard = tmp_path / "said"
    with heard.open("w") as said:
        launcher = subprocess.Popen([*ACCELERATE, *command, "--into", str(out)], env=CLEAN,
                                    stdout=said, stderr=said)
        try:
            until = time.monotonic() + 200
            while "step 16 of 40" not in heard.read_text("utf-8"):
                assert launcher.poll() is None and time.monotonic() < until, heard.read_text()
                time.sleep(0.02)
            second = next(one for one in psutil.Process(launcher.pid).children(recursive=True)
                          if one.environ().get("RANK") == "1")
            second.send_signal(signal.SIGKILL)
            assert launcher.wait(timeout=60) != 0
        finally:
            launcher.kill()
    assert heard.read_text("utf-8").count("step 16 of 40") == 1
    assert not list(out.rglob(WEIGHTS))
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [lora.CHECKPOINT]

    alone, again = (
        CliRunner().invoke(app, [*command, "--into", str(folder)], catch_exceptions=False)
        for folder in (tmp_path / "one", out))
    assert (alone.exit_code, again.exit_code) == (0, 0)
    assert "step 8 of 40" in alone.stderr
    assert "step 8 of 40" not in again.stderr
    for tag in ("pl", "fa"):
        assert furthest(out / tag, tmp_path / "one" / tag) < 1e-4
        manifest, _ = read_yaml(out / tag / "manifest.yaml")
        assert manifest["steps"] == 40 and "processes" not in manifest


def test_several_processes_of_another_command_are_refused_once(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    for rank, said in (("0", "started as 2 processes"), ("1", "")):
        for name, value in (("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", "2")):
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, ["adapt", "--lang", "pl"])
        assert done.exit_code != 0
        assert said in str(done.exception) + done.output
        if not said:
            assert isinstance(done.exception, SystemExit)


# ---------------------------------------------------------------- parts


def test_every_conversation_goes_to_one_process_and_the_load_is_even() -> None:
    lengths = [5, 90, 40, 41, 7, 7, 60, 1, 3]
    parts = [portion(list(enumerate(lengths)), lambda pair: pair[1], Processes(rank, 3))
             for rank in range(3)]
    assert sorted(place for part in parts for place, _ in part) == list(range(9))
    assert all(part == sorted(part) for part in parts)
    loads = [sum(length for _, length in part) for part in parts]
    assert max(loads) - min(loads) <= 10
    assert portion([1], lambda _: 4, Processes(1, 2)) == []


def test_an_idle_pass_learns_nothing() -> None:
    rows = [Row(0, Encoded([1, 2, 3, 4], [False, False, True, True], 4))]
    batch = collate(rows, 0, "cpu")
    spare = idle(batch)
    assert len(batch.targets) == 2 and batch.tokens == 4
    assert (len(spare.predicts), len(spare.targets), len(spare.learners), spare.tokens) == (
        0, 0, 0, 0)
    assert spare.ids is batch.ids
    cut = Divided(Padded(0, "cpu", 64), Processes(1, 2))
    assert cut(rows) == []


@pytest.mark.parametrize(("given", "found"), [
    ({}, Processes()),
    ({"WORLD_SIZE": "4"}, Processes()),
    ({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}, Processes(3, 4, 1)),
    ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2",
      "OMPI_COMM_WORLD_LOCAL_RANK": "0"}, Processes(1, 2, 0)),
    ({"PMI_RANK": "1", "PMI_SIZE": "2"}, Processes(1, 2, 1)),
])
def test_the_launchers_variables(
    given: dict[str, str], found: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert launched() == found


def test_a_launch_that_lacks_an_address_and_one_that_lost_its_processes_are_said(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lost_processes() == ""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert "--multi_gpu" in lost_processes()
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert lost_processes() == ""
    with pytest.raises(UsageError, match="MASTER_PORT not set"), processes("cpu"):
        pass


def test_what_all_processes_find_is_said_by_the_first_of_each_machine(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "_join", lambda group, device: None)
    for name, value in (("RANK", "5"), ("WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    for local, kind in (("0", MhxError), ("1", SystemExit)):
        monkeypatch.setenv("LOCAL_RANK", local)
        with pytest.raises(kind), processes("cpu"):
            raise MhxError("no such column")
    with pytest.raises(MhxError, match="process 6 of 8: too large — less"), processes("cpu"):
        raise MhxError("too large", "less") from MemoryError()
    with pytest.raises(SystemExit), processes("cpu"):  # its own machine's first one says it
        raise RuntimeError("gloo: connection closed by peer")
    monkeypatch.setenv("LOCAL_RANK", "0")
    with pytest.raises(MhxError, match="cannot be reached"), processes("cpu"):
        raise RuntimeError("gloo: connection closed by peer")
    with pytest.raises(RuntimeError, match="shapes"), processes("cpu"):
        raise RuntimeError("shapes do not match")


def test_more_processes_than_gpus_are_refused_by_the_first_that_has_none(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def waits(group: Processes, device: str) -> None:
        raise AssertionError("it would wait for the others")

    monkeypatch.setattr(launching, "_join", waits)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name, value in (("RANK", "2"), ("WORLD_SIZE", "4"), ("LOCAL_RANK", "2")):
        monkeypatch.setenv(name, value)
    with pytest.raises(MhxError, match="than its 2 GPUs — start one a GPU"), processes("cuda"):
        pass
    monkeypatch.setenv("LOCAL_RANK", "3")
    with pytest.raises(SystemExit), processes("cuda"):
        pass
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(AssertionError, match="wait"), processes("cuda"):
        pass


def test_what_cannot_be_sharded_is_refused() -> None:
    check_shardable([recipe()], Processes(0, 2))
    with pytest.raises(MhxError, match="nobody to share"):
        check_shardable([recipe()], Processes())
    dora = recipe(lora={"r": 4, "alpha": 8, "dora": True})
    with pytest.raises(MhxError) as caught:
        check_shardable([dora, recipe(quantization="nf4")], Processes(0, 2))
    assert [problem.field for problem in caught.value.problems] == ["lora.dora", "quantization"]


def test_accelerates_settings_of_fsdp(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asked_by_accelerate()
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    for version in ("", "1"):
        monkeypatch.setenv("FSDP_VERSION", version)
        with pytest.raises(UsageError, match="version 1"):
            asked_by_accelerate()
    monkeypatch.setenv("FSDP_VERSION", "2")
    assert asked_by_accelerate()
    monkeypatch.setenv("FSDP_OFFLOAD_PARAMS", "true")
    with pytest.raises(UsageError, match="offload"):
        asked_by_accelerate()
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with pytest.raises(UsageError, match="DeepSpeed"):
        asked_by_accelerate()
