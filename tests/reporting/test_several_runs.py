"""Several runs in one report: side by side, nothing averaged, languages only by licence."""

from __future__ import annotations

import json
import re

import fake_evaluation as fake
import numpy as np
import polars as pl
import pytest
from lxml import html
from typer.testing import CliRunner

from mhx.cli.app import app
from mhx.errors import MhxError
from mhx.reporting.findings import findings
from mhx.reporting.headline import headline
from mhx.reporting.methods import methods
from mhx.reporting.sections import all_tables
from mhx.reporting.sources import of_runs
from mhx.stats.anchors.certificate import sealed, write_certificate

SIGNATURES = {"pl": "cues pl", "fa": "cues fa"}


def tables_of(evaluation):
    return {table.label: table for table in all_tables(evaluation)}


def run_folder(folder, lang, *, base="org/some_base-1B", name="2026-11-21-1", shift=0.0):
    """A run with an evaluation, and the scores it was made from."""
    value = fake.evaluation(lang, pipeline_check=base == "mhx-tiny")
    value["meta"].update(base_model=base, run=name)
    fake.write(folder, value)
    rng = np.random.default_rng(3)
    rows = []
    for system in ("base", "adapter"):
        for scenario in range(12):
            for gender in ("male", "female"):
                for age in ("young", "middle", "old"):
                    level = rng.normal(0, 0.4) + shift + 0.8
                    rows += [
                        {"unit": f"{scenario}|{gender}|{age}", "measure": measure,
                         "score": float(np.clip(round(level + rng.normal(0, 0.4)), 0, 2)),
                         "status": "scored", "scorer": SIGNATURES[lang], "scenario": str(scenario),
                         "realization": "a", "group.gender": gender, "group.age": age,
                         "system": system, "language": lang}
                        for measure in fake.SCORES]
    pl.DataFrame(rows).write_parquet(folder / "scores.parquet")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return [run_folder(root / "pl", "pl"), run_folder(root / "fa", "fa", shift=0.3)]


def test_numbers_stand_side_by_side_and_are_those_of_the_runs(both, reports):
    for label, part in (("contrasts", "contrasts"), ("groups", "groups")):
        rows = both.table(label)["rows"]
        for lang, name in (("pl", "Polish"), ("fa", "Persian")):
            own = [(system, row["score"].replace("_", " "), row["group"], row["low"])
                   for system in ("base", "adapter")
                   for row in reports[lang].evaluation["parity"][system][part]
                   if row["kind"] == "main"]
            assert [(row["system"], row["score"], row["group"], row["low"])
                    for row in rows if row["language"] == name] == own
        assert len(rows) == 2 * len(own)
    assert both.table("perplexity")["columns"][0]["key"] == "language"
    assert [(row["language"], row["system"], row["perplexity"])
            for row in both.table("perplexity")["rows"]] == [
        (language, row["system"], row["perplexity"]) for language in ("Polish", "Persian")
        for row in reports["pl"].evaluation["perplexity"]]


def test_what_runs_share_gets_no_column(both, real):
    for label in ("contrasts", "perplexity", "accounts"):
        keys = [column["key"] for column in both.table(label)["columns"]]
        assert "run" not in keys
        assert "base" not in keys
        assert "language" not in [column["key"] for column in real.table(label)["columns"]]


def test_each_run_is_named_with_its_hashes(both, reports):
    runs = both.json["runs"]
    assert [one["evaluation_sha256"] for one in runs] == [
        one.json["evaluation_sha256"] for one in reports.values()]
    assert [one["lang"] for one in runs] == ["pl", "fa"]
    page = both.read("index.html")
    assert all(one["evaluation_sha256"] in page for one in runs)


def test_texts_of_a_run_keep_their_language_and_direction(both):
    page = html.fromstring(both.read("index.html").encode())
    assert page.get("dir") == "ltr"
    assert {text.get("dir") for text in page.xpath("//article//p[@lang='fa']")} == {"rtl"}
    assert {text.get("dir") for text in page.xpath("//article//p[@lang='pl']")} == {"ltr"}
    assert page.xpath("//section[@id='examples']/h3/text()") == ["Polish", "Persian"]


def test_bases_of_one_language_are_told_apart_and_the_language_is_no_column(tmp_path):
    found = of_runs([run_folder(tmp_path / "a", "pl"),
                     run_folder(tmp_path / "b", "pl", base="org/other-3B")])
    assert found.systems == ["base (org/some_base-1B)", "adapter (org/some_base-1B)",
                             "base (org/other-3B)", "adapter (org/other-3B)"]
    tables = tables_of(found)
    assert [column.key for column in tables["perplexity"].columns][:2] == ["base", "system"]
    assert "language" not in [column.key for column in tables["contrasts"].columns]


