"""The HTML page: self-contained, escaped, in the right direction, honest about what it is."""

from __future__ import annotations

import json
import re

import fake_evaluation as fake
from conftest import make
from lxml import html

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.examples import examples
from mhx.reporting.table import PIPELINE_CHECK

LOADS = ("src", "href", "srcset", "poster", "data", "action", "background", "xlink:href")
ANSWERS = ("contrasts", "effects", "groups", "intersections", "largest", "worst", "means")


def test_nothing_is_loaded_from_anywhere(report):
    text = report.read("index.html")
    page = html.fromstring(text.encode())
    for element in page.iter():
        for name in LOADS:
            target = element.get(name) if isinstance(element.tag, str) else None
            assert target is None or target.startswith(("#", "data:")), (element.tag, target)
    assert not page.xpath("//script | //link | //iframe | //object | //embed")
    style = "".join(page.xpath("//style/text()"))
    assert not re.search(r"@import|url\(", style)


def test_markup_in_a_dialogue_stays_text(tmp_path):
    value = fake.evaluation("pl")
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    value["examples"] = [fake.example(0, source=attack, role="seeker", faithful=f"{attack} tak",
                                      edits=[("tak", attack, "pl.<b>x</b>", "deep")])]
    value["responses"][0].update(prompt=attack, response=attack, scenario=attack)
    value["accounts"][0]["reasons"] = {attack: 1}
    value["meta"].update(autonym=attack, translator=attack, text_origin=attack)
    page = html.fromstring(make(tmp_path, value).read("index.html").encode())
    assert not page.xpath("//script")
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


def test_a_pipeline_check_marks_every_table_of_answers(report, real):
    page = html.fromstring(report.read("index.html").encode())
    for label in ANSWERS:
        marks = page.xpath(f"//figure[@id='tab-{label}']//span[@class='mark']/text()")
        assert marks == [PIPELINE_CHECK]
        assert PIPELINE_CHECK in report.table(label)["caption"]
        assert PIPELINE_CHECK in report.read(f"tables/{label}.tex")
    assert report.read("headline.txt").lower().startswith(PIPELINE_CHECK.lower())
    assert PIPELINE_CHECK.lower() not in real.read("index.html").lower()


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
    assert all(table["missing"] and not table["rows"] for table in tables)
    for table in tables:
        shown = page.xpath(f"//figure[@id='tab-{table['label']}']/p[@class='missing']/text()")
        assert shown == [table["missing"]]
    assert "The language brings no probes." in bare.table("contrasts")["missing"]
    assert "nothing to draw" in page.xpath("string(//section[@id='parity'])")
    assert not list((bare.folder / "report" / "figures").glob("*"))
    assert "perplexity: not measured" in bare.read("headline.txt")


def test_an_empty_evaluation_still_gives_a_report(tmp_path):
    assert "not recorded" in make(tmp_path, {}).read("index.html")


def test_the_json_is_standard_json(report):
    def refuse(name):
        raise ValueError(name)

    json.loads(report.read("report.json"), parse_constant=refuse)
