"""What holds text and can be deleted: caches and run folders, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from mhx.errors import os_problem
from mhx.run import run_folders


def targets(out: Path, *, cache: bool, runs: bool, lang: str | None) -> list[tuple[Path, int]]:
    """(path, bytes) of every folder that would go. Run folders are known by their `run.yaml`."""
    found: list[Path] = []
    if cache and (out / "cache").is_dir():
        found.append(out / "cache")
    if runs:
        languages = (
            [lang] if lang else [path.name for path in sorted(out.glob("*")) if path.is_dir()]
        )
        found += [folder for name in languages for folder in run_folders(out, name)]
        found += [path for name in languages if (path := out / name / "adapters").is_dir()]
    return [(path, _size(path)) for path in found]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def delete(paths: list[Path]) -> None:
    """Delete folders whole."""
    for path in paths:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise os_problem(error, path) from error
