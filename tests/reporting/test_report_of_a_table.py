"""`mhx report --table`: the same report from results made elsewhere, without a run behind it."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from lxml import html
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError, UsageError
from mhx.files import hash_file
from mhx.reporting.sources import read_agreement

OPTIONS = ["--score", "warmth", "--group", "gender", "--reference", "gender=man",
           "--unit", "scenario", "--margin", "0.5"]
PLAN = """scores: [warmth]
groups: [gender]
reference: {gender: man}
unit: [scenario]
margin: 0.5
margin_reason: a tenth of the 1-5 scale
resamples: 200
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    rows = []
    for scenario in range(40):
        for system in ("ours", "people"):
            level = rng.normal(3, 0.5)
            for gender in ("man", "woman"):
                rows.append({"scenario": scenario, "system": system, "gender": gender,
                             "warmth": None if scenario == 7 else
                             float(np.clip(round(level + rng.normal(0, 0.4)), 1, 5))})
    path = tmp_path_factory.mktemp("table") / "scores.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def mhx(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def written(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "report"
    done = mhx("report", "--table", table, *OPTIONS, "--baseline", "system=people", "--resamples",
               200, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"reports": [str(out / "index.html")]}
    return out


def contents(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_the_numbers_are_those_of_parity(written, table):
    done = mhx("parity", table, *OPTIONS, "--baseline", "system=people", "--resamples", 200,
               "--json")
    pair = json.loads(done.stdout)["scores"][-1]["pairs"][0]
    tables = {one["label"]: one for one in contents(written)["tables"]}
    row = tables["contrasts"]["rows"][0]
    assert (row["gap"], row["p_adjusted"], row["verdict"]) == (
        pair["gap"], pair["p_holm"], pair["verdict"])
    assert [row["did"] for row in tables["baseline"]["rows"]] == [pair["did"]]
    assert tables["baseline"]["notes"][0].startswith("Baseline: system = people.")


def test_provenance_is_the_tables_name_and_hash(written, table):
    found = contents(written)
    digest = hash_file(table)
    assert [(one["table"], one["table_sha256"], one["run"]) for one in found["runs"]] == [
        ("scores.csv", digest, None)]
    for one in found["tables"]:
        assert "scores.csv" in one["caption"]
    for name in ("index.html", "methods.md", "paper/appendix.tex"):
        assert digest in (written / name).read_text(encoding="utf-8").replace(r"\allowbreak{}", "")
    assert str(table.parent) not in (written / "index.html").read_text(encoding="utf-8")


def test_what_only_a_run_has_is_one_sentence(written):
    page = html.fromstring((written / "index.html").read_bytes())
    assert {"accounts", "perplexity", "means", "proving"}.isdisjoint(
        {one["label"] for one in contents(written)["tables"]})
    text = page.text_content()
    assert text.count("because its numbers come from a table") <= 2
    assert "Not in this run" not in text
    assert not page.xpath("//section[@id='examples'] | //section[@id='responses']")
    methods = (written / "methods.md").read_text(encoding="utf-8")
    assert "translated" not in methods
    assert "None" not in methods
    assert "None" not in re.sub(r"[A-Z]\w+ None", "", text)


@pytest.mark.usefixtures("no_figures")
def test_without_a_plan_it_is_exploratory_and_with_one_it_is_not(written, table, tmp_path):
    assert "Exploratory" in [one["title"] for one in contents(written)["warnings"]]
    plan = tmp_path / "analysis.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    done = mhx("report", "--table", table, "--plan", plan, "--out", tmp_path / "planned")
    assert done.exit_code == 0, done.output
    found = contents(tmp_path / "planned")
    titles = [one["title"] for one in found["warnings"]]
    assert not [title for title in titles if "xploratory" in title]
    assert found["runs"][0]["plan_sha256"] == hash_file(plan)
    assert "a tenth of the 1-5 scale" in found["tables"][0]["notes"][0]
    done = mhx("report", "--table", table, "--plan", plan, "--margin", "0.9",
               "--out", tmp_path / "other")
    assert done.exit_code == 0, done.output
    titles = [one["title"] for one in contents(tmp_path / "other")["warnings"]]
    assert "Not as planned, so exploratory" in titles


@pytest.mark.usefixtures("no_figures")
def test_agreement_of_the_raters_becomes_a_table(table, tmp_path):
    ratings = tmp_path / "agree.json"
    ratings.write_text(json.dumps({
        "items": 30, "ratings": 60, "dropped": 2, "out_of_range": 1, "fleiss_kappa": 0.4,
        "pairs": [{"a": "model", "b": "expert", "n": 28, "percent_agreement": 0.7, "kappa": 0.4,
                   "kappa_quadratic": 0.55, "ac1": 0.6, "ac2": 0.7, "mae": 0.4, "bias": -0.1}],
        "alpha": {"ordinal": 0.51}, "icc": {"A1": {"value": 0.5, "ci": [0.3, 0.7]}},
    }), encoding="utf-8")
    done = mhx("report", "--table", table, *OPTIONS, "--baseline", "system=people",
               "--agreement", ratings, "--resamples", 200, "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    found = contents(tmp_path / "report")
    one = next(each for each in found["tables"] if each["label"] == "reliability")
    assert one["rows"][0]["kappa_quadratic"] == 0.55
    assert one["notes"][0] == "All raters: Fleiss κ 0.40, Krippendorff α, ordinal 0.51, " \
                              "ICC(A,1) 0.50."
    assert "not checked against people" not in json.dumps(found["warnings"])


@pytest.mark.parametrize(("text", "message"), [
    ("{", "not JSON"), ("[]", "no list of pairs"), ('{"pairs": 3}', "no list of pairs")])
def test_a_file_that_is_no_agreement_says_what_to_give(tmp_path, text, message):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MhxError, match=message) as error:
        read_agreement(path)
    assert "mhx agree" in str(error.value)


@pytest.mark.parametrize("arguments", [[], ["runs/pl/1", "--table", "scores.csv"]])
def test_runs_or_a_table_and_not_both(arguments):
    assert isinstance(mhx("report", *arguments).exception, UsageError)


@pytest.fixture(scope="module")
def persian(tmp_path_factory):
    """One language and system, a margin of .05, right-to-left names of the groups."""
    rng = np.random.default_rng(2)
    rows = [{"scenario": k, "gender": gender, "warmth": float(rng.random())}
            for k in range(40) for gender in ("مرد", "زن")]
    folder = tmp_path_factory.mktemp("persian")
    pl.DataFrame(rows).write_csv(folder / "scores.csv")
    done = mhx("report", "--table", folder / "scores.csv", "--score", "warmth", "--group", "gender",
               "--reference", "gender=مرد", "--unit", "scenario", "--margin", "0.05",
               "--resamples", 200, "--out", folder / "report")
    assert done.exit_code == 0, done.output
    return folder / "report"


def test_a_difference_of_right_to_left_names_keeps_its_order(persian):
    page = html.fromstring((persian / "index.html").read_bytes())
    shown = page.xpath("string(//figure[@id='tab-contrasts']//tbody/tr[1])")
    assert "\u200eزن\u200e − \u200eمرد" in shown  # a mark at each side keeps the minus in place
    assert "زن − مرد" in (persian / "tables" / "contrasts.csv").read_text(encoding="utf-8")


def test_the_paper_tells_names_in_arabic_script_apart_and_says_how(persian):
    assert "zn $-$ mrd" in (persian / "tables" / "contrasts.tex").read_text(encoding="utf-8")
    assert "letter by letter in Latin" in (persian / "paper" / "section.tex").read_text("utf-8")


def test_a_small_margin_has_numbers_fine_enough_to_be_compared_with_it(persian, written):
    def digits(folder):
        table = next(one for one in contents(folder)["tables"] if one["label"] == "contrasts")
        return {one["digits"] for one in table["columns"] if one["key"] in ("gap", "low")}

    assert digits(persian) == {3}
    assert digits(written) == {2}


def test_what_is_the_same_in_all_rows_is_said_once(persian, written):
    page = html.fromstring((persian / "index.html").read_bytes())
    figure = page.get_element_by_id("tab-groups")
    assert "All rows: score warmth, attribute gender." in figure.xpath("string(figcaption)")
    assert "score" not in figure.xpath(".//th/text()")
    whole = html.fromstring((written / "index.html").read_bytes()).get_element_by_id("tab-groups")
    assert "system" in whole.xpath(".//th/text()")
