"""What works on this machine, part by part, with the command for what is missing."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mhx.environments import environment, names, state

PARTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "core: check, card, parity, agree, report",
        ("polars", "pydantic", "scipy", "statsmodels", "matplotlib"),
        "pip install mhx",
    ),
    (
        "training and generation",
        ("torch", "transformers", "peft", "safetensors", "sentencepiece"),
        "pip install 'mhx[models]'",
    ),
    (
        "translator hf (MODEL)",
        ("torch", "transformers", "sentencepiece"),
        "pip install 'mhx[models]'",
    ),
    (
        "translator ct2 (MODEL)",
        ("ctranslate2", "torch", "transformers", "sentencepiece"),
        "pip install 'mhx[ct2]'",
    ),
    ("endpoints: translator and judges openai:MODEL@URL", ("openai",), "pip install 'mhx[openai]'"),
    ("sentence splitting of your own text", ("spacy",), "pip install 'mhx[models]'"),
    ("data sets of the hub (hf:NAME)", ("datasets",), "pip install 'mhx[models]'"),
    ("stages on several workers (--engine ray)", ("ray",), "pip install 'mhx[ray]'"),
    ("Polish grammar (pl)", ("morfeusz2",), "pip install 'mhx[pl]'"),
    ("language identification", ("lingua-language-detector",), "pip install mhx"),
)
SHOWN = ("unbabel-comet", "torch", "transformers")  # of an environment's packages
PROGRAMS = (
    ("translator apertium", "apertium", "apt install apertium apertium-eng-spa"),
    (
        "PDF of the LaTeX tables (optional)",
        "pdflatex",
        "apt install texlive-latex-recommended",
    ),
)


def examine() -> list[dict[str, Any]]:
    """One row a part: works, the versions found, the command for what is missing."""
    rows = []
    for part, packages, command in PARTS:
        found, missing = [], []
        for name in packages:
            try:
                found.append(f"{name} {version(name)}")
            except PackageNotFoundError:
                missing.append(name)
        rows.append(_row(part, ", ".join(found), missing, command))
    for part, program, command in PROGRAMS:
        path = shutil.which(program)
        rows.append(_row(part, path or "", [] if path else [program], command))
    rows += [_environment_row(name) for name in names()]
    rows.append(_gpu_row())
    return rows


def _row(part: str, found: str, missing: list[str], command: str) -> dict[str, Any]:
    return {
        "part": part,
        "works": not missing,
        "found": found,
        "install": f"{command}   # missing: {', '.join(missing)}" if missing else "",
    }


def _environment_row(name: str) -> dict[str, Any]:
    """A private environment: whether it is as pinned, where it lies and how large it is."""
    place = environment(name)
    now, why = state(place)
    part, command = f"{name} (its own environment)", f"mhx doctor --install {name}"
    if now != "installed":
        return {"part": part, "works": False, "found": why,
                "install": f"{command}   # {now}"}
    record = place.record()
    versions = ", ".join(f"{one} {record['versions'][one]}" for one in SHOWN
                         if one in record["versions"])
    found = f"{versions}; {record['bytes'] / 2**30:.1f} GiB in {place.folder}"
    return {"part": part, "works": True, "found": found, "install": ""}


def _gpu_row() -> dict[str, Any]:
    try:
        import torch
    except ImportError:
        return {"part": "GPU", "works": False, "found": "", "install": "torch is not installed"}
    if torch.cuda.is_available():
        return {"part": "GPU", "works": True, "found": torch.cuda.get_device_name(0), "install": ""}
    return {"part": "GPU", "works": False, "found": "none: training runs on the CPU", "install": ""}
