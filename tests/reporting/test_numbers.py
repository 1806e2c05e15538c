"""Every number of a table is the evaluation's number, in every format."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from lxml import html

from mhx.reporting.latex import escape, layout
from mhx.reporting.sections import LABELS
from mhx.reporting.table import Column, Table, show

PLAIN = {
    "perplexity": ("perplexity", ("perplexity", "tokens", "dialogues")),
    "translation": ("translation.rows", ("score", "units")),
    "adaptation": ("adaptation.rows", ("precision", "recall", "f1", "made", "listed", "matched")),
    "means": ("empathy.means", ("n", "coverage", "mean")),
    "accounts": ("accounts", ("rows_in", "accepted", "review", "rejected", "seconds")),
    "agreement": ("empathy.agreement.rows", ("kappa_quadratic", "kappa_low", "f1_macro", "n")),
}
PARITY = {
    "contrasts": ("contrasts", "main", ("gap", "low", "high", "tost_low", "tost_high", "verdict")),
    "effects": ("contrasts", "main", ("hedges_g", "p", "p_adjusted", "tost_p_adjusted", "mde")),
    "groups": ("groups", "main", ("n", "expected", "coverage", "mean", "low", "high", "sd")),
    "intersections": ("groups", "intersection", ("n", "mean", "shrunk")),
    "largest": ("largest", None, ("gap", "low", "high", "p", "verdict")),
    "worst": ("worst", None, ("n", "mean", "bound", "floor", "verdict")),
}


@pytest.mark.parametrize("label", PLAIN)
def test_rows_are_those_of_the_evaluation(report, label):
    path, keys = PLAIN[label]
    value = report.evaluation
    for name in path.split("."):
        value = value.get(name, []) if isinstance(value, dict) else value
    rows = report.table(label)["rows"]
    wanted = [[row[key] for key in keys] for row in value]
    assert [[row[key] for key in keys] for row in rows] == wanted


@pytest.mark.parametrize("label", PARITY)
def test_parity_rows_are_those_of_both_systems(report, label):
    part, kind, keys = PARITY[label]
    expected = [
        [system, *[row[key] for key in keys]]
        for system in ("base", "adapter")
        for row in report.evaluation["parity"][system][part]
        if kind is None or row["kind"] == kind
    ]
    rows = report.table(label)["rows"]
    assert rows
    assert [[row["system"], *[row[key] for key in keys]] for row in rows] == expected


@pytest.mark.parametrize("label", LABELS)
def test_csv_holds_the_unrounded_numbers(report, label):
    table = report.table(label)
    read = list(csv.DictReader(io.StringIO(report.read(f"tables/{label}.csv"))))
    assert len(read) == len(table["rows"])
    for shown, row in zip(read, table["rows"], strict=True):
        for key, text in shown.items():
            value = row.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert float(text) == value
            elif value is None:
                assert text == ""


@pytest.mark.parametrize("label", LABELS)
def test_html_and_latex_show_the_rounded_numbers(report, label):
    table = report.table(label)
    columns = [Column(**one) for one in table["columns"]]
    wanted = [[column.show(row) for column in columns] for row in table["rows"]]
    latex = report.read(f"tables/{label}.tex")
    if not wanted:
        assert unescape(re.sub(r"<[^>]+>", "", report.read("index.html"))).count(table["missing"])
        assert escape(table["missing"]) in latex
        return
    figure = re.search(rf'<figure class="table" id="tab-{label}">.*?</figure>',
                       report.read("index.html"), re.S).group()
    found = [unescape(cell) for cell in re.findall(r"<td[^>]*><bdi>(.*?)</bdi></td>", figure)]
    assert found == [cell for cells in wanted for cell in cells]
    set_ = layout(Table(label=label, title="", columns=tuple(columns), rows=tuple(table["rows"])))
    heads = len(columns) - len(set_.columns)
    assert sorted((head, *cells) for head, rows in set_.groups for cells in rows) == sorted(
        (", ".join(cells[:heads]), *cells[heads:]) for cells in wanted)
    for cells in wanted:
        assert f"\n{' & '.join(escape(cell) for cell in cells[heads:])} \\\\\n" in latex


def test_a_number_sorts_by_what_it_is_and_not_by_how_it_is_shown(report):
    page = html.fromstring(report.read("index.html").encode())
    table = report.table("effects")
    place = [column["key"] for column in table["columns"]].index("tost_p_adjusted")
    cells = page.xpath(f"//figure[@id='tab-effects']//tbody/tr/td[{place + 1}]")
    values = [float(cell.get("data-v")) for cell in cells]
    assert values == [row["tost_p_adjusted"] for row in table["rows"]]
    assert any(cell.text_content() == "<0.001" for cell in cells)


def test_every_table_with_numbers_says_how_they_were_made(report, both):
    for one in (report, both):
        tables = [table for table in one.json["tables"] if table["rows"]]
        assert len(tables) > 12
        assert all(table["signature"] for table in tables), [
            table["label"] for table in tables if not table["signature"]]


def test_the_report_names_the_evaluation_by_its_hash(report):
    from mhx.files import hash_file

    digest = hash_file(report.folder / "evaluation.json")
    assert report.json["evaluation_sha256"] == digest
    assert digest in report.read("index.html")
    assert digest in report.read("methods.md")
    assert report.json["runs"] == [{
        "run": "2026-11-21-1", "table": None, "lang": report.evaluation["meta"]["lang"],
        "base": "org/some_base-1B", "pipeline_check": False, "evaluation_sha256": digest,
        "territory": report.evaluation["meta"]["territory"], "translator": "memory",
        "suite": "empathy", "seed": 0, "today": "2026-11-21",
        "table_sha256": None, "plan_sha256": "a" * 64}]


@pytest.mark.parametrize(("value", "kind", "text"), [
    (None, "number", "–"), (float("nan"), "number", "–"), (-0.001, "number", "0.00"),
    (-0.256, "number", "−0.26"), (0.0004, "p", "<0.001"), (0.9899, "share", "99 %"),
    (18234, "int", "18,234"), (True, "yesno", "yes"), ("a_b", "text", "a_b"), (0, "int", "0"),
])
def test_a_value_is_shown_as(value, kind, text):
    assert show(value, kind) == text


def test_an_interval_with_one_end_is_not_shown():
    column = Column(key="low", upper="high", title="interval", kind="interval")
    table = Table(label="x", title="x", columns=(column,), rows=({"low": 0.1, "high": None},))
    assert table.cells() == [["–"]]
