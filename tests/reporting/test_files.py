"""LaTeX, figures, headline and methods as files; errors of a bad evaluation."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import fake_evaluation as fake
import pytest
from conftest import make

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
def test_all_tables_compile(report, tmp_path):
    text = compile_all(report.folder / "report" / "tables", tmp_path)
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
    assert "multiply defined" not in text


@needs_latex
def test_tables_with_hostile_text_and_missing_parts_compile(bare, tmp_path):
    compile_all(bare.folder / "report" / "tables", tmp_path)
    value = fake.evaluation("fa")
    value["accounts"][0]["reasons"] = {r"\input{x} & % $ # _ ^ ~ < > | { } é ń ő 中文 متن 🙂": 1}
    value["acceptance"]["topic"] = [
        {"topic": f"کار {i}", "dialogues": 2, "accepted": 1} for i in range(60)]
    compile_all(make(tmp_path / "run", value).folder / "report" / "tables", tmp_path)


@pytest.mark.parametrize(("text", "expected"), [
    ("50 % of a_b & c", r"50 \% of a\_b \& c"), ("−0.1 × κ", r"$-$0.1 $\times$ $\kappa$"),
    ("سلام دنیا, yes", "[non-Latin text], yes"), ("zażółć", "zażółć"),
    ("\\end{x}", r"\textbackslash{}end\{x\}"),
])
def test_latex_is_escaped(text, expected):
    assert escape(text) == expected


def test_every_output_is_written_and_is_declared(report):
    folder = report.folder / "report"
    written = {f"report/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()}
    assert written == set(OUTPUTS)
    assert stage.OUTPUTS == OUTPUTS


def test_the_same_evaluation_gives_the_same_bytes(report, tmp_path):
    again = make(tmp_path, report.evaluation)
    for name in OUTPUTS:
        assert (report.folder / name).read_bytes() == (again.folder / name).read_bytes(), name


def test_a_figure_of_an_earlier_report_does_not_stay(tmp_path):
    make(tmp_path, fake.evaluation("pl"))
    assert (tmp_path / "report" / "figures" / "forest.pdf").is_file()
    make(tmp_path, fake.empty())
    assert not (tmp_path / "report" / "figures" / "forest.pdf").exists()


def test_scores_at_the_floor_are_reported_as_such(tmp_path):
    value = fake.evaluation("pl")
    for system in ("base", "adapter"):
        for row in value["parity"][system]["contrasts"]:
            row.update(dict.fromkeys(("low", "high", "tost_low", "tost_high", "p", "p_adjusted")))
            row.update(gap=0.0, margin=None, verdict="inconclusive: floor")
    report = make(tmp_path, value)
    assert "inconclusive: floor" in report.read("tables/contrasts.csv")
    assert "base inconclusive: floor;" in report.read("headline.txt")


def test_the_planned_margin_is_named_where_nothing_could_be_tested(tmp_path):
    value = fake.evaluation("pl")
    for system in ("base", "adapter"):
        for row in value["parity"][system]["contrasts"]:
            row["margin"] = None
    assert make(tmp_path, value).table("contrasts")["notes"][0].startswith("Margin: ±0.25 raw")


def test_the_stage_writes_the_report_and_says_where(tmp_path):
    said: list[str] = []

    class Listener(Silent):
        def say(self, message: str) -> None:
            said.append(message)

    fake.write(tmp_path, fake.empty())
    nothing: Any = None
    stage.run(Run(tmp_path, nothing, nothing, nothing, nothing, nothing, Listener()))
    assert (tmp_path / "report" / "index.html").is_file()
    assert "index.html" in said[0]
    assert stage.SETTINGS == ("lang", "suite")


def test_the_headline_is_short_and_says_the_results(report):
    lines = report.read("headline.txt").splitlines()
    assert 6 <= len(lines) <= 12
    text = "\n".join(lines)
    for part in ("412.35", "201.99", "F1 0.75", "planted-gap check: 0.30 planted", "parity, ",
                 "memory replay, not a quality figure", "insufficient anchors"):
        assert part in text


def test_many_contrasts_are_counted_in_one_line_an_attribute(tmp_path):
    value = fake.evaluation("pl")
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


def test_rules_changed_after_freezing_raise_a_banner(tmp_path):
    value = fake.evaluation("pl")
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
