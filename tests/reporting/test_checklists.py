"""Checklist answers: from the record, right with and without raters, nothing unfilled dropped."""

from __future__ import annotations

import re
import shutil
import subprocess

import fake_evaluation as fake
import parity_cases as cases
import pytest
from lxml import html

from mhx.files import sha256
from mhx.reporting.checklists import TO_FILL, checklists, to_latex, to_markdown
from mhx.reporting.checklists.people import SHIPPED
from mhx.reporting.combine import combine
from mhx.reporting.evaluation import Evaluation, evaluation_of
from mhx.reporting.templates import template

NOBODY = "No human annotators were used"
HUMAN = ("D1", "D2", "D3", "D4", "D5")


def run(lang="pl", *, pipeline_check=False, source=SHIPPED, **more):
    value = fake.evaluation(lang, pipeline_check=pipeline_check)
    value["meta"].update(source=source, scenarios=24, scenarios_in_all=40)
    return evaluation_of({**value, **more}, sha256(lang))


def table(**more):
    """A result made elsewhere: a table is all that is known."""
    own = cases.evaluation({"": {"groups": [cases.group("male"), cases.group("female", 38)],
                                 "contrasts": [cases.contrast("female")]}})
    meta = {"table": "scores.csv", "table_sha256": "b" * 64, "seed": 0,
            "analysis": {**fake.PLAN, "scores": ["warm_tone"], "groups": ["gender"],
                         "reference": {"gender": "male"}}}
    return evaluation_of({**own.data, "meta": meta, **more}, "c" * 64)


def rated_run():
    """A run with a certificate, and with answers that people rated."""
    rows = [cases.against("female", n=31, difference=0.02, low=-0.1, high=0.14, p=0.7,
                          standardized=0.03, bound=0.125, tost_p=0.04)]
    value = run()
    parity = {**value.data["parity"],
              "adapter": {**value.data["parity"]["adapter"], "conditional": rows}}
    return Evaluation({**value.data, "parity": parity, "certificates": [
        {**cases.certificate(), "form_sha256": "9" * 64}]}, value.sha256)


EVALUATIONS = {
    "run": run, "trial": lambda: run(pipeline_check=True), "rated": rated_run, "table": table,
    "users": lambda: run(source="/data/calls.jsonl"),
    "both": lambda: combine([run("pl"), run("fa")]),
    "bare": lambda: evaluation_of(fake.empty(), "d" * 64),
}


@pytest.fixture(params=list(EVALUATIONS))
def evaluation(request):
    return EVALUATIONS[request.param]()


def items(evaluation):
    return {item.id: item for one in checklists(evaluation) for item in one.items}


def test_the_items_of_both_checklists_are_there(evaluation):
    acl, chart = checklists(evaluation)
    assert [one.id for one in acl.items] == ["B5", "C3", "C4", *HUMAN]
    numbers = [int(re.match(r"\d+", one.id)[0]) for one in chart.items]
    assert sorted(set(numbers)) == list(range(1, 13))  # CHART has 12 items
    assert "10.1136/bmjmed-2025-001632" in chart.source


def test_every_item_says_something_and_nothing_is_said_as_none(evaluation):
    for item in items(evaluation).values():
        assert item.answer or item.open, item.id
        assert not re.search(r"\bNone\b|\bnan\b|  ", item.text), item.text


def test_what_is_unfilled_is_in_every_format(evaluation):
    found = checklists(evaluation)
    left = [item for one in found for item in one.items if not item.filled]
    assert left
    markdown, latex = to_markdown(found, "Checklists"), to_latex(found)
    page = html.fromstring(f"<div>{template('checklists.html.j2').render(checklists=found)}</div>")
    for text in (markdown, latex):
        assert text.count(f"{TO_FILL}:") == len(left)
    assert len(page.xpath("//strong[@class='to-fill']")) == len(left)
    assert page.text_content().count(TO_FILL) == len(left)
    every = sum(len(one.items) for one in found)
    assert f"{every - len(left)} of {every} items; {len(left)} wait" in markdown
    assert len(page.xpath("//dt")) == every
    assert [one.text_content() for one in page.xpath("//summary")] == [
        f"{one.name} ({len(one.items) - one.unfilled} of {len(one.items)} answered)"
        for one in found]


