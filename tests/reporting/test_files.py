"""LaTeX, figures, headline and methods as files; errors of a bad evaluation."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import date
from types import SimpleNamespace
from typing import Any

import fake_evaluation as fake
import pytest
from written_report import make

from mhx.errors import MhxError
from mhx.reporting import OUTPUTS, read_evaluation, write_report
from mhx.reporting.latex import escape
from mhx.run import Run, Silent
from mhx.stages import report as stage


def compile_all(folder, out):
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"-output-directory={out}",
         "all.tex"],
        cwd=folder, capture_output=True, text=True, errors="replace", timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (apt-get install texlive)")


@needs_latex
def test_all_tables_compile(real, tmp_path):
    text = compile_all(real.folder / "report" / "tables", tmp_path)
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
    assert "multiply defined" not in text


@needs_latex
@pytest.mark.usefixtures("no_figures")
def test_tables_with_hostile_text_and_missing_parts_compile(bare, tmp_path):
    compile_all(bare.folder / "report" / "tables", tmp_path)
    value = fake.evaluation("fa")
    value["accounts"][0]["reasons"] = {r"\input{x} & % $ # _ ^ ~ < > | { } é ń ő 中文 متن 🙂": 1}
    value["acceptance"]["topic"] = [
        {"topic": f"کار {i}", "dialogues": 2, "accepted": 1} for i in range(60)]
    compile_all(make(tmp_path / "run", value).folder / "report" / "tables", tmp_path)


@pytest.mark.parametrize(("text", "expected"), [
    ("50 % of a_b & c", r"50~\% of a\_b \& c"), ("−0.1 × κ", r"$-$0.1 $\times$ $\kappa$"),
    ("你好 世界, yes", "[non-Latin text], yes"), ("zażółć", "zażółć"),
    ("زن − مرد ۱۲", r"zn $-$ mrd 12"), ("آقای صبا؟", r"\={a}qay \d{s}ba?"),
    ("\\end{x}", r"\textbackslash{}end\{x\}"), ("--models", r"\mbox{-{}-}models"),
    ("0123456789abcdef" * 2, r"01234567\allowbreak{}89abcdef" r"\allowbreak{}"
     r"01234567\allowbreak{}89abcdef"),
])
def test_latex_is_escaped(text, expected):
    assert escape(text) == expected


def test_every_output_is_written_and_is_declared(real):
    folder = real.folder / "report"
    written = {f"report/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()}
    further = {name for name in written if re.search(r"-\d\.(pdf|png)$", name)}  # pages of figures
    asked = {f"report/figures/{name}.{suffix}" for name in ("calibration", "dif")
             for suffix in ("pdf", "png")}
    assert written - further == set(OUTPUTS) - asked
    assert stage.OUTPUTS == OUTPUTS


def test_the_same_evaluation_gives_the_same_bytes(real, tmp_path):
    again = make(tmp_path, real.evaluation)
    names = [path.relative_to(real.folder) for path in real.folder.rglob("*.*") if path.is_file()]
    assert len(names) > 60
    for name in names:
        assert (real.folder / name).read_bytes() == (again.folder / name).read_bytes(), name


def test_a_figure_of_an_earlier_report_does_not_stay(tmp_path):
    figures, tables = tmp_path / "report" / "figures", tmp_path / "report" / "tables"
    for folder, names in ((figures, ("forest.pdf", "forest-2.pdf")), (tables, ("power.tex",))):
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_bytes(b"old")
    (figures / "mine.pdf").write_bytes(b"kept")
    make(tmp_path, fake.empty(pipeline_check=True))
    assert [path.name for path in figures.iterdir()] == ["mine.pdf"]
    assert not (tables / "power.tex").exists()


@pytest.mark.usefixtures("no_figures")
def test_scores_at_the_floor_are_reported_as_such(tmp_path):
    value = fake.evaluation("pl", pipeline_check=False)
    for system in ("base", "adapter"):
        for row in value["parity"][system]["contrasts"]:
            row.update(dict.fromkeys(("low", "high", "tost_low", "tost_high", "p", "p_adjusted")))
            row.update(gap=0.0, margin=None, verdict="inconclusive: floor")
    report = make(tmp_path, value)
    assert "inconclusive: floor" in report.read("tables/contrasts.csv")
    assert "base inconclusive: floor;" in report.read("headline.txt")


@pytest.mark.usefixtures("no_figures")
def test_the_planned_margin_is_named_where_nothing_could_be_tested(tmp_path):
    value = fake.evaluation("pl", pipeline_check=False)
    for system in ("base", "adapter"):
        for row in value["parity"][system]["contrasts"]:
            row["margin"] = None
    assert make(tmp_path, value).table("contrasts")["notes"][0].startswith("Margin: ±0.25 raw")


def test_the_stage_writes_the_report_of_its_own_run(tmp_path):
    said: list[str] = []

    class Listener(Silent):
        def say(self, message: str) -> None:
            said.append(message)

    folder = tmp_path / "2026-11-23-2"  # its evaluation is that of an earlier run
    fake.write(folder, fake.empty())
    nothing: Any = None
    settings: Any = SimpleNamespace(today=date(2026, 11, 23))
    stage.run(Run(folder, settings, nothing, nothing, nothing, nothing, Listener()))
    written = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert (written["meta"]["run"], written["meta"]["today"]) == ("2026-11-23-2", "2026-11-23")
    assert "Run 2026-11-23-2 of 2026-11-23" in (folder / "report/methods.md").read_text()
    assert "index.html" in said[0]
    assert stage.SETTINGS == ("lang", "suite")


def test_the_headline_is_short_and_says_the_results(report):
    lines = report.read("headline.txt").splitlines()
    assert 6 <= len(lines) <= 12
    text = "\n".join(lines)
    for part in ("412.35", "201.99", "F1 0.75", "proving ground: 100 paired scenarios", "parity, ",
                 "memory replay, not a quality figure", "insufficient anchors"):
        assert part in text


@pytest.mark.usefixtures("no_figures")
def test_many_contrasts_are_counted_in_one_line_an_attribute(tmp_path):
    value = fake.evaluation("pl", pipeline_check=False)
    for system in ("base", "adapter"):
        rows = value["parity"][system]["contrasts"]
        rows += [{**row, "attribute": "region"} for row in rows if row["attribute"] == "age"]
    lines = make(tmp_path, value).read("headline.txt").splitlines()
    assert len(lines) <= 12
    assert any(line.startswith("parity, by region: base ") for line in lines)


def test_methods_name_margin_seed_versions_and_what_was_not_done(report):
    text = report.read("methods.md")
    for part in ("±0.25", "an eighth of the 0-2 scale", "Seed 0", "numpy ", "## What was not done",
                 "COMET", "sign-flip", "reviewed by nobody"):
        assert part in text


@pytest.mark.usefixtures("no_figures")
def test_rules_changed_after_freezing_raise_a_banner(tmp_path):
    value = fake.evaluation("pl", pipeline_check=False)
    value["adaptation"]["frozen"]["kept"] = False
    report = make(tmp_path, value)
    assert any("not the frozen ones" in one["title"] for one in report.json["warnings"])
    assert "CHANGED" in report.table("adaptation")["notes"][0]


def test_a_missing_evaluation_says_what_to_run(tmp_path):
    with pytest.raises(MhxError, match="--until evaluate"):
        write_report(tmp_path)


def test_every_malformed_part_is_named(tmp_path):
    fake.write(tmp_path, {"accounts": {}, "translation": [], "parity_note": 3})
    with pytest.raises(MhxError) as error:
        read_evaluation(tmp_path / "evaluation.json")
    assert [problem.field for problem in error.value.problems] == [
        "accounts", "translation", "parity_note"]


def test_a_cut_off_evaluation_is_an_error_with_its_line(tmp_path):
    (tmp_path / "evaluation.json").write_text('{"meta": {\n', encoding="utf-8")
    with pytest.raises(MhxError, match="not JSON"):
        read_evaluation(tmp_path / "evaluation.json")
