"""Reading what raters saved: exact values, and every problem of every file in one message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from anchors_table import export, put, saved, table

from mhx.anchoring import read_key, read_ratings
from mhx.errors import MhxError
from mhx.schema.anchors_form import AnchorKey


@dataclass(frozen=True)
class Form:
    """An exported form with two linking raters."""

    folder: Path
    path: Path
    key: AnchorKey

    def file(self, name: str, rater: str = "r1", **changes: Any) -> Path:
        return put(self.folder / name, saved(self.key, rater, **changes))


@pytest.fixture
def form(tmp_path: Path) -> Form:
    raters = {"r1": ["en", "fa"], "r2": ["fa", "en"]}
    done = export(tmp_path / "form.html", table(10), raters, repeats=0.1)
    return Form(tmp_path, done.key, read_key(done.key))


def problems(paths: list[Path], key: Path) -> list[str]:
    with pytest.raises(MhxError) as error:
        read_ratings(paths, key)
    return [str(one) for one in error.value.problems]


def changed(form: Form, rater: str, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    value = saved(form.key, rater)
    change(value["ratings"])
    return put(form.folder / f"{rater}.json", value)


def test_ratings_come_back_as_given(form: Form) -> None:
    def skip(ratings: list[dict[str, Any]]) -> None:
        for value, one in enumerate(ratings[:3]):
            one["value"] = value
        ratings[3].update(value=None, skipped=True, note="unclear")
        del ratings[10:]

    frame = read_ratings([changed(form, "r1", skip), form.file("two.json", "r2")], form.path)
    assert frame.schema == {"item": pl.String, "language": pl.String, "rater": pl.String,
                            "rating": pl.Float64, "seconds": pl.Float64, "repeat": pl.Boolean,
                            "status": pl.String}
    texts = {one.code: one for one in form.key.items}
    for rater in form.key.raters:
        rows = frame.filter(pl.col("rater") == rater.id)
        assert rows.select("item", "language").rows() == [
            (texts[code].item, texts[code].language) for code in rater.order]
        assert rows["repeat"].to_list() == [texts[code].repeat_of is not None
                                            for code in rater.order]
    first = frame.filter(pl.col("rater") == "r1")
    assert first["rating"].to_list() == [0, 1, 2, None, *[1] * 6, *[None] * (len(first) - 10)]
    assert Counter(first["status"]) == {"rated": 9, "skipped": 1, "missing": len(first) - 10}
    assert first["seconds"].to_list() == [4.5] * 10 + [None] * (len(first) - 10)


def test_every_problem_of_every_file_is_told_with_its_line(form: Form) -> None:
    def spoil(ratings: list[dict[str, Any]]) -> None:
        ratings[0]["code"] = "zzzzz"
        ratings[1]["value"] = 7
        ratings[3]["code"] = ratings[2]["code"]

    bad = changed(form, "r1", spoil)
    other = form.file("other.json", "r2", form="0" * 64)
    nobody = put(form.folder / "nobody.json", {**saved(form.key), "rater": "r3"})
    found = problems([bad, other, nobody], form.path)
    lines = bad.read_text(encoding="utf-8").split("\n")
    assert '"zzzzz"' in lines[12 - 1]  # one rating a line; the first stands on the twelfth
    expected = [
        f"{bad}:12: ratings[0].code: unknown code 'zzzzz' — ",
        f"{bad}:13: ratings[1].value: 7 is off the scale 0 to 2 — ",
        f"{bad}:15: ratings[3].code: ",
        f"{other}:3: form: ratings of another form — ",
        f"{nobody}:4: rater: unknown rater 'r3' — did you mean",
    ]
    for start in expected:
        assert any(one.startswith(start) for one in found), (start, found)
    assert len(found) == len(expected)


def test_a_text_of_another_rater_is_a_problem(tmp_path: Path) -> None:
    done = export(tmp_path / "f.html", table(6), {"r1": ["en"], "r2": ["fa"]})
    key = read_key(done.key)
    mixed = saved(key, "r1") | {"ratings": saved(key, "r2")["ratings"][:1]}
    (found,) = problems([put(tmp_path / "r.json", mixed)], done.key)
    assert "is no text of rater 'r1'" in found


@pytest.mark.parametrize(("field", "value", "message"), [
    ("value", "2", "ratings[0].value: Input should be a valid integer"),
    ("value", 1.5, "ratings[0].value: Input should be a valid integer"),
    ("value", True, "ratings[0].value: Input should be a valid integer"),
    ("value", None, "skipped and value disagree"),
    ("skipped", True, "skipped and value disagree"),
    ("seconds", -1, "ratings[0].seconds"),
    ("seconds", float("nan"), "ratings[0].seconds"),
    ("extra", 1, "ratings[0].extra: unknown key"),
])
def test_a_field_that_no_form_writes(form: Form, field: str, value: object, message: str) -> None:
    path = changed(form, "r1", lambda ratings: ratings[0].update({field: value}))
    (found,) = problems([path], form.path)
    assert found.startswith(f"{path}:12: ")
    assert message in found


def test_a_file_that_was_cut_has_the_line_where_it_breaks(form: Form) -> None:
    path = form.file("cut.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("\n", 900)], encoding="utf-8")
    (found,) = problems([path], form.path)
    last = path.read_text(encoding="utf-8").count("\n") + 1
    assert found.startswith(f"{path}:{last}: not JSON: ")
    path.write_text("[]", encoding="utf-8")
    assert "valid dictionary" in problems([path], form.path)[0]


def test_of_two_files_the_later_counts_if_it_holds_the_earlier(form: Form) -> None:
    early = form.file("early.json", take=5, saved="2026-11-20T10:00:00+00:00")
    value = saved(form.key, saved="2026-11-20T09:30:00-01:00")  # 10:30 in UTC
    value["ratings"][0]["value"] = 2
    late = put(form.folder / "late.json", value)
    for paths in ([early, late], [late, early], [late, early, late]):
        frame = read_ratings(paths, form.path)
        assert frame["rating"].null_count() == 0
        assert frame["rating"][0] == 2
    late = form.file("late.json", take=4, saved="2026-11-20T09:30:00-01:00")
    (found,) = problems([early, late], form.path)
    assert f"'r1' saved {late} later, and it lacks 1 texts" in found


def test_a_key_that_was_changed_is_refused(form: Form) -> None:
    ratings = form.file("r1.json")
    text = form.path.read_text(encoding="utf-8")
    value = json.loads(text)
    first, second = value["items"][:2]
    first["item"], second["item"] = second["item"], first["item"]
    form.path.write_text(json.dumps(value), encoding="utf-8")
    (found,) = problems([ratings], form.path)
    assert "the key was changed after the export" in found
    form.path.write_text(json.dumps(json.loads(text)), encoding="utf-8")  # other blanks: the same
    assert read_ratings([ratings], form.path).height


def test_what_is_no_key(form: Form) -> None:
    ratings = form.file("r1.json")
    assert any("missing" in one for one in problems([ratings], ratings))
    value = json.loads(form.path.read_text(encoding="utf-8"))
    value["items"][1]["code"] = value["items"][0]["code"]
    form.path.write_text(json.dumps(value), encoding="utf-8")
    assert "given twice" in problems([ratings], form.path)[0]


def test_no_file_and_a_missing_file(form: Form) -> None:
    assert problems([], form.path)[0].startswith("no file of ratings")
    assert "No such file" in problems([form.folder / "gone.json"], form.path)[0]
