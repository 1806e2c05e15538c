"""JSON Schemas of all file formats, generated from the models, for editors and validators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mhx.files import write_json
from mhx.schema import FORMATS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, dict[str, Any]]:
    """File name of each format (``language.yaml``) to its JSON Schema."""
    return {
        name: {"$schema": DIALECT, **model.model_json_schema()}
        for name, model in FORMATS.items()
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write ``<format>.schema.json`` files into a folder; returns the paths."""
    written = []
    for name, schema in json_schemas().items():
        path = folder / f"{name.rsplit('.', 1)[0]}.schema.json"
        write_json(path, schema)
        written.append(path)
    return written
