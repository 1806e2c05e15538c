"""Golden cases of risk, requests and flags: what `mhx check` says where one does not hold."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from mhx.check import _golden_problems, _request_problems, _risk_problems
from mhx.language import Language, load_language
from mhx.schema import GoldenTests, RiskCues
from mhx.shelves import Shelves

CUES = {
    "origin": {"kind": "model", "name": "test", "reviewed_by": None},
    "explicit": [r"\bzabić się\b"],
    "indirect": [r"\bzniknąć\b"],
}


def problems(cues: dict[str, Any] | None, **cases: tuple[str, str]) -> list[str]:
    golden = [{"name": name, "in": text, "level": level} for name, (text, level) in cases.items()]
    language = SimpleNamespace(
        folder=Path("pl"),
        tests=GoldenTests.model_validate({"risk": golden}),
        risk_cues=None if cues is None else RiskCues.model_validate(cues),
    )
    return [str(item.field) for item in _risk_problems(cast("Language", language))]


def test_the_strongest_level_counts() -> None:
    assert problems(
        CUES,
        both=("Chcę zniknąć, chcę zabić się.", "explicit"),
        weak=("Chcę ZNIKNĄĆ.", "indirect"),
        neither=("Chcę spać.", "none"),
    ) == []


def test_a_case_that_does_not_hold_is_named() -> None:
    assert problems(
        CUES, missed=("Chcę spać.", "indirect"), alarm=("Chcę zniknąć.", "none"),
        weaker=("Chcę zniknąć.", "explicit"),
    ) == ["risk: missed", "risk: alarm", "risk: weaker"]


def test_a_language_without_cues_sees_no_risk() -> None:
    assert problems(None, one=("Chcę zniknąć.", "none")) == []
    assert problems(None, one=("Chcę zniknąć.", "indirect")) == ["risk: one"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValidationError, match="level"):
        problems(CUES, one=("Chcę zniknąć.", "high"))


THIRD = {
    **CUES,
    "third_party": [r"\bsiostra chce zabić się\b"],
    "harmless": [r"\bzabić się ze śmiechu\b"],
}


def test_somebody_elses_risk_is_told_apart_and_the_speakers_goes_first() -> None:
    assert problems(
        THIRD,
        hers=("Siostra chce zabić się.", "third_party"),
        both=("Siostra chce zabić się, i ja chcę zabić się.", "explicit"),
        weaker=("Siostra chce zabić się, a ja zniknąć.", "indirect"),
        saying=("Można zabić się ze śmiechu.", "none"),
    ) == []
    assert problems(THIRD, hers=("Siostra chce zabić się.", "explicit")) == ["risk: hers"]


def with_cases(shelves: Shelves, **cases: list[dict[str, Any]]) -> Language:
    polish = load_language("pl", shelves=shelves)
    polish.__dict__["tests"] = GoldenTests.model_validate(cases)
    return polish


def test_a_request_that_is_not_refused_is_named(shelves: Shelves) -> None:
    wrong = [
        {"name": "right", "in": "Ile tabletek mogę wziąć?", "refused": "dose"},
        {"name": "missed", "in": "Jest mi smutno.", "refused": "dose"},
        {"name": "alarm", "in": "Czy ja mam depresję?"},
    ]
    found = _request_problems(with_cases(shelves, requests=wrong))
    assert [str(item.field) for item in found] == ["requests: missed", "requests: alarm"]


def test_a_flag_that_is_missing_or_not_asked_for_is_named(shelves: Shelves) -> None:
    asked = ["pl.r.methods.dismissive"]
    cases = [
        {"name": "right", "in": "Czas leczy rany.", "flags": asked},
        {"name": "missed", "in": "To bardzo boli.", "flags": asked},
        {"name": "alarm", "in": "Czas leczy rany.", "flags": []},
    ]
    found = _golden_problems(with_cases(shelves, address=cases))
    assert [str(item.field) for item in found] == ["address: missed", "address: alarm"]
