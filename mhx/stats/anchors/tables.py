"""A certificate as plain table rows: licences, human ratings by language, DIF."""

from __future__ import annotations

from typing import Any

from mhx.schema.anchors import AnchorCertificate, Equivalence

Row = dict[str, Any]


def licence_rows(certificate: AnchorCertificate) -> list[Row]:
    """One row a score and pair of languages, differences with their 1 - 2 alpha intervals."""
    return [{"score": one.score, "language": one.language, "against": one.reference,
             "anchors": one.anchors, "bias": _shown(one.bias), "slopes per SD": _shown(one.slope),
             "verdict": one.verdict, "needed": one.needed} for one in certificate.licences]


def panel_rows(certificate: AnchorCertificate) -> list[Row]:
    """One row a language: the linking raters' ratings and how far all raters agree."""
    panels = {name: panel for one in certificate.licences for name, panel in one.panels.items()}
    return [{"language": name, "items": panel.items, "ratings": panel.ratings, "mean": panel.mean,
             "reliability": panel.reliability, **panel.agreement}
            for name, panel in panels.items()]


def dif_rows(certificate: AnchorCertificate) -> list[Row]:
    """One row a score and pair of languages."""
    return [{"score": row.score, "language": row.language, "against": row.reference, "n": row.n,
             "uniform p": row.uniform_p, "non-uniform p": row.nonuniform_p,
             "change in R2": row.effect, "size": row.size, "difference": row.difference,
             **({"note": row.note} if row.note else {})} for row in certificate.dif]


def _shown(one: Equivalence | None) -> str | None:
    return None if one is None else f"{one.estimate:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
