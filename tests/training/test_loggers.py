"""Loggers take the steps only where they are named; a missing package says how to install it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_bases import dialogue, small_base
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.training import loggers


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


def test_a_logger_that_is_unknown_or_missing_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    with pytest.raises(MhxError) as caught:
        loggers.check_loggers(["wandb", "trackio"])
    assert [problem.fix for problem in caught.value.problems] == [
        "pip install wandb", "pip install trackio"]
    with pytest.raises(UsageError, match="one of tensorboard, wandb"):
        loggers.check_loggers(["csv"])
