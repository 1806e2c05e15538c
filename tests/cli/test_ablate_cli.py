"""mhx ablate: what it would train, what it trains, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to the gate on a few of the shipped dialogues, two of which are tested on."""
    from mhx.api import open_run
    from mhx.language import load_language
    from mhx.pipeline import execute

    splits = [item.split for item in load_language("en").source_corpus]
    limit = next(n for n in range(1, len(splits)) if splits[:n].count("test") == 2)
    run = open_run("pl", limit=max(limit, 8), out=tmp_path_factory.mktemp("runs"))
    execute(run, last="gate")
    return run.folder


def test_arms_and_edits_are_shown_without_training(mhx, run_folder, here):
    done = mhx("ablate", "--lang", "pl", "--run", run_folder, "--minus", "each", "--dry-run",
               "--json")
    assert done.code == 0, done.err
    arms = {one["arm"]: one["edits"] for one in done.json["arms"]}
    assert arms["faithful"] == 0 < arms["full"] and arms["full minus persons"] < arms["full"]
    assert set(arms) == {"faithful", "surface", "full",
                         *(f"full minus {name}" for name in done.json["text"]["by_dimension"])}
    assert not (run_folder / "ablation").exists()
    authored = mhx("ablate", "--lang", "pl", "--run", run_folder, "--edits", "authored",
                   "--dry-run", "--json").json
    assert authored["arms"][2]["edits"] > arms["full"]  # the author edits more than rules do


def test_it_writes_tables_and_a_picture_and_says_that_tiny_babbles(mhx, run_folder, here):
    done = mhx("ablate", "--lang", "pl", "--run", run_folder, "--seeds", 1, "--steps", 1,
               "--into", here / "result")
    assert done.code == 0, done.err
    assert "babble" in done.out and "loss_adapted" in done.out.replace(" ", "_")
    record = json.loads((here / "result" / "ablation.json").read_text("utf-8"))
    assert record["steps"] == 1 and record["scorers"]["epitome"]["agreement"] == "unknown"
    families = {row["family"] for row in record["effects"]}
    assert families == {"loss", "answers"}
    with (here / "result" / "items.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["arm"] for row in rows} == {"base", "faithful", "surface", "full"}
    assert (here / "result" / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert str(here) not in (here / "result" / "ablation.json").read_text("utf-8")


@pytest.mark.parametrize(("arguments", "said"), [
    (["--minus", "personss"], "did you mean 'persons'"),
    (["--edits", "mine"], "one of run, authored"),
    (["--margin", "0"], "above 0"),
])
def test_what_cannot_be_done_is_said_before_anything_is_trained(
    mhx, run_folder, here, arguments, said
):
    done = mhx("ablate", "--lang", "pl", "--run", run_folder, *arguments)
    assert done.code in (1, 2) and said in done.err
    assert not (run_folder / "ablation").exists()


def test_a_run_of_another_language_or_without_a_gate_is_refused(mhx, run_folder, here):
    other = mhx("ablate", "--lang", "fa", "--run", run_folder)
    assert other.code in (1, 2) and "is of pl" in other.err
    missing = mhx("ablate", "--lang", "pl", "--run", here / "nothing")
    assert missing.code == 1 and "nothing" in missing.err
