"""Fixtures of the training tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from small_bases import dialogue

from mhx.training.base import load_tokenizer


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Two OpenMP threads wait for each other by spinning: slow on a machine with other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def dialogues() -> list[dict[str, Any]]:
    """Eight conversations in three languages."""
    return [dialogue(number) for number in range(8)]


@pytest.fixture(scope="session")
def tiny() -> Any:
    """The tokenizer of the embedded base."""
    return load_tokenizer("mhx-tiny")
