"""Ablation: what the edits of a text change is found, what they do not change is exactly zero."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_bases import small_base

from mhx.cards import load_territory
from mhx.errors import MhxError
from mhx.evaluation import ablate as ablating
from mhx.evaluation.ablate import Ablated, Wanted, ablate, prepare
from mhx.evaluation.ablation import course
from mhx.files import write_parquet
from mhx.language import load_language
from mhx.reporting.ablation import write_ablation
from mhx.run import Run, RunSettings, Silent, freeze
from mhx.schema import Edit, Participant, Plan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import Shelves, discover
from mhx.training import lora
from mhx.training.adapter import recipe_for

STEPS = 16
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
import test_ablate
test_ablate.quick()
run = test_ablate.reopened(Path(sys.argv[2]))
test_ablate.done(run, Path(sys.argv[4]), base=sys.argv[3])
"""


def edit(text: str, before: str, after: str, rule: str, depth: str = "surface") -> Edit:
    start = text.index(before)
    return Edit.model_validate({
        "start": start, "end": start + len(before), "operation": "replace", "rule": rule,
        "before": before, "after": after, "depth": depth, "nature": "substituting"})


def rows(name: str, split: str, number: int, *, deep: bool) -> list[dict[str, Any]]:
    """A dialogue whose supporter's every turn is edited: a name, and a whole clause."""
    said = f"Emily, to już {number}. noc. Proszę zadzwonić do kuzyna z Dallas."
    edits = [
        edit(said, "Emily", "Ania", "pl.fact.names"),
        edit(said, "Proszę zadzwonić do kuzyna z Dallas.", "Zróbmy herbatę i usiądźmy razem.",
             "pl.fact.tea", "deep" if deep else "surface"),
    ]
    asked = f"Nie śpię od {number} dni."
    plan = Plan(dialogue=name, seeker=Participant(gender="female"), supporter=Participant(),
                seeker_to_supporter="formal", supporter_to_seeker="formal")
    head = {"dialogue": name, "split": split, "decision": "accepted", "risk": "none",
            "plan": plan.model_dump_json(), "segment": 0,
            "origin": json.dumps({"kind": "template", "name": "this test", "reviewed_by": None})}
    turns = [("seeker", asked, []), ("supporter", said, edits)] * 2
    return [{**head, "turn": turn, "role": role, "faithful": text,
             "adapted": apply_edits(text, found),
             "edits": json.dumps([one.model_dump() for one in found])}
            for turn, (role, text, found) in enumerate(turns)]


def run_with(folder: Path, shelves: Shelves, *, deep: bool = True) -> Run:
    """A run to the gate of a user's corpus: 16 training dialogues and 12 to test on."""
    found = [row for number in range(16)
             for row in rows(f"a{number}", "train", number, deep=deep)]
    found += [row for number in range(12)
              for row in rows(f"t{number}", "test", 20 + number, deep=deep)]
    settings = RunSettings(lang="pl", territory="PL", translator="memory", source="mine.jsonl",
                           today=date(2026, 11, 21))
    run = _run(folder, settings, shelves)
    write_parquet(folder / "gate.parquet", pl.DataFrame(found))
    freeze(run, {})
    return run


def reopened(folder: Path) -> Run:
    from mhx.run import read_settings

    return _run(folder, read_settings(folder), discover(cwd=ROOT))


def _run(folder: Path, settings: RunSettings, shelves: Shelves) -> Run:
    language = load_language("pl", shelves=shelves)
    # the shipped prompt is a thousand bytes, which a byte tokenizer would take most steps for
    language.__dict__["prompts"] = language.prompts.model_copy(update={"system": "Wspieraj."})
    return Run(folder, settings, language, load_language("en", shelves=shelves),
               load_territory("PL", shelves=shelves), shelves)


def quick() -> None:
    """A rate at which a small random base learns a sentence in a few steps."""
    changes = {"learning_rate": 0.02, "batch_size": 4, "max_length": 256}
    ablating.recipe_for = (  # type: ignore[attr-defined]
        lambda language, base: recipe_for(language, base).model_copy(update=changes))


