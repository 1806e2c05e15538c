"""An optional pass by a language model that proposes edits and never writes text.

The model sees one segment, who says it, the plan, and only those entries of the card that match
the segment. Every edit it returns is tried on the text by the checks of `proposals` before it is
applied; what fails is left out with its reason. A segment that no entry matches is not sent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.adaptation.conservation import LanguageCues
from mhx.adaptation.entities.localizer import Localizer
from mhx.adaptation.merging import compose
from mhx.adaptation.proposals import Proposal, Proposals, Rejected, Trial, tried
from mhx.adaptation.rules import Adapted, find_faults
from mhx.contracts import Finding
from mhx.endpoint import Chat, Client, Limits, full_name, parse_endpoint, structured
from mhx.errors import MhxError, Problem
from mhx.language import Language
from mhx.schema import Card, Plan
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits

OPTION = "--editor openai:"
PREFIX = "openai:"
KEPT = ("entity.left", "entity.holiday")
Job = tuple[Plan, str, Role, bool, Adapted]  # plan, source segment, role, risk turn, text so far
INSTRUCTIONS = (
    "You adapt one segment of a translated mental-health dialogue to {language} as spoken in "
    "{territory}. You get JSON: the segment, its source, who says it, the plan of the dialogue, "
    "and the entries of a culture card that match it. Propose edits that these entries ask for, "
    "and no others. Change no fact, symptom, degree, negation, number, name or risk, and no "
    '{{{{service:...}}}} slot. Answer with JSON only: {{"edits": [{{"before": "exact words of the '
    'segment", "after": "what replaces them", "entry": "id of the entry", "reason": "short"}}]}}. '
    'Where nothing needs changing answer {{"edits": []}}.'
)


@dataclass(frozen=True)
class Entry:
    """A rule or fact of the card that matches a segment, as the model is told it."""

    id: str
    says: str


@dataclass
class Editor:
    """A model that proposes edits; `counts` says how it went: segments, edits, reasons."""

    client: Client
    language: Language
    source: Language
    localizer: Localizer
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """What the records call the origin of its edits."""
        return f"model:{self.client.endpoint.model}"

    def edited(self, jobs: Sequence[Job]) -> list[Adapted]:
        """Segments with the edits that passed, in order."""
        entries = [matched(self.language.card, job[4]) for job in jobs]
        asked = [place for place, found in enumerate(entries) if found]
        chats = [self._chat(jobs[place], entries[place]) for place in asked]
        done = [job[4] for job in jobs]
        for place, chat, answer in zip(asked, chats, self.client.complete(chats), strict=True):
            self.counts["segments asked"] += 1
            said = structured(answer.text, Proposals) if answer.text is not None else None
            if said is None:
                why = answer.failure or "unparsable"
                if answer.text is not None:
                    self.client.forget([chat])
                self.counts[f"no answer: {why}"] += 1
                done[place] = _noted(done[place], [Rejected(0, 0, why, answer.detail)])
                continue
            known = {entry.id for entry in entries[place]}
            done[place] = self._apply(jobs[place], said.edits, known)
        return done

    @cached_property
    def _numerals(self) -> frozenset[str]:
        local = self.localizer.local
        said = local.wording.numerals.values() if local is not None else ()
        return frozenset(word.lower() for words in said for word in words)

    def _apply(self, job: Job, proposals: Sequence[Proposal], known: set[str]) -> Adapted:
        plan, source, role, risk, done = job
        rules, hooks = self.language.card.rules, self.language.hooks

        def faults(text: str) -> list[Finding]:
            return find_faults(text, role=role, risk=risk, plan=plan, rules=rules, hooks=hooks)

        trial = Trial(
            text=done.adapted,
            source=source,
            role=role,
            plan=plan,
            known=frozenset(known),
            sensitive=tuple(self.localizer.sensitive(done.adapted)),
            spoken=_cues(self.source),
            cues=_cues(self.language),
            script=tuple(self.language.manifest.script_ranges),
            faults=faults,
            origin=self.name,
            numerals=self._numerals,
        )
        accepted, rejected = tried(trial, proposals)
        self.counts["edits applied"] += len(accepted)
        self.counts.update(f"rejected: {item.why}" for item in rejected)
        if accepted:
            edits = compose(done.faithful, done.edits, accepted)
            adapted = apply_edits(done.faithful, edits)
            kept = [item for item in done.findings if item.code in KEPT]
            done = Adapted(done.faithful, adapted, tuple(edits), (*faults(adapted), *kept))
        return _noted(done, rejected)

    def _chat(self, job: Job, entries: Sequence[Entry]) -> Chat:
        plan, source, role, risk, done = job
        manifest = self.language.manifest
        asked: dict[str, Any] = {
            "segment": done.adapted,
            "source": source,
            "role": role,
            "risk_turn": risk,
            "plan": {
                "seeker_gender": plan.seeker.gender,
                "supporter_gender": plan.supporter.gender,
                "seeker_to_supporter": plan.seeker_to_supporter,
                "supporter_to_seeker": plan.supporter_to_seeker,
                "names": [entity.tgt for entity in plan.entities],
            },
            "entries": [{"id": entry.id, "says": entry.says} for entry in entries],
        }
        system = INSTRUCTIONS.format(
            language=manifest.name, territory=self.localizer.territory.name
        )
        messages = (
            {"role": "system", "content": system},
            {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
        )
        return Chat(messages, schema=Proposals.model_json_schema())

    def close(self) -> None:
        """Close the connection and the cache."""
        self.client.close()


def matched(card: Card, done: Adapted) -> list[Entry]:
    """Entries of the card that the text calls for.

    They are rules that found something there and leave it to others, the facts that these rest
    on, and facts whose value lists a word of the text.
    """
    found = {item.code.removeprefix("rule.") for item in done.findings}
    rules = [rule for rule in card.rules if rule.id in found and rule.action.replace is None]
    cited = {name for rule in rules for name in rule.evidence}
    facts = [
        fact
        for fact in card.facts
        if "adapt" in fact.use and (fact.id in cited or _named(fact.value, done.adapted))
    ]
    said = [
        Entry(rule.id, " ".join(filter(None, (rule.reason, rule.action.message, rule.gloss))))
        for rule in rules
    ]
    return [*said, *(Entry(fact.id, fact.claim) for fact in facts)]


def _named(value: Any, text: str) -> bool:
    """Whether one of a fact's listed words stands in the text."""
    if not isinstance(value, list):
        return False
    low = text.lower()
    return any(isinstance(item, str) and len(item) > 2 and item.lower() in low for item in value)


