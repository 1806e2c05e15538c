"""Forms of the words that entities put in: cases by the language's hook, numbers in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mhx.contracts import Hooks
from mhx.corpus.privacy import latin_digits
from mhx.schema.localization import Wording

ZWNJ = "\u200c"
Form = tuple[str, str]  # number, case
UNINFLECTED: Form = ("sg", "")
NUMBERS = ("sg", "pl")
_VOWELS = "اوه"  # after these letters Persian writes the ezafe and the clitics otherwise
_DIGITS = re.compile(r"\d+(?:[.,\u066b]\d+)?")


@dataclass(frozen=True)
class Words:
    """Nouns and numerals of a localization's main language."""

    wording: Wording
    hooks: Hooks

    def form(self, noun: str, number: str, case: str, listed: Mapping[str, str] = {}) -> str:
        """The noun in a case: as listed, else its first word by the `inflect` hook."""
        if not case:
            return noun
        if number == "sg" and case in listed:
            return listed[case]
        head, blank, rest = noun.partition(" ")
        tag = self.wording.noun.format(number=number, case=case)
        return self.hooks.inflect(head, tag) + blank + rest

    def forms(self, noun: str, listed: Mapping[str, str] = {}) -> dict[str, frozenset[Form]]:
        """Every form of a noun with the numbers and cases it may stand for."""
        if not self.wording.cases:
            return {noun: frozenset({UNINFLECTED})}
        found: dict[str, set[Form]] = {}
        for number in NUMBERS:
            for case in self.wording.cases:
                form = self.form(noun, number, case, listed)
                if number == "sg" or form != noun:
                    found.setdefault(form, set()).add((number, case))
        return {form: frozenset(places) for form, places in found.items()}

    def counted(self, noun: str, value: float, lang: str) -> str:
        """The noun after a number, by the CLDR plural category of the language."""
        from babel import Locale

        if not self.wording.cases:
            return noun
        if value != int(value):
            return self.form(noun, "sg", "gen")
        category = str(Locale.parse(lang, sep="-").plural_form(int(value)))
        if category == "one":
            return noun
        return self.form(noun, "pl", "nom" if category in self.wording.few else "gen")

    # ------------------------------------------------------------ numbers

    def number_pattern(self) -> str:
        """A regex of numbers in digits or in the words of the table."""
        words = sorted(
            (re.escape(word) for listed in self.wording.numerals.values() for word in listed),
            key=len,
            reverse=True,
        )
        if not words:
            return _DIGITS.pattern
        word = f"(?:{'|'.join(words)})"
        joined = re.escape(self.wording.joiner)
        return rf"{_DIGITS.pattern}|{word}(?:(?:{joined}| ){word})*"

    def value(self, said: str) -> float | None:
        """What a number in digits or words amounts to; None where the words make no number."""
        if _DIGITS.fullmatch(said):
            return float(re.sub(r"[,\u066b]", ".", latin_digits(said)))
        table = {word: value for value, all_ in self.wording.numerals.items() for word in all_}
        total, last = 0, None
        for word in re.split(rf"{re.escape(self.wording.joiner)}| ", said.lower()):
            value = table.get(word)
            vague = value == 1000 and not total and word != self.wording.numerals[1000][0]
            if value is None or vague or (last is not None and last <= value < 1000):
                return None
            total = max(total, 1) * value if value >= 1000 else total + value
            last = value
        return float(total)

    def spell(self, value: float, like: str) -> str | None:
        """The number as `like` is written: digits, or words below a thousand that the table has."""
        if _DIGITS.fullmatch(like):
            text = f"{value:g}".replace(".", self.wording.decimal)
            persian = any("۰" <= mark <= "۹" for mark in like)
            return text.translate(_PERSIAN) if persian else text
        whole, half = int(value), value != int(value)
        if whole >= 1000:
            return None
        parts = []
        for step in sorted(self.wording.numerals, reverse=True):
            if 0 < step <= whole:
                parts.append(self.wording.numerals[step][0])
                whole -= step
        if whole or not parts or (half and not self.wording.half):
            return None
        return self.wording.joiner.join(parts) + (f" {self.wording.half}" if half else "")

    # ------------------------------------------------------------ what stands around a word

    def attach(self, noun: str, before: str, ending: str) -> str | None:
        """The noun with what was attached to `before`; None where it would be spelled otherwise."""
        if not ending:
            return noun
        alike = (before[-1:] in _VOWELS) == (noun[-1:] in _VOWELS)
        if ending == "ٔ":
            return noun + ending if noun.endswith("ه") else None if alike else noun
        return noun + ending if alike or ending.startswith(f"{ZWNJ}ه") else None

    def class_of(self, noun: str) -> int:
        """Nouns of one class are agreed with alike, as far as their ending tells."""
        head = noun.partition(" ")[0]
        patterns = enumerate(self.wording.classes)
        return next((place for place, pattern in patterns if re.search(pattern, head)), -1)

    def ending_pattern(self) -> str:
        """A regex of what may be attached to a noun, or nothing."""
        endings = sorted(self.wording.endings, key=len, reverse=True)
        return f"(?:{'|'.join(map(re.escape, endings))})?" if endings else ""

    def governed(self, previous: str) -> str | None:
        """The case that the word before asks for, as far as the table knows it."""
        word = previous.lower()
        base = next((one for one, two in self.wording.alternate.items() if word == two[0]), word)
        return self.wording.governs.get(base)

    def preposition(self, previous: str, following: str) -> str:
        """The preposition in the form that the next word asks for."""
        for base, (other, pattern) in self.wording.alternate.items():
            if previous.lower() in (base, other):
                fits = other if re.match(pattern, following) else base
                return fits.capitalize() if previous[:1].isupper() else fits
        return previous


def any_of(words: Iterable[str]) -> str:
    """A regex of any of the words as a whole, longest first."""
    listed = sorted({re.escape(word) for word in words}, key=len, reverse=True)
    return rf"(?<![\w{ZWNJ}])(?:{'|'.join(listed)})"


_PERSIAN = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")
