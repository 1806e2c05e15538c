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
LOOSE, CLOSE = 0.07, 0.03  # how far a round number and another may be moved, relatively


def converted(measure: Measure, value: float) -> float | None:
    """The value in the metric unit of `FACTORS` (°C for Fahrenheit), as people would round it.

    The coarsest step of `STEPS` that moves a round number by 7 % at most, another by 3 %; None
    where none does. Degrees are rounded to whole ones.
    """
    if measure == "fahrenheit":
        return float(round((value - 32) / 1.8))
    exact = value * FACTORS[measure]
    if measure == "foot" and value >= METRES_FROM:
        exact /= 100
    most = LOOSE if value % 5 == 0 or value <= 3 else CLOSE
    for step in STEPS:
        near = round(exact / step) * step
        if near and abs(near - exact) <= most * exact:
            return float(near)
    return None


@cache
def source_words(measure: Measure, lang: str) -> frozenset[str]:
    """What a language calls the measure, singular and plural, long and short (CLDR)."""
    from babel.units import format_unit

    found = {"degree", "degrees"} if measure == "fahrenheit" and lang == "en" else set()
    for length in ("long", "short"):
        for count in (1, 2, 5):
            locale = lang.replace("-", "_")
            said = format_unit(count, CLDR_UNITS[measure], length=length, locale=locale)
            found.add(said.lower().replace(str(count), "").strip())
    return frozenset(found - {"", "in"})  # as a word, "in" is no inch
