"""What holds text and can be deleted: caches, run folders, reviewers' memories, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from mhx.errors import os_problem
from mhx.run import run_folders


def targets(
    out: Path, *, cache: bool, runs: bool, lang: str | None, memories: bool = False
) -> list[tuple[Path, int]]:
    """(path, bytes) of all that would go. Run folders are known by their `run.yaml`."""
    found: list[Path] = []
    if cache and (out / "cache").is_dir():
        found.append(out / "cache")
    if runs:
        languages = (
            [lang] if lang else [path.name for path in sorted(out.glob("*")) if path.is_dir()]
        )
        found += [folder for name in languages for folder in run_folders(out, name)]
        found += [path for name in languages if (path := out / name / "adapters").is_dir()]
    if memories:
        found += sorted((out / "memories").glob(f"{lang or '*'}.tmx"))
    return [(path, _size(path)) for path in found]


def _size(folder: Path) -> int:
    files = [folder] if folder.is_file() else folder.rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file())


def delete(paths: list[Path]) -> None:
    """Delete folders whole, and files."""
    for path in paths:
        try:
            path.unlink() if path.is_file() else shutil.rmtree(path)
        except OSError as error:
            raise os_problem(error, path) from error
