"""The HTML page: self-contained, escaped, in the right direction, honest about what it is."""

from __future__ import annotations

import json
import re

import fake_evaluation as fake
import pytest
from lxml import html
from written_report import make

from mhx.reporting.banners import banners
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.examples import examples
from mhx.reporting.sources import of_runs
from mhx.reporting.table import PIPELINE_CHECK

LOADS = ("src", "href", "srcset", "poster", "data", "action", "background", "xlink:href")
ANSWERS = ("contrasts", "effects", "groups", "intersections", "largest", "worst", "means")
OWN = re.compile(r"(tables|figures)/[\w-]+\.(csv|tex|pdf|png)|report\.json|"
                 r"(methods|checklists|model_card|datasheet)\.md")


def test_nothing_is_loaded_from_anywhere(report):
    text = report.read("index.html")
    page = html.fromstring(text.encode())
    for element in page.iter():
        for name in LOADS:
            target = element.get(name) if isinstance(element.tag, str) else None
            own = element.tag == "a" and target is not None and OWN.fullmatch(target)
            assert target is None or own or target.startswith(("#", "data:")), (element.tag, target)
    assert not page.xpath("//link | //iframe | //object | //embed")
    assert not re.search(r"fetch|XMLHttp|import|http", "".join(page.xpath("//script/text()")))
    style = "".join(page.xpath("//style/text()"))
    assert not re.search(r"@import|url\(", style)


def test_what_the_page_offers_lies_beside_it(report):
    page = html.fromstring(report.read("index.html").encode())
    targets = [link for link in page.xpath("//a/@href") if not link.startswith("#")]
    assert len(targets) > 30
    assert [name for name in targets if not (report.folder / "report" / name).is_file()] == []


def test_every_entry_of_the_contents_leads_somewhere(report, both):
    for one in (report, both):
        page = html.fromstring(one.read("index.html").encode())
        places = [link[1:] for link in page.xpath("//nav//a/@href")]
        assert len(places) > 20
        assert set(places) <= set(page.xpath("//@id"))


def test_the_contents_name_figures_by_what_they_show(real):
    page = html.fromstring(real.read("index.html").encode())
    shown = page.xpath("//nav//a[starts-with(@href, '#fig-')]/text()")
    assert "Figure: Gap of each group against its reference" in " ".join(shown)
    assert len(shown) == len(set(shown)) == len(real.json["figures"])


@pytest.mark.usefixtures("no_figures")
def test_markup_in_a_dialogue_stays_text(tmp_path):
    value = fake.evaluation("pl")
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    value["examples"] = [fake.example(0, source=attack, role="seeker", faithful=f"{attack} tak",
                                      edits=[("tak", attack, "pl.<b>x</b>", "deep")])]
    value["responses"][0].update(prompt=attack, response=attack, scenario=attack)
    value["accounts"][0]["reasons"] = {attack: 1}
    value["meta"].update(autonym=attack, translator=attack, text_origin=attack)
    page = html.fromstring(make(tmp_path, value).read("index.html").encode())
    assert len(page.xpath("//script")) == 1  # the one that sorts tables
    assert not page.xpath("//*[@onerror]")
    assert "<script>alert(1)</script>" in page.text_content()


def test_persian_text_runs_right_to_left(persian):
    page = html.fromstring(persian.read("index.html").encode())
    assert page.get("dir") == "ltr"
    assert page.get("lang") == "en"
    texts = page.xpath("//article//p[@lang='fa']")
    assert texts
    assert {text.get("dir") for text in texts} == {"rtl"}
    assert {text.get("dir") for text in page.xpath("//article//p[@lang='en']")} == {"ltr"}
    assert page.xpath("//h1//bdi[@lang='fa'][@dir='rtl']")[0].text == "فارسی"
    for edit in page.xpath("//ol[@class='edits']/li"):
        assert edit.xpath("./bdi[@dir='rtl'][@lang='fa']")


def test_examples_show_the_adapted_text_with_its_edits(report):
    page = html.fromstring(report.read("index.html").encode())
    articles = page.xpath("//article[@class='example']")
    assert len(articles) == len(report.evaluation["examples"])
    for article, example in zip(articles, report.evaluation["examples"], strict=True):
        for sign in article.xpath(".//sup"):
            sign.text = ""
        source, faithful, adapted = (one.text_content() for one in article.xpath(".//div/div/p"))
        assert (source, faithful.strip(), adapted.strip()) == (
            example["source"], example["faithful"], example["adapted"])
        rules = [one.text_content() for one in article.xpath(".//li/code")]
        assert rules == [edit["rule"] for edit in example["edits"]]
        assert len(article.xpath(".//ins")) == len(article.xpath(".//del")) == len(rules)


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("lang", ["pl", "fa"])
def test_an_edit_is_told_in_english_with_its_reason_once_a_rule(tmp_path, lang):
    value = fake.evaluation(lang)
    for example in value["examples"]:
        for edit in example["edits"]:
            edit.update(gloss=f"'<{edit['rule']}>' → 'after'", reason=f"Because of {edit['rule']}.")
    page = html.fromstring(make(tmp_path, value).read("index.html").encode())
    articles = page.xpath("//article[@class='example']")
    for article, example in zip(articles, value["examples"], strict=True):
        lines = article.xpath(".//ol[@class='edits']/li")
        assert len(lines) == len(example["edits"])
        told = [(line.xpath("string(./*[@class='gloss'])"), line.xpath("string(./*[@class='why'])"))
                for line in lines]
        rules = [edit["rule"] for edit in example["edits"]]
        assert told == [
            (f"'<{rule}>' → 'after'", f"Because of {rule}.") if rule not in rules[:number]
            else ("", "") for number, rule in enumerate(rules)]


