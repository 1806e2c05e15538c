"""Seq2seq models of transformers: NLLB-200, M2M100, MADLAD-400, OPUS/Marian; greedy batches."""

from __future__ import annotations

from typing import Any

from mhx.contracts import BackendSettings
from mhx.seq2seq.checkpoint import (
    LOADING_ERRORS,
    Checkpoint,
    missing,
    not_loaded,
    open_checkpoint,
)
from mhx.seq2seq.translator import Translator
from mhx.training.base import pick_device

NEARNESS = 0.7


def open(settings: BackendSettings) -> Translator:
    """Load tokenizer and model. Raises MhxError for a missing package, model or language code."""
    checkpoint = open_checkpoint(settings, "hf")
    return Translator("hf", checkpoint, Generate(checkpoint, settings.device), settings)


class Generate:
    """`generate` of transformers: float32 on a CPU, bfloat16 on a GPU that computes in it."""

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
        self.padding = checkpoint.tokenizer.pad_token_id
        self.model.generation_config = _greedy(self.model, checkpoint)
        # `generate` computes a finished row until the last one ends: dear on a CPU alone
        self.nearness = NEARNESS if self.device == "cpu" else 0.0
        self.description = f"{str(dtype).removeprefix('torch.')}|{self.device}"

    def budget(self, tokens: int, batch_tokens: int) -> int:
        """One batch at a time: the whole budget."""
        return batch_tokens

    def decode(self, groups: list[list[list[int]]], most: list[int]) -> list[list[list[int]]]:
        """Answers of each batch, after the decoder's start token."""
        return [self._batch(rows, limit) for rows, limit in zip(groups, most, strict=True)]

    def _batch(self, rows: list[list[int]], limit: int) -> list[list[int]]:
        import torch

        width = max(map(len, rows))
        padded = [row + [self.padding] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        with torch.inference_mode():
            tokens = self.model.generate(
                input_ids=torch.tensor(padded, device=self.device),
                attention_mask=torch.tensor(mask, device=self.device),
                max_new_tokens=limit,
            )
        out: list[list[int]] = tokens[:, 1:].tolist()
        return out

    def close(self) -> None:
        """Let the model go."""
        self.model = None


def _greedy(model: Any, checkpoint: Checkpoint) -> Any:
    """The checkpoint's own marks without its search: beams, penalties, and the forced end.

    A forced end mark at the limit would make a cut answer look finished.
    """
    from transformers import GenerationConfig

    own = model.generation_config
    start = own.decoder_start_token_id
    return GenerationConfig(
        do_sample=False,
        num_beams=1,
        decoder_start_token_id=model.config.decoder_start_token_id if start is None else start,
        forced_bos_token_id=checkpoint.codes.forced,
        eos_token_id=checkpoint.tokenizer.eos_token_id,
        pad_token_id=checkpoint.tokenizer.pad_token_id,
        bad_words_ids=own.bad_words_ids,
    )