def _cues(language: Language) -> LanguageCues:
    return LanguageCues(risk=language.risk_cues, clinical=language.clinical_cues)


def _noted(done: Adapted, rejected: Sequence[Rejected]) -> Adapted:
    if not rejected:
        return done
    notes = [
        Finding("editor.rejected", item.start, item.end, f"{item.why}: {item.said}", "warn")
        for item in rejected
    ]
    return Adapted(done.faithful, done.adapted, done.edits, (*done.findings, *notes))


def editor_name(text: str) -> str:
    """`openai:MODEL@URL` in full, for frozen settings. Raises MhxError for another form."""
    if not text.startswith(PREFIX):
        fix = f"{OPTION}MODEL@http://127.0.0.1:8000/v1"
        raise MhxError(Problem(f"no such editor: {text}", fix, field="--editor"))
    return PREFIX + full_name(text.removeprefix(PREFIX), OPTION)


def open_editor(
    text: str,
    *,
    language: Language,
    source: Language,
    localizer: Localizer,
    cache: Path | None,
    screened: bool,
    limits: Limits | None = None,
) -> Editor:
    """The editor of `openai:MODEL@URL`. `screened`: personal data was replaced at load.

    Raises MhxError where the territory does not say what is sensitive in the language's text.
    """
    if localizer.local is None:
        where, lang = localizer.territory.code, language.tag
        what = f"the territory {where} does not say what is sensitive in {lang} text"
        fix = f"add `localization` for {lang} to its territory.yaml, or leave out --editor"
        raise MhxError(Problem(what, fix, field="--editor"))
    endpoint = parse_endpoint(editor_name(text).removeprefix(PREFIX), OPTION, screened=screened)
    return Editor(Client(endpoint, cache, limits), language, source, localizer)
