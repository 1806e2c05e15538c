"""What every adapter is scored on, and its scores, kept beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError
from mhx.evaluation.ablation.losses import Turns, turn_losses
from mhx.evaluation.ablation.texts import Text, edited_turns
from mhx.evaluation.side_by_side import Asked, Sampling, answer_side_by_side
from mhx.files import hash_json, write_json
from mhx.language import Language
from mhx.scoring import open_measure
from mhx.training.base import base_hash, load_model, load_tokenizer, pick_device
from mhx.training.encoding import Record
from mhx.version import __version__

if TYPE_CHECKING:
    from mhx.shelves import Shelves

ADAPTED, FAITHFUL = "adapted", "faithful"
MEASURES = ("local_forms", "epitome")
LENGTH = 48  # tokens of an answer


@dataclass(frozen=True)
class Items:
    """The test dialogues with all their edits and with none; answers are to their first turns."""

    texts: tuple[Text, ...]
    language: Language
    shelves: Shelves
    base: str
    device: str
    max_length: int
    answers: bool = True

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        """The chat records that the loss is taken on, by kind of text."""
        system = self.language.prompts.system.strip()
        return {
            ADAPTED: [text.record(system, lambda place: True) for text in self.texts],
            FAITHFUL: [text.record(system, lambda place: False) for text in self.texts],
        }

    @cached_property
    def asked(self) -> list[Asked]:
        """The first turn of each test dialogue, as a prompt."""
        return [
            Asked(record["id"], record["messages"][1]["content"], tuple(record["messages"][:2]))
            for record in self.records[ADAPTED] if record["messages"][1]["role"] == "user"
        ]

    @cached_property
    def key(self) -> str:
        """What the losses depend on, beside the adapter."""
        return hash_json([self.records, self.max_length])[:12]

    @cached_property
    def base_key(self) -> str:
        """What the scores of the base without an adapter depend on, beside the items."""
        return hash_json([__version__, self.base, base_hash(self.base),
                          pick_device(self.device)])[:16]

    @cached_property
    def edited(self) -> set[tuple[str, int]]:
        """Supporter's turns with an edit."""
        return edited_turns(self.texts)

    @cached_property
    def measures(self) -> list[Measure]:
        """Measures of answers that the language has data for."""
        settings = MeasureSettings(lang=self.language.tag, language_folder=self.language.folder,
                                   options={"shelves": self.shelves})
        found = []
        for name in MEASURES:
            try:
                found.append(open_measure(name, settings, self.shelves)[1])
            except MhxError:
                continue  # a language without cues has no such outcome
        return found

    def losses(self, adapter: Path | None, folder: Path) -> dict[str, Turns]:
        """Losses by kind of text; read where `folder` holds them."""
        path = folder / f"losses-{self.key}.json"
        if not path.is_file():
            model = load_model(self.base, device=self.device, adapter=adapter)
            tokenizer = load_tokenizer(self.base)
            write_json(path, {
                kind: turn_losses(model, tokenizer, records, base=self.base,
                                  max_length=self.max_length)
                for kind, records in self.records.items()
            })
        stored: dict[str, Turns] = json.loads(path.read_text(encoding="utf-8"))
        return stored

    def answered(self, adapter: Path | None, folder: Path) -> dict[str, str]:
        """A greedy answer a prompt, by dialogue; a killed call goes on after its last batch."""
        sampling = Sampling(max_new_tokens=LENGTH)
        name = hash_json([[asdict(one) for one in self.asked], asdict(sampling)])[:12]
        rows = answer_side_by_side(
            self.asked, {"answers": adapter}, folder / f"answers-{name}.jsonl", base=self.base,
            sampling=sampling, device=self.device)
        return {row["unit"]: row["response"] for row in rows}

    def scored(self, answers: dict[str, str]) -> dict[str, dict[str, float]]:
        """Scores of answers by ``measure.score`` and dialogue; what was not scored is left out."""
        import polars as pl

        plans = {text.id: text.plan for text in self.texts}
        known = {"female", "male"}
        frame = pl.DataFrame([
            {"unit": one.unit, "prompt": one.prompt, "response": answers[one.unit],
             "gender": plans[one.unit].seeker.gender
             if plans[one.unit].seeker.gender in known else ""}
            for one in self.asked
        ])
        found: dict[str, dict[str, float]] = {}
        for measure in self.measures:
            name = measure.signature.split("|")[0]
            for row in measure.score(frame).iter_rows(named=True):
                if row["score"] is not None:
                    part = found.setdefault(f"{name}.{row['measure']}", {})
                    part[row["unit"]] = row["score"]
        return found


def sums_of(
    losses: Turns, names: Sequence[str], only: set[tuple[str, int]] | None = None
) -> tuple[list[float], list[float]]:
    """Nats and tokens of each dialogue, of some of its turns or of all."""
    nats, tokens = [], []
    for name in names:
        turns = [pair for number, pair in enumerate(losses.get(name, ()))
                 if only is None or (name, number) in only]
        nats.append(sum(pair[0] for pair in turns))
        tokens.append(float(sum(pair[1] for pair in turns)))
    return nats, tokens


def agreement_of(measures: Sequence[Measure]) -> dict[str, Any]:
    """Each measure's signature, with what is known of its agreement with people."""
    return {one.signature.split("|")[0]: {"signature": one.signature,
                                          "agreement": one.agreement() or "unknown"}
            for one in measures}
