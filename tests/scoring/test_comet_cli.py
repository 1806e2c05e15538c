"""`mhx score --measure comet` and `mhx adapt --quality`, by the client with a worker at hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mhx.cli import main
from mhx.environments import Environment
from mhx.quality import comet, estimate

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mhx(
    faulty_place: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(comet, "environment", lambda name: faulty_place)
    monkeypatch.setattr(estimate, "environment", lambda name: faulty_place)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/hparams.yaml").write_text("{}")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mhx", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [{"id": n, "src": "s", "new": "x" * (n % 7 + 2), "old": "x" * (n % 7 + 1)}
            for n in range(30)]
    rows[4]["new"] = "NAN"
    path = tmp_path / "systems.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


ASK = ("--measure", "comet", "--lang", "pl", "--response", "new", "--prompt", "src", "--unit", "id")


def test_score_prints_the_mean_its_interval_and_what_is_missing(mhx: Call, table: Path) -> None:
    code, out, err = mhx("score", table, *ASK, "--comet-model", "model", "-o", "scores.jsonl")
    lengths = [n % 7 + 2 for n in range(30) if n != 4]
    assert code == 0, err
    assert out.startswith(f"comet {sum(lengths) / 290:.4f}, 95 % interval ")
    assert "1 without a score: not a number" in err
    rows = [json.loads(line) for line in Path("scores.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows].count("missing") == 1
    assert rows[0]["score"] == 0.2
    assert rows[0]["scorer"].startswith("comet|model:model|checkpoint:0")


def test_score_compares_two_systems_on_the_segments_of_both(mhx: Call, table: Path) -> None:
    code, out, err = mhx("score", table, *ASK, "--comet-model", "model", "--baseline", "old",
                         "--margin", 0.2, "--json")
    assert code == 0, err
    contrast = json.loads(out)["contrast"]
    assert contrast["difference"] == pytest.approx(0.1)
    assert contrast["units"] == 29


def test_score_without_a_checkpoint_or_a_source_says_what_to_give(mhx: Call, table: Path) -> None:
    code, _, err = mhx("score", table, *ASK)
    assert (code, "--comet-model PATH_OR_NAME" in err) == (1, True)
    code, _, err = mhx("score", table, *ASK[:6], "--comet-model", "model")
    assert (code, "--prompt COL, the source text" in err) == (1, True)


def test_adapt_estimates_every_translation_once_and_keeps_the_scores(
    mhx: Call, faulty_place: Environment
) -> None:
    ask = ("adapt", "--lang", "pl", "--until", "gate", "--limit", 4, "--quality", "comet:model")
    code, _, err = mhx(*ask)
    assert code == 0, err
    [folder] = Path("runs/pl").iterdir()
    frame = pl.read_parquet(folder / "gate.parquet")
    done = frame.drop_nulls("faithful")
    assert done.height
    assert done["quality"].to_list() == [len(text) / 10 for text in done["faithful"]]
    assert frame["quality"].null_count() == frame["faithful"].null_count()
    assert done["quality_by"].unique().to_list()[0].startswith("comet|model:model|")
    starts = (faulty_place.source / "starts").read_text()
    assert mhx(*ask)[0] == 0  # the stage is reused: no worker is started
    assert (faulty_place.source / "starts").read_text() == starts
    Path("model/hparams.yaml").write_text("{other: 1}")  # another checkpoint, another run
    other = json.loads(mhx(*ask, "--dry-run", "--json")[1])
    assert Path(other["run"]).name != folder.name
    assert [row["would"] for row in other["stages"]][-1] == "run"


@pytest.mark.parametrize(
    ("quality", "why"),
    [("comet", "write MEASURE:MODEL"), ("chrf:x", "does not estimate translations without"),
     ("commet:x", "did you mean 'comet'"), ("comet:/no/such", "no such checkpoint (--quality)")],
)
def test_adapt_refuses_a_wrong_quality_before_the_first_stage(
    quality: str, why: str, mhx: Call
) -> None:
    code, _, err = mhx("adapt", "--lang", "pl", "--until", "gate", "--quality", quality)
    assert code == 1
    assert why in err
    assert not Path("runs").exists()


def test_a_floor_without_an_estimate_is_refused(mhx: Call) -> None:
    code, _, err = mhx("adapt", "--lang", "pl", "--until", "gate", "--quality-floor", 0.5)
    assert (code, "--quality-floor without --quality" in err) == (1, True)
