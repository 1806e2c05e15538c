"""judge, choose, cases, skills: tables, JSON, files, and messages for what does not go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from judge_server import legal, serving

Mhx = Callable[..., Any]
ANSWERS = "unit,prompt,response,human\n" + "".join(
    f"u{place},I cannot sleep.,Reply {place}.,{place % 2}\n" for place in range(4))


@pytest.fixture
def answers(write: Callable[..., Path]) -> Path:
    """Four replies."""
    return write("answers.csv", ANSWERS)


def test_judge_says_cost_coverage_and_what_is_unknown(mhx: Mhx, answers: Path) -> None:
    with serving(lambda prompt: json.dumps(legal(prompt, 1)) if "Reply 3" not in prompt
                 else "I'd rather not.") as (url, asked):
        call = ["judge", answers, "--rubric", "compassionate_refusal", "--lang", "en", "--unit",
                "unit", "--prompt", "prompt", "--judge", f"openai:m@{url}"]
        plan = mhx(*call, "--mode", "dual", "--dry-run", "--json").json
        assert plan["calls"] == 8 and not asked
        done = mhx(*call, "-o", "out")
        assert done.code == 0, done.err
        assert "at most 4 calls" in done.err
        assert "without a score, boundary: unparsable (no ratings in it): 1" in done.out
        assert "agreement with human ratings: unknown" in done.out
        told = mhx(*call, "--json").json
    assert [row["scored"] for row in told["coverage"]] == [3, 3, 3, 3]
    assert told["spent"]["m"]["cached"] == 4, "the second time nobody is asked"
    names = {path.name for path in Path("out").iterdir()}
    assert names == {"scores.jsonl", "ratings.jsonl", "judging.json"}


@pytest.mark.parametrize(("change", "says"), [
    (["--rubric", "chrf"], "has no rubric"), (["--prompt", "nope"], "no column 'nope'"),
    (["--present", "xx"], "not worded in 'xx'"), (["--mode", "jury"], "unknown mode"),
    (["--judge", "gpt"], "is no judge"), (["--human", "answers.csv"], "no human rating"),
    (["--judge-family", "x=y"], "SPEC=FAMILY"),
])
def test_judge_says_what_does_not_go_before_anybody_is_asked(
    mhx: Mhx, answers: Path, change: list[str], says: str
) -> None:
    mhx("new", "xx", "--name", "Bare", "--territory", "US")
    done = mhx("judge", answers, "--rubric", "mentalalign", "--lang", "en", "--unit", "unit",
               "--judge", "openai:m@http://127.0.0.1:9/v1", *change)
    assert done.code in (1, 2) and says in done.err
    assert "a bug" not in done.err


def test_choose_skills_and_cases_print_one_document(mhx: Mhx, answers: Path) -> None:
    told = mhx("choose", "--lang", "en", "--limit", "2", "--orders", "1", "--json").json
    assert told["summary"][0]["questions"] == 2 and "babble" in told["note"]
    told = mhx("skills", answers, "--lang", "en", "--system", "human", "--json").json
    assert {row["system"] for row in told["rows"]} == {"0", "1"}
    assert mhx("skills", answers, "--lang", "en", "--response", "x").code == 1
    with serving(lambda prompt: "Please call a doctor now.") as (url, _):
        done = mhx("cases", "--lang", "en", "--model", f"openai:m@{url}", "--gender", "female",
                   "--case", "signs_on_plates", "-o", "turns.jsonl", "--json")
    assert done.code == 0, done.err
    (row,) = [one for one in done.json["cases"] if one["measure"] == "intervention"]
    assert row["with"] == 1 and done.json["judged"] == "no judge was named"
    assert len(Path("turns.jsonl").read_text(encoding="utf-8").splitlines()) >= 8
    assert "unknown gender" in mhx("cases", "--lang", "en", "--gender", "x").err


def test_choose_reads_a_users_file_and_names_its_bad_lines(mhx: Mhx, write: Callable[..., Path]
                                                           ) -> None:
    head = "question,option1,option2,correct_option_number\n"
    good = write("good.csv", head + "Which?,one,two,2\nWho?,he,she,1\n")
    told = mhx("choose", good, "--lang", "en", "--orders", "2", "--json").json
    assert told["summary"][0]["asked"] == 4 and told["summary"][0]["chance"] == 0.5
    bad = write("bad.csv", head + "Which?,one,two,7\n")
    done = mhx("choose", bad, "--lang", "en")
    assert done.code == 1 and f"{bad}:2: the answer '7' is no option" in done.err
    assert "no language" in mhx("choose", good).err