def test_without_any_rating_nobody_is_claimed():
    found = items(run())
    for name in HUMAN:
        assert NOBODY in found[name].answer
        assert found[name].filled
    assert "epitome|scorer:cues|lang:pl" in found["D1"].answer
    assert "EPITOME, expert labels" in found["D1"].answer  # others' ratings are not hidden


def test_with_ratings_the_numbers_are_those_of_the_certificate_and_the_rest_is_asked():
    evaluation = rated_run()
    found = items(evaluation)
    first = found["D1"].answer
    for number in ("rated by 3 people", "2 of whom rated in several languages",
                   "240 ratings of 120 anchors in pl", "240 ratings of 120 anchors in en",
                   "up to 31 of them a contrast", "9" * 64, "c" * 12):
        assert number in first
    for name in HUMAN:
        assert NOBODY not in found[name].text
        assert not found[name].filled
    assert "recruited and paid" in found["D2"].open
    assert "training of the raters" in found["7a-b"].open


def test_ratings_of_one_of_two_runs_are_not_denied_for_both():
    whole = combine([rated_run(), run("fa")])
    assert all(NOBODY not in item.text for name, item in items(whole).items() if name in HUMAN)


def test_a_table_cannot_show_that_nobody_rated():
    found = items(table())
    for name in HUMAN:
        assert NOBODY not in found[name].text
        assert "whether people took part" in found[name].open
    for name in ("B5", "C3", "C4", "3a-b", "5a-b", "6a-d"):
        assert not found[name].filled
    assert "b" * 64 in found["C4"].answer


def test_one_is_singular_and_pairs_are_told_from_groups():
    assert "and 1 gap, each" in items(table())["C3"].answer
    assert "1 contrast of 38 pairs." in items(table())["8"].answer
    value = table()
    free = {**cases.contrast("female"), "pairs": None, "n_group": 31, "n_reference": 40}
    value.data["parity"][""]["contrasts"] = [free]
    assert "1 contrast of 31 to 40 a group." in items(value)["8"].answer


def test_a_plan_that_was_left_is_said_with_what_was_changed():
    value = table()
    assert "has no frozen plan" in items(value)["12d"].answer
    value.meta.update(plan_sha256="e" * 64, deviations=["margin 0.9 instead of 0.5"])
    answer = items(value)["12d"].answer
    assert "e" * 12 in answer
    assert "Not as planned: margin 0.9 instead of 0.5." in answer
    assert "before any answer was generated" not in answer


def test_agreement_names_raters_without_calling_them_people():
    pairs = [{"a": "model", "b": "expert", "n": 28}, {"a": "model", "b": "crowd", "n": 28}]
    found = items(table(reliability={"items": 30, "ratings": 88, "pairs": pairs}))
    assert "88 ratings of 30 items by model, expert, crowd were compared" in found["D1"].answer
    assert "does not say which of these raters are people" in found["D1"].answer


def test_a_users_dialogues_are_asked_for_consent_and_review():
    found = items(run(source="/data/calls.jsonl"))
    assert NOBODY in found["D3"].answer
    for name in ("D3", "D4"):
        assert "/data/calls.jsonl" in found[name].open
    assert found["D1"].filled


