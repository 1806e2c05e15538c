"""Territory cards: crisis services, law, institutions, currency, holidays, communities."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Certainty, Strict
from mhx.schema.card import Fact, Source

Problem = Literal["suicide", "violence_home", "child", "any", "emergency", "missing_child"]


class Service(Strict):
    """A crisis service. Numbers are quoted text; an expired or unsourced one is never shown."""

    id: str
    name: str
    number: str = Field(description="as dialled, quoted text: '116 111'")
    chat: str | None = None
    problems: list[Problem] = Field(min_length=1)
    audience: Literal["adult", "minor", "all"]
    hours: str | None = Field(None, description="null where sources conflict: shown without hours")
    languages: list[str] = []
    links: list[Literal["police", "state", "family_notification", "emergency_medical"]] = []
    certainty: Certainty
    sources: list[str] = Field(min_length=1)
    verified_on: date
    checked_how: Literal["page", "official", "phoned"]
    expires_on: date
    note: str | None = None

    @model_validator(mode="after")
    def _dates(self) -> Service:
        if self.expires_on <= self.verified_on:
            raise ValueError(
                f"service {self.id}: expires_on is not after verified_on — fix the dates"
            )
        if self.certainty == "conflicting" and self.hours is not None:
            raise ValueError(
                f"service {self.id}: sources conflict, so withhold the hours — hours: null"
            )
        return self


class Institution(Strict):
    """A local counterpart of a foreign institution, for entity adaptation and review."""

    id: str
    name: str
    counterpart_of: str
    certainty: Certainty
    sources: list[str] = []


class Territory(Strict):
    """`culture_cards/<CC>/territory.yaml`."""

    code: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, the folder's name")
    name: str
    version: str
    status: Literal["draft", "linguist_reviewed", "clinician_signed", "debriefed"] = "draft"
    license: str = "CC-BY-4.0"
    currency: str = Field(description="ISO 4217")
    emergency: str | None = Field(None, description="id of the service used as the last resort")
    not_routed: list[str] = Field(
        [], description="groups never routed to services with police, state or family links"
    )
    sources: list[Source] = []
    services: list[Service] = []
    institutions: list[Institution] = []
    facts: list[Fact] = Field([], description="law, holidays, communities, pathways")

    @model_validator(mode="after")
    def _linked(self) -> Territory:
        services = {service.id: service for service in self.services}
        known = {source.id for source in self.sources}
        if self.emergency is not None and self.emergency not in services:
            raise ValueError(f"emergency {self.emergency!r} is no service here — give a service id")
        sourced: list[Service | Institution | Fact] = [
            *self.services,
            *self.institutions,
            *self.facts,
        ]
        for item in sourced:
            for source in item.sources:
                if source not in known:
                    raise ValueError(
                        f"{item.id}: source {source!r} is not listed — add it under sources"
                    )
        return self
