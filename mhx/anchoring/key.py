"""The coordinator's files: the rubric, and the key that says what the codes stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json, load_model, parse_model, read_text
from mhx.schema.anchors_form import AnchorKey, AnchorRubric


def read_rubric(path: Path) -> AnchorRubric:
    """The question and its levels in each language; MhxError with every problem and its line."""
    return load_model(path, AnchorRubric)


def seal(fields: dict[str, Any]) -> AnchorKey:
    """A key with the hash over its canonical JSON."""
    draft = AnchorKey.model_validate({**fields, "sha256": "0" * 64})
    return draft.model_copy(update={"sha256": digest(draft)})


def digest(key: AnchorKey) -> str:
    """Hex SHA-256 over the canonical JSON of every field but the hash itself."""
    return hash_json(key.model_dump(mode="json", exclude={"sha256"}))


def read_key(path: Path) -> AnchorKey:
    """The key, whole and untouched.

    Raises MhxError for what is not a key, and for one that is no longer as it was exported:
    with another item under a code, ratings would silently move to another text.
    """
    key = parse_model(read_json(path), AnchorKey, path=path)
    if digest(key) != key.sha256:
        raise MhxError(Problem(
            "the key was changed after the export", path=path, field="sha256",
            fix="use the file as it was written; its copy beside the form is the one to keep"))
    return key


def read_json(path: Path) -> Any:
    """A JSON document; MhxError with the line and column where it breaks."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MhxError(Problem(
            f"not JSON: {error.msg} at column {error.colno}", path=path, line=error.lineno,
            fix="use the file as the program saved it; a mail or chat may have cut it")) from error
