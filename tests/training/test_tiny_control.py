"""The stored comparison of adapters with their base and with a control of equal steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mhx.training.base import base_hash

RESULT = Path(__file__).resolve().parents[2] / "bench" / "results" / "tiny_control.json"


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return found


def test_it_was_measured_on_the_shipped_base(stored: dict[str, Any]) -> None:
    assert stored["base_sha256"] == base_hash("mhx-tiny")
    assert {row["lang"] for row in stored["rows"]} == {"pl", "fa"}


def test_the_adapter_beats_base_and_control_over_seeds(stored: dict[str, Any]) -> None:
    for row in stored["rows"]:
        assert len(row["adapter_loss"]) >= 3
        assert row["adapter_to_base"]["high"] < 0
        assert row["adapter_to_control"]["high"] < 0
        assert row["adapter_to_control"]["low"] <= row["adapter_to_control"]["difference"]