def test_two_runs_that_differ_in_nothing_but_the_run_are_named_by_it(tmp_path):
    second = run_folder(tmp_path / "b", "pl", name="2026-11-22-1")
    found = of_runs([run_folder(tmp_path / "a", "pl"), second])
    assert found.systems[0] == "base (2026-11-21-1)"
    assert {row["run"] for row in tables_of(found)["perplexity"].rows} == {
        "2026-11-21-1", "2026-11-22-1"}


def test_a_run_given_twice_is_an_error(folders):
    with pytest.raises(MhxError, match="given twice"):
        of_runs([folders[0], folders[1], folders[0]])


def test_runs_tested_at_different_alpha_are_not_put_in_one_table(folders, tmp_path):
    value = json.loads((folders[1] / "evaluation.json").read_text(encoding="utf-8"))
    value["parity"]["base"]["settings"]["alpha"] = 0.01
    with pytest.raises(MhxError, match="different alpha"):
        of_runs([folders[0], fake.write(tmp_path / "fa", value)])


def test_without_anchors_there_is_a_verdict_and_no_gap_between_languages(folders):
    found = of_runs(folders)
    tables = tables_of(found)
    rows = tables["cross_language"].rows
    assert {row["verdict"] for row in rows} == {"insufficient anchors"}
    assert {(row["language"], row["reference"]) for row in rows} == {("Polish", "Persian")}
    assert [row["score"] for row in rows] == [name.replace("_", " ") for name in fake.SCORES]
    assert all(row["anchors_needed"] == 198 for row in rows)
    assert not tables["between"].rows
    assert not found.parity_rows("contrasts", "language")


def certificate(path, verdict="comparable", **scorers):
    part = {"estimate": 0.01, "se": 0.02, "df": 100.0, "low": -0.03, "high": 0.05, "p": 0.6,
            "tost_p": 0.001, "item_se": 0.02, "rater_se": 0.0}
    panel = {"items": 220, "ratings": 440, "mean": 1.0, "sd": 0.6, "rating_sd": 0.3,
             "reliability": 0.8}
    licences = [
        {"score": score, "language": "pl", "reference": "fa", "verdict": verdict, "why": "",
         "anchors": 220, "needed": 198, "design": "paired",
         "scorers": {**SIGNATURES, **scorers}, "human_mean": 1.0, "human_sd": 0.6,
         "residual_sd": 0.5, "correlation": 0.5, "bias": part, "slope": part, "drift": None,
         "panels": {"pl": panel, "fa": panel}} for score in fake.SCORES]
    write_certificate(path, sealed({**CERTIFIED, "licences": licences}))
    return path


CERTIFIED = {
    "made": "2026-11-20", "mhx": "0.1.0", "margin": 0.25, "share": 0.5,
    "bound": 0.125, "alpha": 0.05, "power": 0.8, "scale": [0.0, 2.0], "rating_scale": [0.0, 2.0],
    "raters": ["r1", "r2"], "linking": ["r1", "r2"], "ratings_sha256": "d" * 64,
    "scores_sha256": "e" * 64, "form_sha256": None, "texts_sha256": None,
}


def test_a_licence_prints_the_gap_and_another_scorer_takes_it_away(folders, tmp_path):
    found = of_runs(folders, anchors=certificate(tmp_path / "a.certificate.json"))
    tables = tables_of(found)
    assert {row["verdict"] for row in tables["cross_language"].rows} == {"comparable"}
    rows = tables["between"].rows
    assert {row["contrast"] for row in rows} == {"Polish − Persian"}
    assert len(rows) == 2 * len(fake.SCORES)
    means = {}
    for folder, name in zip(folders, ("Polish", "Persian"), strict=True):
        frame = pl.read_parquet(folder / "scores.parquet").filter(pl.col("system") == "base")
        means[name] = frame.filter(pl.col("measure") == fake.SCORES[0])["score"].mean()
    first = next(row for row in rows if row["system"] == "base"
                 and row["score"] == fake.SCORES[0].replace("_", " "))
    assert first["gap"] == pytest.approx(means["Polish"] - means["Persian"])
    said = [line for line in headline(found) if line.startswith("between languages, ")]
    assert len(said) == len(fake.SCORES)
    assert all("Polish − Persian, base: " in line for line in said)
    assert any("Between languages, where the licence allows it" in one for one in findings(found))
    other = of_runs(folders, anchors=certificate(tmp_path / "b.certificate.json", pl="cues 2"))
    assert not [line for line in headline(other) if line.startswith("between languages, ")]
    assert not tables_of(other)["between"].rows
    assert {row["verdict"] for row in tables_of(other)["cross_language"].rows} == {
        "insufficient anchors"}


