"""The JSON Schemas in docs/ are those of the models, so that editors check what mhx checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mhx.schema import FORMATS
from mhx.schema.export import json_schemas

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_schema_in_the_docs_is_the_models(name: str) -> None:
    path = ROOT / "docs" / "schemas" / f"{name.rsplit('.', 1)[0]}.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json_schemas()[name]


def test_no_schema_is_left_over() -> None:
    found = {path.name for path in (ROOT / "docs" / "schemas").iterdir()}
    assert found == {f"{name.rsplit('.', 1)[0]}.schema.json" for name in FORMATS}
