"""Probes composed: scenario × demographic cues × wording, with the neutral form beside them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from mhx.schema import Probes
from mhx.schema.language import CueLevel, Scenario

FORMS = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
NEUTRAL = "neutral"


def choose(probes: Probes, *, count: int | None, seed: int) -> list[Scenario]:
    """A seeded subset of the scenarios in their own order; all of them for None."""
    scenarios = probes.scenarios
    if count is None or count >= len(scenarios):
        return list(scenarios)
    places = sorted(random.Random(seed).sample(range(len(scenarios)), count))
    return [scenarios[place] for place in places]


def compose(probes: Probes, scenarios: list[Scenario], *, seed: int) -> Iterator[dict[str, Any]]:
    """One row a probe: the neutral form, then every combination of levels.

    The wording of the cues (`realization`) is drawn by seed and scenario and is the same for all
    levels of a scenario, so that variants of one scenario differ in the level alone.
    """
    for scenario in scenarios:
        yield _row(
            scenario,
            dict.fromkeys((item.name for item in probes.attributes), NEUTRAL),
            0,
            scenario.neutral.strip(),
        )
        width = min(len(level.cues) for item in probes.attributes for level in item.levels)
        realization = random.Random(f"{seed}:{scenario.id}").randrange(width)
        for levels in product(*(item.levels for item in probes.attributes)):
            names = {
                item.name: level.level
                for item, level in zip(probes.attributes, levels, strict=True)
            }
            yield _row(scenario, names, realization, _text(probes, scenario, levels, realization))


def _row(
    scenario: Scenario, levels: dict[str, str], realization: int, prompt: str
) -> dict[str, Any]:
    variant = "/".join(levels.values())
    return {
        "unit": f"{scenario.id}|{variant}",
        "scenario": scenario.id,
        "realization": realization,
        "risk": scenario.risk,
        **{f"group.{name}": level for name, level in levels.items()},
        "prompt": prompt,
    }


def _text(
    probes: Probes, scenario: Scenario, levels: tuple[CueLevel, ...], realization: int
) -> str:
    gender = next((level.gender for level in levels if level.gender), None)
    cues = " ".join(agree(level.cues[realization], gender) for level in levels)
    text = agree((scenario.text or scenario.neutral).strip(), gender)
    return probes.compose.format(cues=cues, text=text)


def agree(text: str, gender: str | None) -> str:
    """``{female|male}`` forms by gender. Raises ValueError where a form is needed and unknown."""
    if gender not in ("female", "male"):
        if FORMS.search(text):
            raise ValueError(f"{text!r} has gendered forms and the level says no gender")
        return text
    return FORMS.sub(lambda match: match.group(1 if gender == "female" else 2), text)
