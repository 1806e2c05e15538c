"""COMET end to end, in its real environment, on tiny checkpoints of the library's own classes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import polars as pl
import pytest

from mhx.contracts import MeasureSettings
from mhx.environments import Environment, environment, state
from mhx.errors import MhxError
from mhx.quality.process import Process
from mhx.scoring import compare_table, open_measure
from mhx.shelves import Shelves

pytestmark = [pytest.mark.comet, pytest.mark.slow]
WORDS = ["cannot", "sleep", "night", "nie", "mogę", "spać", "nocy", "brzmi", "ciężko", "dziękuję"]
IMPORTS = "    import torch\n    from comet import load_from_checkpoint\n"
PRINTS = "    os.system('echo from a child')\n    print('from Python')\n"
Texts = list[dict[str, str]]


@pytest.fixture(scope="module")
def place() -> Environment:
    found = environment("comet")
    now, why = state(found)
    if now != "installed":
        if os.environ.get("CI") == "true":
            pytest.fail(f"the COMET environment is {now} {why}: mhx doctor --install comet")
        pytest.skip("the COMET environment is not installed")
    return found


@pytest.fixture(scope="module")
def rows() -> Texts:
    rng = random.Random(5)

    def text() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(2, 14)))

    return [{"src": text(), "mt": text(), "ref": text()} for _ in range(40)]


@pytest.fixture(scope="module")
def built(place: Environment, rows: Texts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("comet")
    (out / "rows.json").write_text(json.dumps(rows))
    done = subprocess.run(
        [str(place.python), "-I", str(Path(__file__).with_name("build_comet.py")), str(out),
         str(out / "rows.json")],
        capture_output=True, text=True, check=False, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.fixture(scope="module")
def wanted(built: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads((built / "scores.json").read_text())
    return found


@pytest.fixture(scope="module")
def worker(
    place: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """One worker for all tests of the protocol, with libraries that print while they load."""
    plain = place.worker.read_text(encoding="utf-8")
    noisy = plain.replace(IMPORTS, PRINTS + IMPORTS)
    assert noisy != plain
    path = tmp_path_factory.mktemp("noisy") / "worker.py"
    path.write_text(noisy, encoding="utf-8")
    process = Process([str(place.python), "-I", str(path)], {"HF_HUB_OFFLINE": "1"})
    yield process
    process.stop()


def load(worker: Process, path: Path | str) -> dict[str, Any]:
    return worker.ask({"do": "load", "model": str(path), "device": "cpu"}, seconds=120)


@pytest.mark.parametrize(
    ("name", "kind", "inputs", "needs"),
    [("reference", "regression_metric", ["mt", "ref", "src"], True),
     ("free", "referenceless_regression_metric", ["mt", "src"], False),
     ("unified", "unified_metric", ["mt", "src"], False)],
)
def test_the_worker_gives_the_scores_of_the_library(
    name: str, kind: str, inputs: list[str], needs: bool, worker: Process, built: Path,
    rows: Texts, wanted: dict[str, list[float]],
) -> None:
    about = load(worker, built / name)["done"]
    assert (about["class"], sorted(about["inputs"]), about["needs_reference"]) == (
        kind, inputs, needs)
    found = worker.ask({"do": "score", "rows": rows, "batch_size": 16}, seconds=120)["done"]
    assert found["scores"] == wanted[name]
    assert len(set(wanted[name])) > 30  # the checkpoint tells texts apart


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [("encoder", "not_comet", "holds no checkpoints/model.ckpt"),
     ("lacking", "not_comet", "1 weights are not in the checkpoint, estimator.ff.0.weight"),
     ("code", "not_comet", "Weights only load failed"),
     ("no/such-model", "not_found", "no/such-model: ")],
)
def test_what_is_not_a_whole_checkpoint_is_refused_and_the_worker_lives_on(
    name: str, code: str, why: str, worker: Process, built: Path
) -> None:
    answer = load(worker, name if code == "not_found" else built / name)
    assert answer["failed"] == code
    assert why in answer["why"]
    assert not (built / "executed").exists()
    assert "done" in load(worker, built / "free")


def test_a_checkpoint_whose_encoder_is_nowhere_says_which(worker: Process, built: Path) -> None:
    moved = built / "moved"
    moved.mkdir()
    (moved / "checkpoints").symlink_to(built / "free" / "checkpoints")
    settings = (built / "free" / "hparams.yaml").read_text()
    (moved / "hparams.yaml").write_text(settings.replace(str(built / "encoder"), "no/encoder"))
    answer = load(worker, moved)
    assert answer["failed"] == "no_encoder"
    assert "no/encoder" in answer["why"]


def test_a_damaged_checkpoint_is_refused(worker: Process, built: Path) -> None:
    cut = built / "cut" / "checkpoints"
    cut.mkdir(parents=True)
    (built / "cut" / "hparams.yaml").write_bytes((built / "free/hparams.yaml").read_bytes())
    (cut / "model.ckpt").write_bytes((built / "free/checkpoints/model.ckpt").read_bytes()[:5000])
    assert load(worker, built / "cut")["failed"] == "not_comet"


@pytest.fixture(scope="module")
def measure(built: Path, shelves: Shelves) -> Any:
    settings = MeasureSettings(lang="pl", language_folder=Path(), device="cpu",
                               options={"model": str(built / "reference"), "seed": 3})
    return open_measure("comet", settings, shelves)[1]


def test_the_measure_scores_summarizes_and_compares(
    measure: Any, rows: Texts, wanted: dict[str, list[float]]
) -> None:
    frame = pl.DataFrame({
        "unit": [str(number) for number in range(40)],
        "cluster": [str(number // 4) for number in range(40)],
        "prompt": [row["src"] for row in rows],
        "response": [row["mt"] for row in rows[:39]] + [None],
        "reference": [row["ref"] for row in rows],
        "baseline": [row["ref"] for row in rows],
    })
    scored = measure.score(frame)
    assert scored["score"].to_list()[:39] == pytest.approx(wanted["reference"][:39], abs=1e-6)
    assert scored["status"].to_list() == ["scored"] * 39 + ["missing"]
    summary = measure.summary(frame)
    mean = sum(wanted["reference"][:39]) / 39
    assert summary["score"] == pytest.approx(mean, abs=1e-6)
    assert summary["low"] < mean < summary["high"]
    assert (summary["units"], summary["clusters"]) == (39, 10)
    assert summary["missing"] == {"a text is empty": 1}
    contrast = compare_table(measure, frame, margin=1.0)
    assert contrast.units == 39
    assert contrast.score == pytest.approx(mean, abs=1e-6)
    assert contrast.difference == pytest.approx(contrast.score - contrast.baseline)
    assert contrast.verdict in ("equivalent", "trivial")
    for part in ("model:reference|", "unbabel-comet:2.2.7", "torch:2.13.0", "reference:yes"):
        assert part in measure.signature
    with pytest.raises(MhxError, match=r"reads the reference as well — --reference COL"):
        measure.score(frame.drop("reference"))


def test_a_worker_killed_in_the_middle_of_a_batch_costs_nothing(
    measure: Any, rows: Texts, wanted: dict[str, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, killed = Process.ask, []

    def stricken(self: Process, request: Any, *, seconds: float) -> dict[str, Any]:
        if request["do"] == "score" and not killed:
            killed.append(self.pid)
            Timer(0.02, os.kill, (self.pid, signal.SIGKILL)).start()
        return ask(self, request, seconds=seconds)

    monkeypatch.setattr(Process, "ask", stricken)
    [found] = measure.client.scores(rows * 8)
    assert killed
    assert [one.score for one in found] == pytest.approx(wanted["reference"] * 8, abs=1e-6)
    measure.client.close()
