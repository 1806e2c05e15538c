"""What the gates need to know of two languages, gathered once a run."""

from __future__ import annotations

from collections.abc import Sequence

from mhx.adaptation.conservation import LanguageCues
from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.adaptation.gates.length import median_ratio
from mhx.adaptation.gates.records import GateContext
from mhx.adaptation.hotlines import service_numbers
from mhx.adaptation.plan import name_map
from mhx.language import Language
from mhx.schema.card import Card, Invariant


def context_of(
    source: Language, target: Language, pairs: Sequence[tuple[str, str]], *, user_text: bool = False
) -> GateContext:
    """What the gates need of two languages; `pairs` (source, faithful) give the usual length."""
    return GateContext(
        source=source.manifest,
        target=target.manifest,
        length_ratio=median_ratio(pairs),
        service_numbers=service_numbers(target.shelves),
        user_text=user_text,
        source_cues=LanguageCues(risk=source.risk_cues, clinical=source.clinical_cues),
        target_cues=LanguageCues(risk=target.risk_cues, clinical=target.clinical_cues),
        invariants=invariants_by_gate(target.card.invariants),
        names=spellings(target.card),
        given_names=frozenset(source.privacy.names if source.privacy is not None else ()),
        terms=ConceptTerms(source, target),
    )


def spellings(card: Card) -> dict[str, tuple[str, ...]]:
    """Source name → what may stand for it: the faithful spelling and the card's local name."""
    _, mapping = name_map(card)
    return {
        name: (str(entry.get("faithful", name)), str(entry["name"]))
        for name, entry in mapping.items()
    }


def invariants_by_gate(invariants: Sequence[Invariant]) -> dict[str, tuple[str, ...]]:
    """Reason code → ids of the invariants that name it as their gate."""
    codes = sorted({code for item in invariants for code in item.gates})
    return {code: tuple(item.id for item in invariants if code in item.gates) for code in codes}
