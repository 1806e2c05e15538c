"""The corpus as chat records (`messages`), and its data card."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mhx.schema import AdaptedDialogue, Dialogue, Plan

if TYPE_CHECKING:
    import polars as pl

    from mhx.run import Counts, Run

CHAT_ROLES = {"seeker": "user", "supporter": "assistant"}


def chat_record(part: pl.DataFrame, plan: Plan, run: Run) -> dict[str, Any]:
    """One adapted dialogue in the Hugging Face chat format, with its provenance."""
    head = part.row(0, named=True)
    turns = [
        (turn["role"][0], " ".join(turn["adapted"].to_list()))
        for turn in part.partition_by("turn", maintain_order=True)
    ]
    return _record(
        run,
        turns,
        plan,
        id=head["dialogue"],
        topic=head["topic"],
        risk=head["risk"],
        split=head["split"],
        origin=json.loads(head["origin"]),
        translator=sorted(set(part["engine"].to_list())),
        license=head["license"],
    )


def test_references(run: Run) -> list[tuple[Dialogue, AdaptedDialogue]]:
    """The run's shipped test dialogues (below its `limit`) with their authored version."""
    authored = {item.id: item for item in run.language.corpus}
    return [
        (item, authored[item.id])
        for item in run.source.source_corpus[: run.settings.limit]
        if item.split == "test" and item.id in authored
    ]


def reference_record(source: Dialogue, item: AdaptedDialogue, run: Run) -> dict[str, Any]:
    """The plugin's own adapted version of a source dialogue, as a chat record."""
    return _record(
        run,
        adapted_turns(item),
        item.plan,
        id=item.id,
        topic=source.topic,
        risk=source.risk,
        split=source.split,
        origin=item.origin.model_dump(),
        translator=[f"authored ({item.translator_type}, {item.status})"],
        license=item.license,
    )


def adapted_turns(item: AdaptedDialogue) -> list[tuple[str, str]]:
    """(role, adapted text) of each turn."""
    return [(turn.role, " ".join(part.adapted for part in turn.segments)) for turn in item.turns]


def faithful_turns(item: AdaptedDialogue) -> list[tuple[str, str]]:
    """(role, faithful translation) of each turn."""
    return [(turn.role, " ".join(part.faithful for part in turn.segments)) for turn in item.turns]


def _record(run: Run, turns: list[tuple[Any, str]], plan: Plan, **fields: Any) -> dict[str, Any]:
    system = {"role": "system", "content": run.language.prompts.system.strip()}
    messages = [{"role": CHAT_ROLES[role], "content": text} for role, text in turns]
    return {
        **fields,
        "lang": run.language.tag,
        "territory": run.settings.territory,
        "plan": {
            "seeker_gender": plan.seeker.gender,
            "supporter_gender": plan.supporter.gender,
            "seeker_to_supporter": plan.seeker_to_supporter,
            "supporter_to_seeker": plan.supporter_to_seeker,
        },
        "messages": [system, *messages],
    }


class CorpusTally:
    """What the data card says of the records, counted as they are written."""

    def __init__(self, splits: Iterable[str]) -> None:
        self.splits: dict[str, Counter[str]] = {name: Counter() for name in splits}
        self.origins: Counter[str] = Counter()
        self._clinicians = 0

    def add(self, split: str, record: dict[str, Any]) -> None:
        """Count a chat record."""
        self.splits[split].update(
            dialogues=1, turns=len(record["messages"]) - 1, risk=record["risk"] != "none"
        )
        origin = record["origin"]
        by = origin["reviewed_by"] or "nobody"
        self.origins[f"{origin['kind']}: {origin['name']} (reviewed by {by})"] += 1
        self._clinicians += any(one["role"] == "clinician" for one in record.get("review", ()))

    def rows(self) -> list[dict[str, Any]]:
        """Dialogues, turns and dialogues with risk of each split."""
        return [{"split": split, **{name: row[name] for name in ("dialogues", "turns", "risk")}}
                for split, row in self.splits.items()]

    def clinicians(self) -> str:
        """Which share clinicians have reviewed, as the reviewers' own roles say."""
        if not self._clinicians:
            return "**no clinician has reviewed it**"
        return f"clinicians have reviewed {self._clinicians} of {self.origins.total()} dialogues"


def split_counts(records: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Dialogues, turns and dialogues with risk of each split."""
    tally = CorpusTally(records)
    for split, items in records.items():
        for item in items:
            tally.add(split, item)
    return tally.rows()


def data_card(run: Run, corpus: CorpusTally, counts: Counts) -> str:
    """The corpus's README: what it is, who wrote it, what was left out and why."""
    manifest = run.language.manifest
    lines = [
        f"# Dialogues in {manifest.name} ({manifest.tag}), territory {run.settings.territory}",
        "",
        f"Adapted by mhx. Research data, not clinical advice; {corpus.clinicians()}.",
        "Crisis services are slots (`{{service:...}}`), resolved when text is shown: serving",
        "a model without the resolver is unsupported.",
        "",
        "| split | dialogues | turns | with risk |",
        "|---|---:|---:|---:|",
    ]
    lines += [f"| {row['split']} | {row['dialogues']} | {row['turns']} | {row['risk']} |"
              for row in corpus.rows()]
    lines += ["", "## Origin", ""]
    lines += [f"- {name}: {count} dialogues" for name, count in sorted(corpus.origins.items())]
    lines += [
        "",
        f"Source: {run.settings.source or 'the shipped English corpus'}. "
        f"Translator: `{run.settings.translator}`. Card: `{run.language.card.id}` "
        f"{run.language.card.version}, status {run.language.card.status}.",
    ]
    lines += [
        "",
        "## Gate",
        "",
        f"{counts.rows_in} dialogues in = {counts.accepted} accepted + "
        f"{counts.review} for review + {counts.rejected} rejected.",
        "",
    ]
    lines += [f"- {note}" for note in counts.notes]
    lines += [f"- reason `{code}`: {number} dialogues" for code, number in counts.reasons.items()]
    return "\n".join(lines) + "\n"
