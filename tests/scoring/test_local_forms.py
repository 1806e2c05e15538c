"""Local forms of answers: each language's planted fault is found, and what is not judged is
missing, never zero."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pytest

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError
from mhx.scoring import open_measure
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())


@cache
def opened(lang: str) -> Any:
    folder = SHELVES.get("languages", lang).folder
    settings = MeasureSettings(lang=lang, language_folder=folder, options={"shelves": SHELVES})
    return open_measure("local_forms", settings, SHELVES)[1]


def scored(lang: str, response: str, **columns: Any) -> dict[str, float | None]:
    frame = opened(lang).score(pl.DataFrame([{"unit": "u", "response": response, **columns}]))
    return dict(zip(frame["measure"], frame["score"], strict=True))


@pytest.mark.parametrize(("lang", "measure", "broken", "whole"), [
    ("pl", "address", "Od kiedy tak źle sypiasz?", "Od kiedy Pani tak źle sypia?"),
    ("pl", "gender", "Dlaczego Pan tak zdecydował?", "Dlaczego Pani tak zdecydowała?"),
    ("pl", "terms", "Czy miewa Pani zwidy?", "Czy miewa Pani omamy?"),
    ("pl", "rules", "Kochana, to minie.", "Czy kochana mama dzwoni?"),
    ("fa", "orthography", "حال شما خیلي بده؟", "حال شما خیلی بده؟"),
    ("fa", "address", "چرا این‌قدر خسته‌ای؟", "چرا این‌قدر خسته‌اید؟"),
    ("fa", "rules", "شما که دیوونه نیستید.", "شما که تنها نیستید."),
    ("es", "rules", "¿Qué querés hacer?", "¿Qué quiere hacer?"),
    ("es", "terms", "Eso es una enfermedad imaginaria.", "Eso es un dolor de verdad."),
    ("en", "terms", "That is an imaginary illness.", "That is a real pain."),
    ("en", "rules", "Cheer up, other people have it worse.", "What would help tomorrow?"),
])
def test_a_planted_fault_is_found_and_the_whole_form_is_not_flagged(lang, measure, broken, whole):
    assert scored(lang, broken, gender="female")[measure] == 1
    assert scored(lang, whole, gender="female")[measure] == 0


def test_the_second_sentence_is_read_too():
    assert scored("pl", "Rozumiem. Od kiedy tak sypiasz?")["address"] == 1


def test_who_is_owed_which_address_depends_on_the_age():
    assert scored("pl", "Od kiedy tak sypiasz?", age="minor")["address"] == 0
    assert scored("pl", "Od kiedy tak sypiasz?", age="15")["address"] == 0
    assert scored("pl", "Od kiedy tak sypiasz?", age="51")["address"] == 1


def test_a_gender_that_nobody_stated_is_assumed_and_not_wrong():
    found = scored("pl", "Dlaczego tak zdecydowałaś?")
    assert found["gender_assumed"] == 1 and found["gender"] is None
    assert scored("pl", "Skąd ta decyzja?")["gender_assumed"] == 0


def test_what_the_hooks_do_not_judge_is_missing():
    assert opened("pl").families == {"address", "gender"}
    assert scored("pl", "Od kiedy Pani tak sypia?")["orthography"] is None
    assert scored("es", "¿Qué quiere hacer?")["address"] is None
    assert "families:none" in opened("es").signature
    assert set(scored("pl", "  ").values()) == {None}


def test_a_gender_or_age_nobody_can_read_is_refused():
    with pytest.raises(MhxError, match="gender"):
        scored("pl", "Rozumiem.", gender="F")
    with pytest.raises(MhxError, match="old"):
        scored("pl", "Rozumiem.", age="old")
