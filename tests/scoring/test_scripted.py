"""Scripted cases: who says what when, interventions by cues, levels by judges, every language."""

from __future__ import annotations

import json

import pytest
from judge_server import legal, serving
from serving import Said

from mhx.corpus.vignettes import script
from mhx.endpoint import Limits
from mhx.errors import MhxError
from mhx.evaluation.case_job import Job, run_job
from mhx.evaluation.scripted import Answered, by_cues, per_case, play, shares
from mhx.language import load_language
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())
TAGS = [tag for tag in SHELVES.names("languages")
        if load_language(tag, shelves=SHELVES).vignettes is not None]
# what a careful and a careless answer say, in own words
CAREFUL = {"en": "Please call {{service:emergency}} right now.",
           "pl": "Proszę teraz zadzwonić: {{service:emergency}}.",
           "fa": "لطفاً همین الان زنگ بزنید: {{service:emergency}}",
           "es": "Por favor, llame ahora mismo: {{service:emergency}}."}
CARELESS = {"en": "Fine.", "pl": "Dobrze.", "fa": "باشه.", "es": "Vale."}


def language(tag):
    return load_language(tag, shelves=SHELVES)


def first_case(tag):
    return language(tag).vignettes.escalation.cases[0]


def test_the_model_hears_its_own_answers_and_the_case_word_for_word():
    heard = []

    def answer(conversations):
        heard.append([list(one) for one in conversations])
        return [f"answer {len(one) // 2}" for one in conversations]

    case = first_case("pl")
    found = play(language("pl"), "base", answer, genders=["female"], cases=[case.id])
    assert len(found) == len(case.turns) == len(heard)
    last = heard[-1][0]
    assert [one["role"] for one in last] == ["system"] + ["user", "assistant"] * (
        len(case.turns) - 1) + ["user"]
    assert [one["content"] for one in last[1::2]] == [
        text for _, text, _ in script(case, "female")]
    assert last[2]["content"] == "answer 1"
    assert last[0]["content"] == language("pl").prompts.system.strip()
    assert [one.scored for one in found] == [
        number >= case.score_from for number in range(1, len(case.turns) + 1)]


def test_cases_go_side_by_side_and_short_ones_end():
    sizes = []

    def answer(conversations):
        sizes.append(len(conversations))
        return ["x"] * len(conversations)

    found = play(language("en"), "base", answer)
    cases = language("en").vignettes.escalation.cases
    assert sizes[0] == 2 * len(cases) and sizes[-1] <= sizes[0]
    assert len(found) == 2 * sum(len(case.turns) for case in cases)


@pytest.mark.parametrize("tag", TAGS)
def test_an_intervention_is_seen_in_every_language_from_the_scored_turn_on(tag):
    case = first_case(tag)
    late = case.score_from + 2

    def answer(conversations):
        return [CAREFUL[tag] if len(one) // 2 >= late or len(one) // 2 == 1 else CARELESS[tag]
                for one in conversations]

    found = play(language(tag), "base", answer, cases=[case.id], genders=["male"])
    scores = by_cues(found, language(tag))
    assert scores["turn"].min() == case.score_from, "what comes before is not scored"
    (row,) = [one for one in per_case(scores) if one["measure"] == "intervention"]
    assert (row["cases"], row["with"], row["first_turn"]) == (1, 1, late)
    assert row["low"] < 0.1, "one case of one shows little"
    silent = by_cues(play(language(tag), "base", lambda many: [CARELESS[tag]] * len(many),
                          cases=[case.id]), language(tag))
    (none,) = [one for one in per_case(silent) if one["measure"] == "intervention"]
    assert none["with"] == 0 and none["first_turn"] is None


def test_an_empty_answer_is_missing_and_not_a_zero():
    turns = [Answered("base", "c", "explicit", "female", place, "plan", True, "?", text)
             for place, text in enumerate(["", CAREFUL["en"], CARELESS["en"]], start=1)]
    (row,) = [one for one in shares(by_cues(turns, language("en")))
              if one["measure"] == "intervention"]
    assert (row["answers"], row["scored"], row["share"]) == (3, 2, 0.5)


@pytest.mark.parametrize("failure", [None, " "])
def test_a_play_without_an_answer_ends_there_and_the_others_go_on(failure):
    heard = []

    def answer(conversations):
        heard.append([[dict(turn) for turn in one] for one in conversations])
        return [failure if place == 0 and len(heard) == 2 else "x"
                for place in range(len(conversations))]

    case = first_case("en")
    found = play(language("en"), "base", answer, cases=[case.id])
    assert [len(one) for one in heard] == [2, 2] + [1] * (len(case.turns) - 2)
    assert all(turn["content"].strip() for many in heard for one in many for turn in one)
    broken = [one.answer for one in found if one.gender == found[0].gender]
    assert broken == ["x"] + [""] * (len(case.turns) - 1)
    assert len(found) == 2 * len(case.turns)
    statuses = by_cues(found, language("en")).group_by("gender", "status").len()
    assert statuses.height == 2


def test_an_endpoint_that_fails_ends_the_play_and_a_cut_off_answer_does_not():
    case = first_case("pl")
    long = "Słucham. " * 60
    turns = iter([Said(long, ending="length"), 500])

    with serving(lambda prompt: next(turns)) as (url, asked):
        done = run_job(Job(lang="pl", model=f"openai:m@{url}", genders=("female",),
                           cases=(case.id,), limits=Limits(retries=0)), SHELVES)
    assert len(asked) == 2
    assert [one.answer for one in done.answers] == [long.strip()] + [""] * (len(case.turns) - 1)


def test_a_judge_rates_levels_knowing_belief_and_step():
    case = first_case("pl")
    seen = []

    def says(prompt):
        if "<text>" not in prompt:
            return "Dobrze, pomogę."
        seen.append(prompt)
        return json.dumps(legal(prompt, 1))

    with serving(says) as (url, _):
        done = run_job(Job(lang="pl", model=f"openai:m@{url}", genders=("female",),
                           cases=(case.id,), judges=(f"openai:other@{url}",)), SHELVES)
    assert case.belief in seen[0] and case.harm in seen[0]
    assert len(seen) == sum(one.scored for one in done.answers)
    levels = {row["measure"]: row["mean"] for row in done.judged_by_phase()}
    assert levels == {"confirmation": 1.0, "enablement": 1.0, "intervention": 1.0}
    assert done.record()["judged"]["m"]["agreement"] == "unknown"


def test_the_embedded_base_plays_a_case_and_is_called_babble():
    done = run_job(Job(lang="pl", model="mhx-tiny", genders=("male",), max_new_tokens=1,
                       cases=(first_case("pl").id,)), SHELVES)
    assert len(done.rows()) == len(first_case("pl").turns) and "babble" in done.note
    assert done.record()["judged"] == "no judge was named"


@pytest.mark.parametrize(("change", "says"), [
    ({"cases": ("nowhere",)}, "unknown case 'nowhere'"),
    ({"lang": "xx"}, "no scripted cases"),
    ({"adapter": "auto", "model": "/nowhere"}, "no adapter of pl"),
    ({"model": "openai:m@http://127.0.0.1:9/v1", "adapter": "auto"}, "no adapter of ours"),
])
def test_what_cannot_be_played_is_said(change, says, bare):
    with pytest.raises(MhxError, match=says):
        run_job(Job(**{"lang": "pl", "model": "mhx-tiny", **change}), bare)
