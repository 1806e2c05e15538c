"""The certificate file: sealed with a hash over itself, and refused when it was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json, parse_model, read_text, write_json
from mhx.schema.anchors import AnchorCertificate


def sealed(fields: dict[str, Any]) -> AnchorCertificate:
    """The certificate of `fields` (all but ``sha256``) with its hash."""
    draft = AnchorCertificate(**fields, sha256="0" * 64)
    return draft.model_copy(update={"sha256": _digest(draft.model_dump(mode="json"))})


def write_certificate(path: Path, certificate: AnchorCertificate) -> None:
    """Write the certificate as JSON, whole or not at all."""
    write_json(path, certificate.model_dump(mode="json"))


def read_certificate(path: Path) -> AnchorCertificate:
    """The certificate of a file.

    Raises MhxError for a file that is no certificate, that was changed after it was made, or
    whose verdicts do not follow from its intervals.
    """
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MhxError(Problem(f"not JSON: {error.msg}", "give the file that `mhx anchors import` "
                               "wrote", path=path, line=error.lineno)) from error
    certificate = parse_model(value, AnchorCertificate, path=path)
    if _digest(value) != certificate.sha256:
        raise MhxError(Problem(
            "the certificate was changed after it was made (its hash is another)",
            "make it again with `mhx anchors import`", path=path, field="sha256"))
    return certificate


def _digest(value: dict[str, Any]) -> str:
    return hash_json({key: item for key, item in value.items() if key != "sha256"})
