"""Model cards and datasheets: their numbers, signatures, front matter, and what is unfilled."""

from __future__ import annotations

import re

import fake_evaluation as fake
import parity_cases as cases
import pytest

from mhx.files import read_yaml, sha256
from mhx.reporting.checklists import TO_FILL
from mhx.reporting.checklists.people import SHIPPED
from mhx.reporting.combine import combine
from mhx.reporting.datasheet import datasheet, datasheets
from mhx.reporting.evaluation import Evaluation, evaluation_of
from mhx.reporting.markdown import plain_text
from mhx.reporting.model_card import model_card, model_cards
from mhx.reporting.sections import all_tables
from mhx.reporting.table import show

NINE = ["Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
        "Quantitative analyses", "Ethical considerations", "Caveats and recommendations"]
SEVEN = ["Motivation", "Composition", "Collection process", "Preprocessing, cleaning, labelling",
         "Uses", "Distribution", "Maintenance"]
HUB = {"cc-by-4.0", "unknown"}  # licences of these names are known to the Hugging Face hub


def run(lang="pl", *, pipeline_check=False, source=SHIPPED, **meta):
    value = fake.evaluation(lang, pipeline_check=pipeline_check)
    value["meta"].update(source=source, **meta)
    return evaluation_of(value, sha256(lang))


def table():
    one = cases.evaluation({"ours": {
        "groups": [cases.group("male"), cases.group("female", 38)],
        "contrasts": [cases.contrast("female", gap=0.123)]}})
    meta = {"table": "scores.csv", "table_sha256": "b" * 64, "seed": 0,
            "analysis": {**fake.PLAN, "scores": ["warm_tone"], "groups": ["gender"],
                         "reference": {"gender": "male"}}}
    return evaluation_of({**one.data, "meta": meta}, "c" * 64)


EVALUATIONS = {
    "run": run, "persian": lambda: run("fa"), "trial": lambda: run(pipeline_check=True),
    "users": lambda: run(source="/data/calls.jsonl"), "table": table,
    "bare": lambda: evaluation_of(fake.empty(), "d" * 64),
}


@pytest.fixture(params=list(EVALUATIONS))
def evaluation(request):
    return EVALUATIONS[request.param]()


def headings(text):
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def front(text, path):
    (path / "front.yaml").write_text(text.split("---\n")[1], encoding="utf-8")
    return read_yaml(path / "front.yaml")[0]


def cells(text, title):
    """The rows of the Markdown table under a bold title."""
    part = text[text.index(f"**{title}"):].split("\n\n")[1]
    return [[cell.strip() for cell in line.strip("|").split(" | ")]
            for line in part.splitlines()[2:]]


def test_the_sections_are_those_of_the_publications(evaluation):
    assert headings(model_card(evaluation)) == NINE
    assert headings(datasheet(evaluation)) == SEVEN


def test_nothing_is_said_as_none(evaluation):
    for text in (model_card(evaluation), datasheet(evaluation)):
        assert not re.search(r"\bNone\b|\bnan\b", text), text


def test_the_front_matter_is_yaml_that_the_hub_takes(evaluation, tmp_path):
    text = model_card(evaluation)
    assert text.startswith("---\n")
    found = front(text, tmp_path)
    assert found["license"] in HUB
    assert "research-only" in found["tags"]
    if evaluation.from_table:
        assert "language" not in found
        assert "base_model" not in found
    else:
        assert found["language"] == evaluation.meta["lang"]
        assert found["base_model"] == evaluation.meta["base_model"]
    assert ("trial" in found["tags"]) == evaluation.pipeline_check


def test_a_users_corpus_gets_no_licence_from_us(tmp_path):
    assert front(model_card(run()), tmp_path)["license"] == "cc-by-4.0"
    assert front(model_card(run(source="/data/calls.jsonl")), tmp_path)["license"] == "unknown"
    sheet = datasheet(run(source="/data/calls.jsonl"))
    assert "CC BY 4.0" not in sheet
    for asked in ("their licence", "ethical review, notice and consent",
                  "whether a person could be identified"):
        assert f"for the dialogues of /data/calls.jsonl, {asked}" in sheet
    assert "calls.jsonl, " not in datasheet(run())


def test_quoted_text_cannot_break_out_of_the_front_matter(tmp_path):
    base = 'x"\n---\nlicense: mit # <b>'
    found = front(model_card(run(base_model=base)), tmp_path)
    assert found["base_model"] == base
    assert "<b>" not in model_card(run(base_model=base)).split("---\n", 2)[2]


def test_unitary_and_intersectional_numbers_are_those_of_the_record():
    evaluation = run()
    text = model_card(evaluation)
    unitary, crossed = (text.index(f"### {name}") for name in (
        "Unitary results", "Intersectional results"))
    assert unitary < text.index("**Group means and coverage") < crossed
    rows = evaluation.parity_rows("groups", "main")
    shown = cells(text, "Group means and coverage")
    assert [(row["group"], show(row["n"], "int"), show(row["mean"], "number")) for row in rows] == [
        (row[3], row[4], row[7]) for row in shown]
    both = {row["group"] for row in evaluation.parity_rows("groups", "intersection")}
    assert both
    assert all(name in text[crossed:] for name in both)
    gaps = cells(text, "Parity: gaps, intervals and verdicts")
    assert [(row["system"], show(row["gap"], "number"), row["verdict"])
            for row in evaluation.parity_rows("contrasts", "main")] == [
        (row[0], row[5], row[10]) for row in gaps]


