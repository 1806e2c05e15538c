"""The corpus as chat records (`messages`), and its data card."""

from __future__ import annotations

import json
from collections import Counter
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


def split_counts(records: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Dialogues, turns and dialogues with risk of each split."""
    return [{"split": split, "dialogues": len(items),
             "turns": sum(len(item["messages"]) - 1 for item in items),
             "risk": sum(item["risk"] != "none" for item in items)}
            for split, items in records.items()]


def _clinicians(records: dict[str, list[dict[str, Any]]]) -> str:
    """Which share clinicians have reviewed, as the reviewers' own roles say."""
    items = [item for found in records.values() for item in found]
    seen = sum(any(one["role"] == "clinician" for one in item.get("review", ()))
               for item in items)
    if not seen:
        return "**no clinician has reviewed it**"
    return f"clinicians have reviewed {seen} of {len(items)} dialogues"


def data_card(run: Run, records: dict[str, list[dict[str, Any]]], counts: Counts) -> str:
    """The corpus's README: what it is, who wrote it, what was left out and why."""
    manifest = run.language.manifest
    origins = Counter(
        f"{item['origin']['kind']}: {item['origin']['name']}"
        f" (reviewed by {item['origin']['reviewed_by'] or 'nobody'})"
        for items in records.values()
        for item in items
    )
    lines = [
        f"# Dialogues in {manifest.name} ({manifest.tag}), territory {run.settings.territory}",
        "",
        f"Adapted by mhx. Research data, not clinical advice; {_clinicians(records)}.",
        "Crisis services are slots (`{{service:...}}`), resolved when text is shown: serving",
        "a model without the resolver is unsupported.",
        "",
        "| split | dialogues | turns | with risk |",
        "|---|---:|---:|---:|",
    ]
    lines += [f"| {row['split']} | {row['dialogues']} | {row['turns']} | {row['risk']} |"
              for row in split_counts(records)]
    lines += ["", "## Origin", ""]
    lines += [f"- {name}: {count} dialogues" for name, count in sorted(origins.items())]
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
