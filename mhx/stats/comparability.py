"""The gate before languages are compared: without a licence there is no gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from mhx.schema.anchors import AnchorCertificate
from mhx.stats.anchors.licence import Scale, Signatures, licence
from mhx.stats.columns import Margin
from mhx.stats.resample import Floats
from mhx.stats.results import CrossLanguage

# What a unit of these measures is differs by language, so no anchor can license a comparison.
NEVER = frozenset({"bleu", "chrf", "chrf++", "ter", "comet", "perplexity"})


def cross_language(scores: Mapping[str, Floats], languages: Sequence[str], *,
                   reference: str | None, margin: Margin | None, alpha: float,
                   scale: Scale | None = None, certificate: AnchorCertificate | None = None,
                   scorers: Mapping[str, Signatures] | None = None,
                   table_sha256: str | None = None) -> list[CrossLanguage]:
    """One record a score and pair of languages (each against `reference` where it is named).

    Scores of two languages compare only if the scorer is shown to mean the same in both: on
    anchors with human ratings in both, its intercepts and slopes must be equivalent within half
    the margin (non-significant bias is not comparability). Without a `certificate` the verdict is
    ``insufficient anchors`` with the number that would certify the intercepts of an unbiased
    scorer with 80 % power, at a residual SD of .3 of the score's range and a correlation of .5
    between the languages: 198 for a margin of .25 on a 0-2 scale (the slopes need more: `mhx
    anchors plan`). `scorers` maps a score to its signatures by language.
    """
    if certificate is not None and reference is None:
        reference = next((one.reference for one in certificate.licences), None)
    pairs = [pair for pair in combinations(sorted(languages), 2)
             if reference is None or reference in pair]
    ordered = [(b, a) if reference is None or a == reference else (a, b) for a, b in pairs]
    return [
        _never(score, language, home) if score.lower() in NEVER else
        licence(certificate, score=score, language=language, reference=home, margin=margin,
                alpha=alpha, scorers=(scorers or {}).get(score), table_sha256=table_sha256,
                scale=scale, values=values)
        for score, values in scores.items() for language, home in ordered
    ]


def _never(score: str, language: str, reference: str) -> CrossLanguage:
    return CrossLanguage(
        score=score, language=language, reference=reference, verdict="not comparable", anchors=0,
        anchors_needed=None, assumption="", why=f"{score} is never compared across languages: its "
        "units (words, characters, a model's tokens) differ by language")
