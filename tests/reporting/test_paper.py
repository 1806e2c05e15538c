"""The paper section: it compiles with a stock TeX Live, says the numbers, cites what it uses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mhx.reporting import citations, methods
from mhx.reporting.citations import SOURCES, bibliography, cited
from mhx.reporting.evaluation import evaluation_of
from mhx.reporting.findings import findings
from mhx.reporting.latex import REPLACED, escape, to_latex
from mhx.reporting.table import Column, Table, show

needs_latex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="pdflatex is not installed (apt-get install texlive)")


def compiled(report, out):
    """The log of the last of the runs that the document asks for."""
    shutil.copytree(report.folder / "report", out, dirs_exist_ok=True)
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    for command in (latex, ["bibtex", "paper"], latex, latex):
        done = subprocess.run(command, cwd=out / "paper", capture_output=True, text=True,
                              errors="replace", timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
        assert "Warning--" not in done.stdout, done.stdout
    return (out / "paper" / "paper.log").read_text(encoding="latin-1")


def check(log):
    assert "undefined" not in log
    assert "multiply" not in log
    assert "Missing character" not in log
    over = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(over, default=0) < 3, over  # three points are not seen
    assert "Float too large" not in log


@needs_latex
def test_it_compiles_and_nothing_is_wider_than_its_place(real, tmp_path):
    check(compiled(real, tmp_path))


@needs_latex
def test_of_two_languages_and_of_a_trial_base_it_compiles_too(both, trial, tmp_path):
    shutil.copytree(both.folder, tmp_path / "both")
    for folder, report in ((tmp_path / "one", trial), (tmp_path / "two", both)):
        check(compiled(report, folder))


def test_the_findings_count_the_verdicts_and_name_the_largest_gap(real):
    found = list(findings(evaluation_of(real.evaluation, "x")))
    assert [text.partition(":")[0] for text in found] == ["base", "adapter"]
    for text, system in zip(found, ("base", "adapter"), strict=True):
        rows = [row for row in real.evaluation["parity"][system]["contrasts"]
                if row["kind"] == "main"]
        for verdict, words in (("equivalent", "equivalent within the margin"),
                               ("different", "different")):
            count = sum(row["verdict"] == verdict for row in rows)
            assert not count or re.search(rf"\b{count} (was|were) {words}(,| and|\.)", text)
        largest = max(real.evaluation["parity"][system]["largest"], key=lambda row: row["gap"])
        assert f"was {largest['gap']:.2f} raw points" in text
        assert largest["highest"] in text
    assert "".join(found)[:40] in re.sub(r"~", " ", real.read("paper/section.tex"))


def test_a_trial_base_has_no_finding(trial):
    assert not list(findings(evaluation_of(trial.evaluation, "x")))
    text = trial.read("paper/section.tex")
    assert "answers mean nothing" in text
    assert "contrasts" not in re.findall(r"tables/(\w+)", text)
    assert "proving" in re.findall(r"tables/(\w+)", text)


def test_every_source_named_in_the_methods_is_cited_and_listed(real):
    text = real.read("paper/section.tex")
    named = re.findall(r"[A-Z]\w+(?: & \w+| et al\.)? (?:19|20)\d\d", real.read("methods.md"))
    named = [name for name in named if not name.startswith("Run ")]
    assert len(set(named)) >= 8
    assert set(named) <= set(SOURCES)
    keys = set(re.findall(r"\\citealp\{(\w+)\}", text))
    assert {SOURCES[name][0] for name in named} == keys
    assert set(re.findall(r"@\w+\{(\w+),", real.read("paper/references.bib"))) == keys


def test_entries_are_whole_and_keys_agree():
    for name, (key, entry) in SOURCES.items():
        year = name.split()[-1]
        assert re.match(rf"@\w+\{{{key},\n", entry)
        assert re.search(rf"year\s+= \{{{year}\}}", entry)
        assert name.split()[0] in entry.replace(r"{\'c}", "ć")
        for field in ("author", "title"):
            assert re.search(rf"{field}\s+= \{{", entry)
        assert entry.count("{") == entry.count("}")
    assert bibliography("none") == "\n"
    assert cited(r"(Holm 1979; Games \& Howell 1976)") == (
        r"(\citealp{holm1979simple}; \citealp{games1976pairwise})")


@pytest.mark.parametrize("module", [citations, methods])
def test_our_own_words_can_be_set(module):
    assert REPLACED not in escape(Path(module.__file__).read_text(encoding="utf-8"))


def test_labels_are_one_each_and_every_reference_has_one(both):
    text = both.read("paper/section.tex") + both.read("paper/appendix.tex")
    tables = re.findall(r"tables/(\w+)", text)
    assert len(tables) == len(set(tables))
    labels = {f"tab:{name}" for name in tables} | set(re.findall(r"\\label\{([^}]+)\}", text))
    assert set(re.findall(r"\\ref\{([^}]+)\}", text)) <= labels


@pytest.mark.parametrize(("title", "caption"), [
    ("May it be compared?", "{May it be compared?}"), ("Gaps", "{Gaps.}"), ("Gaps.", "{Gaps.}")])
def test_a_caption_ends_once(title, caption):
    table = Table(label="one", title=title, columns=(Column(key="n", title="n", kind="int"),),
                  rows=({"n": 1},))
    assert caption in to_latex(table)


def test_notes_of_a_long_table_cannot_be_left_alone_on_a_page():
    table = Table(label="one", title="Long", columns=(Column(key="n", title="n", kind="int"),),
                  rows=tuple({"n": k} for k in range(60)), notes=("All of it.",))
    text = to_latex(table)
    assert text.index("All of it.") < text.index("endfirsthead")


@pytest.mark.parametrize(("share", "text"), [
    (0.0, "0 %"), (1.0, "100 %"), (825 / 829, "99.5 %"), (0.004, "0.4 %"), (0.99999, "99.9 %"),
    (0.00001, "0.1 %"), (0.953, "95 %")])
def test_a_share_that_is_not_all_is_not_rounded_to_all(share, text):
    assert show(share, "share") == text
