"""Clinical invariants executed: what adaptation must not change, by the cues languages bring.

Within a language the text before and after adaptation is compared, and a difference blocks. Across
languages only risk is compared, turn by turn, and a difference asks for a human look. Cues are
screens: what they do not name is left to people (`left_to_people` in the base card).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from mhx.adaptation.rules import count, finds, without
from mhx.schema import ClinicalCues, Edit, RiskCues
from mhx.schema.dialogue import apply_edits

GROUPS = {
    "degree": "conservation.degree",
    "symptoms": "conservation.symptoms",
    "facts": "conservation.facts",
    "kin": "conservation.facts",
}
Found = Iterator[tuple[str, str, str]]  # code, severity, message


@dataclass(frozen=True, kw_only=True)
class LanguageCues:
    """The cue lists of one language; None where the plugin brings none."""

    risk: RiskCues | None = None
    clinical: ClinicalCues | None = None


def risk_level(cues: RiskCues | None, text: str) -> str:
    """explicit, indirect, third_party or none: the speaker's own risk goes before another's."""
    if cues is None:
        return "none"
    said = without(cues.harmless, text)
    own = without(cues.third_party, said)
    for level, patterns in (("explicit", cues.explicit), ("indirect", cues.indirect)):
        if finds(patterns, own):
            return level
    return "none" if own == said else "third_party"


def unlisted(faithful: str, adapted: str, edits: Sequence[Edit]) -> Found:
    """A change of the text that no edit lists."""
    try:
        rebuilt = apply_edits(faithful, list(edits))
    except ValueError as error:
        yield "conservation.edits", "block", str(error)
        return
    if rebuilt != adapted:
        yield "conservation.edits", "block", "the adapted text has a change that no edit lists"


def changed(
    source: str, before: str, after: str, role: str, *, spoken: LanguageCues, cues: LanguageCues
) -> Found:
    """What differs between the faithful text (`before`) and the adapted one of a segment.

    `spoken` are the cues of the source's language: what an idiom newly names is no change where
    the source named it and the word-for-word translation had lost it.
    """
    if before == after:
        return
    one, two = (risk_level(cues.risk, text) for text in (before, after))
    if one != two:
        # a calque that no cue knows may become an idiom that one knows: seen, and not refused
        severity = "warn" if one == "none" and two in ("indirect", "third_party") else "block"
        yield "conservation.risk", severity, f"risk cues: {one} became {two}"
    clinical = cues.clinical
    if clinical is None:
        return
    said = [count(clinical.negation, text) for text in (before, after)]
    if said[0] != said[1]:
        yield "conservation.negation", "block", f"{said[0]} negations became {said[1]}"
    for group, code in GROUPS.items():
        had, has = (named(clinical, group, text) for text in (before, after))
        lost, new = had - has, has - had - named(spoken.clinical, group, source)
        if lost or (new and group != "kin"):
            message = f"lost: {_listed(lost)}; new: {_listed(new)}"
            yield code, "block", message
    if role == "supporter":
        asked = [_question(clinical, text) for text in (before, after)]
        if asked[0] != asked[1]:
            yield "conservation.technique", "block", f"{asked[0]} became {asked[1]}"


def named(cues: ClinicalCues | None, group: str, text: str) -> set[str]:
    """Keys of a group (degree, symptoms, facts, kin) whose cues match in the text."""
    groups: dict[str, list[str]] = {} if cues is None else getattr(cues, group)
    return {key for key, patterns in groups.items() if finds(patterns, text)}


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys)) or "nothing"


def _question(cues: ClinicalCues, text: str) -> str:
    """statement, open question or closed question."""
    if "?" not in text and "؟" not in text:
        return "statement"
    return "open question" if finds(cues.open_question, text) else "closed question"


def risk_across(
    turns: Mapping[int, tuple[str, str]], source: LanguageCues, target: LanguageCues
) -> Iterator[tuple[int, str]]:
    """(turn, message) of turns whose risk the translation silenced, opened or veiled.

    `turns` maps a seeker's turn to its source and target text: cues are worded in the first
    person. Nothing is said where a language has no risk cues.
    """
    if source.risk is None or target.risk is None:
        return
    for turn, (before, after) in turns.items():
        one, two = risk_level(source.risk, before), risk_level(target.risk, after)
        if one not in (two, "none"):
            yield turn, f"risk cues: {one} in the source, {two} in the target"


def misplaced(found: Sequence[tuple[int, str]], wanted: Sequence[tuple[int, str]]) -> Found:
    """Turns and roles against the source's, both as (turn, role) by segment."""
    if [turn for turn, _ in found] != [turn for turn, _ in wanted]:
        yield "conservation.turns", "block", f"{_turns(wanted)} turns became {_turns(found)}"
    for place, (one, two) in enumerate(zip_longest(found, wanted)):
        if one and two and one[0] == two[0] and one[1] != two[1]:
            yield "conservation.roles", "block", f"segment {place}: {two[1]} became {one[1]}"
            return


def _turns(rows: Sequence[tuple[int, str]]) -> int:
    return len({turn for turn, _ in rows})
