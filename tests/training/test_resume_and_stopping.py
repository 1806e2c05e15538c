"""A training stopped at any step goes on to the same bytes; patience keeps the best weights."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue, recipe, small_base

from mhx.training import lora
from mhx.training.base import load_model
from mhx.training.encoding import encode_records
from mhx.training.lora import CURVES, Job, TrainResult, mean_loss, train_adapters

WEIGHTS = "adapter_model.safetensors"
DROPOUT = {"r": 4, "alpha": 8, "dropout": 0.2, "targets": "all-linear"}


class Stopped(Exception):
    """Stands for whatever ends the program between two steps."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_base("Llama", tmp_path_factory.mktemp("base"))


def jobs(base: str, out: Path, count: int, **changes: Any) -> list[Job]:
    """Languages with validation, patience and dropout: all that a checkpoint must hold."""
    settings = {"base": base, "epochs": 2, "batch_size": 3, "lora": DROPOUT, "valid_every": 2,
                "patience": 9, **changes}
    rows = [dialogue(number) for number in range(9)]
    return [Job(name, rows[start:], rows[:2], recipe(seed=start, **settings), out / name)
            for start, name in enumerate(("pl", "fa", "es")[:count])]


def train(given: list[Job], base: str, folder: Path, stop_at: int = 0) -> dict[str, TrainResult]:
    def watch(moment: lora.Moment) -> None:
        if moment.step == stop_at:
            raise Stopped

    return train_adapters(given, base=base, folder=folder, device="cpu", progress=watch)


@pytest.mark.parametrize("count", [1, 3], ids=["solo", "joint"])
def test_stopped_at_any_step_it_ends_in_the_same_bytes(
    count: int, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 2)
    whole = train(jobs(base, tmp_path / "whole", count), base, tmp_path / "whole")
    for step in range(1, whole["pl"].steps):
        out = tmp_path / str(step)
        with pytest.raises(Stopped):
            train(jobs(base, out, count), base, out, stop_at=step)
        again = train(jobs(base, out, count), base, out)
        assert again["pl"].resumed_at == (step - 1) // 2 * 2
        for name, result in whole.items():
            assert again[name].losses == result.losses
            assert again[name].valid_loss == result.valid_loss
            assert (out / name / WEIGHTS).read_bytes() == (
                tmp_path / "whole" / name / WEIGHTS).read_bytes()


def test_a_setting_of_memory_may_change_between_two_calls_and_another_may_not(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 1)
    with pytest.raises(Stopped):
        train(jobs(base, tmp_path, 1), base, tmp_path, stop_at=3)
    smaller = train(jobs(base, tmp_path, 1, micro_batch_tokens=64), base, tmp_path)
    assert smaller["pl"].resumed_at == 2
    with pytest.raises(Stopped):
        train(jobs(base, tmp_path, 1), base, tmp_path, stop_at=3)
    assert train(jobs(base, tmp_path, 1, learning_rate=0.1), base, tmp_path)["pl"].resumed_at == 0


@pytest.mark.parametrize("what", ["base", "validation", "masks", "commit"])
def test_a_checkpoint_of_another_base_commit_validation_or_mask_is_not_gone_on_from(
    what: str, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "CHECKPOINT_EVERY", 1)
    mine = str(shutil.copytree(base, tmp_path / "mine"))
    with pytest.raises(Stopped):
        train(jobs(mine, tmp_path, 1), mine, tmp_path, stop_at=3)
    (again,) = jobs(mine, tmp_path, 1)
    if what == "base":
        model = load_model(mine, device="cpu")
        model.get_input_embeddings().weight.data *= 1.1
        model.save_pretrained(mine)
    elif what == "validation":
        again = replace(again, valid=again.valid[:1])
    elif what == "commit":  # a name of the hub has files of another day
        loaded = lora.load_model

        def newer(*given: Any, **how: Any) -> Any:
            model = loaded(*given, **how)
            model.config._commit_hash = "of another day"
            return model

        monkeypatch.setattr(lora, "load_model", newer)
    else:
        encoded = lora.encode_records

        def last_alone(*given: Any, **how: Any) -> Any:
            data = encoded(*given, **how)
            return replace(data, encoded=[
                replace(one, mask=[False] * (len(one.mask) - 1) + one.mask[-1:])
                for one in data.encoded])

        monkeypatch.setattr(lora, "encode_records", last_alone)
    assert train([again], mine, tmp_path)["pl"].resumed_at == 0


def test_patience_stops_one_language_and_keeps_its_best_weights(base: str, tmp_path: Path) -> None:
    rows = [dialogue(number) for number in range(6)]
    wild = recipe(base=base, epochs=12, batch_size=3, learning_rate=0.5, warmup_ratio=0.3,
                  valid_every=1, patience=2)
    calm = recipe(base=base, epochs=6, batch_size=3, valid_every=2)
    given = [Job("pl", rows, rows[:2], wild, tmp_path / "pl"),
             Job("fa", rows, rows[:2], calm, tmp_path / "fa")]
    done = train_adapters(given, base=base, folder=tmp_path, device="cpu")
    stopped, whole = done["pl"], done["fa"]
    assert stopped.stopped_at is not None
    assert stopped.steps == stopped.stopped_at < stopped.planned_steps
    assert (whole.stopped_at, whole.best_step, whole.steps) == (None, None, 12)
    curve = [json.loads(line) for line in (tmp_path / "pl" / CURVES).read_text().splitlines()]
    valid = [row["valid_loss"] for row in curve]
    assert stopped.best_step == valid.index(min(valid)) + 1 == stopped.steps - 2
    model = load_model(base, device="cpu", adapter=tmp_path / "pl")
    encoded = encode_records(rows[:2], base, max_length=512).encoded
    assert mean_loss(model, encoded, 1)[0] == pytest.approx(min(valid), rel=1e-4)
    assert stopped.valid_loss == min(valid)


def test_the_curve_has_a_row_a_step_and_losses_where_it_validated(
    base: str, tmp_path: Path
) -> None:
    done = train(jobs(base, tmp_path, 2), base, tmp_path)
    for name in ("pl", "fa"):
        curve = [json.loads(line) for line in (tmp_path / name / CURVES).read_text().splitlines()]
        assert [row["step"] for row in curve] == list(range(1, done[name].steps + 1))
        assert tuple(row["loss"] for row in curve) == done[name].losses
        assert {row["language"] for row in curve} == {name}
        # no time among them: a resumed training writes the same bytes
        assert set(curve[0]) == {"step", "language", "loss", "valid_loss", "learning_rate"}
        validated = [row["step"] for row in curve if row["valid_loss"] is not None]
        assert validated == sorted({*range(2, done[name].steps + 1, 2), done[name].steps})


def test_whoever_watches_sees_every_step(base: str, tmp_path: Path) -> None:
    seen: list[lora.Moment] = []
    train_adapters(jobs(base, tmp_path, 2), base=base, folder=tmp_path, device="cpu",
                   progress=seen.append)
    assert [moment.step for moment in seen] == list(range(1, seen[0].total + 1))
    assert set(seen[0].losses) == {"pl", "fa"}
    assert seen[-1].seconds_left == 0
    assert all(moment.tokens_per_second > 0 for moment in seen)
