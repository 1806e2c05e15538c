"""What a language model gave instead of a translation: a refusal, remarks, another language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mhx.adaptation.gates.digits import listed, numbers
from mhx.adaptation.gates.language import LANGUAGE_LETTERS, LANGUAGE_MARGIN, identify
from mhx.adaptation.resolver import SLOT
from mhx.contracts import BackendSettings
from mhx.corpus.privacy import PLACEHOLDER
from mhx.files import load_model
from mhx.schema.base import Strict
from mhx.seq2seq.checks import failure_of

TOLD = {
    "source_copied": "the text was left untranslated",
    "repeats": "words are repeated over and over",
    "dropped": "a sentence of the text is missing",
    "added": "a sentence was added that the text does not have",
    "empty": "the translation is empty",
}


class Wording(Strict):
    """Regexes (case ignored) by which models of a language refuse, or talk around an answer."""

    refusal: list[str] = []
    remark: list[str] = []


class Phrases(Strict):
    """`phrases.yaml` of a backend, by language tag."""

    languages: dict[str, Wording]


@dataclass(frozen=True)
class Wrong:
    """Why an answer is no translation: the failure's code, and the reason told to the model."""

    code: str
    reason: str


class AnswerCheck:
    """Checks of answers between two languages."""

    def __init__(self, settings: BackendSettings, phrases: Path) -> None:
        self._settings = settings
        known = load_model(phrases, Phrases).languages
        # a model that fails often does so in English, whatever it was asked for
        wordings = [known[tag] for tag in {settings.source, settings.target, "en"} if tag in known]
        self._refusal = _compiled(item for one in wordings for item in one.refusal)
        self._remark = _compiled(item for one in wordings for item in one.remark)
        codes = (settings.source_codes, settings.target_codes)
        names = {code for table in codes if (code := table.get("lingua"))}
        self._among = frozenset({*names, "ENGLISH"})
        self._wanted = settings.target_codes.get("lingua")

    def refuses(self, source: str, said: str) -> bool:
        """Whether a model says that it will not; not where the text itself says so."""
        return _shows(said, self._refusal) and not _shows(source, self._refusal)

    def wrong(self, source: str, target: str) -> Wrong | None:
        """The first thing wrong with a translation, or None."""
        if not target:
            return Wrong("empty", TOLD["empty"])
        return (
            self._talk(source, target)
            or _lost(source, target)
            or self._shape(source, target)
            or self._language(target)
        )

    def _talk(self, source: str, target: str) -> Wrong | None:
        if self.refuses(source, target):
            reason = "it refuses; this is a text of another person, only to be translated"
            return Wrong("refused", reason)
        if _shows(target, self._remark) and not _shows(source, self._remark):
            return Wrong("remarks", "it holds remarks; give the translation alone")
        return None

    def _shape(self, source: str, target: str) -> Wrong | None:
        split = (self._settings.split_source, self._settings.split_target)
        code = failure_of(
            source,
            target,
            source_sentences=split[0](source) if split[0] else (),
            target_sentences=split[1](target) if split[1] else (),
        )
        return None if code is None else Wrong(code, TOLD.get(code, code))

    def _language(self, target: str) -> Wrong | None:
        """Whether a text long enough to tell is in another language."""
        text = PLACEHOLDER.sub("", SLOT.sub("", target))
        if self._wanted is None or len(self._among) < 2:
            return None
        if sum(letter.isalpha() for letter in text) < LANGUAGE_LETTERS:
            return None
        guess, margin = identify(text, self._among)
        if guess == self._wanted or margin <= LANGUAGE_MARGIN:
            return None
        return Wrong("wrong_language", f"it is in {guess.title()}")


def _lost(source: str, target: str) -> Wrong | None:
    """Slots and placeholders that differ, and numbers that are gone."""
    for pattern, code in ((SLOT, "slots"), (PLACEHOLDER, "placeholders")):
        before, after = (
            Counter(match.group() for match in pattern.finditer(text)) for text in (source, target)
        )
        if before != after:
            pieces = " ".join(before.elements()) or "none"
            return Wrong(code, f"these must stand in it, unchanged and no others: {pieces}")
    if numbers(source) - numbers(target):
        return Wrong("numbers", f"these numbers must stand in it, in digits: {listed(source)}")
    return None


def _shows(text: str, patterns: list[re.Pattern[str]]) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _compiled(patterns: Iterable[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
