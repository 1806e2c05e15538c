"""Held-out perplexity of a causal LM on the supporter's turns, one score a dialogue."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure, MeasureSettings
from mhx.scoring import long_frame

if TYPE_CHECKING:
    import polars as pl


def open(settings: MeasureSettings) -> Measure:
    """Options: `base` (name or folder), `adapter` (folder or None), `max_length`."""
    return Perplexity(settings)


class Perplexity:
    """Cross-entropy over the tokens the loss mask covers, summed before it is exponentiated."""

    def __init__(self, settings: MeasureSettings) -> None:
        self.settings = settings
        adapter = settings.options.get("adapter")
        self.signature = (
            f"perplexity|base:{settings.options['base']}|adapter:{'yes' if adapter else 'no'}"
        )
        self._losses: list[tuple[float, int]] = []

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`response` holds each dialogue's messages as JSON."""
        from mhx.training.base import load_model
        from mhx.training.lora import encode_records, mean_loss

        options = self.settings.options
        records = [
            {"id": unit, "messages": json.loads(text)}
            for unit, text in zip(frame["unit"], frame["response"], strict=True)
        ]
        data = encode_records(
            records, str(options["base"]), max_length=int(options.get("max_length", 1024))
        )
        adapter = options.get("adapter")
        model = load_model(
            str(options["base"]),
            device=self.settings.device,
            adapter=Path(str(adapter)) if adapter else None,
        )
        pad = data.tokenizer.pad_token_id
        self._losses = [mean_loss(model, [item], pad) for item in data.encoded]
        kept = [str(item["id"]) for item in records if str(item["id"]) not in data.left_out]
        rows: list[tuple[str, str, float | None, str]] = [
            (unit, "perplexity", math.exp(loss), "scored")
            for unit, (loss, _) in zip(kept, self._losses, strict=True)
        ]
        rows += [(unit, "perplexity", None, "missing") for unit in data.left_out]
        return long_frame(rows, self.signature)

    def agreement(self) -> dict[str, Any]:
        """No human labels apply."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """Perplexity over all tokens, and how many there were."""
        tokens = sum(count for _, count in self._losses)
        total = sum(loss * count for loss, count in self._losses)
        return {
            "perplexity": math.exp(total / tokens) if tokens else None,
            "tokens": tokens,
            "signature": self.signature,
        }
