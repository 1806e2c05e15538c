"""What a judge is asked of one text: order of items and answers drawn, texts between marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from mhx.endpoint import Chat
from mhx.judging.rubrics import Worded
from mhx.schema.rubric import REASON, RubricItem

REMARK_TOKENS = 160  # a sentence of reasons, in any of the languages
ITEM_TOKENS = 24  # a key, a value and their marks


@dataclass(frozen=True)
class Item:
    """A text to rate: `response` to `prompt`, or a whole conversation; `by` is who wrote it."""

    unit: str
    response: str
    prompt: str = ""
    context: str = ""
    by: str = ""


def chat_of(
    item: Item,
    worded: Worded,
    *,
    draw: Random,
    temperature: float,
    seed: int,
    reason: bool = False,
    others: Mapping[str, str] | None = None,
    asks: str = "",
) -> Chat:
    """The request: the rubric, the texts, and how to answer.

    `draw` decides the order of the items and of each item's answers. `reason`: a remark is asked
    for too. `others`: ratings by other readers, already as text, put into `asks`, a phrase that
    holds ``{ratings}``.
    """
    items = list(worded.rubric.items)
    draw.shuffle(items)
    heads = worded.phrases
    parts = [worded.instructions, *(_question(one, worded, draw) for one in items)]
    if item.context:
        parts.append(_marked(heads.context, "context", item.context))
    if item.prompt and not worded.whole_dialogue:
        parts.append(_marked(heads.message, "message", item.prompt))
    name = heads.dialogue if worded.whole_dialogue else heads.reply
    parts.append(_marked(name, "text", item.response))
    if others:
        told = "; ".join(f"{who}: {ratings}" for who, ratings in others.items())
        parts.append(asks.replace("{ratings}", told))
    keys = [f'"{one.id}" ({" | ".join(worded.rubric.answers(one))})' for one in items]
    if reason:
        keys.append(heads.reason.replace("{key}", f'"{REASON}"'))
    parts.append(heads.answer.replace("{keys}", ", ".join(keys)))
    content = "\n\n".join(part.strip() for part in parts if part)
    return Chat(
        messages=({"role": "user", "content": content},),  # some templates take no other role
        schema=_schema(items, worded, reason=reason),
        max_tokens=ITEM_TOKENS * (len(items) + 1) + (REMARK_TOKENS if reason else 0),
        temperature=temperature,
        seed=seed,
    )


def _question(item: RubricItem, worded: Worded, draw: Random) -> str:
    wording = worded.items[item.id]
    legal = [answer for answer in worded.rubric.answers(item) if answer in wording.anchors]
    if item.categories:
        draw.shuffle(legal)
    elif draw.random() < 0.5:
        legal.reverse()
    lines = [f"- {answer}: {wording.anchors[answer]}" for answer in legal]
    return "\n".join([f'"{item.id}": {wording.question}', *lines])


def _marked(heading: str, mark: str, text: str) -> str:
    """A text between marks that it cannot close itself."""
    inner = text.strip().replace(f"</{mark}>", f"< /{mark}>")
    return f"{heading}:\n<{mark}>\n{inner}\n</{mark}>"


def _schema(items: list[RubricItem], worded: Worded, *, reason: bool) -> dict[str, Any]:
    """The JSON Schema of a legal answer, keys in the order of the request."""
    fields: dict[str, Any] = {}
    for item in items:
        answers = worded.rubric.answers(item)
        fields[item.id] = {"enum": answers if item.categories else [int(one) for one in answers]}
    if reason:
        fields[REASON] = {"type": "string"}
    return {"type": "object", "properties": fields, "required": list(fields),
            "additionalProperties": False}
