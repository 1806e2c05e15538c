"""The training bench's own code: the part for GPUs runs, and its record gives the page's rows."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    module = import_module("training")
    yield module
    for name in ("training", "training_peer", "common"):
        sys.modules.pop(name, None)


def given(**changes: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"repeats": 1, "steps": 4, "peer_python": sys.executable,
                                 "only": ["joint"], "gpu": None, "rehearse": True, "trial": True,
                                 "verbose": False, "partial": {}, **changes})


def test_the_gpu_part_runs_small_on_a_cpu(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Here(bench.Side):  # type: ignore[misc,name-defined]
        """A side in this process."""

        def __init__(self, name: str, program: list[str], config: dict[str, Any], folder: Path
                     ) -> None:
            self.name, self.config, self.runs = name, config, []

        def ask(self, what: str) -> dict[str, Any]:
            rows = json.loads(Path(self.config["rows"]).read_text("utf-8"))
            return {**bench.run(self.config, rows), "peak_mib": 1.0}

        def close(self) -> None:
            pass

    monkeypatch.setattr(bench, "Side", Here)
    args = given()
    bench.on_gpu(args, tmp_path)
    result = json.loads(capsys.readouterr().out)
    (row,) = result["joint"]
    assert row["ratio"] > 0
    assert row["joint"]["median"] > 0
    assert result["rehearsal"]["flop_per_token"] > 0
    assert args.partial["joint"]["ratios"] == row["ratios"]


def test_a_record_gives_rows_for_the_page(bench: Any) -> None:
    speed = import_module("speed_page")
    side = {"median": 100.0, "median_s": 2.0, "peak_mib": 5.0}
    found = {"ours": {**side, "median": 400.0}, "ours-apart": {**side, "median": 900.0},
             "trl-one": side, "trl-two": {**side, "median": 50.0}, "trl-three": {"failed": "x"}}
    trl = bench.compared(found, "ours", 1.8)
    assert trl["best_peer"] == "trl-one"
    assert trl["speed_ratio"] == 4.0
    assert trl["met"]
    joint = {"batch_size": 4, "ratio": 1.1, "target_ratio": 1.3, "met": False,
             **dict.fromkeys(("joint", "pl", "fa", "es"), side)}
    commands = {"seconds": [{"joint": 10.0, "solo": 15.0}], "ratio": 1.5, "target_ratio": 1.3,
                "met": True}
    rows = bench.rows_for_the_page(
        {"batch_size": 4, "trl": trl, "joint": [joint], "commands": commands})
    assert [row["ratio"] for row in rows] == [4.0, 1.1, 1.5]
    assert rows[1]["peer"]["median_s"] == 6.0
    lines = [speed._line("training", row) for row in rows]
    assert all(lines)
    assert "**no**" in lines[1]
    assert "400 tokens/s" in lines[0]
