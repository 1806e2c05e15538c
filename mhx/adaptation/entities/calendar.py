"""The solar Hijri calendar, which month stands for a Gregorian one, and public holidays.

Conversion is Borkowski's algorithm (Earth, Moon and Planets 74, 1996: 223-230) by the breaks of
the leap-year cycles, good for the years 1 to 3177 of the calendar.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache

_BREAKS = (
    -61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324,
    2394, 2456, 3178,
)


@cache
def nowruz(year: int) -> date:
    """First day of Farvardin of a solar Hijri year. Raises ValueError outside 1..3177."""
    if not 1 <= year < _BREAKS[-1]:
        raise ValueError(f"solar Hijri year {year} is outside 1..{_BREAKS[-1] - 1}")
    leap, start = -14, _BREAKS[0]
    for stop in _BREAKS[1:]:
        jump = stop - start
        if year < stop:
            break
        leap += jump // 33 * 8 + jump % 33 // 4
        start = stop
    gone = year - start
    leap += gone // 33 * 8 + (gone % 33 + 3) // 4
    if jump % 33 == 4 and jump - gone == 4:
        leap += 1
    gregorian = year + 621
    leap_gregorian = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return date(gregorian, 3, 1) + timedelta(days=19 + leap - leap_gregorian)


def solar_hijri(day: date) -> tuple[int, int, int]:
    """(year, month, day) of a Gregorian date in the solar Hijri calendar."""
    year = day.year - 621
    if day < nowruz(year):
        year -= 1
    gone = (day - nowruz(year)).days
    month, rest = divmod(gone, 31) if gone < 186 else divmod(gone - 186, 30)
    return year, month + (1 if gone < 186 else 7), rest + 1


@cache
def month_of(gregorian: int, year: int = 2026) -> int:
    """The solar Hijri month (1..12) that most days of a Gregorian month (1..12) fall into."""
    first = date(year, gregorian, 1)
    months: Counter[int] = Counter()
    while first.month == gregorian:
        months[solar_hijri(first)[1]] += 1
        first += timedelta(days=1)
    return months.most_common(1)[0][0]


@cache
def public_holidays(territory: str, year: int) -> dict[date, str]:
    """Public holidays of a territory by date; empty for one the `holidays` package lacks."""
    import holidays

    if territory not in holidays.list_supported_countries():
        return {}
    return dict(sorted(holidays.country_holidays(territory, years=year).items()))


def nearest_holiday(territory: str, day: date) -> tuple[date, str] | None:
    """The territory's public holiday nearest to a date, the earlier of two as near."""
    found = {
        when: name
        for year in (day.year - 1, day.year, day.year + 1)
        for when, name in public_holidays(territory, year).items()
    }
    when = min(found, key=lambda item: (abs((item - day).days), item), default=None)
    return None if when is None else (when, found[when])


def holiday_date(territory: str, name: str, year: int) -> date | None:
    """The date of the holiday that a territory calls so (whole name, case ignored)."""
    wanted = name.lower()
    for when, called in public_holidays(territory, year).items():
        if wanted in (part.strip().lower() for part in called.split(";")):
            return when
    return None
