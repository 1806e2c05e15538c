"""What can be wrong with the order for a rating form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mhx.errors import Problem, unknown
from mhx.schema.anchors_form import RATER, AnchorRubric


def file_problems(out: Path) -> list[Problem]:
    """A form that no browser would open."""
    if out.suffix.lower() in (".html", ".htm"):
        return []
    return [Problem("not the name of an HTML file", "for example --out anchors.html", path=out)]


def rater_problems(raters: Mapping[str, Sequence[str]], languages: Sequence[str]) -> list[Problem]:
    """Names instead of pseudonyms, and languages that nobody is to rate in."""
    if not raters:
        return [Problem("nobody is named", "give each rater a pseudonym and languages, such as "
                        "r1:pl,en", field="raters")]
    out = []
    for name, spoken in raters.items():
        if not re.fullmatch(RATER, name):
            out.append(Problem(f"{name!r} is not a pseudonym", "letters, digits, - and _, at most "
                               "32, for example r1; no name of a person", field="raters"))
        if not spoken:
            out.append(Problem(f"{name!r} has no language", "such as r1:pl,en", field="raters"))
        for tag in spoken:
            if tag not in languages:
                out += [Problem(f"{name!r}: {one.what}", one.fix, field="raters")
                        for one in unknown("language", tag, languages).problems]
    if len({name.casefold() for name in raters}) < len(raters):
        out.append(Problem("two pseudonyms differ only in upper and lower case", "rename one",
                           field="raters"))
    return out


def wording_problems(rubric: AnchorRubric, languages: Sequence[str]) -> list[Problem]:
    """Languages of the table that the rubric has no words for."""
    return [
        Problem(f"no wording for {tag!r}", f"add it under wording, or rename the language in the "
                f"table; worded: {', '.join(sorted(rubric.wording))}", field="rubric")
        for tag in languages if tag not in rubric.wording
    ]


def number_problems(raters: Mapping[str, Sequence[str]], languages: Sequence[str], *,
                    per_item: int | None, repeats: float) -> list[Problem]:
    """More raters for an item than there are, and shares that are none."""
    out = []
    if not 0 <= repeats <= 0.5:
        out.append(Problem(f"{repeats!r} is no share up to a half", "0.1 is usual",
                           field="repeats"))
    if per_item is None:
        return out
    if per_item < 1:
        out.append(Problem(f"{per_item} raters", "at least 1; 2 for agreement", field="per_item"))
    for tag in languages:
        count = sum(tag in spoken for spoken in raters.values())
        if count < per_item:
            out.append(Problem(f"{per_item} raters for each item, and {count} rate in {tag!r}",
                               "name more raters or ask for fewer", field="per_item"))
    return out
