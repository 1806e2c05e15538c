"""The golden cases of risk cues: what `mhx check` says where a case does not hold."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from mhx.check import _risk_problems
from mhx.language import Language
from mhx.schema import GoldenTests, RiskCues

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
