"""An adapter merged into its base: one folder that transformers and servers load alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

from mhx.training.base import load_model, load_tokenizer

NAME = "merged"


def merge(base: str, adapter: Path, into: Path, *, device: str = "auto") -> Path:
    """Write base plus adapter with the tokenizer to `into`, whole or not at all.

    In float32 on a CPU, bfloat16 on a GPU, as the base is loaded for training. What was in `into`
    is replaced. Raises MhxError for a base or adapter that cannot be loaded.
    """
    model = load_model(base, device=device, adapter=adapter).merge_and_unload(safe_merge=True)
    tokenizer = load_tokenizer(base)
    into.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    old = made.with_name(f"{made.name}-old")
    try:
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)  # with the template that the adapter was trained on
        if into.exists():
            into.rename(old)
        try:
            made.rename(into)
        except OSError:
            if old.exists():
                old.rename(into)
            raise
    finally:
        for left in (made, old):
            shutil.rmtree(left, ignore_errors=True)
    into.chmod(0o755)
    return into
