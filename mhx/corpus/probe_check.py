"""What is wrong with a language's probes: cues too few, controls missing, forms that disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mhx.corpus.probe_text import FORMS, agree, agreement_of, body, seeker_plan
from mhx.corpus.probes import EXPLICIT, IMPLICIT, sentences
from mhx.errors import Problem
from mhx.language import Language
from mhx.schema import Probes, Territory
from mhx.schema.base import Gender

REALIZATIONS = 4  # fewer, and a gap may be one sentence's
DISAGREES = ("gender.speaker", "gender.unknown")
SAYS_GENDER = "write it without a form that shows the speaker's gender"


@dataclass
class Found:
    """Problems fail the check; notes say what a draft, or a language with fewer probes, lacks."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def examine(language: Language, owner: Probes | None, territory: Territory) -> Found:
    """Check a language's probes against those of the language that owns them.

    owner: the probes that ids, topics, risk flags and comparable levels are taken from (en's);
    None for the owner itself. In a draft, what is missing is a note.
    """
    found = Found()
    probes = language.probes
    if probes is None:
        return found
    path = language.folder / "probes.yaml"
    wrong = [*_named_twice(probes), *_forms(probes), *_places(probes, territory)]
    wrong += [] if any(wrong) else [*_disagreeing(language, probes)]
    wrong += _unlike(probes, owner) if owner is not None else []
    lacking = [*_lacking(probes), *(_missing(probes, owner) if owner is not None else ())]
    found.problems += [Problem(what, fix, path=path, field=at) for at, what, fix in wrong]
    if language.manifest.tier == "draft":
        found.notes += [f"probes: {at}: {what}" for at, what, _ in lacking]
    else:
        found.problems += [Problem(what, fix, path=path, field=at) for at, what, fix in lacking]
    found.notes += _unjudged(probes, territory)
    if owner is not None and len(probes.scenarios) < len(owner.scenarios):
        found.notes.append(
            f"probes: {len(probes.scenarios)} of the {len(owner.scenarios)} scenarios"
        )
    return found


Wrong = tuple[str, str, str]  # where, what, fix


def _named_twice(probes: Probes) -> Iterator[Wrong]:
    names = {
        "scenarios": [item.id for item in probes.scenarios],
        "attributes": [item.name for item in probes.attributes],
        **{item.name: [level.level for level in item.levels] for item in probes.attributes},
    }
    for where, known in names.items():
        for name, count in Counter(known).items():
            if count > 1:
                yield where, f"{name!r} is there {count} times", "keep one"
    for item in probes.attributes:
        for level in item.levels:
            for form in (EXPLICIT, IMPLICIT):
                for text, count in Counter(text for text, _ in sentences(level, form)).items():
                    if count > 1:
                        yield f"{item.name}.{level.level}", f"{text!r} is there twice", "reword one"


def _forms(probes: Probes) -> Iterator[Wrong]:
    """Gendered forms where no gender is known."""
    for item in probes.scenarios:
        for name in ("neutral", "paraphrase"):
            if FORMS.search(getattr(item, name) or ""):
                yield f"{item.id}.{name}", "has {female|male} forms", "put them into text"
    for attribute in probes.attributes:
        for level in attribute.levels:
            for text, _ in [*sentences(level, EXPLICIT), *sentences(level, IMPLICIT)]:
                if FORMS.search(text) and level.gender not in ("female", "male"):
                    at = f"{attribute.name}.{level.level}"
                    yield at, f"{text!r} has gendered forms and the level no gender", SAYS_GENDER


