"""The solar Hijri calendar against known days, and holidays by date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mhx.adaptation.entities.calendar import (
    holiday_date,
    month_of,
    nearest_holiday,
    nowruz,
    public_holidays,
    solar_hijri,
)
from mhx.adaptation.entities.dates import day_names, foreign_holidays, month_names


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (date(2024, 3, 20), (1403, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),  # a leap year's last day
        (date(2025, 3, 21), (1404, 1, 1)),
        (date(2026, 9, 22), (1405, 6, 31)),
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(2000, 1, 1), (1378, 10, 11)),
    ],
)
def test_known_days(day: date, wanted: tuple[int, int, int]) -> None:
    assert solar_hijri(day) == wanted


def test_every_day_follows_the_day_before() -> None:
    day, last = date(1990, 1, 1), solar_hijri(date(1989, 12, 31))
    while day < date(2040, 1, 1):
        now = solar_hijri(day)
        assert now == (last[0], last[1], last[2] + 1) or now[2] == 1
        assert now[2] <= (31 if now[1] < 7 else 30)
        day, last = day + timedelta(days=1), now


def test_the_new_year_is_the_one_of_the_holidays_package() -> None:
    for year in range(2001, 2045):
        assert "Nowruz" in public_holidays("IR", year)[nowruz(year - 621)]


def test_a_year_outside_the_tables_is_refused() -> None:
    with pytest.raises(ValueError, match=r"outside 1\.\.3177"):
        nowruz(4000)


def test_a_month_is_the_one_that_most_of_its_days_fall_into() -> None:
    assert [month_of(month) for month in (1, 3, 5, 6, 7, 10)] == [10, 12, 2, 3, 4, 7]


def test_names_of_months_and_days_are_those_of_the_language() -> None:
    assert "اکتبر" in month_names("fa")[9]
    assert "October" in month_names("en")[9]
    assert "niedziela" in day_names("pl")["sunday"]


def test_holidays_by_territory_and_date() -> None:
    assert public_holidays("PL", 2026)[date(2026, 11, 1)]
    assert public_holidays("XX", 2026) == {}
    thanksgiving = holiday_date("US", "Thanksgiving Day", 2026)
    assert thanksgiving == date(2026, 11, 26)
    found = nearest_holiday("PL", date(2026, 11, 26))
    assert found is not None
    assert found[0] == date(2026, 11, 11)
    assert nearest_holiday("XX", date(2026, 1, 1)) is None


def test_a_foreign_holiday_is_said_with_the_local_one_near_it() -> None:
    (said,) = foreign_holidays("We met on Memorial Day.", "US", "PL")
    assert "(24.05.)" in said  # Pentecost; Memorial Day 2026 is the day after
    assert not list(foreign_holidays("We met at Christmas Day.", "US", "PL"))
    assert not list(foreign_holidays("We met on Monday.", "US", "PL"))
