"""Crisis services: slots in a text become the service that fits place, age, problem and day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from mhx.schema import Prompts, Service, Territory

SLOT = re.compile(r"\{\{\s*service:\s*([a-z_]+)\s*\}\}")  # a model may add blanks
# What may be shown. A weak source ships only after a re-check (reference: certainty V*).
SHOWN = ("verified", "sourced", "conflicting")
ENDANGERING = {"police", "state", "family_notification"}
ADULT_AGE = 18


@dataclass(frozen=True)
class Routed:
    """The service a slot leads to, or none, with the reason in words."""

    service: Service | None
    reason: str


def parse_slot(slot: str, age: int | str | None = None) -> tuple[str, str]:
    """(problem, audience) of ``suicide_adult``; a known age wins over the slot's suffix."""
    problem, _, suffix = slot.rpartition("_")
    if suffix not in ("adult", "minor"):
        problem, suffix = slot, "adult"
    if isinstance(age, int):
        suffix = "minor" if age < ADULT_AGE else "adult"
    elif age in ("adult", "minor"):
        suffix = age
    return problem, suffix


def route(
    territory: Territory,
    slot: str,
    *,
    age: int | str | None = None,
    today: date,
    group: str | None = None,
) -> Routed:
    """The service of `territory` for a slot. Pure: place, age, problem, day and group decide.

    Expired, weakly sourced and, for a group the territory must not route, endangering services
    are left out; then the territory's emergency service is the last resort, by the same rules.
    """
    problem, audience = parse_slot(slot, age)
    endangered = group is not None and group in territory.not_routed
    wanted = [
        service
        for service in territory.services
        if {problem, "any"} & set(service.problems) and service.audience in ("all", audience)
    ]
    wanted.sort(key=lambda item: (problem not in item.problems, item.audience == "all"))
    refusals = []
    for service in wanted:
        refusal = _refusal(service, today, endangered=endangered)
        if refusal is None:
            return Routed(service, f"{service.id}: fits {problem}, {audience}")
        refusals.append(refusal)
    last = next((item for item in territory.services if item.id == territory.emergency), None)
    if last is not None:
        refusal = _refusal(last, today, endangered=endangered)
        if refusal is None:
            why = "; ".join(refusals) or f"no service here for {problem}, {audience}"
            return Routed(last, f"{last.id} as the last resort: {why}")
        refusals.append(refusal)
    return Routed(None, "; ".join(refusals) or f"{territory.code} lists no service for {problem}")


def _refusal(service: Service, today: date, *, endangered: bool) -> str | None:
    if service.expires_on < today:
        return f"{service.id} was to be re-checked by {service.expires_on}"
    if service.certainty not in SHOWN:
        return f"{service.id} has a {service.certainty} source and waits for a re-check"
    if endangered and ENDANGERING & set(service.links):
        return f"{service.id} involves {', '.join(service.links)}, which may endanger this person"
    return None


def resolve(
    text: str,
    territory: Territory,
    *,
    age: int | str | None = None,
    today: date,
    prompts: Prompts,
    group: str | None = None,
) -> str:
    """The text as shown to a person: every slot filled, or replaced by words without digits."""

    def fill(match: re.Match[str]) -> str:
        found = route(territory, match.group(1), age=age, today=today, group=group).service
        return prompts.no_number if found is None else shown(found, prompts)

    return SLOT.sub(fill, text)


def shown(service: Service, prompts: Prompts) -> str:
    """A service in words. Hours are withheld where sources conflict (null in the card)."""
    line = prompts.service_line.format(
        name=service.name, number=service.number, hours=service.hours or ""
    )
    return re.sub(r"\s*\(\s*\)", "", line).strip(" ,")

