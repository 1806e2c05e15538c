"""Loggers take the steps only where they are named, by the real packages, and nothing else."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.training import loggers
from mhx.training.loop import Moment

MOMENTS = [Moment(step, 3, {"pl": 3.0 / step, "fa": 2.0 / step}, 100.0 * step, 1.0)
           for step in (1, 2, 3)]
# A training's watcher in its own process: these packages change what they are imported into.
SCRIPT = """
import json, os, sys
from pathlib import Path
from mhx.training.loggers import logging
from mhx.training.loop import Moment
with logging([sys.argv[1]], Path(sys.argv[2]), {"base": "mhx-tiny", "pl": {"epochs": 3}}) as watch:
    for step in (1, 2, 3):
        watch(Moment(step, 3, {"pl": 3.0 / step, "fa": 2.0 / step}, 100.0 * step, 1.0))
names = ("WANDB_ERROR_REPORTING", "MLFLOW_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY")
print(json.dumps({name: os.environ.get(name) for name in names}))
"""
TRACKIO = """
import json, os
def kept(call):
    print("* Trackio says something")
    with open(os.environ["KEPT"], "a") as file: file.write(json.dumps(call) + "\\n")
def init(project, config=None, auto_log_cpu=None):
    kept({"project": project, "config": config, "auto_log_cpu": auto_log_cpu})
def log(metrics, step=None): kept([metrics, step])
def finish(): kept("finish")
"""
VALUES = {step: {"loss/pl": 3.0 / step, "loss/fa": 2.0 / step, "tokens_per_second": 100.0 * step}
          for step in (1, 2, 3)}


def run(name: str, folder: Path, **environment: str) -> dict[str, Any]:
    """The environment that the package saw; stdout must hold nothing but it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, str(folder)], capture_output=True, text=True,
        check=False, cwd=folder.parent, env={
            **{key: value for key, value in os.environ.items()
               if not key.startswith(("WANDB_", "MLFLOW_", "TRACKIO_", "CI"))},
            "HOME": str(folder.parent), "OMP_NUM_THREADS": "1", **environment})
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return dict(json.loads(line))


