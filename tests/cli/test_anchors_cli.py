"""anchors plan, export, import: from a table of texts to a licensed comparison."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Mhx = Callable[..., Any]
ITEMS = 60
RUBRIC = """\
name: warmth
scale: [0, 2]
wording:
  en: {question: How warm is the reply?, levels: [{value: 0, label: not}, {value: 1, label: some},
    {value: 2, label: very}]}
  pl: {question: Na ile ciepła jest odpowiedź?, levels: [{value: 0, label: wcale},
    {value: 1, label: trochę}, {value: 2, label: bardzo}]}
"""


@pytest.fixture
def texts(write: Callable[..., Path]) -> Path:
    """A table of texts with scores: the judge gives the level of the text and a little noise."""
    rng = random.Random(3)
    rows = ["id,lang,reply,system,empathy,scorer"]
    for number in range(ITEMS):
        level = number % 3
        for tag in ("pl", "en"):
            score = min(2.0, max(0.0, level + rng.gauss(0, 0.12)))
            rows.append(f"i{number:02},{tag},reply {number} in {tag},sys,{score:.4f},judge 1")
    write("rubric.yaml", RUBRIC)
    return write("texts.csv", "\n".join(rows) + "\n")


def export(mhx: Mhx, texts: Path) -> Any:
    return mhx("anchors", "export", texts, "--item", "id", "--text", "reply", "--language", "lang",
               "--rater", "r1:pl,en", "--rater", "r2:pl,en", "--rater", "r3:pl,en",
               "--per-item", "2", "--rubric", "rubric.yaml", "--out", "form.html", "--seed", "4",
               "--json")


def rated(here: Path, rater: str) -> Path:
    """What the form saves: the level of each text, one in eleven a step off."""
    key = json.loads((here / "form.key.json").read_text(encoding="utf-8"))
    items = {one["code"]: one for one in key["items"]}
    order = next(one["order"] for one in key["raters"] if one["id"] == rater)
    ratings = []
    for place, code in enumerate(order):
        level = int(items[code]["item"][1:]) % 3
        value = min(2, level + 1) if place % 11 == 5 else level
        ratings.append({"code": code, "value": value, "seconds": 20.0, "skipped": False,
                        "note": ""})
    path = here / f"ratings-{rater}.json"
    path.write_text(json.dumps({
        "format": 1, "form": key["sha256"], "rater": rater, "languages": ["pl", "en"],
        "started": "2026-11-21T09:00:00+00:00", "saved": "2026-11-21T10:00:00+00:00",
        "ratings": ratings}), encoding="utf-8")
    return path


def imported(mhx: Mhx, here: Path, texts: Path, *more: str) -> Any:
    files = [rated(here, name) for name in ("r1", "r2", "r3")]
    return mhx("anchors", "import", *files, "--key", "form.key.json", "--scores", texts,
               "--item", "id", "--language", "lang", "--score", "empathy", "--scorer", "scorer",
               "--text", "reply", "--reference", "en", "--margin", "0.5",
               "--out", "anchors.json", "--today", "2026-11-21", *more)


def test_the_plan_is_the_references_number(mhx: Mhx) -> None:
    done = mhx("anchors", "plan", "--margin", "0.25", "--language", "pl", "--language", "en",
               "--residual-sd", "0.6", "--correlation", "0.5", "--json")
    assert done.code == 0, done.err
    assert done.json["anchors_for_bias"] == 198
    assert done.json["anchors"] > 400
    bias = mhx("anchors", "plan", "--margin", "0.25", "--language", "pl", "--language", "en",
               "--no-slope", "--json")
    assert bias.json["anchors"] == 198
    shown = mhx("anchors", "plan", "--margin", "0.25", "--language", "pl", "--language", "en")
    assert "198" in shown.out
    assert "texts a rater" in shown.out


@pytest.mark.parametrize("wrong", [
    ("--language", "pl"), ("--language", "pl", "--language", "en", "--raters", "1"),
    ("--language", "pl", "--language", "en", "--per-item", "5"),
    ("--language", "pl", "--language", "en", "--range", "two")])
def test_a_plan_that_asks_for_nonsense_is_a_usage_error(wrong: tuple[str, ...], mhx: Mhx) -> None:
    assert mhx("anchors", "plan", "--margin", "0.25", *wrong).code == 2


def test_from_texts_to_a_licensed_comparison(mhx: Mhx, here: Path, texts: Path) -> None:
    done = export(mhx, texts)
    assert done.code == 0, done.err
    assert done.json["items"] == ITEMS
    assert sum(done.json["shown"].values()) == 2 * 2 * ITEMS
    page = (here / "form.html").read_text(encoding="utf-8")
    assert "judge 1" not in page
    found = imported(mhx, here, texts, "--json")
    assert found.code == 0, found.err
    one = found.json["licences"][0]
    assert (one["verdict"], one["anchors"], one["design"]) == ("comparable", ITEMS, "paired")
    assert found.json["linking"] == ["r1", "r2", "r3"]
    assert found.json == json.loads((here / "anchors.json").read_text(encoding="utf-8"))
    long = pl.read_csv(texts).select(
        "id", "lang", "scorer", gender=pl.Series(["f", "f", "m", "m"] * 30),
        measure=pl.lit("empathy"), score="empathy")
    asked = ("parity", "scores.csv", "--measure", "measure", "--group", "gender", "--reference",
             "gender=m", "--language", "lang", "--margin", "0.5", "--json")
    verdicts = []
    for scorer, anchors in (("judge 1", ()), ("judge 1", ("--anchors", "anchors.json")),
                            ("judge 2", ("--anchors", "anchors.json"))):
        long.with_columns(scorer=pl.lit(scorer)).write_csv(here / "scores.csv")
        answer = mhx(*asked, *anchors)
        assert answer.code == 0, answer.err
        verdicts.append(answer.json["scores"][0]["language"]["verdict"])
    assert verdicts == ["insufficient anchors", "comparable", "insufficient anchors"]


def test_the_import_shows_what_it_found(mhx: Mhx, here: Path, texts: Path) -> None:
    assert export(mhx, texts).code == 0
    done = imported(mhx, here, texts)
    assert done.code == 0, done.err
    for part in ("comparable", "human ratings by 3 linking raters", "ordinal DIF",
                 "certificate: anchors.json"):
        assert part in done.out


def test_texts_that_nobody_rated_are_refused(mhx: Mhx, here: Path, texts: Path) -> None:
    assert export(mhx, texts).code == 0
    texts.write_text(texts.read_text().replace("reply 7 in pl", "another reply"))
    done = imported(mhx, here, texts)
    assert done.code == 1
    assert "1 scored texts are not the ones that were rated, for example 'i07' in pl" in done.err


def test_ratings_from_elsewhere_and_a_pilot(mhx: Mhx, here: Path, texts: Path) -> None:
    rows = ["id,lang,who,level"]
    rows += [f"i{number:02},{tag},{who},{number % 3 if number % 9 or who == 'a' else 1}"
             for number in range(ITEMS) for tag in ("pl", "en") for who in ("a", "b")]
    (here / "ratings.csv").write_text("\n".join(rows) + "\n")
    common = ("anchors", "import", "--ratings-table", "ratings.csv", "--rater", "who", "--rating",
              "level", "--scores", texts, "--item", "id", "--language", "lang", "--score",
              "empathy", "--margin", "0.25", "--out", "pilot.json")
    assert mhx(*common).code == 2  # no scale
    done = mhx(*common, "--range", "0:2", "--json")
    assert done.code == 0, done.err
    assert done.json["form_sha256"] is None
    assert done.json["licences"][0]["scorers"] is None
    plan = mhx("anchors", "plan", "--margin", "0.25", "--language", "pl", "--language", "en",
               "--pilot", "pilot.json", "--json")
    assert plan.code == 0, plan.err
    assert done.json["sha256"][:12] in plan.json["noise"]["source"]
    assert 2 <= plan.json["anchors"] < 198


def test_ratings_come_from_one_place(mhx: Mhx, texts: Path) -> None:
    common = ("--scores", texts, "--item", "id", "--language", "lang", "--score", "empathy",
              "--margin", "0.25", "--out", "c.json")
    assert mhx("anchors", "import", *common).code == 2
    assert mhx("anchors", "import", "r.json", *common).code == 2
    assert mhx("anchors", "import", "r.json", "--ratings-table", texts, *common).code == 2


@pytest.mark.parametrize("rater", ["r1", "r1:", ":"])
def test_a_rater_without_languages_is_a_usage_error(rater: str, mhx: Mhx, texts: Path) -> None:
    done = mhx("anchors", "export", texts, "--item", "id", "--text", "reply", "--language", "lang",
               "--rater", rater, "--rubric", "rubric.yaml", "--out", "form.html")
    assert done.code == 2
