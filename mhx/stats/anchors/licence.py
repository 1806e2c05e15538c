"""May two languages be compared on a score? What a certificate says about this very table."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from mhx.schema.anchors import AnchorCertificate, AnchorLicence, Equivalence
from mhx.stats.columns import Margin
from mhx.stats.effects import (
    ANCHOR_CORRELATION,
    ANCHOR_MARGIN_SHARE,
    ANCHOR_SD_SHARE,
    anchors_needed,
)
from mhx.stats.resample import Floats
from mhx.stats.results import CrossLanguage

Signatures = Mapping[str, AbstractSet[str]]
Scale = tuple[float, float]


def licence(
    certificate: AnchorCertificate | None,
    *,
    score: str,
    language: str,
    reference: str,
    margin: Margin | None,
    alpha: float,
    scorers: Signatures | None = None,
    table_sha256: str | None = None,
    scale: Scale | None = None,
    values: Floats | None = None,
) -> CrossLanguage:
    """The licence to compare `language` with `reference` on `score`, in this table.

    scorers: language -> scorer signatures found in the table's rows of this score; empty or None
        when the table does not record them. The certificate then holds only for the very file
        (`table_sha256`) that it was made with.
    values: all scores of the table, nan for missing; with `scale`, what the number of anchors is
        computed from where there are none. None may lie outside the certificate's scale.

    Without a certificate, and with one that is about another score, language, scale or scorer,
    about a wider margin or a laxer alpha, the verdict is ``insufficient anchors`` and `why`
    names every mismatch. A certificate of the mirrored pair serves, with its signs turned.
    """
    known = scale or (certificate.scale if certificate else None)
    needed, assumption = _needed(values, known, margin, alpha)
    refused = CrossLanguage(
        score=score, language=language, reference=reference, verdict="insufficient anchors",
        anchors=0, anchors_needed=needed, assumption=assumption,
        why="no anchors were rated by people in both languages")
    if certificate is None:
        return refused
    found, sign = _find(certificate, score, language, reference)
    why = _mismatches(certificate, score, margin, alpha, scale, values)
    if found is None:
        why.insert(0, f"the certificate is not about {score} in {language} against {reference}")
    else:
        why += _scorer_mismatches(certificate, found, scorers or {}, table_sha256)
    if why or found is None:
        return replace(refused, why="; ".join(why), certificate=certificate.sha256)
    return _granted(certificate, found, sign, language, reference)


def _granted(certificate: AnchorCertificate, found: AnchorLicence, sign: int, language: str,
             reference: str) -> CrossLanguage:
    bias, slope = (_turned(part, sign) for part in (found.bias, found.slope))
    return CrossLanguage(
        score=found.score, language=language, reference=reference, verdict=found.verdict,
        anchors=found.anchors, anchors_needed=found.needed, why=found.why,
        assumption=f"{found.design} anchors, {len(certificate.linking)} linking raters, scorer "
                   f"differences tested to lie within {certificate.bound:.3g} "
                   f"({certificate.share:.0%} of the margin) at alpha {certificate.alpha:g}",
        bound=certificate.bound, bias=bias[0], bias_low=bias[1], bias_high=bias[2],
        slope=slope[0], slope_low=slope[1], slope_high=slope[2], certificate=certificate.sha256)


def _turned(part: Equivalence | None, sign: int) -> tuple[float | None, ...]:
    if part is None:
        return None, None, None
    low, high = sorted((sign * part.low, sign * part.high))
    return sign * part.estimate, low, high


def _find(certificate: AnchorCertificate, score: str, language: str,
          reference: str) -> tuple[AnchorLicence | None, int]:
    for one in certificate.licences:
        if one.score == score and (one.language, one.reference) == (language, reference):
            return one, 1
        if one.score == score and (one.reference, one.language) == (language, reference):
            return one, -1
    return None, 1


def _mismatches(certificate: AnchorCertificate, score: str, margin: Margin | None, alpha: float,
                scale: Scale | None, values: Floats | None) -> list[str]:
    out = []
    low, high = certificate.scale
    beyond = 0 if values is None else int(((values < low) | (values > high)).sum())
    if scale is not None and tuple(scale) != tuple(certificate.scale):
        out.append(f"{score} is on the scale {_range(scale)}, the certificate on "
                   f"{_range(certificate.scale)}")
    elif beyond:
        out.append(f"{beyond} scores lie outside the certificate's scale "
                   f"{_range(certificate.scale)}")
    if margin is not None and margin.unit != "raw":
        out.append("the certificate's margin is in raw points; so must the table's be")
    elif margin is not None and margin.value < certificate.margin * (1 - 1e-9):
        out.append(f"the margin {margin.value:g} is smaller than the certified "
                   f"{certificate.margin:g}")
    if alpha < certificate.alpha:
        out.append(f"alpha {alpha:g} is smaller than the certificate's {certificate.alpha:g}")
    return out


def _scorer_mismatches(certificate: AnchorCertificate, found: AnchorLicence, scorers: Signatures,
                       table_sha256: str | None) -> list[str]:
    """The scorer of the table must be the certified one; without names, the very same file."""
    if not scorers or found.scorers is None:
        who = "the table does not name its scorer" if not scorers else (
            "the certificate does not name the scorer")
        return [] if table_sha256 == certificate.scores_sha256 else [
            f"{who}, and the table is not the file that was certified"]
    out = []
    for language, certified in sorted(found.scorers.items()):
        others = sorted(set(scorers.get(language, ())) - {certified})
        if others or not scorers.get(language):
            named = ", ".join(others) or "nobody"
            out.append(f"in {language} the scorer is {named}, certified is {certified}")
    return out


def _range(scale: Scale) -> str:
    return f"{scale[0]:g}:{scale[1]:g}"


def _needed(values: Floats | None, scale: Scale | None, margin: Margin | None,
            alpha: float) -> tuple[int | None, str]:
    """How many anchors would certify an unbiased scorer, and what that assumes."""
    known = np.empty(0) if values is None else values[np.isfinite(values)]
    span = scale[1] - scale[0] if scale is not None else float(np.ptp(known)) if len(known) else 0.0
    if margin is None or margin.unit == "dz":
        return None, "a margin in raw points is needed to say how many anchors are missing"
    if span == 0:
        return None, "the score is constant"
    if margin.unit == "sd" and len(known) < 2:
        return None, "a margin in SDs needs scores"
    points = margin.value if margin.unit == "raw" else margin.value * float(known.std(ddof=1))
    sd = ANCHOR_SD_SHARE * span
    return anchors_needed(points, sd, alpha=alpha), (
        f"intercepts equivalent within {ANCHOR_MARGIN_SHARE * points:.3g} "
        f"({ANCHOR_MARGIN_SHARE:.0%} of the margin), residual SD {sd:.3g}, "
        f"correlation {ANCHOR_CORRELATION}, power 80 %, alpha {alpha:g}; the "
        "slopes need more (mhx anchors plan)")
