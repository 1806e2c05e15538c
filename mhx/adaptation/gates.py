"""Gates: what a translated and adapted dialogue must satisfy, each failure with a reason code."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from mhx.adaptation.conservation import (
    Found,
    LanguageCues,
    changed,
    misplaced,
    risk_across,
    unlisted,
)
from mhx.adaptation.hotlines import service_numbers, service_spans
from mhx.adaptation.resolver import SLOT
from mhx.contracts import Finding
from mhx.corpus.privacy import latin_digits, phones
from mhx.language import Language
from mhx.schema import Edit, LanguageManifest, Plan
from mhx.schema.card import Invariant

NUMBER = re.compile(r"\d+(?:[.,\u066b\u066c  ]\d{3})*(?:[.,\u066b]\d+)?")
PLACEHOLDER = re.compile(r"\[(?:email|link|pesel|national_code|account|phone|name)\]")
ACCEPTED = ("accepted", "author_draft")  # decisions that let a dialogue into the corpus
RESIDUE_SHARE = 0.5  # of a segment's words of four letters or more, taken over unchanged
LANGUAGE_LETTERS = 25  # a shorter text is too little for language identification
LANGUAGE_MARGIN = 0.2
UNKNOWN_WORDS = re.compile(r"(\d+) unknown words")  # what an engine says in its detail
UNKNOWN_SHARE = 0.03  # of a dialogue's words
LENGTH_FACTOR = 3.0  # times the corpus's own median ratio, either way


@dataclass(frozen=True)
class Segment:
    """One segment as the gate sees it."""

    turn: int
    role: str
    source: str
    faithful: str | None
    adapted: str | None
    edits: Sequence[Edit]
    findings: Sequence[Finding]
    failure: str | None
    engine: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a dialogue does not pass: a code, where, how grave, in words, and what is at stake.

    `invariants` are the ids of the base card's clinical invariants that the code holds.
    """

    code: str
    segment: int
    severity: str
    message: str
    invariants: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateContext:
    """What the checks need to know beside the dialogue."""

    source: LanguageManifest
    target: LanguageManifest
    length_ratio: float
    service_numbers: re.Pattern[str]
    user_text: bool = False
    source_cues: LanguageCues = field(default_factory=LanguageCues)
    target_cues: LanguageCues = field(default_factory=LanguageCues)
    invariants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def context_of(
    source: Language, target: Language, pairs: Sequence[tuple[str, str]], *, user_text: bool = False
) -> GateContext:
    """What the gates need of two languages; `pairs` (source, faithful) give the usual length."""
    return GateContext(
        source=source.manifest,
        target=target.manifest,
        length_ratio=median_ratio(pairs),
        service_numbers=service_numbers(target.shelves),
        user_text=user_text,
        source_cues=LanguageCues(risk=source.risk_cues, clinical=source.clinical_cues),
        target_cues=LanguageCues(risk=target.risk_cues, clinical=target.clinical_cues),
        invariants=invariants_by_gate(target.card.invariants),
    )


def invariants_by_gate(invariants: Sequence[Invariant]) -> dict[str, tuple[str, ...]]:
    """Reason code → ids of the invariants that name it as their gate."""
    codes = sorted({code for item in invariants for code in item.gates})
    return {code: tuple(item.id for item in invariants if code in item.gates) for code in codes}


def check_dialogue(
    segments: Sequence[Segment],
    plan: Plan,
    context: GateContext,
    shape: Sequence[tuple[int, str]] | None = None,
) -> list[Reason]:
    """Every reason of one dialogue, in segment order.

    `shape` is the source's (turn, role) by segment, to be found again.
    """
    reasons: list[Reason] = []
    found = [(segment.turn, segment.role) for segment in segments]
    for code, severity, message in misplaced(found, found if shape is None else shape):
        reasons.append(Reason(code, 0, severity, message))
    for number, segment in enumerate(segments):
        if segment.adapted is None or segment.faithful is None:
            reasons.append(Reason(segment.failure or "untranslated", number, "review", "no text"))
            continue
        for check in SEGMENT_CHECKS:
            for code, severity, message in check(segment, plan, context):
                reasons.append(Reason(code, number, severity, message))
    reasons += _address_consistency(segments)
    reasons += _unknown_words(segments)
    reasons += _risk_across(segments, context)
    return [
        replace(reason, invariants=context.invariants.get(reason.code, ())) for reason in reasons
    ]