@pytest.mark.parametrize("named", [True, False])
def test_tensorboard_holds_the_losses_of_the_curve(named: bool, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    base, data, out = small_base("Llama", tmp_path), tmp_path / "data.jsonl", tmp_path / "out"
    data.write_text("".join(json.dumps(dialogue(number)) + "\n" for number in range(4)),
                    encoding="utf-8")
    CliRunner().invoke(app, [
        "train", "--lang", "pl", "--data", str(data), "--base-model", base, "--into", str(out),
        "--set", "batch_size=2", "--set", "epochs=2", "--device", "cpu", "--json",
        *(["--log", "tensorboard"] if named else [])], catch_exceptions=False)
    curve = [json.loads(line) for line in (out / "curves.jsonl").read_text("utf-8").splitlines()]
    assert len(curve) == 4
    assert (out / "tensorboard").exists() == named
    if named:
        events = EventAccumulator(str(out / "tensorboard"))
        events.Reload()
        scalars = events.Scalars("loss/pl")
        assert [item.step for item in scalars] == [1, 2, 3, 4]
        assert [item.value for item in scalars] == pytest.approx([row["loss"] for row in curve])
        stored = b"".join(path.read_bytes() for path in (out / "tensorboard").iterdir())
        assert b"'base': 'Llama'" in stored
        assert str(tmp_path).encode() not in stored  # no path of this machine


def stored_records(raw: bytes) -> Iterator[bytes]:
    """The records of W&B's file: LevelDB's log format behind 7 bytes, blocks of 32 KiB."""
    at, whole = 7, b""
    while at + 7 <= len(raw):
        if 32768 - at % 32768 < 7:  # the rest of a block holds no header
            at += 32768 - at % 32768
            continue
        length, kind = struct.unpack_from("<HB", raw, at + 4)
        whole += raw[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield whole
            whole = b""


def test_wandb_keeps_the_steps_and_nothing_of_the_machine(tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    from wandb.proto.wandb_internal_pb2 import Record

    seen = run("wandb", tmp_path / "out", WANDB_MODE="offline")
    assert seen["WANDB_ERROR_REPORTING"] == "false"
    (folder,) = (tmp_path / "out/wandb").glob("offline-run-*")
    (path,) = folder.glob("*.wandb")
    found: dict[int, dict[str, float]] = {}
    kinds = set()
    for data in stored_records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        kinds.add(record.WhichOneof("record_type"))
        assert record.run.host in ("", "withheld")
        if record.HasField("history"):
            items = {item.key or "/".join(item.nested_key): json.loads(item.value_json)
                     for item in record.history.item}
            found[record.history.step.num or items["_step"]] = {
                key: value for key, value in items.items() if not key.startswith("_")}
    assert found == VALUES
    assert not kinds & {"stats", "output", "output_raw", "environment"}
    raw = path.read_bytes()
    assert str(tmp_path).encode() not in raw
    assert [item for item in folder.joinpath("files").rglob("*") if item.is_file()] == []


def test_mlflow_keeps_the_steps_where_it_is_told_or_beside_the_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    for place, environment in (
        (tmp_path / "out/mlruns", {}),
        (tmp_path / "mine", {"MLFLOW_TRACKING_URI": str(tmp_path / "mine"),
                             "MLFLOW_ALLOW_FILE_STORE": "true",
                             "MLFLOW_DISABLE_TELEMETRY": "false"}),  # the user's word stands
    ):
        seen = run("mlflow", tmp_path / "out", **environment)
        assert seen["MLFLOW_DISABLE_TELEMETRY"] == ("false" if environment else "true")
        (folder,) = {path.parent.parent for path in place.rglob("metrics/*")}
        for name in ("loss.pl", "loss.fa", "tokens_per_second"):
            lines = (folder / "metrics" / name).read_text("utf-8").splitlines()
            values = {int(step): float(value) for _, value, step in map(str.split, lines)}
            assert values == {step: pytest.approx(row[name.replace("loss.", "loss/")])
                              for step, row in VALUES.items()}
        stored = json.loads((folder / "artifacts/settings.json").read_text("utf-8"))
        assert stored == {"base": "mhx-tiny", "pl": {"epochs": 3}}
    assert not (tmp_path / "mlflow.db").exists()


def test_trackio_is_called_as_it_wants_and_does_not_write_on_stdout(tmp_path: Path) -> None:
    """A stand-in with the real package's names, which is no extra of mhx."""
    (tmp_path / "trackio.py").write_text(TRACKIO, encoding="utf-8")
    run("trackio", tmp_path / "out", PYTHONPATH=str(tmp_path), KEPT=str(tmp_path / "kept"))
    calls = [json.loads(line) for line in (tmp_path / "kept").read_text("utf-8").splitlines()]
    assert calls[0] == {"project": "mhx", "config": {"base": "mhx-tiny", "pl": {"epochs": 3}},
                        "auto_log_cpu": False}
    assert {step: values for values, step in calls[1:-1]} == VALUES
    assert calls[-1] == "finish"


def test_a_logger_that_fails_is_left_out_and_the_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    @contextmanager
    def failing(folder: Path, settings: Mapping[str, Any]) -> Iterator[loggers.Write]:
        def write(values: Mapping[str, float], step: int) -> None:
            taken.append(step)
            if step == 2:
                raise ConnectionError("the server is away\nfor good")

        yield write
        raise ConnectionError("not even the end")

    monkeypatch.setitem(loggers.LOGGERS, "wandb", failing)
    said: list[str] = []
    with loggers.logging(["wandb"], tmp_path, {}, said.append) as watch:
        for moment in MOMENTS:
            watch(moment)
    assert taken == [1, 2]
    assert said == ["  wandb takes no more steps: the server is away",
                    "  wandb did not end well: not even the end"]


def test_a_logger_that_does_not_start_is_said_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def closed(folder: Path, settings: Mapping[str, Any]) -> Iterator[loggers.Write]:
        raise ValueError("no API key configured")
        yield

    monkeypatch.setitem(loggers.LOGGERS, "wandb", closed)
    with (pytest.raises(MhxError, match="wandb did not start: no API key configured") as caught,
          loggers.logging(["wandb"], tmp_path, {})):
        raise AssertionError("it must not get here")
    assert "train without --log wandb" in caught.value.problems[0].fix


def test_a_logger_that_is_unknown_or_missing_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    with pytest.raises(MhxError) as caught:
        loggers.check_loggers(["wandb", "mlflow", "trackio"])
    assert [problem.fix for problem in caught.value.problems] == [
        "pip install wandb", "pip install mlflow-skinny", "pip install trackio"]
    with pytest.raises(UsageError, match="one of tensorboard, wandb"):
        loggers.check_loggers(["csv"])