@pytest.fixture
def rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablating, "recipe_for", recipe_for)  # set back what `quick` puts there
    quick()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_base("Qwen3", tmp_path_factory.mktemp("bases"))


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, shelves: Shelves, base: str
) -> tuple[Path, Ablated]:
    """An undisturbed ablation: the folder of its run, and what it found."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ablating, "recipe_for", recipe_for)
        quick()
        return folder, done(run_with(folder, shelves), folder / "out", base=base)


def done(run: Run, into: Path, **more: Any) -> Ablated:
    wanted = Wanted(**{"steps": STEPS, "seeds": 2, "answers": False, "device": "cpu", **more})
    found = ablate(prepare(run, wanted), into, Silent())
    write_ablation(into, found.record, found.items, trial=False)
    return found


def effect(found: Ablated, outcome: str, arm: str, against: str) -> dict[str, Any]:
    (row,) = [one for one in found.record["effects"] if (one["outcome"], one["arm"],
              one["against"]) == (outcome, arm, against)]
    return row


def test_the_arm_whose_text_is_the_tests_wins_and_on_the_faithful_text_it_loses(whole):
    found = whole[1]
    for outcome in ("loss_adapted", "loss_edited"):
        planted = effect(found, outcome, "full", "faithful")
        assert planted["verdict"] == "different" and planted["high"] < 0
        assert all(value < 0 for value in planted["by_seed"])
        deep = effect(found, outcome, "full", "surface")  # the clause is the deep edit
        assert deep["verdict"] == "different" and deep["high"] < 0
    other = effect(found, "loss_faithful", "full", "faithful")
    assert other["verdict"] == "different" and other["low"] > 0
    means = {one["outcome"]: one["arms"] for one in found.record["outcomes"]}["loss_adapted"]
    assert means["full"] - means["faithful"] == pytest.approx(
        effect(found, "loss_adapted", "full", "faithful")["difference"])
    assert means["base"] > means["full"]


def test_arms_of_one_text_are_one_adapter_and_differ_by_exactly_nothing(
    rate, base, shelves, tmp_path
):
    found = done(run_with(tmp_path, shelves, deep=False), tmp_path / "out", base=base, seeds=1,
                 steps=3)
    same = effect(found, "loss_adapted", "full", "surface")
    assert same["difference"] == 0.0 and same["verdict"] == "same text"
    assert len(list((tmp_path / "out" / "adapters").iterdir())) == 2
    assert any("no deep edit" in note for note in found.record["notes"])
    pairs = [(row["arm"], row["against"]) for row in found.record["effects"]
             if row["outcome"] == "loss_adapted" and row["verdict"] != "same text"]
    assert pairs == [("full", "faithful")]  # tested once, not once a name


def test_a_dialogue_too_long_in_one_arm_leaves_all_with_its_edits_and_a_cut_one_is_named(
    rate, base, shelves, tmp_path
):
    run = run_with(tmp_path, shelves, deep=False)
    table = pl.read_parquet(tmp_path / "gate.parquet")
    more = [*rows("long", "train", 98, deep=True), *rows("cut", "train", 99, deep=False)]
    for row in more:  # a seeker's first words are long in "full", a supporter's last in all
        if (row["dialogue"], row["turn"]) == ("long", 0):
            words = edit(row["faithful"], "Nie", "bardzo " * 60, "pl.fact.tea", "deep")
            row |= {"adapted": apply_edits(row["faithful"], [words]),
                    "edits": json.dumps([words.model_dump()])}
        if (row["dialogue"], row["turn"]) == ("cut", 3):
            row["faithful"] += " Tak." * 60
            row["adapted"] += " Tak." * 60
    write_parquet(tmp_path / "gate.parquet", pl.concat([table, pl.DataFrame(more)]))
    ready = prepare(run, Wanted(base=base, steps=2, seeds=1))
    assert (ready.left_out, ready.cut) == (["long"], ["cut"])
    assert {len(arm.records) for arm in ready.arms} == {17}
    assert ready.arms[2].edits == 17 * 4
    # the deep edit was in it, so what is left is one text
    assert ready.arms[1].text_sha256 == ready.arms[2].text_sha256
    assert any("its own beginning" in note for note in ablating._notes(ready))


def test_a_run_of_another_card_is_named(rate, base, shelves, tmp_path):
    from mhx.files import hash_json

    run = run_with(tmp_path, shelves)
    ready = prepare(run, Wanted(base=base, steps=2, seeds=1))
    assert not any("card has changed" in note for note in ablating._notes(ready))
    run.settings.plugin_sha256["card"] = hash_json(run.language.card.model_dump(mode="json"))
    assert not any("card has changed" in note for note in ablating._notes(ready))
    run.settings.plugin_sha256["card"] = "0" * 64
    assert any("card has changed" in note for note in ablating._notes(ready))


def test_two_trainings_of_one_text_give_the_same_losses(rate, base, shelves, tmp_path):
    ready = prepare(run_with(tmp_path, shelves),
                    Wanted(steps=3, seeds=1, answers=False, base=base, device="cpu"))
    folders = [course.adapter_of(ready.arms[-1], ready.courses[0], tmp_path / name, Silent())
               for name in ("one", "two")]
    one, two = (ready.items.losses(folder, folder.parent / "scores") for folder in folders)
    assert one == two and one["adapted"]


def test_without_a_kind_of_edit_the_text_lacks_just_those(rate, base, shelves, tmp_path):
    run = run_with(tmp_path, shelves)
    ready = prepare(run, Wanted(("depth=deep", "entry=pl.fact.names"), base=base, steps=2))
    last = {arm.name: arm.records[0]["messages"][2]["content"] for arm in ready.arms}
    assert last["full minus depth=deep"] == last["surface"]
    assert last["full minus entry=pl.fact.names"].startswith("Emily, to już")
    assert last["full minus entry=pl.fact.names"].endswith("usiądźmy razem.")
    assert last["full"].startswith("Ania") and "kuzyna" in last["faithful"]
    with pytest.raises(MhxError, match=r"unknown kind of edit 'person'.*uncovered"):
        prepare(run, Wanted(("person",), base=base))


def test_all_arms_take_the_same_dialogues_in_each_step(rate, base, shelves, tmp_path):
    ready = prepare(run_with(tmp_path, shelves),
                    Wanted(steps=6, seeds=2, answers=False, base=base, device="cpu"))
    plans = [one.plan for one in ready.courses]
    assert not any("tell no arms apart" in note for note in ablating._notes(ready))
    few = prepare(ready.run, Wanted(steps=2, seeds=2, answers=False, base=base, device="cpu"))
    assert any("take 8, 8 (by seed) of 16 dialogues" in note for note in ablating._notes(few))
    assert plans[0] != plans[1]
    assert all(len(plan) == 6 and all(len(step) == 4 for step in plan) for plan in plans)
    ids = [[record["id"] for record in arm.records] for arm in ready.arms]
    assert ids[0] == ids[1] == ids[2]
    # the order is taken: texts of other lengths would be put into other steps
    seen: list[list[str]] = []
    real = lora.Training

    def watched(**given: Any) -> Any:
        one = given["courses"][0]
        seen.append([[one.ids[place] for place in batch] for batch in one.batches])
        return real(**given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora, "Training", watched)
        for arm in ready.arms:
            course.adapter_of(arm, ready.courses[0], tmp_path / "adapters", Silent())
    assert seen == [[list(step) for step in plans[0]]] * 3


def test_an_edit_in_no_step_makes_no_arm_of_its_own(rate, base, shelves, tmp_path):
    run = run_with(tmp_path, shelves, deep=False)
    one = prepare(run, Wanted(steps=1, seeds=1, answers=False, base=base, device="cpu"))
    (step,) = one.courses[0].plan
    table = pl.read_parquet(tmp_path / "gate.parquet")
    outside = next(f"a{n}" for n in range(16) if f"a{n}" not in step)
    for name, hashes in ((step[0], 3), (outside, 2)):
        deep = pl.col("edits").str.replace_all('"depth": "surface"', '"depth": "deep"')
        write_parquet(tmp_path / "gate.parquet", table.with_columns(
            edits=pl.when(pl.col("dialogue") == name).then(deep).otherwise("edits")))
        ready = prepare(run, one.wanted)
        assert ready.courses[0].plan == one.courses[0].plan
        assert len({arm.text_sha256 for arm in ready.arms}) == hashes
        assert ready.arms[1].edits < ready.arms[2].edits


def test_kill_9_and_the_same_call_give_the_bytes_of_an_undisturbed_one(
    rate, whole, base, tmp_path
):
    folder = whole[0]
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(folder), base,
               str(tmp_path)]
    process = subprocess.Popen(command)
    while process.poll() is None and len(list(tmp_path.glob("adapters/*/arm.json"))) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL and not (tmp_path / "ablation.json").exists()
    done(reopened(folder), tmp_path, base=base)
    for name in ("ablation.json", "ablation.csv", "items.csv", "ablation.png", "ablation.pdf"):
        assert (tmp_path / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_what_is_trained_is_kept_and_a_damaged_adapter_is_trained_again(
    rate, whole, base, monkeypatch, tmp_path
):
    shutil.copytree(whole[0] / "out", tmp_path / "out")
    run = reopened(whole[0])
    trained: list[int] = []
    real = course.train_adapters

    def watched(jobs: Any, **named: Any) -> Any:
        trained.append(jobs[0].recipe.seed)
        return real(jobs, **named)

    monkeypatch.setattr(course, "train_adapters", watched)
    again = done(run, tmp_path / "out", base=base)
    assert not trained and again == whole[1]
    done(run, tmp_path / "out", base=base, minus=("entry=pl.fact.names",))
    assert trained == [0, 1]
    first = next((whole[0] / "out" / "adapters").iterdir()).name  # not one of the arm added
    weights = tmp_path / "out" / "adapters" / first / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    done(run, tmp_path / "out", base=base)
    assert len(trained) == 3
