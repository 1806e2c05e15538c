"""Months and weekly habits in the calendar that people of the territory live by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from mhx.adaptation.entities.calendar import month_of, nearest_holiday, public_holidays
from mhx.adaptation.entities.find import Hit, mentioned
from mhx.adaptation.entities.words import ZWNJ, Words, any_of
from mhx.adaptation.prefilter import Prefilter
from mhx.schema.localization import Calendar

_AFTER = rf"(?![\w{ZWNJ}])"
YEAR = 2026  # any will do: which local holiday is near hardly changes
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@cache
def month_names(lang: str) -> tuple[frozenset[str], ...]:
    """The names of the Gregorian months in a language, January first (CLDR)."""
    from babel import Locale

    tables = Locale.parse(lang, sep="-").months
    return tuple(
        frozenset(str(tables[use]["wide"][number]) for use in ("format", "stand-alone"))
        for number in range(1, 13)
    )


@cache
def day_names(lang: str) -> dict[str, frozenset[str]]:
    """The names of the weekdays in a language, by their English names in small letters (CLDR)."""
    from babel import Locale

    tables = Locale.parse(lang, sep="-").days
    return {
        day: frozenset(str(tables[use]["wide"][number]) for use in ("format", "stand-alone"))
        for number, day in enumerate(WEEK)
    }


def months(
    text: str, source: str, words: Words, calendar: Calendar, langs: tuple[str, str]
) -> Iterator[Hit]:
    """Gregorian months that the source names too, as the month most of their days fall into."""
    spoken, read = month_names(langs[0]), month_names(langs[1])
    for number, names in enumerate(read, start=1):
        if not mentioned(source, spoken[number - 1]):
            continue
        here = calendar.months[month_of(number) - 1]
        written = {name.rstrip("ٔ") for name in names}
        written |= {also for also, name in calendar.also.items() if name in written}
        for name in written:
            mark = calendar.marked.get(name)
            word = "|".join(re.escape(item) for item in dict.fromkeys(calendar.marked.values()))
            lead = rf"(?:{re.escape(mark)})[ {ZWNJ}]" if mark else rf"(?:(?:{word})[ {ZWNJ}])?"
            pattern = (
                rf"(?<![\w{ZWNJ}]){lead}(?P<noun>{re.escape(name)})"
                rf"(?P<tail>{words.ending_pattern()}){_AFTER}"
            )
            for match in re.finditer(pattern, text):
                after = words.attach(here, name, match["tail"])
                why = "" if after else "its ending does not fit the local month"
                evidence = (calendar.id, *calendar.sources)
                yield Hit(*match.span(), after, calendar.id, evidence, why)


def habits(text: str, calendar: Calendar, lang: str, dialogue: str) -> Iterator[Hit]:
    """Weekdays of rest that are a habit ("Sundays"), as the local day of rest.

    A single past or coming day is the date of an event and stays. So does everything where the
    dialogue also names the local day or the foreign one as a single day, or the segment another
    weekday: the week would not add up.
    """
    days = day_names(lang)
    for there, here in calendar.rest.items():
        local, names = sorted(days[here], key=len)[0], days[there]
        before = any_of(calendar.habit_before)
        endings = "|".join(map(re.escape, calendar.habit_endings))
        pattern = (
            rf"(?P<every>(?:{before} )?)(?P<noun>{any_of(names)})"
            rf"(?P<tail>(?:{endings})?){_AFTER}"
        )
        others = [name for day in WEEK if day != there for name in days[day]]
        for match in re.finditer(pattern, text):
            if not match["every"] and not match["tail"]:
                continue
            start = match.start("noun")
            evidence = (calendar.id, *calendar.sources)
            clash = re.search(rf"{any_of(days[here])}(?!\w)", dialogue)
            crowd = re.search(rf"{any_of(others)}(?!\w)", text)
            days_named = re.finditer(pattern, dialogue)
            single = any(not one["every"] and not one["tail"] for one in days_named)
            if clash or crowd or single:
                why = "another weekday of the same talk would no longer fit"
                yield Hit(start, match.end(), None, calendar.id, evidence, why)
            else:
                yield Hit(start, match.end(), local + match["tail"], calendar.id, evidence)


def foreign_holidays(source: str, there: str, here: str) -> Iterator[str]:
    """What to tell a reader of public holidays of `there` that the source names: the local ones.

    A day that both territories keep is nobody's trouble. Names are those of the `holidays` package.
    """
    foreign, prefilter = _foreign(there, here)
    for day, name in (foreign[at] for at in prefilter.near(source)):
        near = nearest_holiday(here, day) if mentioned(source, [name]) else None
        if near is not None:
            yield f"{name} is no holiday here; the nearest is {near[1]} ({near[0]:%d.%m.})"


@cache
def _foreign(there: str, here: str) -> tuple[list[tuple[date, str]], Prefilter]:
    """(day, name) of the holidays of `there` that are none `here`, and how to look for them."""
    kept = public_holidays(here, YEAR)
    found = [
        (day, name.strip())
        for day, names in public_holidays(there, YEAR).items()
        if day not in kept
        for name in names.split(";")
    ]
    return found, Prefilter([name] for _, name in found)
