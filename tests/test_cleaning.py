"""mhx filter: each filter on a planted fault, formats in and out, what is counted and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx.corpus import cleaning, parallel
from mhx.corpus.cleaning import Account, Cleaning, Filter, chosen_filters, known_filters
from mhx.corpus.parallel import Row, Sides, check_output, read_rows, write_rows
from mhx.corpus.tmx import Unit, read_tmx, write_tmx
from mhx.errors import MhxError, UsageError
from mhx.language import load_language

GOOD = [
    ("I have not slept for 20 days.", "Nie śpię od 20 dni."),
    ("What would help you now?", "Co by pani teraz pomogło?"),
    ("No.", "Nie, to nie tak."),
    ("OK.", "Dobrze."),
]
BAD = {
    "length": ("I am here.", "Jestem tu. " * 90),
    "ratio": ("Yes.", "Tak, i to od bardzo dawna, jeśli mam być szczera."),
    "letters": ("Call me.", "12 34 -- 56 ..."),
    "script": ("I cannot sleep.", "Я не могу спать."),
    "numerals": ("It began in 1987.", "Zaczęło się w 2465."),
    "punctuation": ("Really?", "Naprawdę" + "?" * 24),
    "html": ("I am tired.", "Jestem <b>zmęczona</b>."),
    "repeats": ("I am so tired of it.", "Mam tego dość dość dość dość dość."),
    "copied": ("I am tired of it.", "I am tired of it."),
}
PL = Sides("en", "pl")


@pytest.fixture(scope="module")
def known() -> dict[str, Filter]:
    return known_filters(load_language("en"), load_language("pl"))


def rows_of(pairs: list[tuple[str, str]]) -> list[Row]:
    return [{"source": one, "target": two} for one, two in pairs]


def clean(
    known: dict[str, Filter], rows: list[Row], *given: str, without: tuple[str, ...] = ()
) -> tuple[list[Row], Account, list[tuple[Row, list[str]]]]:
    dropped: list[tuple[Row, list[str]]] = []
    work = Cleaning(chosen_filters(known, given, without), PL,
                    dropped=lambda row, by: dropped.append((row, by)))
    return list(work.kept(rows)), work.account, dropped


def test_real_translations_stay(known: dict[str, Filter]) -> None:
    kept, account, _ = clean(known, rows_of(GOOD))
    assert kept == rows_of(GOOD)
    assert (account.read, account.kept, account.dropped) == (4, 4, 0)
    assert all(one.fails == one.alone == 0 for one in account.counts)


@pytest.mark.parametrize("name", BAD)
def test_a_planted_fault_falls_by_its_filter_and_stays_without_it(
    known: dict[str, Filter], name: str
) -> None:
    rows = rows_of([GOOD[0], BAD[name], GOOD[1]])
    kept, account, dropped = clean(known, rows)
    assert kept == [rows[0], rows[2]]
    assert [row for row, _ in dropped] == [rows[1]]
    assert name in dropped[0][1]
    count = next(one for one in account.counts if one.name == name)
    assert (count.fails, count.alone) == (1, int(dropped[0][1] == [name]))
    assert count.examples == [(rows[1]["source"][:80], rows[1]["target"][:80])]
    others = tuple(other for other in dropped[0][1] if other != name)
    assert len(clean(known, rows, without=others)[0]) == 2
    assert clean(known, rows, without=(name, *others))[0] == rows


def test_every_filter_has_a_planted_fault(known: dict[str, Filter]) -> None:
    assert set(BAD) == {name for name, item in known.items() if not item.asked}


def test_the_language_filter_is_used_where_it_is_named(known: dict[str, Filter]) -> None:
    rows = rows_of([GOOD[0], ("Nie mogę już spać w nocy.", "I cannot sleep at night any more.")])
    assert clean(known, rows)[0] == rows
    kept, _, dropped = clean(known, rows, "language")
    assert (kept, dropped[0][1]) == ([rows[0]], ["language"])


def test_a_pair_is_kept_once_for_each_register(known: dict[str, Filter]) -> None:
    row = rows_of(GOOD)[0]
    rows = [{**row, "register": "ty"}, {**row, "register": "pan"}, {**row, "register": "ty"}]
    kept, account, dropped = clean(known, rows)
    assert (kept, dropped) == (rows[:2], [(rows[2], ["duplicate"])])
    assert account.counts[-1].fails == 1


def test_digits_of_persian_are_digits() -> None:
    known = known_filters(load_language("en"), load_language("fa"))
    sides = Sides("en", "fa")
    rows = rows_of([("I am 27 today.", "امروز ۲۷ ساله شدم."), ("I am 27.", "۹۵ ساله هستم.")])
    work = Cleaning(chosen_filters(known, ()), sides)
    assert list(work.kept(rows)) == rows[:1]


@pytest.mark.parametrize(
    ("given", "said"),
    [("lenght=1:9", "did you mean 'length'"), ("length=5", "LOW:HIGH"), ("length=9:1", "LOW:HIGH"),
     ("ratio=x", "ratio=NUMBER"), ("ratio=nan", "ratio=NUMBER"), ("html=1", "no threshold")],
)
def test_a_wrong_filter_is_refused(known: dict[str, Filter], given: str, said: str) -> None:
    with pytest.raises(MhxError, match=said):
        chosen_filters(known, [given])


def test_a_threshold_that_is_given_holds(known: dict[str, Filter]) -> None:
    kept, account, _ = clean(known, rows_of(GOOD), "length=2:150")
    assert kept == rows_of(GOOD)[:2]
    assert account.counts[0].keeps == "2 to 150 words a side"


def test_only_a_batch_is_read_before_the_first_row_is_given(
    known: dict[str, Filter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "BATCH", 10)
    read = 0

    def endless() -> Iterator[Row]:
        nonlocal read
        while True:
            read += 1
            yield {"source": f"Sentence {read}.", "target": f"Zdanie {read}."}

    next(Cleaning(chosen_filters(known, ()), PL).kept(endless()))
    assert read == 10


@pytest.mark.parametrize(("limit", "dropped"), [(0, 3), (1, 2), (2, 1), (4, 1), (5, 0)])
def test_a_repeated_piece_is_found_behind_one_that_comes_less_often(
    known: dict[str, Filter], limit: int, dropped: int
) -> None:
    texts = ["ab1 ab1 here", "ab1 ab1 ab1 here", "ab1 ab1 ab1 then cd2 cd2 cd2 cd2 cd2 cd2 there"]
    _, account, _ = clean(known, rows_of([("A text.", text) for text in texts]),
                          f"repeats={limit}", without=tuple(name for name in known
                                                            if name not in ("repeats", "language")))
    assert account.dropped == dropped


# ---------------------------------------------------------------- files


def put(path: Path, rows: list[Row]) -> Path:
    if path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif path.suffix == ".jsonl":
        write_rows(path, rows, PL, read=path)
    else:
        pl.DataFrame(rows).write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize(("before", "after"), [
    (".csv", ".tsv"), (".tsv", ".csv"), (".jsonl", ".jsonl"), (".parquet", ".parquet"),
    (".parquet", ".jsonl"), (".csv", ".parquet")])
def test_rows_go_through_every_format(tmp_path: Path, before: str, after: str) -> None:
    rows = [{"id": "1", "source": 'He said "no",\n then left.', "target": "a,b\tc;", "note": ""},
            {"id": "2", "source": "\u2028 x", "target": "ż", "note": "n"}]
    first = put(tmp_path / f"a{before}", rows)
    write_rows(tmp_path / f"b{after}", read_rows(first, PL), PL, read=first)
    assert list(read_rows(tmp_path / f"b{after}", PL)) == rows


def test_a_memory_keeps_ids_registers_and_authors(tmp_path: Path) -> None:
    units = [Unit("I am.", "Jestem.", "u-1", "ty", "female", "r1", date(2026, 3, 1)),
             Unit("You are.", "Jest pan.", "u-2")]
    write_tmx(tmp_path / "a.tmx", units, source="en", target="pl", creator="t")
    write_rows(tmp_path / "b.tmx", read_rows(tmp_path / "a.tmx", PL), PL,
               read=tmp_path / "a.tmx")
    assert (tmp_path / "a.tmx").read_text() == (
        tmp_path / "b.tmx").read_text().replace('creationtool="mhx"', 'creationtool="t"')
    write_rows(tmp_path / "c.csv", read_rows(tmp_path / "a.tmx", PL), PL,
               read=tmp_path / "a.tmx")
    write_rows(tmp_path / "d.tmx", read_rows(tmp_path / "c.csv", PL), PL,
               read=tmp_path / "c.csv")
    assert (tmp_path / "d.tmx").read_bytes() == (tmp_path / "b.tmx").read_bytes()


def test_other_columns_of_a_table_make_a_memory(tmp_path: Path) -> None:
    sides = Sides("en", "pl", ("english", "polish"))
    put(tmp_path / "a.jsonl", [{"english": "I am.", "polish": "Jestem."}])
    write_rows(tmp_path / "b.tmx", read_rows(tmp_path / "a.jsonl", sides), sides,
               read=tmp_path / "a.jsonl")
    assert list(read_tmx(tmp_path / "b.tmx", "en", "pl")) == [
        Unit("I am.", "Jestem.", "b.tmx#a.jsonl#1")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.csv", b"source,target\na,b\na,b,c\n", "a.csv:3: 3 fields"),
     ("a.csv", b"\n", "it is empty"),
     ("a.csv", b"source,other\na,b\n", "no column 'target' in row 1"),
     ("a.csv", b"source,target\na,\xff\n", "not UTF-8"),
     ("a.csv", b'source,target\na,b\nc,"d\ne,f\ng,h\n', "a.csv:3: cannot be read as CSV"),
     ("a.tsv", b'source\ttarget\n"Hello\tworld\nfoo\tbar\n" baz\tx\n', "a.tsv:2: cannot"),
     ("a.csv", b"source,target,source\na,b,c\n", "a.csv:1: two columns are named 'source'"),
     ("a.jsonl", b'{"source": "a", "target": 3}\n', "is no text but 3"),
     ("a.parquet", b"none", "cannot be read as PARQUET"),
     ("a.txt", b"x", "no parallel file"),
     ("none.csv", None, "No such file")],
)
def test_what_cannot_be_read_is_a_message(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(MhxError, match=said):
        list(read_rows(tmp_path / name, PL))


@pytest.mark.parametrize(
    ("before", "after"),
    [(".csv", ".tsv"), (".parquet", ".parquet"), (".jsonl", ".parquet"), (".tmx", ".csv")])
def test_a_file_of_which_nothing_is_kept_has_its_columns(
    tmp_path: Path, before: str, after: str
) -> None:
    first, out = tmp_path / f"a{before}", tmp_path / f"b{after}"
    if before == ".tmx":
        write_tmx(first, [Unit("a", "b", "u")], source="en", target="pl", creator="t")
    else:
        put(first, rows_of(GOOD))
    write_rows(out, [], PL, read=first)
    frame = pl.read_parquet(out) if after == ".parquet" else pl.read_csv(
        out, separator="\t" if after == ".tsv" else ",")
    assert frame.columns[:2] == ["source", "target"]
    assert frame.height == 0


def test_a_column_whose_first_rows_are_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "ROWS", 2)
    rows: list[Row] = [{"source": f"s {at}", "target": "t", "note": "n" if at > 2 else None}
                       for at in range(5)]
    pl.DataFrame(rows, schema_overrides={"note": pl.Categorical}).with_columns(
        size=pl.lit(1, pl.Int8)).write_parquet(tmp_path / "a[1].parquet")
    put(tmp_path / "b.jsonl", [*rows, {"source": "s 5", "target": "t", "more": 1}])
    for name in ("a[1].parquet", "b.jsonl"):
        out = tmp_path / "out.parquet"
        write_rows(out, read_rows(tmp_path / name, PL), PL, read=tmp_path / name)
        frame = pl.read_parquet(out, glob=False)
        assert frame["note"].cast(pl.String).to_list()[:5] == [None] * 3 + ["n"] * 2
    assert frame.row(5) == ("s 5", "t", None, 1)
    write_rows(out, read_rows(tmp_path / "a[1].parquet", PL), PL, read=tmp_path / "a[1].parquet")
    assert pl.read_parquet(out).schema == pl.read_parquet(
        tmp_path / "a[1].parquet", glob=False).schema


def test_a_day_that_is_none_is_a_message(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", [{"source": "a", "target": "b", "changed": "yes"}])
    with pytest.raises(MhxError, match=r"'changed' is no day but 'yes' \(a.jsonl#1\)"):
        write_rows(tmp_path / "b.tmx", read_rows(tmp_path / "a.jsonl", PL), PL,
                   read=tmp_path / "a.jsonl")


def test_what_was_dropped_is_a_file_of_its_own(tmp_path: Path) -> None:
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    check_output(one, two, tmp_path / "c.jsonl")
    for dropped in (one, two):
        with pytest.raises(UsageError, match="--dropped"):
            check_output(one, two, dropped)


def test_an_output_that_would_lose_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    for out in ("b.csv", "b.txt", "a.jsonl"):
        with pytest.raises(UsageError):
            check_output(tmp_path / "a.jsonl", tmp_path / out)


# ---------------------------------------------------------------- the command


def mhx(*arguments: object) -> Any:
    code = "from mhx.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)],
                          capture_output=True, text=True, check=False)


def test_the_command_cleans_counts_and_says_what_fell(tmp_path: Path) -> None:
    rows = rows_of([*GOOD[:3], *BAD.values(), GOOD[0], GOOD[3]])
    put(tmp_path / "a.jsonl", rows)
    done = mhx("filter", tmp_path / "a.jsonl", "--lang", "pl", "--out", tmp_path / "b.tmx",
               "--dropped", tmp_path / "d.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["read"], told["kept"], told["dropped"]) == (14, 4, 10)
    fails = {one["filter"]: one["fails"] for one in told["filters"]}
    assert all(fails[name] >= 1 for name in (*BAD, "duplicate"))
    units = list(read_tmx(tmp_path / "b.tmx", "en", "pl"))
    assert [(unit.source, unit.target) for unit in units] == GOOD
    assert units[-1].origin == "b.tmx#a.jsonl#14"  # the row it was, not the row it is
    fallen = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert [row["source"] for row in fallen] == [one for one, _ in [*BAD.values(), GOOD[0]]]


def test_a_file_that_breaks_leaves_the_old_output(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("source,target\nI am.,Jestem.\nx,y,z\n")
    (tmp_path / "b.csv").write_text("old")
    (tmp_path / "d.jsonl").write_text("old")
    done = mhx("filter", tmp_path / "a.csv", "--lang", "pl", "--out", tmp_path / "b.csv",
               "--dropped", tmp_path / "d.jsonl")
    assert (done.returncode, "a.csv:3" in done.stderr) == (1, True)
    assert [(tmp_path / name).read_text() for name in ("b.csv", "d.jsonl")] == ["old", "old"]
    assert len(list(tmp_path.iterdir())) == 3