def demographic(folder, lang, *, comparable=("gender", "age", "class")):
    """A run whose attributes are set one at a time; only what does not compare differs much."""
    value = fake.evaluation(lang, pipeline_check=False)
    value["meta"].update(base_model="org/some_base-1B", run="2026-11-21-1",
                         compares_across_languages=list(comparable))
    plan = {**fake.PLAN, "groups": ["gender", "age", "class", "religiosity", "background"],
            "reference": {**fake.PLAN["reference"], "class": "comfortable", "religiosity": "none"},
            "reference_by_language": {"pl": {"background": "mazovian"},
                                      "fa": {"background": "tehran"}}}
    value["meta"]["analysis"] = plan
    fake.write(folder, value)
    home, other = ("mazovian", "silesian") if lang == "pl" else ("tehran", "azeri")
    probes = [{"gender": gender, "age": age} for gender in ("male", "female")
              for age in ("young", "middle", "old")]
    probes += [{"class": level} for level in ("comfortable", "low_income")]
    probes += [{"religiosity": level} for level in ("none", "observant")]
    probes += [{"background": level} for level in (home, other)] + [{}]
    shift = 0.2 if lang == "fa" else 0.0
    rng = np.random.default_rng(5)
    rows = []
    for system in ("base", "adapter"):
        for scenario in range(12):
            for levels in probes:
                apart = 1.0 if lang == "fa" and {"religiosity", "background"} & set(levels) else 0.0
                rows += [
                    {"unit": f"{scenario}|{levels}", "measure": measure, "status": "scored",
                     "score": 0.5 + shift + apart + rng.uniform(0, 0.2), "scenario": str(scenario),
                     "scorer": SIGNATURES[lang], "realization": "a", "system": system,
                     "language": lang,
                     **{f"group.{name}": levels.get(name, "neutral") for name in plan["groups"]}}
                    for measure in fake.SCORES]
    pl.DataFrame(rows).write_parquet(folder / "scores.parquet")
    return folder


def test_languages_are_compared_on_the_attributes_that_mean_the_same_alone(tmp_path):
    runs = [demographic(tmp_path / "pl", "pl"), demographic(tmp_path / "fa", "fa")]
    found = of_runs(runs, anchors=certificate(tmp_path / "a.certificate.json"))
    rows = tables_of(found)["between"].rows
    assert len(rows) == 2 * len(fake.SCORES)
    assert all(row["gap"] == pytest.approx(-0.2, abs=0.03) for row in rows)
    frames = [pl.read_parquet(folder / "scores.parquet").filter(
        (pl.col("system") == "base") & (pl.col("measure") == fake.SCORES[0])
        & ((pl.col("group.gender") != "neutral") | (pl.col("group.class") != "neutral")))
        for folder in runs]
    first = next(row for row in rows if row["system"] == "base"
                 and row["score"] == fake.SCORES[0].replace("_", " "))
    assert first["gap"] == pytest.approx(frames[0]["score"].mean() - frames[1]["score"].mean())


def test_where_no_attribute_compares_there_is_no_gap_between_languages(tmp_path):
    runs = [demographic(tmp_path / "pl", "pl", comparable=()),
            demographic(tmp_path / "fa", "fa")]
    found = of_runs(runs, anchors=certificate(tmp_path / "a.certificate.json"))
    assert not found.parity_rows("contrasts", "language")
    assert not tables_of(found)["between"].rows


def test_the_methods_name_the_references_of_each_language(tmp_path):
    runs = [demographic(tmp_path / "pl", "pl"), demographic(tmp_path / "fa", "fa")]
    text = " ".join(str(section) for section in methods(of_runs(runs)))
    assert "religiosity = none; pl: background = mazovian; fa: background = tehran" in text


@pytest.mark.usefixtures("no_figures")
def test_the_command_writes_one_report_of_several_runs(folders, tmp_path):
    for folder in folders:
        (folder / "run.yaml").touch()
    arguments = ["report", *map(str, folders), "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    page = tmp_path / "out" / "index.html"
    assert json.loads(done.stdout) == {"reports": [str(page)]}
    assert "<title>mhx report: Polish, Persian</title>" in page.read_text(encoding="utf-8")
    missing = CliRunner().invoke(app, [*arguments, str(tmp_path / "no"), str(tmp_path / "none")])
    assert len(missing.exception.problems) == 2


def test_nothing_says_a_mean_over_languages(both):
    text = both.read("methods.md")
    assert "Nothing is averaged or tested over languages or runs." in text
    assert not re.search(r"all languages|both languages together", both.read("index.html"))
