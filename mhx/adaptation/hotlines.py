"""Crisis services' own numbers in running text, which belong in a slot and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from mhx.adaptation.resolver import SLOT
from mhx.corpus.privacy import latin_digits
from mhx.files import load_model
from mhx.schema import Territory
from mhx.shelves import Shelves

_UNIT = r"%|٪|[$€£]|USD|PLN|EUR|zł|euros?\b|dollars?\b|tomans?\b|rials?\b|تومان|ریال|[kcm]?[gm]\b"
_BLANK = r"[\s.\-\u2010-\u2013]"
SHORT = 4  # digits: as long as a number that counts something


def service_numbers(shelves: Shelves) -> re.Pattern[str]:
    """What matches the number of any service of any territory card, in ASCII digits.

    A short number (112) matches whole or digit by digit (1-1-2), and not as a sum of money, a
    share, a measure or a part of a decimal; a long one (116 123) matches however it is grouped,
    and not as a sum of money either.
    """
    found: set[str] = set()
    for code in shelves.names("culture_cards"):
        territory = load_model(shelves.get("culture_cards", code).manifest, Territory)
        found |= {"".join(re.findall(r"\d", item.number)) for item in territory.services}
    found.discard("")
    return re.compile("|".join(map(_pattern, sorted(found, key=len, reverse=True))) or r"(?!)")


def _pattern(digits: str) -> str:
    if len(digits) > SHORT:
        return rf"(?<!\d)(?<![$€£]){f'{_BLANK}{{0,3}}'.join(digits)}(?!\d)(?!\s*(?:{_UNIT}))"
    forms = [digits]
    if any(int(two) != int(one) + 1 for one, two in pairwise(digits)):  # 1-2-3 is counted
        forms.append(f"{_BLANK}{{1,3}}".join(digits))
    form = f"(?:{'|'.join(forms)})"
    return rf"(?<!\d)(?<!\d[.,:])(?<![$€£]){form}(?!\d|[.,:]\d)(?!\s*(?:{_UNIT}))"


def service_spans(numbers: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Spans of the text, slots apart, that `numbers` (of `service_numbers`) matches."""
    ascii_text = SLOT.sub(lambda slot: "\0" * len(slot.group()), latin_digits(text))
    for match in numbers.finditer(ascii_text):
        yield match.span()