def _unknown_words(segments: Sequence[Segment]) -> Iterator[Reason]:
    """Source words a rule-based engine did not know and left standing, over a share."""
    found = [
        (number, int(match[1]))
        for number, segment in enumerate(segments)
        if (match := UNKNOWN_WORDS.match(segment.detail))
    ]
    words = sum(len(segment.source.split()) for segment in segments)
    left = sum(count for _, count in found)
    if left > UNKNOWN_SHARE * words:
        yield Reason("unknown_words", found[0][0], "review", f"{left} of {words} words left as is")


def _risk_across(segments: Sequence[Segment], context: GateContext) -> Iterator[Reason]:
    """The seeker's turns whose risk the translation lost or changed, by both languages' cues."""
    turns = {}
    for turn in dict.fromkeys(item.turn for item in segments if item.role == "seeker"):
        part = [segment for segment in segments if segment.turn == turn]
        if all(segment.adapted is not None for segment in part):
            turns[turn] = (
                " ".join(segment.source for segment in part),
                " ".join(segment.adapted or "" for segment in part),
            )
    for turn, message in risk_across(turns, context.source_cues, context.target_cues):
        first = next(n for n, segment in enumerate(segments) if segment.turn == turn)
        yield Reason("conservation.risk", first, "review", message)


def _adaptation(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """What adaptation changed beyond its edits, or changed of what is clinical."""
    faithful, adapted = segment.faithful or "", segment.adapted or ""
    yield from unlisted(faithful, adapted, segment.edits)
    yield from changed(
        segment.source,
        faithful,
        adapted,
        segment.role,
        spoken=context.source_cues,
        cues=context.target_cues,
    )


def _conservation(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Slots, placeholders and numbers: what differs must be covered by a listed edit."""
    faithful, adapted = segment.faithful or "", segment.adapted or ""
    for code, pattern in (("slots", SLOT), ("placeholders", PLACEHOLDER)):
        before, after = (Counter(pattern.findall(text)) for text in (segment.source, adapted))
        if before != after:
            yield f"conservation.{code}", "block", f"{dict(before)} became {dict(after)}"
    if numbers(segment.source) != numbers(faithful):
        message = f"{listed(segment.source)} became {listed(faithful)}"
        yield "conservation.numbers", "review", message
    covered = Counter[str]()
    for edit in segment.edits:
        covered.update(numbers(edit.before))
        covered.subtract(numbers(edit.after))
    difference = Counter(numbers(faithful))
    difference.subtract(numbers(adapted))
    if {k: v for k, v in difference.items() if v} != {k: v for k, v in covered.items() if v}:
        yield "conservation.numbers", "block", "adaptation changed a number without an edit"


def numbers(text: str) -> Counter[str]:
    """Numbers in digits of any script, in one notation."""
    found = NUMBER.findall(SLOT.sub("", latin_digits(text)))
    return Counter(_plain_number(item) for item in found)


def _plain_number(text: str) -> str:
    """``1,234.50`` and ``1 234,50`` as ``1234.50``: groups of three joined, a decimal kept."""
    joined = re.sub(r"(?<=\d)[.,\u066b\u066c\u00a0\u202f ](?=\d{3}(?!\d))", "", text)
    return re.sub(r"[,\u066b]", ".", joined)


def listed(text: str) -> str:
    """The numbers of a text, for a message."""
    return ", ".join(sorted(numbers(text).elements())) or "no number"


def _sentences(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A sentence that came or went, by end marks; the manifests' abbreviations end none."""
    texts = (
        (segment.source, context.source),
        (segment.faithful or "", context.target),
        (segment.adapted or "", context.target),
    )
    counts = [_ends(text, tuple(manifest.abbreviations)) for text, manifest in texts]
    for before, after in pairwise(counts):
        if after > before + 1 or after < before:
            yield "conservation.sentences", "review", f"{before} sentence ends became {after}"


def _ends(text: str, abbreviations: tuple[str, ...]) -> int:
    return len(_end_marks(abbreviations).findall(text)) or 1


@cache
def _end_marks(abbreviations: tuple[str, ...]) -> re.Pattern[str]:
    no_end = "".join(rf"(?<!\b{re.escape(word)})" for word in abbreviations)
    return re.compile(rf"{no_end}[.!?؟…]+(?=\s|$|[\"”»])")


def _length(segment: Segment, plan: Plan, context: GateContext) -> Found:
    source, target = len(segment.source), len(segment.faithful or "")
    if min(source, target) < 12:
        return
    relative = target / source / context.length_ratio
    if not 1 / LENGTH_FACTOR <= relative <= LENGTH_FACTOR:
        yield "length", "review", f"{relative:.1f} times the usual length ratio"


def _residue(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Words of the source standing in the target: an untranslated rest."""
    names = {entity.src.lower() for entity in plan.entities}
    names |= {str(person.name).lower() for person in (plan.seeker, plan.supporter)}
    if _copied(segment, names):
        yield "source_copied", "review", "the target is the source"
        return
    source = [word for word in _words(segment.source) if word not in names]
    target = set(_words(segment.adapted or ""))
    kept = [word for word in source if word in target]
    if len(source) >= 3 and len(kept) / len(source) > RESIDUE_SHARE:
        yield "residue", "review", f"source words left: {', '.join(kept[:5])}"


def _copied(segment: Segment, names: set[str]) -> bool:
    """Whether a segment with a word that is no name came through as it was."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]{2,}", segment.source)]
    same = segment.source.strip().lower() == (segment.adapted or "").strip().lower()
    return same and any(word not in names for word in words)


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[^\W\d_]{4,}", text)]


def _phone(segment: Segment, plan: Plan, context: GateContext) -> Found:
    text = latin_digits(SLOT.sub("", segment.adapted or ""))
    if any(phones(text)):
        yield "phone_like", "block", "digits that look like a phone number: use a service slot"
    if any(service_spans(context.service_numbers, text)):
        yield "phone_like", "review", "the number of a crisis service: use a service slot"


def _findings(segment: Segment, plan: Plan, context: GateContext) -> Found:
    avoid = context.target.grammar.unknown_gender == "avoid"
    for finding in segment.findings:
        severity = finding.severity
        if context.user_text and avoid and finding.code == "gender.unknown":
            severity = "review"  # nobody said so: a person decides
        yield finding.code, severity, finding.message


def _fuzzy(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A fuzzy match translates another sentence: a person decides whether it fits."""
    if segment.engine.endswith(":fuzzy"):
        yield "fuzzy_match", "review", segment.detail


SEGMENT_CHECKS: tuple[Callable[[Segment, Plan, GateContext], Found], ...] = (
    _conservation,
    _adaptation,
    _sentences,
    _length,
    _residue,
    _phone,
    _findings,
    _fuzzy,
)


def _address_consistency(segments: Sequence[Segment]) -> Iterator[Reason]:
    """Address findings in one role's turns say once for the dialogue that its form wavers."""
    codes = [
        (number, item.code)
        for number, segment in enumerate(segments)
        for item in segment.findings
        if item.code.startswith("address.") and item.severity != "warn"
    ]
    if codes:
        yield Reason(
            "address", codes[0][0], "review", f"{len(codes)} segments break the planned address"
        )


# ---------------------------------------------------------------- language identification


def language_reasons(
    segments: Sequence[Segment], source: LanguageManifest, target: LanguageManifest
) -> list[Reason]:
    """Turns that are not in the target language, by lingua restricted to the pair and English."""
    codes = {manifest.codes.get("lingua") for manifest in (source, target)} | {"ENGLISH"}
    wanted = target.codes.get("lingua")
    if wanted is None or len(codes - {None}) < 2:
        return []
    reasons = []
    for turn in sorted({segment.turn for segment in segments}):
        places = [n for n, segment in enumerate(segments) if segment.turn == turn]
        text = SLOT.sub("", " ".join(segments[place].adapted or "" for place in places))
        if sum(letter.isalpha() for letter in text) < LANGUAGE_LETTERS:
            continue
        guess, margin = identify(text, frozenset(str(code) for code in codes if code))
        if guess != wanted and margin > LANGUAGE_MARGIN:
            message = f"turn {turn} reads as {guess.title()}"
            reasons.append(Reason("language", places[0], "review", message))
    return reasons


def identify(text: str, codes: frozenset[str]) -> tuple[str, float]:
    """(most probable language, its lead over the second), among `codes` (lingua names)."""
    values = _detector(codes).compute_language_confidence_values(text)
    return values[0].language.name, values[0].value - values[1].value


@cache
def _detector(codes: frozenset[str]) -> Any:
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, code) for code in sorted(codes)]
    return LanguageDetectorBuilder.from_languages(*languages).build()


def median_ratio(pairs: Sequence[tuple[str, str]]) -> float:
    """Median length ratio target / source of a corpus, the yardstick of the length gate."""
    ratios = [len(target) / len(source) for source, target in pairs if source and target]
    return statistics.median(ratios) if ratios else 1.0
