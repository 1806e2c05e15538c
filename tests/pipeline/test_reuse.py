"""Resume, reuse and redo: what is unchanged is taken, what is damaged is done again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mhx.errors import MhxError
from mhx.run import STAGES, Run, read_settings

Go = Callable[..., tuple[Run, dict[str, str]]]
UNTIL_GATE = STAGES[:4]


@pytest.fixture
def out(undisturbed: Path, tmp_path: Path) -> Path:
    """A copy of the undisturbed run to damage."""
    shutil.copytree(undisturbed.parent.parent, tmp_path / "runs")
    return tmp_path / "runs"


def test_the_second_run_reuses_every_stage(go: Go, out: Path, undisturbed: Path) -> None:
    run, stages = go(out)
    assert run.folder == out / "pl" / undisturbed.name
    assert stages == dict.fromkeys(UNTIL_GATE, "reused")


def test_a_run_elsewhere_gives_the_same_bytes(
    go: Go, tmp_path: Path, undisturbed: Path, same_bytes: Callable[..., None]
) -> None:
    run, stages = go(tmp_path / "elsewhere")
    assert set(stages.values()) == {"done"}
    same_bytes(run.folder, undisturbed)


def test_another_seed_is_the_next_number(go: Go, out: Path) -> None:
    run, _ = go(out, until="load", seed=1)
    assert run.folder.name == "2026-11-21-2"
    assert read_settings(run.folder).seed == 1
    again, stages = go(out, until="load", seed=1)
    assert again.folder == run.folder
    assert stages == {"load": "reused"}


def test_another_day_finishes_the_same_run_with_its_own_day(go: Go, out: Path) -> None:
    run, stages = go(out, today=date(2026, 12, 24))
    assert run.folder.name == "2026-11-21-1"
    assert run.settings.today == date(2026, 11, 21)
    assert stages == dict.fromkeys(UNTIL_GATE, "reused")


def test_other_settings_on_another_day_start_that_days_first_number(go: Go, out: Path) -> None:
    run, _ = go(out, until="load", seed=2, today=date(2026, 12, 24))
    assert run.folder.name == "2026-12-24-1"


def test_stages_that_do_not_read_a_setting_are_borrowed_from_the_other_run(
    go: Go, out: Path, same_bytes: Callable[..., None]
) -> None:
    run, stages = go(out, all_probes=True)
    assert run.folder.name == "2026-11-21-2"
    assert stages == dict.fromkeys(UNTIL_GATE, "reused")
    same_bytes(run.folder, out / "pl" / "2026-11-21-1")
    first, _ = go(out)
    assert run.records()["gate"].counts == first.records()["gate"].counts


def test_a_damaged_run_is_not_borrowed_from(
    go: Go, out: Path, undisturbed: Path, same_bytes: Callable[..., None]
) -> None:
    (out / "pl/2026-11-21-1/translate.parquet").write_bytes(b"PAR1")
    run, stages = go(out, all_probes=True)
    assert stages == {"load": "reused", "translate": "done", "adapt": "reused", "gate": "reused"}
    same_bytes(run.folder, undisturbed)


@pytest.mark.parametrize("name", ["load.parquet", "adapt.parquet", "corpus/valid.jsonl"])
@pytest.mark.parametrize("how", ["cut", "flipped", "deleted"])
def test_a_damaged_output_is_done_again(
    name: str, how: str, go: Go, out: Path, undisturbed: Path, same_bytes: Callable[..., None]
) -> None:
    path = out / "pl" / "2026-11-21-1" / name
    whole = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    else:
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    stage = "gate" if name.startswith("corpus") else path.stem
    run, stages = go(out)
    assert stages[stage] == "done"
    assert all(stages[item] == "reused" for item in STAGES[: STAGES.index(stage)])
    same_bytes(run.folder, undisturbed)


def test_from_does_that_stage_and_the_later_ones_again(
    go: Go, out: Path, undisturbed: Path, same_bytes: Callable[..., None]
) -> None:
    run, stages = go(out, first="adapt")
    assert stages == {"adapt": "done", "gate": "done"}
    same_bytes(run.folder, undisturbed)


def test_from_until_one_stage_makes_the_later_ones_stale(go: Go, out: Path) -> None:
    run, stages = go(out, first="translate", until="translate")
    assert stages == {"translate": "done"}
    assert list(run.records()) == ["load", "translate"]


def test_from_on_a_run_that_has_not_come_so_far_says_where_to_begin(go: Go, out: Path) -> None:
    with pytest.raises(MhxError, match="stage train is not done") as caught:
        go(out, first="evaluate", until="evaluate")
    assert "--from train" in caught.value.problems[0].fix


def test_from_on_nothing_leaves_nothing_behind(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="stage load is not done"):
        go(tmp_path / "runs", first="gate")
    assert not (tmp_path / "runs").exists()


def test_from_on_a_damaged_earlier_stage_says_which_one(go: Go, out: Path) -> None:
    (out / "pl/2026-11-21-1/translate.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(MhxError, match="translate") as caught:
        go(out, first="adapt")
    assert "--from translate" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1]", '{"load": {"key": 1}}'], ids=["cut", "list", "shape"])
def test_a_damaged_stage_record_says_what_to_do(text: str, go: Go, out: Path) -> None:
    (out / "pl/2026-11-21-1/stages.json").write_text(text)
    with pytest.raises(MhxError, match=r"stages\.json: .* — delete it"):
        go(out)


def test_a_damaged_run_file_leads_to_the_next_number(go: Go, out: Path) -> None:
    (out / "pl/2026-11-21-1/run.yaml").write_text("settings: {lang: pl")
    run, _ = go(out, until="load")
    assert run.folder.name == "2026-11-21-2"


def test_a_run_is_known_by_its_settings_not_by_its_folders_name(go: Go, out: Path) -> None:
    (out / "pl/2026-11-21-1").rename(out / "pl/the paper's run")
    run, stages = go(out)
    assert run.folder.name == "the paper's run"
    assert set(stages.values()) == {"reused"}


def test_numbers_go_past_nine_in_order(go: Go, out: Path) -> None:
    for number in (2, 9, 10):
        folder = out / "pl" / f"2026-11-21-{number}"
        folder.mkdir()
        (folder / "run.yaml").write_text("made by another version")
    run, _ = go(out, until="load", seed=5)
    assert run.folder.name == "2026-11-21-11"


def test_every_wrong_argument_is_told_at_once(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError) as caught:
        go(tmp_path / "runs", translator="memry", territory="PX", suite="empaty",
           source=str(tmp_path / "none.csv"), memories=[tmp_path / "none.tmx"])
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 5
    for near in ("'memory'", "'PL'", "'empathy'"):
        assert sum(f"did you mean {near}?" in line for line in told) == 1
    assert not (tmp_path / "runs").exists()


def test_a_measure_is_not_taken_for_a_suite(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="chrf is a measure, not a suite"):
        go(tmp_path / "runs", suite="chrf")
    assert not (tmp_path / "runs").exists()


def test_an_unknown_card_is_told_before_any_stage_runs(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="nope"):
        go(tmp_path / "runs", card="nope")
    assert not (tmp_path / "runs").exists()


def test_english_is_the_source_and_no_target(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="en is the source, not a target"):
        go(tmp_path / "runs", lang="en")


def test_stages_out_of_order_are_refused(go: Go, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="--from gate is after --until load"):
        go(tmp_path / "runs", first="gate", until="load")
