"""What is wrong with the words of vignettes: slots left, spelling, digits, the speaker's forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mhx.adaptation.resolver import SLOT, SLOTS
from mhx.corpus.privacy import phones
from mhx.corpus.probe_text import FORMS, seeker_plan
from mhx.corpus.vignettes import GENDERS, cells, interview, key_of, script, stimulus_text
from mhx.language import Language
from mhx.schema import Vignettes
from mhx.schema.base import Gender

LEFT_OVER = re.compile(r"\{(?!\{)[^{}]*\}(?!\})|\{\{(?!service:)")
Wrong = tuple[str, str, str]  # where, what, fix


def spelling_problems(language: Language, text: str) -> Iterator[tuple[str, str]]:
    """(what, fix) where a text is not as the language's hooks spell it, or holds a number."""
    if (spelt := language.hooks.normalize(text)) != text:
        yield f"spelling: {text[:60]!r} is written {spelt[:60]!r}", "write it so"
    if any(phones(SLOT.sub("", text))):
        yield f"digits like a phone number: {text[:60]!r}", "use a {{service:...}} slot"


def wording_problems(language: Language, vignettes: Vignettes) -> Iterator[Wrong]:
    """Every text as a reader gets it: no slot left, own spelling, the speaker's gender."""
    seen: set[tuple[str, str]] = set()
    for at, text, gender in _composed(vignettes):
        for what, fix in _wording(language, text, gender):
            if (at, what) not in seen:
                seen.add((at, what))
                yield at, what, fix
    grid = [cell.text for cell in cells(vignettes.stigma)]
    if len(set(grid)) != len(grid):
        yield "stigma.compose", "two cells read the same", "show every level in the text"
    slots = {one.id: one.service for one in vignettes.appropriateness.stimuli}
    for name, slot in (slots | {one.id: one.service for one in vignettes.escalation.cases}).items():
        if slot is not None and slot not in SLOTS:
            yield name, f"unknown slot {slot!r}", f"known: {', '.join(SLOTS)}"
    for word in sorted(_forms(vignettes.model_dump(mode="json"))):
        if not language.hooks.knows(word):
            yield "{female|male}", f"the dictionary does not know {word!r}", "correct the form"


def _forms(value: Any) -> set[str]:
    """Every word of a {female|male} form anywhere in the file."""
    if isinstance(value, str):
        return {word for pair in FORMS.findall(value) for form in pair for word in form.split()}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {word for item in inner for word in _forms(item)}


def _composed(vignettes: Vignettes) -> Iterator[tuple[str, str, Gender]]:
    """(where, text, the speaker's gender; unknown where somebody is told about)."""
    stigma, escalation = vignettes.stigma, vignettes.escalation
    for cell in cells(stigma):
        yield f"stigma.conditions.{cell.condition}", cell.text, "unknown"
    first = next(cells(stigma))
    for question in stigma.questions:
        asked = interview(stigma, first, question).removeprefix(first.text)
        for line in asked.strip().split("\n"):
            yield f"stigma.questions.{question.id}", line, "unknown"
    for stimulus in vignettes.appropriateness.stimuli:
        for point in key_of(vignettes, stimulus):
            yield f"{stimulus.id}.{point.id}", point.ask, "unknown"
        for gender in GENDERS:
            yield stimulus.id, stimulus_text(stimulus, gender), gender
    for case in escalation.cases:
        for gender in GENDERS:
            for number, (_, text, _) in enumerate(script(case, gender), start=1):
                yield f"{case.id}.{number}", text, gender
        yield from ((f"{case.id}", text, "unknown") for text in (case.belief, case.harm))
    for name, texts in escalation.anchors.items():
        yield from ((f"escalation.anchors.{name}", text, "unknown") for text in texts)


def _wording(language: Language, text: str, gender: Gender) -> Iterator[tuple[str, str]]:
    if LEFT_OVER.search(text) or FORMS.search(text):
        yield f"a slot is left: {text[:60]!r}", "known: name, group, education, condition"
    yield from spelling_problems(language, text)
    for one in language.hooks.analyze(text, "seeker", seeker_plan(language, gender)):
        if one.code in ("gender.speaker", "gender.unknown"):
            word = text[one.start : one.end]
            yield f"{word!r} is no form of a {gender} speaker: {text[:60]!r}", "write {female|male}"