@pytest.mark.usefixtures("no_figures")
def test_an_edit_without_a_gloss_leaves_no_empty_line(tmp_path):
    value = fake.evaluation("pl")
    for edit in value["examples"][0]["edits"]:
        edit.update(gloss="", reason="")
    page = html.fromstring(make(tmp_path, value).read("index.html").encode())
    assert not page.xpath("//*[@class='gloss' or @class='why']")


def test_edits_that_do_not_rebuild_the_text_are_not_highlighted():
    example = fake.evaluation("pl")["examples"][0]
    example["edits"][0]["start"] += 1
    found = examples(Evaluation({"examples": [example]}, ""))[0]
    assert found.problem
    assert found.adapted[0].text == example["adapted"]


def test_an_insertion_and_a_deletion_show_where_nothing_was():
    edits = [
        {"start": 0, "end": 0, "operation": "insert", "rule": "a", "before": "", "after": "X "},
        {"start": 1, "end": 3, "operation": "delete", "rule": "b", "before": " b", "after": ""},
    ]
    row = {"faithful": "a b", "adapted": "X a", "edits": edits}
    found = examples(Evaluation({"examples": [row]}, ""))[0]
    assert not found.problem
    assert [piece.text for piece in found.faithful] == ["∅", "a", " ", "b"]
    assert [piece.text for piece in found.adapted] == ["X", " ", "a", "∅"]


def test_a_trial_base_shows_known_gaps_in_place_of_its_own(trial, real):
    page = html.fromstring(trial.read("index.html").encode())
    labels = [table["label"] for table in trial.json["tables"]]
    assert not set(ANSWERS) & set(labels)
    assert not list((trial.folder / "report").glob("*/contrasts.*"))
    assert not list((trial.folder / "report").glob("figures/forest*"))
    shown = page.xpath("//section[@id='parity']")[0]
    assert shown.xpath(".//figure[@id='tab-proving']")
    assert shown.xpath(".//figure[@id='fig-proving']")
    assert "scores.parquet" in shown.text_content()
    assert {"perplexity", "adaptation", "accounts"} <= set(labels)
    assert trial.json["parity"] == trial.evaluation["parity"]  # the raw numbers stay traceable
    lines = trial.read("headline.txt").splitlines()
    assert lines[0].lower().startswith(PIPELINE_CHECK.lower())
    assert not [line for line in lines if line.startswith("parity")]
    assert PIPELINE_CHECK.lower() not in real.read("index.html").lower()


def test_a_trial_base_beside_a_real_one_adds_no_gap(trial, real):
    report = of_runs([real.folder, trial.folder])
    assert report.systems == ["base (org/some_base-1B)", "adapter (org/some_base-1B)"]
    assert next(title for title, _ in banners(report, [])) == PIPELINE_CHECK


def test_captions_repeat_origin_signature_and_agreement(report):
    scorer = report.evaluation["empathy"]["signature"]
    for label in ANSWERS:
        caption = report.table(label)["caption"]
        assert report.evaluation["meta"]["text_origin"] in caption
        assert scorer in caption
        assert "people" in caption
    assert "reviewed by nobody" in report.table("acceptance")["caption"]


def test_missing_parts_say_so(bare):
    page = html.fromstring(bare.read("index.html").encode())
    tables = bare.json["tables"]
    assert len(tables) > 25
    assert all(table["missing"] and not table["rows"] for table in tables)
    for table in tables:
        assert table["missing"] in page.xpath("string(//body)")
    assert "The language brings no probes." in bare.table("contrasts")["missing"]
    assert "No forest figure" in page.xpath("string(//section[@id='parity'])")
    assert not list((bare.folder / "report" / "figures").glob("*"))
    assert "perplexity: not measured" in bare.read("headline.txt")


@pytest.mark.usefixtures("no_figures")
def test_an_empty_evaluation_still_gives_a_report(tmp_path):
    assert "not recorded" in make(tmp_path, {}).read("index.html")


def test_the_json_is_standard_json(report):
    def refuse(name):
        raise ValueError(name)

    json.loads(report.read("report.json"), parse_constant=refuse)