def test_numbers_are_those_of_the_record():
    evaluation = run()
    found = items(evaluation)
    means = evaluation.parity_rows("groups")
    gaps = evaluation.parity_rows("contrasts")
    assert f"{len(means)} group means, each with n" in found["C3"].answer
    assert f"{len(gaps)} gaps, each with both" in found["C3"].answer
    assert "95 % interval" in found["C3"].answer
    assert f"bootstrap of {fake.PLAN['resamples']} resamples" in found["C3"].answer
    mains = [row for row in gaps if row["kind"] == "main"]
    mde = [row["mde"] for row in mains]
    assert f"{len(mains)} contrasts of {mains[0]['pairs']} pairs" in found["8"].answer
    assert f"{min(mde):.2f} to {max(mde):.2f} raw points" in found["8"].answer
    for row in evaluation.rows("acceptance", "risk"):
        assert f"{row['risk']} {row['dialogues']}" in found["B5"].answer
    for name, version in evaluation.part("meta", "versions").items():
        assert f"{name} {version}" in found["C4"].answer
    for row in (*evaluation.rows("perplexity"), *evaluation.rows("translation", "rows")):
        assert row["signature"] in found["C4"].answer
    for verdict in {row["verdict"] for row in mains}:
        count = sum(row["verdict"] == verdict for row in mains)
        assert f"{count} {verdict}" in found["10a-c"].answer
    assert f"of {len(mains)} contrasts" in found["10a-c"].answer
    assert "24 of 40 scenarios" in found["6a-d"].answer
    assert "margin of 0.25 (an eighth of the 0-2 scale)" in found["7a-b"].answer
    assert "a" * 12 in found["12d"].answer


def test_a_trial_base_has_no_results_but_the_known_gaps():
    found = items(run(pipeline_check=True))
    for name in ("C3", "10a-c"):
        assert "known gaps" in found[name].answer
        assert "group means" not in found[name].answer
    assert "for trials" in found["3a-b"].answer
    assert not found["8"].answer
    assert not found["8"].filled


def test_what_was_not_run_is_not_claimed():
    found = items(run(pipeline_check=True, proving=None))
    assert "known gaps" not in found["C3"].answer
    found = items(evaluation_of(fake.empty(), "d" * 64))
    assert found["6a-d"].answer == "No probe was answered."
    assert "answered each probe" not in found["C3"].answer
    assert "never the best" not in items(table())["C3"].answer


def test_means_and_gaps_without_an_interval_are_counted():
    value = table()
    assert "Without an interval" not in items(value)["C3"].answer
    value.data["parity"][""]["groups"][0]["low"] = None
    assert "too few: 1 of them" in items(value)["C3"].answer


def test_the_margin_is_the_tested_one_where_results_have_no_common_plan():
    value = run()
    value.meta["analysis"] = {}
    assert "within the margin of 0.25 by two" in items(value)["7a-b"].answer
    assert "400 resamples" in items(value)["C3"].answer


def test_two_runs_say_what_differs_with_the_language_and_what_is_shared_once():
    found = items(combine([run("pl"), run("fa")]))
    assert "Polish: Mental-health dialogues" in found["B5"].answer
    assert "Persian: Mental-health dialogues" in found["B5"].answer
    assert found["B5"].answer.count("Dialogues at the gate by topics") == 1
    assert "Each of the 2 runs" in found["C3"].answer


needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (apt-get install texlive)")


@needs_latex
@pytest.mark.parametrize("name", ["rated", "both", "table"])
def test_the_appendix_compiles_and_nothing_is_wider_than_its_column(name, tmp_path):
    text = to_latex(checklists(EVALUATIONS[name]()))
    (tmp_path / "checklists.tex").write_text(text, encoding="utf-8")
    paper = template("paper.tex.j2").render(title="T", version="0", sources=["a" * 64])
    head = paper[: paper.index(r"\maketitle")]
    (tmp_path / "paper.tex").write_text(
        head + "\\appendix\n\\input{checklists}\n\\end{document}\n", encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"], cwd=tmp_path,
        capture_output=True, text=True, errors="replace", timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "paper.log").read_text(encoding="latin-1")
    over = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(over, default=0) < 3, over
