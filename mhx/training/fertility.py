"""How a tokenizer takes a language apart: tokens a word, and what it has no token for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
TEXTS = 2000  # texts looked at, evenly over the data


@dataclass(frozen=True)
class Fertility:
    """Tokens a word (between blanks), and shares of unknown and of byte tokens (0 to 1).

    A byte token is a byte-fallback piece or a piece of a character (byte-level vocabularies).
    """

    tokens_per_word: float
    unknown: float
    bytes: float
    words: int

    def __str__(self) -> str:
        return (f"{self.tokens_per_word:.2f} tokens a word, {self.unknown:.1%} unknown, "
                f"{self.bytes:.1%} byte tokens")

    def record(self) -> dict[str, float | int]:
        """For manifests: rounded figures."""
        return {"tokens_per_word": round(self.tokens_per_word, 3),
                "unknown_share": round(self.unknown, 5), "byte_share": round(self.bytes, 5),
                "words": self.words}


def fertility(tokenizer: Any, texts: Sequence[str]) -> Fertility:
    """The figures of a tokenizer on a language's texts (at most TEXTS of them)."""
    chosen = list(texts)[:: max(1, len(texts) // TEXTS)][:TEXTS]
    rows = tokenizer(chosen, add_special_tokens=False)["input_ids"] if chosen else []
    counts: dict[int, int] = {}
    for row in rows:
        for token in row:
            counts[token] = counts.get(token, 0) + 1
    total = max(1, sum(counts.values()))
    words = sum(len(text.split()) for text in chosen)
    unknown = counts.get(tokenizer.unk_token_id, 0) if tokenizer.unk_token_id is not None else 0
    pieces = sum(count for token, count in counts.items() if _is_part(tokenizer, token))
    return Fertility(sum(counts.values()) / max(1, words), unknown / total, pieces / total, words)


def _is_part(tokenizer: Any, token: int) -> bool:
    """Whether a token is less than a character."""
    if BYTE.fullmatch(str(tokenizer.convert_ids_to_tokens(token))):
        return True
    return "\ufffd" in tokenizer.decode([token], clean_up_tokenization_spaces=False)
