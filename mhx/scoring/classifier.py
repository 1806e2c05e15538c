"""EPITOME levels by Hugging Face sequence classifiers: any folder or name, in batches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem, UsageError, unknown
from mhx.files import hash_folder, sha256
from mhx.scoring.measures import MECHANISMS, long_frame
from mhx.training.base import pick_device, quiet, require

if TYPE_CHECKING:
    import polars as pl

LEVELS = 3
AGREEMENT = "agreement.json"
BATCH = 32
LABEL = re.compile(r"(?:(?P<mechanism>[a-z_]+):)?(?:\w*?_)?(?P<level>[0-2])")


@dataclass(frozen=True)
class Head:
    """A classifier's outputs for one mechanism: `columns[level]` is its logit."""

    mechanism: str
    columns: tuple[int, int, int]


def heads_of(labels: Mapping[int, str], *, name: str, mechanism: str | None) -> tuple[Head, ...]:
    """The heads that a classifier's labels name.

    Either ``mechanism:level`` for each mechanism that it knows, or three labels that end in their
    level (``LABEL_2``, ``2``) where `mechanism` says which one it is. Raises MhxError for others.
    """
    found: dict[str, dict[int, int]] = {}
    for column, label in labels.items():
        match = LABEL.fullmatch(label)
        of = (match["mechanism"] or mechanism) if match else None
        if match is None or of not in MECHANISMS:
            fix = (
                "labels mechanism:level, such as explorations:2; or three labels that end in 0, 1 "
                "and 2, and MECHANISM=FOLDER"
            )
            raise MhxError(Problem(f"classifier {name}: label {label!r} is no level", fix))
        found.setdefault(of, {})[int(match["level"])] = column
    short = [of for of, columns in found.items() if set(columns) != set(range(LEVELS))]
    if short:
        raise MhxError(Problem(f"classifier {name}: {short[0]} lacks a level", "three levels, 0-2"))
    return tuple(
        Head(of, (found[of][0], found[of][1], found[of][2])) for of in MECHANISMS if of in found
    )


def parse_classifiers(text: str) -> list[tuple[str | None, str]]:
    """(mechanism or None, folder or name) of ``FOLDER`` or ``MECHANISM=FOLDER,…``.

    Raises UsageError for an unknown mechanism or one that is named twice.
    """
    found: list[tuple[str | None, str]] = []
    for part in text.split(","):
        mechanism, mark, folder = part.strip().partition("=")
        if not mark:
            found.append((None, mechanism))
            continue
        if mechanism not in MECHANISMS:
            raise unknown("mechanism", mechanism, MECHANISMS)
        found.append((mechanism, folder))
    named = [mechanism for mechanism, _ in found]
    if len(set(named)) < len(named):
        raise UsageError(f"--classifier {text!r} names a mechanism twice", "MECHANISM=FOLDER once")
    return found


@dataclass(frozen=True)
class Classifier:
    """A sequence classifier of message and answer, loaded when first asked."""

    name: str
    mechanism: str | None
    device: str = "auto"

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        require("torch", "transformers")
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        quiet()
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name)
            model = AutoModelForSequenceClassification.from_pretrained(self.name)
        except (OSError, ValueError) as error:
            fix = "a folder with a sequence classifier and its tokenizer, or a name of the hub"
            raise MhxError(Problem(f"cannot load classifier {self.name}: {error}", fix)) from error
        return model.eval().to(pick_device(self.device)), tokenizer

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The mechanisms that it scores."""
        labels = self._loaded[0].config.id2label
        return heads_of(
            {int(key): str(value) for key, value in labels.items()},
            name=self.name, mechanism=self.mechanism,
        )

    @cached_property
    def digest(self) -> str:
        """A hash of a local folder, the agreement stored in it apart; of a name, the name's."""
        folder = Path(self.name)
        return (
            hash_folder(folder, skip=(AGREEMENT,)) if folder.is_dir() else sha256(self.name)
        )[:12]

    def levels(
        self, prompts: Sequence[str], responses: Sequence[str], *, batch_size: int = BATCH
    ) -> dict[str, list[int]]:
        """By mechanism, the likeliest level of each answer to its message."""
        import torch

        model, tokenizer = self._loaded
        out: dict[str, list[int]] = {head.mechanism: [] for head in self.heads}
        for start in range(0, len(responses), batch_size):
            inputs = encode(
                tokenizer, prompts[start : start + batch_size],
                responses[start : start + batch_size], longest=longest_input(model, tokenizer),
            ).to(model.device)
            with torch.inference_mode():
                logits = model(**inputs).logits
            for head in self.heads:
                out[head.mechanism] += logits[:, list(head.columns)].argmax(-1).tolist()
        return out

    def agreement(self, lang: str) -> dict[str, Any]:
        """What was measured of exactly these weights in a language, or nothing."""
        path = Path(self.name) / AGREEMENT
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        same = stored.get("model_sha256", "")[:12] == self.digest
        return dict(stored) if same and stored.get("lang") == lang else {}


def longest_input(model: Any, tokenizer: Any) -> int:
    """Tokens that a classifier takes; RoBERTa's positions begin after the padding's."""
    known = getattr(model.config, "max_position_embeddings", None) or 512
    offset = (model.config.pad_token_id or 0) + 1 if "roberta" in model.config.model_type else 0
    return int(min(known - offset, tokenizer.model_max_length))


def encode(
    tokenizer: Any, prompts: Sequence[str], responses: Sequence[str], *, longest: int
) -> Any:
    """Pairs as padded tensors; of a long pair the longer text loses its end first."""
    return tokenizer(
        list(prompts), list(responses), return_tensors="pt", padding=True,
        truncation="longest_first", max_length=longest,
    )


class Classified:
    """The measure epitome by classifiers: levels 0-2 of each mechanism that they know."""

    def __init__(self, lang: str, given: str, *, device: str = "auto") -> None:
        self.lang = lang
        self.parts = [Classifier(name, of, device) for of, name in parse_classifiers(given)]
        scored = [head.mechanism for part in self.parts for head in part.heads]
        if len(set(scored)) < len(scored):
            raise UsageError("two classifiers score the same mechanism", "one a mechanism")
        models = "+".join(part.digest for part in self.parts)
        known = "measured" if self.agreement() else "unknown"
        self.signature = (
            f"epitome|scorer:classifier|lang:{lang}|model:{models}|agreement:{known}"
        )

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row a response and mechanism; an empty response is missing, not zero."""
        units = [str(unit) for unit in frame["unit"]]
        responses = [str(text or "") for text in frame["response"]]
        prompts = (
            [str(text or "") for text in frame["prompt"]]
            if "prompt" in frame.columns
            else [""] * len(units)
        )
        kept = [place for place, text in enumerate(responses) if text.strip()]
        rows: list[tuple[str, str, float | None, str]] = []
        for part in self.parts:
            levels = part.levels([prompts[i] for i in kept], [responses[i] for i in kept])
            for head in part.heads:
                found = dict(zip(kept, levels[head.mechanism], strict=True))
                for place, unit in enumerate(units):
                    level = found.get(place)
                    rows.append((unit, head.mechanism, None if level is None else float(level),
                                 "missing" if level is None else "scored"))
        return long_frame(rows, self.signature)

    def agreement(self) -> dict[str, Any]:
        """The agreement stored beside the classifiers, where it holds for their weights."""
        stored = [part.agreement(self.lang) for part in self.parts]
        rows = [row for one in stored for row in one.get("rows", ())]
        return {**stored[0], "rows": rows} if rows and all(stored) else {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """No corpus-level score beyond the rows."""
        return {}
