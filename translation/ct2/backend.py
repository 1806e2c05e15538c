"""The models of `hf` through CTranslate2: converted and cached by us, int8 on a CPU, replicas."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from mhx.contracts import BackendSettings
from mhx.errors import MhxError, Problem
from mhx.seq2seq.checkpoint import Checkpoint, missing, not_loaded, open_checkpoint
from mhx.seq2seq.conversion import converted
from mhx.seq2seq.translator import Translator

QUANTIZATIONS = (
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
LEAST_TOKENS = 256  # a smaller batch computes worse than an idle replica costs
BATCHES_EACH = 4  # a replica's share, so that no one waits for the longest batch


def open(settings: BackendSettings) -> Translator:
    """Convert the model where that is not done and load it.

    `MODEL@float32` (or another of QUANTIZATIONS) chooses the arithmetic; otherwise it is int8 on
    a CPU, bfloat16 or float16 on a GPU. Raises MhxError for a missing package, model or language
    code, a model CTranslate2 does not know, and arithmetic this machine does not have.
    """
    try:
        import ctranslate2
    except ImportError as error:
        raise missing("ct2", error) from error
    model, quantization = split_model(settings.model or "")
    device = settings.device
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    able = _arithmetic(device)
    quantization = quantization or _default(device, able)
    if quantization not in able:
        what = f"{quantization} is not computed on this {device} (able: {', '.join(sorted(able))})"
        raise MhxError(Problem(what, f"--translator ct2:{model}@{_default(device, able)}"))
    checkpoint = open_checkpoint(replace(settings, model=model), "ct2")
    return Translator(
        "ct2", checkpoint, Replicas(checkpoint, quantization, device, settings.cache), settings
    )


def split_model(text: str) -> tuple[str, str | None]:
    """`MODEL@QUANTIZATION` as its parts; an @ followed by anything else belongs to the name."""
    name, _, last = text.rpartition("@")
    return (name, last) if name and last in QUANTIZATIONS else (text, None)


def _arithmetic(device: str) -> set[str]:
    import ctranslate2

    try:
        able: set[str] = set(ctranslate2.get_supported_compute_types(device))
    except (ValueError, RuntimeError) as error:
        what = f"CTranslate2 cannot use the device {device!r}: {error}"
        raise MhxError(Problem(what, "--device cpu")) from error
    return able


def _default(device: str, able: set[str]) -> str:
    if device == "cpu":
        return "int8" if "int8" in able else "float32"
    return next((name for name in ("bfloat16", "float16") if name in able), "float32")


class Replicas:
    """A converted model; one replica a core, as many short texts gain nothing from more threads."""

    def __init__(
        self, checkpoint: Checkpoint, quantization: str, device: str, cache: Path | None
    ) -> None:
        import ctranslate2

        self.tokenizer = checkpoint.tokenizer
        self.kept = tempfile.TemporaryDirectory() if cache is None else None
        folder = converted(checkpoint, quantization, cache or Path(self.kept.name))
        self.replicas = threads() if device == "cpu" else 1
        try:
            self.model: Any = ctranslate2.Translator(
                str(folder),
                device=device,
                compute_type=quantization,
                inter_threads=self.replicas,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise not_loaded("ct2", checkpoint.name, error) from error
        forced = checkpoint.codes.forced
        self.first = None if forced is None else self.tokenizer.convert_ids_to_tokens([forced])
        self.description = f"{quantization}|{device}|ctranslate2:{ctranslate2.__version__}"

    def budget(self, tokens: int, batch_tokens: int) -> int:
        """Smaller batches where there are few texts, so that every replica has some."""
        share = tokens // (BATCHES_EACH * self.replicas) if self.replicas > 1 else tokens
        return min(batch_tokens, max(LEAST_TOKENS, share))

    def decode(self, groups: list[list[list[int]]], most: list[int]) -> list[list[list[int]]]:
        """Answers of each batch, after the decoder's start token; batches run side by side."""
        waiting = [
            self.model.translate_batch(
                [self.tokenizer.convert_ids_to_tokens(row) for row in rows],
                target_prefix=None if self.first is None else [self.first] * len(rows),
                beam_size=1,
                max_decoding_length=limit,
                max_input_length=0,
                return_end_token=True,
                asynchronous=True,
            )
            for rows, limit in zip(groups, most, strict=True)
        ]
        return [
            [self.tokenizer.convert_tokens_to_ids(item.result().hypotheses[0]) for item in batch]
            for batch in waiting
        ]

    def close(self) -> None:
        """Let the model go, and a conversion that no cache keeps."""
        self.model = None
        if self.kept is not None:
            self.kept.cleanup()


def threads() -> int:
    """Cores this process may use: OMP_NUM_THREADS where it is set, else its affinity."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted):
        return int(wanted)
    # a Mac tells no affinity
    able = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return len(able)
