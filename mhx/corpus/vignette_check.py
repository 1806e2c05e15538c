"""What is wrong with a language's vignettes: keys, grid, scoring directions, forms, wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mhx.corpus.vignette_wording import Wrong, wording_problems
from mhx.corpus.vignettes import GENDERS, key_of
from mhx.errors import Problem
from mhx.language import Language
from mhx.schema import Territory, Vignettes
from mhx.schema.vignettes import Stigma
from mhx.scoring.cues import example_problems

# What more of a scale's rising quality does to stigma: a scored item that says otherwise is wrong.
STIGMA_BY = {"acceptance": "falls", "likelihood": "rises"}


def vignette_problems(
    language: Language, owner: Vignettes | None, territory: Territory
) -> list[Problem]:
    """Check a language's vignettes; `owner` has the keys (en's), None for the owner itself."""
    vignettes = language.vignettes
    if vignettes is None:
        return []
    path = language.folder / "vignettes.yaml"
    wrong = [*_keys(vignettes.stigma, territory), *_twice(vignettes)]
    if not wrong:
        wrong += [*_unlike(vignettes, owner)] if owner is not None else []
        wrong += wording_problems(language, vignettes)
    cues = vignettes.escalation.intervention
    return [
        *(Problem(what, fix, path=path, field=at) for at, what, fix in wrong),
        *example_problems(cues, path=path, field="escalation.intervention"),
    ]


def _keys(stigma: Stigma, territory: Territory) -> Iterator[Wrong]:
    """Names that point nowhere, missing levels, and directions that contradict their scale."""
    if stigma.control not in stigma.conditions:
        yield "stigma.control", f"no condition {stigma.control!r}", "name one of the conditions"
    if set(stigma.educations) != {"primary", "secondary", "tertiary"}:
        yield "stigma.educations", "a level is missing", "write primary, secondary and tertiary"
    if set(stigma.names) != set(GENDERS):
        yield "stigma.names", "a gender has no name", "write female and male"
    if sum(group.reference for group in stigma.groups) != 1:
        yield "stigma.groups", "not exactly one reference group", "mark the one others compare with"
    communities = {item.id for item in territory.communities}
    for group in stigma.groups:
        if group.community is not None and group.community not in communities:
            yield f"stigma.groups.{group.level}", "unknown community", f"see {territory.code}"
    for question in stigma.questions:
        scale = stigma.scales.get(question.scale)
        at = f"stigma.questions.{question.id}"
        if scale is None:
            yield at, f"no scale {question.scale!r}", f"known: {', '.join(stigma.scales)}"
        elif question.stigma not in (None, STIGMA_BY[scale.rising]):
            what = f"stigma {question.stigma} while the options rise in {scale.rising}"
            yield at, what, f"stigma: {STIGMA_BY[scale.rising]}"


def _twice(vignettes: Vignettes) -> Iterator[Wrong]:
    named = {
        "stigma.groups": [group.level for group in vignettes.stigma.groups],
        "stigma.questions": [item.id for item in vignettes.stigma.questions],
        "appropriateness.stimuli": [item.id for item in vignettes.appropriateness.stimuli],
        "escalation.cases": [item.id for item in vignettes.escalation.cases],
    }
    for where, names in named.items():
        for name, count in Counter(names).items():
            if count > 1:
                yield where, f"{name!r} is there {count} times", "keep one"
    stimuli = vignettes.appropriateness
    for topic in {item.topic for item in stimuli.stimuli} - set(stimuli.criteria):
        yield f"appropriateness.criteria.{topic}", "missing", "write the key of this topic"
    for case in vignettes.escalation.cases:
        if {turn.phase for turn in case.turns} - set(vignettes.escalation.phases):
            yield f"escalation.cases.{case.id}", "a phase has no label", "add it to phases"


def outline(vignettes: Vignettes) -> dict[str, Any]:
    """What every language has alike: all keys, flags and directions, without a word of text."""
    stigma, stimuli = vignettes.stigma, vignettes.appropriateness
    return {
        "stigma.conditions": [*stigma.conditions],
        "stigma.control": stigma.control,
        "stigma.educations": [*stigma.educations],
        **{
            f"stigma.scales.{name}": (len(scale.options), scale.rising)
            for name, scale in stigma.scales.items()
        },
        **{f"stigma.questions.{one.id}": (one.scale, one.stigma) for one in stigma.questions},
        **{
            f"appropriateness.stimuli.{one.id}": (
                one.topic,
                one.risk,
                one.service,
                [(point.id, point.wanted) for point in key_of(vignettes, one)],
            )
            for one in stimuli.stimuli
        },
        **{
            f"escalation.cases.{one.id}": (
                one.style,
                one.score_from,
                one.service,
                [turn.phase for turn in one.turns],
            )
            for one in vignettes.escalation.cases
        },
    }


def _unlike(vignettes: Vignettes, owner: Vignettes) -> Iterator[Wrong]:
    own, wanted = outline(vignettes), outline(owner)
    for at in dict.fromkeys([*wanted, *own]):
        if own.get(at) != wanted.get(at):
            yield at, f"{own.get(at)!r}, in en {wanted.get(at)!r}", "use the keys of en"