def _places(probes: Probes, territory: Territory) -> Iterator[Wrong]:
    """Names of attributes and communities that nobody knows."""
    names = {item.name for item in probes.attributes}
    for item in probes.scenarios:
        for name in item.not_with:
            if name not in names:
                yield f"{item.id}.not_with", f"unknown attribute {name!r}", f"known: {_list(names)}"
    communities = {item.id for item in territory.communities}
    for attribute in probes.attributes:
        for level in attribute.levels:
            if level.community is not None and level.community not in communities:
                at = f"{attribute.name}.{level.level}"
                yield (
                    at,
                    f"unknown community {level.community!r} of {territory.code}",
                    f"known: {_list(communities)}",
                )


def _disagreeing(language: Language, probes: Probes) -> Iterator[Wrong]:
    """Texts in which the language's hooks find another gender than the speaker's."""
    agreeing = agreement_of(language)
    texts: list[tuple[str, str, Gender]] = []
    for item in probes.scenarios:
        texts.append((f"{item.id}.neutral", item.neutral.strip(), "unknown"))
        if item.paraphrase is not None:
            texts.append((f"{item.id}.paraphrase", item.paraphrase.strip(), "unknown"))
        genders: tuple[Gender, ...] = ("female", "male")
        texts += [(f"{item.id}.text", body(item, one, agreeing), one) for one in genders]
    for attribute in probes.attributes:
        for level in attribute.levels:
            for text, _ in [*sentences(level, EXPLICIT), *sentences(level, IMPLICIT)]:
                at, gender = f"{attribute.name}.{level.level}", level.gender or "unknown"
                texts.append((at, agree(text, level.gender), gender))
    for at, text, gender in texts:
        for one in language.hooks.analyze(text, "seeker", seeker_plan(language, gender)):
            if one.code in DISAGREES:
                word = text[one.start : one.end]
                yield at, f"{word!r}: the speaker's gender is {gender} in {text!r}", SAYS_GENDER


def _unlike(probes: Probes, owner: Probes) -> Iterator[Wrong]:
    known = {item.id: item for item in owner.scenarios}
    for item in probes.scenarios:
        source = known.get(item.id)
        if source is None:
            yield item.id, "no such scenario in en", "use the ids of en"
            continue
        for name in ("topic", "risk", "not_with"):
            if getattr(item, name) != getattr(source, name):
                what = f"{getattr(item, name)!r}, in en {getattr(source, name)!r}"
                yield f"{item.id}.{name}", what, "use that of en"
    levels = {item.name: [level.level for level in item.levels] for item in owner.attributes}
    for attribute in probes.attributes:
        own = [level.level for level in attribute.levels]
        wanted = levels.get(attribute.name, own)
        if attribute.compares_across_languages and set(own) != set(wanted):
            what = f"compares across languages with levels {_list(own)}, en has {_list(wanted)}"
            yield attribute.name, what, "give the levels en's names, or do not compare it"


def _lacking(probes: Probes) -> Iterator[Wrong]:
    for item in probes.scenarios:
        if item.paraphrase is None:
            yield item.id, "no paraphrase", "write the neutral text in other words, as a control"
    for attribute in probes.attributes:
        for level in attribute.levels:
            for form in (EXPLICIT, IMPLICIT):
                count = len(sentences(level, form))
                if count < REALIZATIONS:
                    at = f"{attribute.name}.{level.level}"
                    yield at, f"{count} {form} realizations", f"write at least {REALIZATIONS}"


def _missing(probes: Probes, owner: Probes) -> Iterator[Wrong]:
    own = {item.name for item in probes.attributes}
    for attribute in owner.attributes:
        if attribute.name not in own:
            yield attribute.name, "no such attribute", "write its cues for this territory"


def _unjudged(probes: Probes, territory: Territory) -> Iterator[str]:
    """Levels held to the safety floor for whom the territory says nobody to avoid."""
    avoiding = {item.id for item in territory.communities if item.avoid}
    for attribute in probes.attributes:
        for level in attribute.levels:
            if level.safety_floor and level.community not in avoiding:
                yield (
                    f"probes: {attribute.name}.{level.level}: {territory.code} has no avoid list "
                    "for it, so unsafe routing is not judged"
                )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
