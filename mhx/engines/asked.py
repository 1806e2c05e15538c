"""What an engine is asked: each segment with its plan, what was said before it, and its terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates.terms import OWN_WORDS
from mhx.adaptation.plan import owed_address, person
from mhx.contracts import Request
from mhx.corpus.terms import TermFinder
from mhx.engines.opening import Engine
from mhx.language import Language
from mhx.schema import Plan
from mhx.schema.base import Role

if TYPE_CHECKING:
    import polars as pl

OTHER: dict[str, Role] = {"seeker": "supporter", "supporter": "seeker"}


class MatchedTerms:
    """The target's terms for what a source text names, by the languages' term bases."""

    def __init__(self, source: Language, target: Language) -> None:
        """Making the forms of a language's terms takes a second."""
        self._target = target.terms
        base = source.terms if self._target is not None else None
        self._finder = None if base is None else TermFinder(base, source.hooks)

    def of(self, text: str, role: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """(source term → preferred target term, target terms to avoid) of this text alone.

        What stigmatizes or is archaic is kept from the supporter's words only.
        """
        if self._finder is None or self._target is None:
            return {}, ()
        wanted: dict[str, str] = {}
        avoided: dict[str, None] = {}
        for match in self._finder.matches(text):
            terms = self._target.terms.get(match.concept, [])
            if match.status == "forbidden" or not terms:
                continue
            wanted.setdefault(text[match.start : match.end].lower(), terms[0].text)
            avoided.update(
                dict.fromkeys(
                    term.text for term in terms
                    if term.status == "forbidden"
                    and (role == "supporter" or term.why not in OWN_WORDS)
                )
            )
        return wanted, tuple(avoided)


class Asker:
    """Makes the requests of a chain; context and terms where an engine of it uses them."""

    def __init__(self, source: Language, target: Language, engines: Sequence[Engine]) -> None:
        self._source, self._target = source.tag, target.tag
        self._width = max(engine.manifest.context_turns for engine in engines)
        uses_terms = any(engine.manifest.kind == "llm" for engine in engines)
        self._terms = MatchedTerms(source, target) if uses_terms else None

    def requests(self, frame: pl.DataFrame, plans: Mapping[str, Plan]) -> Iterator[Request]:
        """One request a row of whole dialogues, as `load` wrote them.

        The context is the turns before, as many as the engines take at most, and what the same
        speaker has said in this turn.
        """
        before: list[tuple[int, Role, str]] = []
        current = ""
        for row in frame.iter_rows(named=True):
            if row["dialogue"] != current:
                current, before = row["dialogue"], []
            before = [item for item in before if item[0] >= row["turn"] - self._width]
            context = tuple((who, text) for _, who, text in before) if self._width else ()
            yield self._request(row, plans[current], context)
            before.append((row["turn"], row["role"], row["text"]))

    def _request(
        self, row: dict[str, Any], plan: Plan, context: tuple[tuple[Role, str], ...]
    ) -> Request:
        role: Role = row["role"]
        wanted, avoided = self._terms.of(row["text"], role) if self._terms else ({}, ())
        return Request(
            text=row["text"],
            source=self._source,
            target=self._target,
            role=role,
            context=context,
            register=owed_address(plan, role),
            gender=person(plan, role).gender,
            addressee_gender=person(plan, OTHER[role]).gender,
            terms=wanted,
            forbidden=avoided,
        )
