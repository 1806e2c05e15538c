"""A Hugging Face data set as source (``--source hf:NAME[:SPLIT]``): the user named it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from mhx.corpus.readers import RawDialogue, read_source
from mhx.errors import MhxError, Problem


def read_hub(spec: str, mapping: Mapping[str, str]) -> Iterator[RawDialogue]:
    """Records of a data set by name or local folder; the split defaults to train.

    Raises MhxError when `datasets` is missing or the data set cannot be loaded.
    """
    try:
        import datasets
    except ImportError as error:
        raise MhxError(
            Problem("the datasets package is needed for hf:NAME", "pip install 'mhx[models]'")
        ) from error
    name, _, split = spec.partition(":")
    try:
        loaded = datasets.load_dataset(name, split=split or "train")
    except Exception as error:  # datasets raises many kinds; each ends here with its own words
        raise MhxError(
            Problem(f"data set {name!r}: {error}", "check the name, the split and the network")
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.jsonl"
        loaded.to_json(path, force_ascii=False)
        yield from read_source(path, mapping)