def test_every_table_ends_with_the_signature_it_has_in_the_report():
    evaluation = run()
    text = model_card(evaluation)
    for one in all_tables(evaluation):
        title = f"**{plain_text(one.title)}."
        if one.rows and title in text:
            below = text[text.index(title):].partition("\n**")[0]
            assert f"Signature: {plain_text(one.signature.rstrip('.'))}." in below, one.label


def test_a_trial_base_has_no_gaps_in_its_card():
    text = model_card(run(pipeline_check=True))
    assert text.count("Not reported: the base model is for trials.") == 2
    assert "**Parity" not in text
    assert "mhx-tiny is for trials, not for people." in text


def test_what_it_must_not_be_used_for_is_said(evaluation):
    text = " ".join(model_card(evaluation).split())
    assert "**not a therapist**" in text
    assert ("serving without the resolver is unsupported" in text) != evaluation.from_table
    assert TO_FILL in text


def test_the_gate_counts_are_those_of_the_accounts():
    evaluation = run()
    gate = next(row for row in evaluation.rows("accounts") if row["stage"] == "gate")
    counts = (f"{gate['accepted']} accepted, {gate['review']} for review, "
              f"{gate['rejected']} rejected")
    assert counts in model_card(evaluation)
    assert counts in datasheet(evaluation)
    assert "Risk dialogues in training: 9 of 12." in model_card(evaluation)
    assert "translate: not in memory 12; gate: address level 9" in datasheet(evaluation)


def test_splits_are_counted_where_they_are_recorded():
    splits = [{"split": "train", "dialogues": 16, "turns": 147, "risk": 3},
              {"split": "test", "dialogues": 6, "turns": 53, "risk": 1}]
    text = datasheet(run(corpus={"splits": splits}))
    assert "train 16 (147 turns, 3 with risk); test 6 (53 turns, 1 with risk)" in text


MANIFEST = {
    "base_sha256": "7" * 64, "corpus_sha256": "5" * 64, "card": "pl 0.1.0 (draft)", "device": "cpu",
    "seed": 3, "dialogues": 16, "risk_dialogues": 5, "steps": 24, "first_loss": 5.8808,
    "last_loss": 5.7857, "valid_loss": 6.1693,
    "recipe": {"lora": {"r": 8, "alpha": 16}, "epochs": 6.0, "learning_rate": 0.005},
}


def test_the_training_is_that_of_the_manifest_where_it_is_recorded():
    text = model_card(run(adapter=MANIFEST))
    for said in ("LoRA (r 8, alpha 16; epochs 6.0, learning rate 0.005) on 16 dialogues, 5 of them",
                 "24 steps, seed 3, device cpu", "5.8808 at the first step, 5.7857 at the last, "
                 "6.1693 on the validation split", f"base {'7' * 12}, of the corpus {'5' * 12}",
                 "culture card pl 0.1.0 (draft)"):
        assert said in text
    assert "loss" not in model_card(run()).replace("losses", "")
    assert "– on the validation split" in model_card(run(adapter={**MANIFEST, "valid_loss": None}))


def test_each_of_several_runs_has_its_card_and_sheet():
    whole = combine([run("pl"), run("fa")])
    cards, sheets = model_cards(whole), datasheets(whole)
    assert list(cards) == ["model_card.md", "model_card-2.md"]
    assert list(sheets) == ["datasheet.md", "datasheet-2.md"]
    assert "Polish adapter" in cards["model_card.md"]
    assert "Persian adapter" in cards["model_card-2.md"]
    assert "Persian" not in cards["model_card.md"]


def test_anchors_given_for_all_runs_are_not_denied_in_one_card():
    whole = combine([run("pl"), run("fa")])
    with_anchors = Evaluation({**whole.data, "certificates": [cases.certificate()]},
                              whole.sha256, whole.parts)
    for text in (*model_cards(with_anchors).values(), *datasheets(with_anchors).values()):
        assert "No human annotators" not in text
        assert "rated by 3 people" in text


@pytest.mark.parametrize("verdict", ["comparable", "not comparable"])
def test_a_card_tells_the_licence_that_was_given_for_all_runs(verdict):
    whole = combine([run("pl"), run("fa")])
    whole.data["parity"]["base"]["cross_language"] = [
        {"score": "emotional_reactions", "language": "Polish", "reference": "Persian",
         "verdict": verdict, "certificate": "c" * 64, "bound": 0.125}]
    for text in model_cards(whole).values():
        assert "insufficient anchors" not in text
        assert ("No gap between languages is printed" in text) == (verdict != "comparable")
        assert "no cross-language gate was run" not in text


def test_a_table_asks_for_all_that_it_cannot_show():
    sheet, card = datasheet(table()), model_card(table())
    assert "warm_tone by gender, female: 38 of 40" in sheet
    assert "b" * 64 in sheet
    assert "0.12" in cells(card, "Parity: gaps, intervals and verdicts")[0]
    waiting = int(re.search(r"(\d+) wait for", sheet)[1])
    assert sheet.count(f"**{TO_FILL}:**") == waiting > 5
    assert "Translated" not in sheet
