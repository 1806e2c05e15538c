"""The form that is written: blinded, closed to the network, in a safe order; and its key."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from random import Random

import polars as pl
import pytest
from anchors_table import HIDDEN, RUBRIC, export, table
from lxml import html

from mhx.anchoring import read_key, read_rubric
from mhx.anchoring.order import arrange, distance
from mhx.anchoring.page import direction
from mhx.anchoring.texts import Text
from mhx.errors import MhxError
from mhx.schema.anchors_form import AnchorKey

TWO = {"r1": ["en", "fa"], "r2": ["fa", "en"]}
DAY = date(2026, 11, 21)


def texts_of(key: AnchorKey, rater: str) -> list[tuple[str, str]]:
    """(item, language) in the order in which a rater meets them."""
    known = {one.code: (one.item, one.language) for one in key.items}
    return [known[code] for one in key.raters if one.id == rater for code in one.order]


def nearest(shown: list[tuple[str, str]]) -> int:
    """Independent of the code under test: the smallest step between two showings of an item."""
    return min(abs(a - b) for a in range(len(shown)) for b in range(a)
               if shown[a][0] == shown[b][0])


def said(error: pytest.ExceptionInfo[MhxError]) -> str:
    return "\n".join(str(one) for one in error.value.problems)


def test_the_form_tells_nothing_but_texts_under_codes(tmp_path: Path) -> None:
    frame = table(12)
    done = export(tmp_path / "a.html", frame, TWO, repeats=0.1)
    page = done.form.read_text(encoding="utf-8")
    for hidden in [*map(str, HIDDEN.values()), *HIDDEN, *frame["anchor"].unique(), "scenario",
                   "anchor", str(tmp_path), "emotional_reactions", "EPITOME"]:
        assert hidden not in page
    data = json.loads(html.fromstring(page.encode()).xpath("string(//script[@id='data'])"))
    assert set(data) == {"form", "wording", "texts", "raters"}
    assert {name for one in data["texts"].values() for name in one} == {"language", "text",
                                                                       "context"}
    assert list(data["texts"]) == sorted(data["texts"])  # their order tells nothing either
    assert sorted(Counter(one["text"] for one in data["texts"].values())) == sorted(frame["reply"])


def test_the_page_may_run_its_own_script_and_reach_nothing(tmp_path: Path) -> None:
    attack = '</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028'
    frame = table(6).with_columns(pl.concat_str("reply", pl.lit(attack)).alias("reply"))
    page = html.fromstring(export(tmp_path / "a.html", frame, TWO).form.read_bytes())
    policy = page.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert set(allowed) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    for kind, name in (("style", "style-src"), ("script[not(@type)]", "script-src")):
        (found,) = page.xpath(f"//{kind}")
        digest = b64encode(sha256(found.text.encode()).digest()).decode()
        assert allowed[name] == f"'sha256-{digest}'"
    assert len(page.xpath("//script")) == 2
    assert not page.xpath("//@onerror | //@src | //@href | //@style | //link | //iframe")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttp|sendBeacon|WebSocket|\bimport\(",
                         "".join(page.xpath("//style/text() | //script[not(@type)]/text()")))
    data = json.loads(page.xpath("string(//script[@id='data'])"))
    assert all(attack.strip() in one["text"] for one in data["texts"].values())


@pytest.mark.parametrize("languages", [("en", "fa"), ("en", "fa", "pl", "es")])
@pytest.mark.parametrize("items", [2, 3, 5, 20, 99])
def test_versions_of_an_item_are_far_apart(items: int, languages: tuple[str, ...]) -> None:
    texts = [Text(str(item), tag, "x") for item in range(items) for tag in languages]
    for seed in range(10):
        order = arrange(texts, Random(seed))
        assert sorted(order) == sorted(texts)
        apart = nearest([(one.item, one.language) for one in order])
        assert apart == distance(order)
        assert apart >= max(2, items - 8)


def test_an_order_is_random_and_in_short_runs_of_a_language(tmp_path: Path) -> None:
    raters = {f"r{number}": ["en", "fa"] for number in range(1, 9)}
    key = read_key(export(tmp_path / "a.html", table(60), raters).key)
    orders = [texts_of(key, name) for name in raters]
    assert len({tuple(one) for one in orders}) == len(raters)
    for order in orders:
        assert Counter(tag for _, tag in order) == {"en": 60, "fa": 60}
        assert max(len(list(run)) for _, run in groupby(tag for _, tag in order)) <= 16
        assert nearest(order) >= key.apart >= 52
    first = Counter(order[0] for order in orders)
    assert len(first) > 1
    assert {tag for _, tag in first} == {"en", "fa"}  # nor is one language always first


def test_a_rater_gets_the_languages_that_are_his_or_hers(tmp_path: Path) -> None:
    raters = {"linking": ["en", "fa"], "polish": ["pl"]}
    done = export(tmp_path / "a.html", table(10, ("en", "fa", "pl")), raters)
    key = read_key(done.key)
    assert Counter(tag for _, tag in texts_of(key, "linking")) == {"en": 10, "fa": 10}
    assert Counter(tag for _, tag in texts_of(key, "polish")) == {"pl": 10}
    assert done.shown == {"linking": 20, "polish": 10}


def test_items_are_dealt_out_evenly_with_both_versions_to_one_rater(tmp_path: Path) -> None:
    raters = {f"r{number}": ["en", "fa"] for number in range(1, 6)} | {"en1": ["en"]}
    done = export(tmp_path / "a.html", table(100), raters, per_item=2, seed=5)
    key = read_key(done.key)
    given = {name: texts_of(key, name) for name in raters}
    seen = Counter(text for one in given.values() for text in one)
    assert len(seen) == 200
    assert min(seen.values()) == 2
    assert max(seen.values()) <= 3  # the English-only rater beside two linking ones
    for name in list(raters)[:5]:
        tags = Counter(tag for _, tag in given[name])
        assert tags["en"] == tags["fa"]
        assert {item for item, tag in given[name] if tag == "en"} == {
            item for item, tag in given[name] if tag == "fa"}
    items = {name: {item for item, _ in one} for name, one in given.items()}
    assert max(map(len, items.values())) - min(map(len, items.values())) <= 2
    shared = [len(items[a] & items[b]) for a in items for b in items if a < b]
    assert min(shared) >= 5  # every two raters meet on some items


def test_repeats_come_late_under_another_code(tmp_path: Path) -> None:
    done = export(tmp_path / "a.html", table(40), TWO, repeats=0.1)
    key = read_key(done.key)
    again = {one.code: one for one in key.items if one.repeat_of}
    first = {one.code: one for one in key.items if not one.repeat_of}
    assert len(first) == done.texts == 80
    for one in key.raters:
        shown = [code for code in one.order if code in again]
        assert Counter(again[code].language for code in shown) == {"en": 4, "fa": 4}
        for code in shown:
            origin = again[code].repeat_of
            assert (first[origin].item, first[origin].language, first[origin].text_sha256) == (
                again[code].item, again[code].language, again[code].text_sha256)
            assert one.order.index(code) - one.order.index(origin) >= 20
        assert nearest(texts_of(key, one.id)) >= 10


def test_the_same_call_writes_the_same_bytes_and_another_seed_other_codes(tmp_path: Path) -> None:
    names = ("a/f.html", "b/f.html", "c/f.html")
    for name, seed in zip(names, (3, 3, 4), strict=True):
        export(tmp_path / name, table(10).sample(fraction=1, shuffle=True, seed=seed), TWO,
               seed=seed, made=DAY, repeats=0.1)
    one, two, other = (tmp_path / name for name in names)
    assert one.read_bytes() == two.read_bytes()
    keys = [read_key(path.with_suffix(".key.json")) for path in (one, two, other)]
    assert keys[0] == keys[1]
    codes = [{entry.code for entry in key.items} for key in keys]
    assert len(codes[0]) == len(keys[0].items)
    assert not codes[0] & codes[2]


def test_a_seed_without_the_table_does_not_give_the_codes(tmp_path: Path) -> None:
    first = export(tmp_path / "a.html", table(10), TWO, seed=1)
    changed = table(10).with_columns(pl.col("reply") + ".")
    second = export(tmp_path / "b.html", changed, TWO, seed=1)
    assert not ({one.code for one in read_key(first.key).items}
                & {one.code for one in read_key(second.key).items})


def test_items_are_drawn_among_those_in_every_language(tmp_path: Path) -> None:
    frame = table(10).filter(~((pl.col("lang") == "fa") & (pl.col("anchor") < "scenario/004")))
    key = read_key(export(tmp_path / "a.html", frame, TWO, n=5).key)
    assert len({one.item for one in key.items}) == 5
    assert min(one.item for one in key.items) >= "scenario/004"
    assert Counter(one.language for one in key.items) == {"en": 5, "fa": 5}
    with pytest.raises(MhxError, match="7 items asked for, 6 have a text"):
        export(tmp_path / "b.html", frame, TWO, n=7)
    done = export(tmp_path / "c.html", frame, TWO)
    assert "4 of 10 items lack a version" in " ".join(done.notes)


def test_rows_of_one_text_are_one_and_two_texts_of_one_item_a_problem(tmp_path: Path) -> None:
    frame = pl.concat([table(4), table(4).with_columns(empathy=pl.lit(0.5))])
    assert export(tmp_path / "a.html", frame, TWO).texts == 8
    clash = pl.concat([table(4), table(4).with_columns(reply=pl.lit("x"))])
    with pytest.raises(MhxError) as error:
        export(tmp_path / "b.html", clash, TWO)
    assert "'scenario/000' has 2 different texts in 'en'" in said(error)
    assert "so have 3 more" in said(error)


def test_every_wrong_option_is_told_at_once(tmp_path: Path) -> None:
    frame = table(4).with_columns(lang=pl.col("lang").replace("fa", "tlh"))
    raters = {"Anna Nowak": ["en"], "r1": [], "R1": ["en"], "r2": ["xx"]}
    with pytest.raises(MhxError) as error:
        export(tmp_path / "form.txt", frame, raters, repeats=0.9, per_item=3)
    for part in ("form.txt: not the name of an HTML file", "'Anna Nowak' is not a pseudonym",
                 "'r1' has no language", "differ only in upper and lower case",
                 "'r2': unknown language 'xx'", "no wording for 'tlh'", "0.9 is no share",
                 "3 raters for each item, and 2 rate in 'en'"):
        assert part in said(error)
    assert not list(tmp_path.iterdir())


def test_empty_cells_and_unknown_columns(tmp_path: Path) -> None:
    frame = table(3).with_columns(reply=pl.when(pl.col("lang") == "fa").then(pl.lit(" "))
                                  .otherwise("reply"))
    with pytest.raises(MhxError, match="reply: 3 different rows are empty here"):
        export(tmp_path / "a.html", frame, TWO)
    with pytest.raises(MhxError, match="unknown column 'reply'"):
        export(tmp_path / "a.html", frame.drop("reply"), TWO)
    with pytest.raises(MhxError, match="reply: holds lists or records"):
        export(tmp_path / "a.html", table(3).with_columns(reply=pl.concat_list("reply")), TWO)
    with pytest.raises(MhxError, match="the table has no rows"):
        export(tmp_path / "a.html", table(3).clear(), {"r1": []})


def test_a_single_item_cannot_be_kept_apart(tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="two versions of one item in a row"):
        export(tmp_path / "a.html", table(1), TWO)


def test_separate_panels_are_named(tmp_path: Path) -> None:
    done = export(tmp_path / "a.html", table(4), {"r1": ["en"], "r2": ["fa"]})
    assert "separate panels" in " ".join(done.notes)
    assert not export(tmp_path / "b.html", table(4), TWO).notes


def test_the_key_of_another_form_is_not_overwritten(tmp_path: Path) -> None:
    export(tmp_path / "a.html", table(4), TWO, made=DAY)
    before = (tmp_path / "a.key.json").read_bytes()
    export(tmp_path / "a.html", table(4), TWO, made=DAY)
    with pytest.raises(MhxError, match="the key of another form is here"):
        export(tmp_path / "a.html", table(5), TWO, made=DAY)
    assert (tmp_path / "a.key.json").read_bytes() == before


@pytest.mark.parametrize(("text", "expected"), [
    ("Dzień dobry", "ltr"), ("", "ltr"), ("2026", "ltr"), ("سلام", "rtl"), ("שלום", "rtl"),
    ("iPhone را کنار بگذارید", "rtl"), ("She said سلام and left", "ltr"),
])
def test_the_direction_is_that_of_most_letters(text: str, expected: str) -> None:
    assert direction([text]) == expected


def test_the_example_rubric_is_worded_in_the_scripts_of_its_languages() -> None:
    rubric = read_rubric(RUBRIC)
    assert set(rubric.wording) == {"en", "pl", "fa", "es"}
    persian = rubric.wording["fa"].model_dump_json()
    assert not re.search("[يكةى\u0640]", persian)  # Arabic yeh, kaf, teh marbuta; no kashida
    assert "\u200c" in persian
    assert direction([rubric.wording["fa"].question]) == "rtl"


@pytest.mark.parametrize(("old", "new", "message"), [
    ("scale: [0, 2]", "scale: [2, 0]", "scale [2, 0]"),
    ("scale: [0, 2]", "scale: [0, 12]", "scale [0, 12]"),
    ("- value: 2", "- value: 1", "the levels in 'en' are [0, 1, 1] — give 0 to 2"),
    ("question:", "qestion:", "unknown key — did you mean 'question'?"),
])
def test_a_wrong_rubric(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(RUBRIC.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MhxError) as error:
        read_rubric(path)
    assert message in said(error)
    assert str(path) in said(error)
