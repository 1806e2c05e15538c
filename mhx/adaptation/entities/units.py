"""US measures in metric ones, rounded as people say them."""

from __future__ import annotations

from functools import cache

from mhx.schema.localization import Measure

FACTORS: dict[Measure, float] = {
    "mile": 1.609344,  # km
    "yard": 0.9144,  # m
    "foot": 30.48,  # cm; m from ten feet on
    "inch": 2.54,  # cm
    "pound": 0.45359237,  # kg
    "gallon": 3.785411784,  # l
}
SQUARES = ("area-square-mile", "area-square-foot", "area-square-yard", "area-square-inch")
CLDR_UNITS: dict[Measure, str] = {
    "mile": "length-mile",
    "yard": "length-yard",
    "foot": "length-foot",
    "inch": "length-inch",
    "pound": "mass-pound",
    "gallon": "volume-gallon",
    "fahrenheit": "temperature-fahrenheit",
}
METRES_FROM = 10  # feet
STEPS = (100, 50, 10, 5, 1, 0.5)
HALVES_BELOW = 5
LOOSE, CLOSE = 0.07, 0.04  # how far a round number and another may be moved, relatively


def converted(measure: Measure, value: float) -> float | None:
    """The value in the metric unit of `FACTORS` (°C for Fahrenheit), as people would round it.

    The coarsest step of `STEPS` that moves a round number by 7 % at most, another by 4 %; None
    where none does. Degrees are rounded to whole ones.
    """
    if measure == "fahrenheit":
        return float(round((value - 32) / 1.8))
    exact = value * FACTORS[measure]
    if measure == "foot" and value >= METRES_FROM:
        exact /= 100
    most = LOOSE if value % 5 == 0 or value <= 3 else CLOSE
    for step in STEPS if exact < HALVES_BELOW else STEPS[:-1]:
        near = round(exact / step) * step
        if near and abs(near - exact) <= most * exact:
            return float(near)
    return None


@cache
def source_words(measure: Measure, lang: str) -> frozenset[str]:
    """What a language calls the measure, singular and plural, long and short (CLDR)."""
    found = _called(CLDR_UNITS[measure], lang)
    if measure == "fahrenheit" and lang == "en":
        found |= {"degree", "degrees"}
    return found - {"in"}  # as a word, "in" is no inch


@cache
def square_words(lang: str) -> frozenset[str]:
    """What a language calls areas, which are no lengths (CLDR)."""
    return frozenset(word for unit in SQUARES for word in _called(unit, lang))


def _called(unit: str, lang: str) -> frozenset[str]:
    from babel.units import format_unit

    locale = lang.replace("-", "_")
    found = {
        format_unit(count, unit, length=length, locale=locale)
        .lower()
        .replace(str(count), "")
        .strip()
        for length in ("long", "short")
        for count in (1, 2, 5)
    }
    return frozenset(found - {""})
