"""Seq2seq models of transformers: NLLB-200, M2M100, MADLAD-400, OPUS/Marian; greedy batches."""

from __future__ import annotations

from typing import Any

from mhx.contracts import BackendSettings
from mhx.seq2seq.batches import answer_budget
from mhx.seq2seq.checkpoint import (
    LOADING_ERRORS,
    Checkpoint,
    missing,
    not_loaded,
    open_checkpoint,
)
from mhx.seq2seq.greedy import greedy
from mhx.seq2seq.translator import Translator
from mhx.training.base import pick_device


def open(settings: BackendSettings) -> Translator:
    """Load tokenizer and model. Raises MhxError for a missing package, model or language code."""
    checkpoint = open_checkpoint(settings, "hf")
    return Translator("hf", checkpoint, Greedy(checkpoint, settings.device), settings)


class Greedy:
    """A model of transformers: float32 on a CPU, bfloat16 on a GPU that computes in it."""

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        try:
            import torch
            from transformers import AutoModelForSeq2SeqLM
        except ImportError as error:
            raise missing("hf", error) from error
        self.device = pick_device(device)
        half = self.device.startswith("cuda") and torch.cuda.is_bf16_supported()
        dtype = torch.bfloat16 if half else torch.float32
        try:
            model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint.name, dtype=dtype)
            self.model: Any = model.to(self.device).eval()
        except ImportError as error:
            raise missing("hf", error) from error
        except LOADING_ERRORS as error:
            raise not_loaded("hf", checkpoint.name, error) from error
        self.marks = _marks(self.model, checkpoint)
        self.limit = checkpoint.limit
        self.description = f"{str(dtype).removeprefix('torch.')}|{self.device}"

    def budget(self, tokens: int, batch_tokens: int) -> int:
        """One batch at a time: the whole budget."""
        return batch_tokens

    def decode(self, groups: list[list[list[int]]], most: list[int]) -> list[list[list[int]]]:
        """Answers of each batch, after the decoder's start token; each ends at its own limit."""
        return [
            greedy(self.model, rows, [answer_budget(len(row), self.limit) for row in rows],
                   **self.marks)
            for rows in groups
        ]

    def close(self) -> None:
        """Let the model go."""
        self.model = None


def _marks(model: Any, checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint's own marks without its search: beams, penalties, and the forced end.

    A forced end mark at the limit would make a cut answer look finished.
    """
    own, tokenizer = model.generation_config, checkpoint.tokenizer
    start = own.decoder_start_token_id
    # OPUS models bar their padding alone; longer word lists are a choice of search
    end = tokenizer.eos_token_id  # never barred, as in `generate`
    barred = [ids[0] for ids in own.bad_words_ids or [] if len(ids) == 1 and ids[0] != end]
    return {
        "start": model.config.decoder_start_token_id if start is None else start,
        "forced": checkpoint.codes.forced,
        "end": end,
        "padding": tokenizer.pad_token_id,
        "barred": barred or None,
    }
