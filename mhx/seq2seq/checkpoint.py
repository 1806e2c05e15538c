"""A checkpoint by name or folder: its tokenizer, codes, revision and limits; no weights."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.contracts import BackendSettings
from mhx.errors import MhxError, Problem, first_line
from mhx.files import hash_folder
from mhx.seq2seq.codes import Codes, find_codes
from mhx.training.base import quiet

POSITIONS = 512  # where neither configuration nor tokenizer names a limit (T5, MADLAD)
NO_LIMIT = 100_000  # tokenizers write "no limit" as a number of thirty digits
LOADING_ERRORS = (OSError, ValueError, KeyError, RuntimeError, NotImplementedError)


@dataclass(frozen=True)
class Checkpoint:
    """What an engine knows of its model beside the weights.

    `revision` is a hub commit, or the hash of a folder's files, so that new weights miss every
    cache. `limit` is the number of positions, in tokens.
    """

    name: str
    tokenizer: Any
    config: Any
    codes: Codes
    revision: str
    limit: int

    def encode(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, with the target's tag and the special tokens."""
        if not texts:
            return []
        ids: list[list[int]] = self.tokenizer([self.codes.prefix + text for text in texts])[
            "input_ids"
        ]
        return ids

    def text_of(self, ids: list[int]) -> str:
        """The text of token ids, special tokens left out, blanks single."""
        return " ".join(str(self.tokenizer.decode(ids, skip_special_tokens=True)).split())


def open_checkpoint(settings: BackendSettings, engine: str) -> Checkpoint:
    """Tokenizer and configuration. Raises MhxError: package, model or language code missing."""
    try:
        from transformers import AutoConfig, AutoTokenizer
    except ImportError as error:
        raise missing(engine, error) from error
    quiet()
    # sacremoses only changes punctuation, and mhx normalizes text itself
    warnings.filterwarnings("ignore", message=".*sacremoses.*")
    name = settings.model or ""
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        config = AutoConfig.from_pretrained(name)
    except ImportError as error:
        raise missing(engine, error) from error
    except LOADING_ERRORS as error:
        raise not_loaded(engine, name, error) from error
    codes = find_codes(tokenizer, settings)
    limit = _limit(config, tokenizer)
    return Checkpoint(name, tokenizer, config, codes, _revision(name, config), limit)


def _revision(name: str, config: Any) -> str:
    folder = Path(name)
    if folder.is_dir():
        return f"local-{hash_folder(folder)[:12]}"
    return str(getattr(config, "_commit_hash", None) or "unknown")


def _limit(config: Any, tokenizer: Any) -> int:
    named = (getattr(config, "max_position_embeddings", None), tokenizer.model_max_length)
    return min((int(value) for value in named if value and value < NO_LIMIT), default=POSITIONS)


def missing(engine: str, error: ImportError) -> MhxError:
    """The message for a package that is not installed."""
    extra = "ct2" if engine == "ct2" else "models"
    what = error.name or (str(error).splitlines() or ["a package"])[0]
    return MhxError(Problem(f"{engine} needs {what}", f"pip install 'mhx[{extra}]'"))


def not_loaded(engine: str, name: str, error: Exception) -> MhxError:
    """The message for a model that is not there or is of another kind."""
    fix = f"give a model folder, or a name that transformers fetches: --translator {engine}:FOLDER"
    return MhxError(Problem(f"the model {name!r} cannot be loaded: {first_line(error)}", fix))
