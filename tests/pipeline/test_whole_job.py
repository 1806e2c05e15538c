"""`mhx adapt --lang pl`, once, from the dialogues to the report."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from judge_server import legal, serving
from stopping import signal_at

from mhx.evaluation.wanted import Wanted
from mhx.files import hash_file
from mhx.notebook import report
from mhx.run import STAGES, Run, StageRecord

pytestmark = pytest.mark.slow
Start = Callable[..., subprocess.Popen[str]]
Go = Callable[..., tuple[Run, dict[str, str]]]


def records(folder: Path) -> dict[str, StageRecord]:
    value = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    return {name: StageRecord.model_validate(item) for name, item in value.items()}


def test_every_stage_is_recorded_with_its_outputs_as_they_are(full: Path) -> None:
    found = records(full)
    assert tuple(found) == STAGES
    for name, record in found.items():
        assert record.outputs, name
        for path, digest in record.outputs.items():
            assert hash_file(full / path) == digest
        assert record.counts is None or record.counts.problem() is None


def test_the_late_stages_account_for_what_they_got(full: Path) -> None:
    found = records(full)
    lines = (full / "corpus/train.jsonl").read_text(encoding="utf-8").count("\n")
    train, evaluate = found["train"].counts, found["evaluate"].counts
    assert train is not None
    assert evaluate is not None
    assert train.rows_in == train.accepted == lines
    responses = pl.read_parquet(full / "responses.parquet")
    assert evaluate.rows_in == responses["unit"].n_unique()
    assert sorted(responses["system"].unique()) == ["adapter", "base"]
    assert responses.height == 2 * evaluate.rows_in


def test_the_corpus_is_what_a_run_that_stops_at_the_gate_makes(
    full: Path, go: Go, tmp_path: Path, same_bytes: Callable[..., None]
) -> None:
    same_bytes(full, go(tmp_path / "runs", limit=None)[0].folder)


def test_a_score_row_says_unit_system_measure_status_and_scorer(full: Path) -> None:
    scores = pl.read_parquet(full / "scores.parquet")
    assert {"unit", "language", "system", "measure", "score", "status", "scorer"} <= set(
        scores.columns
    )
    assert set(scores["status"]) <= {"scored", "missing", "refused", "unparsable", "hidden"}
    assert scores.filter((pl.col("status") == "scored") & pl.col("score").is_null()).is_empty()
    assert scores.filter((pl.col("status") != "scored") & ~pl.col("score").is_null()).is_empty()


def test_standard_output_ends_with_the_place_of_the_report(full: Path) -> None:
    told = (full.parent.parent.parent / "stdout.txt").read_text(encoding="utf-8")
    last = told.rstrip().split("\n")[-1]
    assert last == f"report: {full / 'report/index.html'}"
    assert (full / "report/index.html").is_file()
    assert "pipeline check" in told


def test_standard_error_names_the_run_on_one_line_and_every_stage(full: Path) -> None:
    said = (full.parent.parent.parent / "stderr.txt").read_text(encoding="utf-8")
    assert re.search(rf"→ {re.escape(str(full))}$", said, re.MULTILINE)
    for name in STAGES:
        assert re.search(rf"^✓ {name} +\d+\.\d s$", said, re.MULTILINE)


def test_the_frozen_file_names_settings_versions_and_machine(full: Path) -> None:
    from mhx.files import read_yaml

    frozen, _ = read_yaml(full / "run.yaml")
    assert frozen["settings"]["lang"] == "pl"
    assert set(frozen["settings"]["plugin_sha256"]) == {
        "source", "language", "territory", "translator", "suite", "card",
        "territories",
    }
    assert {"torch", "transformers", "peft", "polars"} <= set(frozen["versions"])
    assert frozen["machine"]["cpus"] >= 1


def test_everything_is_reused_by_the_same_command(full: Path, go: Go) -> None:
    run, stages = go(full.parent.parent, until=None, limit=None)
    assert run.folder == full
    assert stages == dict.fromkeys(STAGES, "reused")


def test_a_deleted_report_is_written_again_and_nothing_else(
    full: Path, tmp_path: Path, go: Go
) -> None:
    shutil.copytree(full.parent.parent, tmp_path / "runs")
    damaged = tmp_path / "runs/pl" / full.name
    (damaged / "report/index.html").unlink()
    run, stages = go(tmp_path / "runs", until=None, limit=None)
    assert run.folder == damaged
    assert stages == {**dict.fromkeys(STAGES[:-1], "reused"), "report": "done"}
    assert (damaged / "report/index.html").is_file()


def test_a_notebook_writes_the_report_again(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pl" / "copy"
    shutil.copytree(full, folder)
    shutil.rmtree(folder / "report")
    page = report(folder)
    assert page == folder / "report/index.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_log_has_a_start_and_an_end_of_every_stage(full: Path) -> None:
    lines = (full / "log.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    for event in ("start", "done"):
        assert [item["stage"] for item in events if item["event"] == event] == list(STAGES)


def test_no_half_written_file_is_left(full: Path, leftovers: Callable[[Path], list[str]]) -> None:
    assert leftovers(full) == []
    assert not (full / "adapter/checkpoint.pt").exists()


def test_the_report_lists_every_measure_with_its_scorer_and_agreement(full: Path) -> None:
    tables = {one["label"]: one for one in json.loads(
        (full / "report/report.json").read_text(encoding="utf-8"))["tables"]}
    rows = tables["measures"]["rows"]
    assert {"epitome", "safety floor", "crisis", "local forms", "perplexity", "chrf", "bleu", "ter",
            "adaptation", "skills"} == {row["measure"] for row in rows}
    assert all(row["agreement"] and row["by"] for row in rows)
    assert "babble" in {row["base"] for row in rows}
    assert {row["measure"] for row in tables["crisis"]["rows"]} == {"screened"}
    steps = [row["step"] for row in tables["learning"]["rows"]]
    assert steps == sorted(steps)
    assert (full / "report/figures/learning.pdf").is_file()


def test_judges_and_cases_are_added_to_a_finished_run(
    full: Path, tmp_path: Path, go: Go
) -> None:
    out = tmp_path / "runs"
    shutil.copytree(full.parent.parent, out)
    with serving(lambda prompt: json.dumps(legal(prompt, 1))) as (url, asked):
        wanted = Wanted((f"openai:judge-1@{url}",), ("judged_epitome",), cases=True)
        run, stages = go(out, until=None, limit=None, wanted=wanted)
    assert stages == {**dict.fromkeys(STAGES[:5], "reused"), "evaluate": "done", "report": "done"}
    assert run.folder.name == f"{full.name[:-1]}2"
    assert asked
    value = json.loads((run.folder / "evaluation.json").read_text(encoding="utf-8"))
    rated = [row for row in value["measures"] if row["measure"] == "judged_epitome"]
    assert {row["scored"] for row in rated} == {row["expected"] for row in rated}
    assert {row["agreement"] for row in rated} == {None}
    assert sum(row["planned"] for row in value["judged"]["cost"]) >= len(asked)
    assert {row["messages"] for row in value["crisis"]["rows"]} == {"probes", "stimuli"}
    first = json.loads((full / "evaluation.json").read_text(encoding="utf-8"))
    assert first["parity"] == value["parity"]  # read from the cues alone, as without judges


@pytest.mark.parametrize("stage", ["evaluate", "report"])
def test_ctrl_c_while_redoing_a_late_stage_keeps_the_finished_one(
    stage: str, full: Path, tmp_path: Path, command: Start, go: Go,
    same_bytes: Callable[..., None], leftovers: Callable[[Path], list[str]],
) -> None:
    out = tmp_path / "runs"
    shutil.copytree(full.parent.parent, out)
    process = command(out, "--from", stage)
    said = signal_at(process, f"{stage} …", signal.SIGINT)
    assert process.returncode == 130, said
    assert leftovers(out) == []
    run, stages = go(out, until="evaluate", limit=None)
    assert set(stages.values()) == {"reused"}
    same_bytes(run.folder, full)
    late = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json",
            "adapter/curves.jsonl", "scores.parquet", "evaluation.json")
    same_bytes(run.folder, full, late)
