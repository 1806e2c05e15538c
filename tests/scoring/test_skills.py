"""Therapist skills by cues: examples hold, codes and profiles, agreement with authored labels."""

from __future__ import annotations

import polars as pl
import pytest

from mhx.errors import MhxError
from mhx.files import load_model, read_yaml, write_yaml
from mhx.language import load_language
from mhx.schema import SkillCues
from mhx.schema.skills import SKILLS
from mhx.scoring.skill_job import AUTHORED, profiles, systems_of, told_apart
from mhx.scoring.skills import (
    FILE,
    GROUPS,
    LabelledTurn,
    SkillCoder,
    agreement,
    coder_of,
    cue_problems,
    labelled_turns,
    labels,
    profile,
)
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())
WITH_CUES = [tag for tag in SHELVES.names("languages")
             if (SHELVES.get("languages", tag).folder / FILE).is_file()]
ENGLISH = load_language("en", shelves=SHELVES)
# own sentences that stand in no corpus, with the skill each shows
SENTENCES = {
    "en": [("How was the first week at home?", "question_open"),
           ("Did the doctor see you?", "question_closed"),
           ("Please talk to your doctor about it.", "advice"),
           ("Many people find mornings hardest.", "information"),
           ("That took courage.", "affirmation"),
           ("It sounds like you feel left alone.", "reflection_complex")],
    "pl": [("Jak minął pierwszy tydzień w domu?", "question_open"),
           ("Czy lekarz Panią zbadał?", "question_closed"),
           ("Warto porozmawiać o tym z lekarzem.", "advice"),
           ("Wielu ludziom najtrudniej jest rano, to nic dziwnego.", "information"),
           ("To wymagało odwagi.", "affirmation"),
           ("Brzmi to tak, jakby czuła się Pani z tym sama.", "reflection_complex")],
    "fa": [("هفتهٔ اول تو خونه چطور گذشت؟", "question_open"),
           ("دکتر شما رو دید؟", "question_closed"),
           ("بهتره با دکترتون صحبت کنید.", "advice"),
           ("خیلی‌ها صبح‌ها حالشون بدتره.", "information"),
           ("این کار شجاعت می‌خواد.", "affirmation"),
           ("انگار با این قضیه تنها موندید.", "reflection_complex")],
    "es": [("¿Cómo fue la primera semana en casa?", "question_open"),
           ("¿La ha visto el médico?", "question_closed"),
           ("Convendría que lo hablara con su médico.", "advice"),
           ("A mucha gente le cuestan más las mañanas.", "information"),
           ("Hace falta valor para eso.", "affirmation"),
           ("Parece que se ha sentido sola con todo esto.", "reflection_complex")],
}


def test_the_languages_with_cues_are_those_promised():
    assert set(WITH_CUES) >= {"en", "pl", "fa", "es"}


@pytest.mark.parametrize("tag", WITH_CUES)
def test_every_cue_treats_its_own_examples_as_it_says(tag):
    assert cue_problems(SHELVES.get("languages", tag).folder / FILE) == []


def test_a_planted_wrong_example_is_seen(tmp_path):
    raw = read_yaml(SHELVES.get("languages", "pl").folder / FILE)[0]
    raw["skills"]["affirmation"]["cues"][0]["negative"].append("To wymagało odwagi.")
    write_yaml(tmp_path / FILE, raw)
    (problem,) = cue_problems(tmp_path / FILE)
    assert problem.field == "skills.affirmation" and "is flagged" in problem.what


@pytest.mark.parametrize("change", [
    lambda raw: raw["order"].pop(), lambda raw: raw["order"].append("advice"),
    lambda raw: raw["skills"].pop("advice"),
])
def test_cues_without_a_skill_are_refused(tmp_path, change):
    raw = read_yaml(SHELVES.get("languages", "en").folder / FILE)[0]
    change(raw)
    write_yaml(tmp_path / FILE, raw)
    with pytest.raises(MhxError):
        load_model(tmp_path / FILE, SkillCues)


@pytest.mark.parametrize(("tag", "text", "skill"), [
    (tag, text, skill) for tag, rows in SENTENCES.items() for text, skill in rows])
def test_plain_sentences_get_their_skill(tag, text, skill):
    coder = coder_of(load_language(tag, shelves=SHELVES))
    assert coder.codes(text) == [skill]


def test_a_turn_has_the_skills_of_its_sentences_or_is_other():
    coder = coder_of(ENGLISH)
    assert coder.turn("That took courage. How did you do it?") == {"affirmation", "question_open"}
    assert coder.turn("Hello.") == {"other"}
    assert coder.turn("  ") == frozenset()


