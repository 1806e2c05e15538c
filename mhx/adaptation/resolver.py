"""Crisis services: slots in a text become the service that fits place, age, problem and day."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from mhx.schema import Prompts, Service, Territory

SLOT = re.compile(r"\{\{\s*service:\s*([a-z_]+)\s*\}\}")  # a model may add blanks
SLOTS = ("suicide_adult", "suicide_minor", "violence_home", "emergency", "child")
# What may be shown. A weak source ships only after a re-check (reference: certainty V*).
SHOWN = ("verified", "sourced", "conflicting")
# Whoever is hurt at home may be hurt by the family that such a service would tell.
HOME = ("violence_home", "child")
ADULT_AGE = 18
NEAR = timedelta(days=30)  # a re-check this close is announced


@dataclass(frozen=True)
class Routed:
    """The service a slot leads to, or none, with the reason in words.

    `stands_in` is true where someone in immediate danger is given a service that is no
    emergency service, because the territory has none that may be shown.
    """

    service: Service | None
    reason: str
    stands_in: bool = False


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
    """The service of `territory` for a slot. Pure: place, age, problem, risk and day decide.

    `group` is the person's own risk: a community of the territory that some services endanger.
    Expired, weakly sourced and endangering services are left out; then the territory's emergency
    service is the last resort, by the same rules.
    """
    problem, audience = parse_slot(slot, age)
    avoid = {link for item in territory.communities if item.id == group for link in item.avoid}
    if problem in HOME:
        avoid.add("family_notification")
    wanted = [
        service
        for service in territory.services
        if {problem, "any"} & set(service.problems) and service.audience in ("all", audience)
    ]
    wanted.sort(key=lambda item: (problem not in item.problems, item.audience == "all"))
    refusals = []
    for service in wanted:
        refusal = _refusal(service, today, avoid)
        if refusal is None:
            reason = f"{service.id}: fits {problem}, {audience}{_near(service, today)}"
            return Routed(service, reason, _stands_in(service, problem))
        refusals.append(refusal)
    last = next((item for item in territory.services if item.id == territory.emergency), None)
    if last is not None:
        refusal = _refusal(last, today, avoid)
        if refusal is None:
            why = "; ".join(refusals) or f"no service here for {problem}, {audience}"
            reason = f"{last.id} as the last resort: {why}{_near(last, today)}"
            return Routed(last, reason, _stands_in(last, problem))
        refusals.append(refusal)
    return Routed(None, "; ".join(refusals) or f"{territory.code} lists no service for {problem}")


def _refusal(service: Service, today: date, avoid: Collection[str]) -> str | None:
    if service.expires_on < today:
        return f"{service.id} was to be re-checked by {service.expires_on}"
    if service.certainty not in SHOWN:
        return f"{service.id} has a {service.certainty} source and waits for a re-check"
    if set(avoid) & set(service.links):
        return f"{service.id} involves {', '.join(service.links)}, which may endanger this person"
    return None


def _stands_in(service: Service, problem: str) -> bool:
    return problem == "emergency" and problem not in service.problems


def _near(service: Service, today: date) -> str:
    return f", to be re-checked by {service.expires_on}" if expires_soon(service, today) else ""


def expires_soon(service: Service, today: date) -> bool:
    """Whether the service is still shown, and its re-check is due within `NEAR`."""
    return today <= service.expires_on <= today + NEAR


def resolve(
    text: str,
    territory: Territory,
    *,
    age: int | str | None = None,
    today: date,
    prompts: Prompts,
    group: str | None = None,
    reader: str | None = None,
) -> str:
    """The text as shown to a person: every slot filled, or replaced by words without digits.

    `reader` is the person's language (BCP-47): a service that answers in others is shown with the
    advice to ask for it.
    """

    def fill(match: re.Match[str]) -> str:
        found = route(territory, match.group(1), age=age, today=today, group=group)
        if found.service is None:
            return prompts.no_number
        said = shown(found.service, prompts, reader=reader)
        if found.stands_in:
            return prompts.either.format(first=prompts.no_number, second=said)
        return said

    return SLOT.sub(fill, text)


def shown(service: Service, prompts: Prompts, *, reader: str | None = None) -> str:
    """A service in words. Hours are withheld where sources conflict (null in the card)."""
    line = prompts.service_line.format(
        name=service.name, number=service.number, hours=service.hours or ""
    )
    line = re.sub(r"\s*\(\s*\)", "", line).strip(" ,")
    foreign = reader is not None and bool(service.languages) and reader not in service.languages
    return f"{line} ({prompts.ask_language})" if foreign and prompts.ask_language else line
