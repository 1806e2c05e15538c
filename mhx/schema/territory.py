"""Territory cards: crisis services, law, institutions, currency, holidays, communities."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Certainty, Strict
from mhx.schema.card import Fact, Source
from mhx.schema.localization import Localization

Problem = Literal["suicide", "violence_home", "child", "any", "emergency", "missing_child"]
Link = Literal["police", "state", "family_notification", "emergency_medical"]


class Service(Strict):
    """A crisis service. Numbers are quoted text; an expired or unsourced one is never shown."""

    id: str
    name: str
    number: str = Field(description="as dialled, quoted text: '116 111'")
    chat: str | None = None
    problems: list[Problem] = Field(min_length=1)
    audience: Literal["adult", "minor", "all"]
    hours: str | None = Field(None, description="null where sources conflict: shown without hours")
    languages: list[str] = Field([], description="it answers in these (BCP-47); empty: unknown")
    links: list[Link] = Field([], description="whom it involves or may bring")
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


class Community(Strict):
    """People whom the territory's defaults may fail; `avoid` is whom routing must not bring."""

    id: str = Field(pattern=r"^[a-z_]+$", description="the value of --group, where avoid is given")
    name: str
    languages: list[str] = []
    avoid: list[Link] = Field([], description="a service with one of these links is not shown")
    certainty: Certainty
    sources: list[str] = []
    note: str


class Territory(Strict):
    """`culture_cards/<CC>/territory.yaml`."""

    code: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, the folder's name")
    name: str
    version: str
    status: Literal["draft", "linguist_reviewed", "clinician_signed", "debriefed"] = "draft"
    license: str = "CC-BY-4.0"
    currency: str = Field(description="ISO 4217")
    emergency: str | None = Field(None, description="id of the service used as the last resort")
    communities: list[Community] = []
    sources: list[Source] = []
    services: list[Service] = []
    institutions: list[Institution] = []
    facts: list[Fact] = Field([], description="law, holidays, pathways, gaps")
    localization: Localization | None = Field(
        None, description="names, places, measures, calendar and school: what entities become"
    )

    @model_validator(mode="after")
    def _linked(self) -> Territory:
        services = {service.id: service for service in self.services}
        known = {source.id for source in self.sources}
        if self.emergency is not None and self.emergency not in services:
            raise ValueError(f"emergency {self.emergency!r} is no service here — give a service id")
        sourced: list[Service | Institution | Community | Fact] = [
            *self.services,
            *self.institutions,
            *self.communities,
            *self.facts,
        ]
        for item in sourced:
            if item.certainty in ("sourced", "weak", "conflicting", "verified") and (
                not item.sources
            ):
                raise ValueError(f"{item.id}: {item.certainty!r} without a source — add sources")
            for source in item.sources:
                if source not in known:
                    raise ValueError(
                        f"{item.id}: source {source!r} is not listed — add it under sources"
                    )
        self._claims(known)
        return self

    def _claims(self, known: set[str]) -> None:
        """What the localization claims is sourced as the rest is."""
        for item in self.localization.claims() if self.localization else ():
            name = getattr(item, "id", "localization")
            if item.certainty in ("sourced", "weak", "conflicting", "verified") and (
                not item.sources
            ):
                raise ValueError(f"{name}: {item.certainty!r} without a source — add sources")
            if missing := set(item.sources) - known:
                raise ValueError(f"{name}: source {min(missing)!r} is not listed — add it")

    @property
    def not_routed(self) -> list[str]:
        """The communities that some services may endanger."""
        return [community.id for community in self.communities if community.avoid]