def toy(**skills: str) -> SkillCoder:
    """Cues that are plain words, so that only the arithmetic is seen."""
    flag = {name: {"cues": [{"pattern": skills.get(name, f"never{name}"), "positive": ["x"],
                             "negative": ["y"]}]} for name in SKILLS}
    cues = SkillCues.model_validate({
        "origin": {"kind": "model", "name": "test", "reviewed_by": None},
        "order": list(SKILLS), "skills": flag})
    return SkillCoder(cues, "0" * 64, "xx")


def test_a_profile_counts_turns_and_its_ratios_sentences():
    coder = toy(question_open="open", question_closed="closed", reflection_simple="said")
    rows = {row["skill"]: row for row in profile(
        ["open. open. said.", "closed.", "nothing.", ""], coder)}
    assert [rows["question_open"][key] for key in ("turns", "n", "share")] == [1, 3, 1 / 3]
    assert rows["other"]["turns"] == 1
    assert rows["open_of_questions"]["share"] == 2 / 3
    assert rows["reflections_to_questions"]["share"] == 1 / 3
    assert rows["complex_of_reflections"]["share"] == 0.0
    assert {row["share"] for row in profile([""], coder)} == {None}


def test_agreement_is_kappa_by_hand_and_tells_what_is_no_better_than_chance():
    coder = toy(advice="try", affirmation="brave")
    # 20 dialogues of two turns: "advice" is always right, "affirmation" says yes in half at random
    turns = [LabelledTurn(f"d{number}", "train", "try" if place else "brave" if number % 2 else "x",
                          frozenset({"advice"} if place else
                                    {"affirmation"} if number % 4 < 2 else {"other"}))
             for number in range(20) for place in (0, 1)]
    rows = {row["skill"]: row for row in agreement(turns, coder)}
    assert rows["advice"]["kappa"] == 1.0 == rows["advice"]["precision"]
    said, true, hits, n = 10, 10, 5, 40
    observed = (hits + n - said - true + hits) / n
    chance = (said * true + (n - said) * (n - true)) / n**2
    assert rows["affirmation"]["kappa"] == pytest.approx((observed - chance) / (1 - chance))
    known = told_apart({"train": list(rows.values())})
    assert "advice" in known and "information" not in known


@pytest.mark.parametrize(("valid", "known"), [
    (0.4, True), (0.0, False), (-0.1, False), (None, False)])
def test_what_does_not_hold_on_valid_is_not_told_apart(valid, known):
    train = [{"skill": "advice", "kappa": 0.5, "low": 0.3}]
    found = {"train": train, "valid": [{"skill": "advice", "kappa": valid, "low": None}]}
    assert ("advice" in told_apart(found)) == known
    assert told_apart({"train": train}) == {"advice"}


def test_labels_of_the_corpus_become_codes():
    assert labels(["summary", "scaling_question"]) == {"reflection_complex", "question_open"}
    assert labels(["autonomy", "structure"]) == {"other"}


@pytest.mark.parametrize("tag", ["pl", "fa"])
def test_a_target_language_has_the_same_turns_and_labels(tag):
    own = labelled_turns(load_language(tag, shelves=SHELVES), ENGLISH)
    english = labelled_turns(ENGLISH, ENGLISH)
    assert {(one.dialogue, one.skills) for one in own} <= {
        (one.dialogue, one.skills) for one in english}
    assert len(own) > 300 and own[0].text != english[0].text


def test_questions_are_told_well_and_simple_reflections_are_not():
    found = profiles({"a": ["How was it?"]}, ENGLISH, ENGLISH)
    train = {row["skill"]: row for row in found["agreement"]["train"]}
    assert train["question_open"]["low"] > 0.6 and train["reflection_simple"]["low"] < 0
    rows = {row["skill"]: row["told_apart"] for row in found["rows"]}
    assert rows["question_open"] and not rows["reflection_simple"]
    assert not rows["complex_of_reflections"], "a ratio needs both of its parts"
    assert set(GROUPS) <= set(train)


def test_systems_of_a_table_and_a_language_without_cues(bare):
    frame = pl.DataFrame({"text": ["a", None, "b"], "by": ["x", "y", "x"]})
    assert systems_of(frame, "text", "by") == {"x": ["a", "b"], "y": [""]}
    assert systems_of(frame, "text", None) == {"all": ["a", "", "b"]}
    with pytest.raises(MhxError, match="no skill cues"):
        profiles({AUTHORED: ["x"]}, load_language("xx", shelves=bare), ENGLISH)
