"""Fixtures of the training tests."""

from __future__ import annotations

from typing import Any

import pytest
from small_bases import dialogue

from mhx.training.base import load_tokenizer


@pytest.fixture(scope="session")
def dialogues() -> list[dict[str, Any]]:
    """Eight conversations in three languages."""
    return [dialogue(number) for number in range(8)]


@pytest.fixture(scope="session")
def tiny() -> Any:
    """The tokenizer of the embedded base."""
    return load_tokenizer("mhx-tiny")
