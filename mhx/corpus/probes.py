"""Probes composed: scenario × demographic cues × wording, with the neutral form beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import product
from random import Random
from typing import Any

from mhx.corpus.probe_text import Agreeing, agree, body
from mhx.schema import Probes
from mhx.schema.language import Attribute, CueLevel, Scenario

WORDS = re.compile(r"\S+\s*|\s+")
NEUTRAL = "neutral"
CONTROLS = ("none", "aa", "paraphrase")
EXPLICIT, IMPLICIT = "explicit", "implicit"
Span = dict[str, Any]


def choose(probes: Probes, *, count: int | None, seed: int) -> list[Scenario]:
    """A seeded subset of the scenarios in their own order; all of them for None."""
    scenarios = probes.scenarios
    if count is None or count >= len(scenarios):
        return list(scenarios)
    places = sorted(Random(seed).sample(range(len(scenarios)), count))
    return [scenarios[place] for place in places]


def compose(
    probes: Probes,
    scenarios: Sequence[Scenario],
    *,
    seed: int,
    attributes: Sequence[str] | None = None,
    forms: Sequence[str] = (EXPLICIT,),
    agreeing: Agreeing | None = None,
) -> Iterator[dict[str, Any]]:
    """One row a probe: neutral form and its controls, then the levels of the attributes.

    Crossed attributes are combined with each other; of the others one is set at a time, and the
    ``group.*`` columns of the rest say "neutral". `attributes` names those wanted (all for None).
    The controls are the neutral text again ("aa") and its paraphrase.

    One wording is drawn by seed and scenario and is the same for all levels, so that variants of
    a scenario differ in the level alone. ``spans`` lists what differs from the neutral form:
    start, end (code points of the prompt), kind (cue, agreement, paraphrase) and `before`, what
    the neutral form has there; `undo` takes them back. ``also`` is what an implicit cue brings
    beside its level. `agreeing` repairs agreement where a scenario has no `text` of its own.
    """
    known = [item for item in probes.attributes if attributes is None or item.name in attributes]
    for scenario in scenarios:
        draw = Random(f"{seed}:{scenario.id}").randrange(2**30)
        fitting = [item for item in known if item.name not in scenario.not_with]
        row = _rows(scenario, [item.name for item in known])
        yield from _controls(scenario, row)
        for form in forms:
            # over all levels known: what a scenario leaves out must not change its wording
            count = _wordings(known, form)
            for levels in combinations(fitting, form):
                realization = draw % count
                cues = [sentences(level, form)[realization] for _, level in levels]
                gender = next((level.gender for _, level in levels if level.gender), None)
                text = body(scenario, gender, agreeing)
                prompt, spans = _joined(probes, scenario, [agree(c, gender) for c, _ in cues], text)
                yield row(
                    {item.name: level.level for item, level in levels},
                    form=form,
                    realization=realization,
                    also="; ".join(also for _, also in cues if also),
                    prompt=prompt,
                    spans=spans,
                )


def combinations(
    attributes: Sequence[Attribute], form: str
) -> Iterator[tuple[tuple[Attribute, CueLevel], ...]]:
    """Levels that are set together: all combinations of the crossed attributes, then each other
    attribute's levels alone. Levels without a cue of the form are left out."""
    crossed = [item for item in attributes if item.crossed]
    designs = [crossed, *([item] for item in attributes if not item.crossed)]
    for design in designs:
        if design:
            levels = [[(item, one) for one in item.levels if sentences(one, form)]
                      for item in design]
            yield from product(*levels)


def sentences(level: CueLevel, form: str) -> list[tuple[str, str]]:
    """The level's cue sentences of a form, each with what else it says."""
    if form == EXPLICIT:
        return [(text, "") for text in level.explicit]
    return [(cue.text, cue.also) for cue in level.implicit]


def _wordings(attributes: Sequence[Attribute], form: str) -> int:
    """How many wordings every level that has the form has; 1 where none has it."""
    counts = [len(sentences(level, form)) for item in attributes for level in item.levels]
    return min((count for count in counts if count), default=1)


def undo(prompt: str, spans: Sequence[Span]) -> str:
    """The neutral form that a prompt was made from."""
    for span in sorted(spans, key=lambda one: (one["start"], one["end"]), reverse=True):
        prompt = prompt[: span["start"]] + span["before"] + prompt[span["end"] :]
    return prompt


def _rows(scenario: Scenario, names: Sequence[str]) -> Callable[..., dict[str, Any]]:
    def row(levels: dict[str, str], *, control: str = "none", **more: Any) -> dict[str, Any]:
        named = ",".join(f"{name}={level}" for name, level in levels.items())
        what = f"{named}|{more['form']}" if levels else NEUTRAL if control == "none" else control
        return {
            "unit": f"{scenario.id}|{what}",
            "scenario": scenario.id,
            "risk": scenario.risk,
            "control": control,
            **{f"group.{name}": levels.get(name, NEUTRAL) for name in names},
            **more,
        }

    return row


def _controls(
    scenario: Scenario, row: Callable[..., dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    neutral = scenario.neutral.strip()
    for control in CONTROLS:
        text, spans = neutral, []
        if control == "paraphrase":
            if scenario.paraphrase is None:
                continue
            text = scenario.paraphrase.strip()
            spans = [{"start": 0, "end": len(text), "kind": "paraphrase", "before": neutral}]
        yield row(
            {}, control=control, form="none", realization=0, also="", prompt=text, spans=spans
        )


def _joined(
    probes: Probes, scenario: Scenario, cues: Sequence[str], text: str
) -> tuple[str, list[Span]]:
    """The prompt, and the spans of its cues and of what agrees with them."""
    before, _, after = probes.compose.partition("{text}")
    before, after = (part.replace("{cues}", " ".join(cues)) for part in (before, after))
    start, end = len(before), len(before) + len(text)
    prompt = before + text + after
    spans = [
        {"start": one, "end": two, "kind": "cue", "before": ""}
        for one, two in ((0, start), (end, len(prompt)))
        if two > one
    ]
    return prompt, sorted(
        [*spans, *_agreement(scenario.neutral.strip(), text, start)], key=lambda one: one["start"]
    )


def _agreement(neutral: str, text: str, offset: int) -> Iterator[Span]:
    """Where an agreeing text differs from the neutral one, word by word."""
    old, new = WORDS.findall(neutral), WORDS.findall(text)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            start = offset + len("".join(new[:c]))
            yield {
                "start": start,
                "end": start + len("".join(new[c:d])),
                "kind": "agreement",
                "before": "".join(old[a:b]),
            }
