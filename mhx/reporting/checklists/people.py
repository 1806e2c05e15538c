"""The people that the record shows: raters of anchors and answers, and published ratings."""

from __future__ import annotations

from typing import Literal

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.wording import SHORT_HASH, agreement, scorer

SHIPPED = "the shipped English corpus"  # as the evaluate stage names it
NOBODY = "No human annotators were used"
Shown = Literal["yes", "unknown", "no"]


def raters_shown(evaluation: Evaluation) -> Shown:
    """Whether people rated for this result; `unknown` where its record cannot tell."""
    if certified(evaluation) or rated(evaluation):
        return "yes"
    unclear = evaluation.from_table or any(one.rows("reliability", "pairs")
                                           for one in evaluation.sources)
    return "unknown" if unclear else "no"


def raters(evaluation: Evaluation) -> str:
    """Who rated what, by the record; that nobody did, or that the record cannot tell."""
    found = [*certified(evaluation), *rated(evaluation), *compared(evaluation)]
    if raters_shown(evaluation) == "no":
        found.append(
            f"{NOBODY}: the record holds no anchors and no ratings of these answers, which were "
            f"scored by {scorer(evaluation)}.")
    elif not found:
        found.append("The table does not say whether people rated or wrote anything in it.")
    return " ".join([*found, *published(evaluation)])


def certified(evaluation: Evaluation) -> list[str]:
    """One sentence a certificate: raters, and the ratings and anchors of each language."""
    out = []
    for one in evaluation.rows("certificates"):
        panels = dict.fromkeys(
            f"{panel.get('ratings')} ratings of {panel.get('items')} anchors in {language}"
            for licence in one.get("licences") or []
            for language, panel in (licence.get("panels") or {}).items())
        name = str(one.get("sha256") or "without a hash")[:SHORT_HASH]
        out.append(
            f"Anchors were rated by {len(one.get('raters') or [])} people under pseudonyms, "
            f"{len(one.get('linking') or [])} of whom rated in several languages and gave "
            f"{', '.join(panels)} (certificate {name}).")
    return out


def rated(evaluation: Evaluation) -> list[str]:
    """How many scored answers people rated too."""
    words = {"conditional": "score differences at equal human rating",
             "corrected": "gaps corrected by human ratings"}
    most = {key: max((row.get("n") or 0 for row in evaluation.parity_rows(key)), default=0)
            for key in words}
    return [f"People rated scored answers: up to {count} of them a contrast are used for "
            f"{words[key]}." for key, count in most.items() if count]


def compared(evaluation: Evaluation) -> list[str]:
    """The raters whose agreement was measured: people or models, the record does not say."""
    out = []
    for one in evaluation.sources:
        pairs, found = one.rows("reliability", "pairs"), one.part("reliability")
        names = dict.fromkeys(str(row.get(key)) for row in pairs for key in ("a", "b"))
        if pairs:
            out.append(f"{found.get('ratings')} ratings of {found.get('items')} items by "
                       f"{', '.join(names)} were compared; the record does not say which of these "
                       "raters are people.")
    return out


def published(evaluation: Evaluation) -> list[str]:
    """Ratings made by others that the scorer was compared with."""
    found = dict.fromkeys(agreement(one) for one in evaluation.sources
                          if one.rows("empathy", "agreement", "rows"))
    return [f"The scorer was compared with existing ratings ({text}), whose collection is "
            "described by those who published them." for text in found]


def forms(evaluation: Evaluation) -> list[str]:
    """The hashes of the rating forms that the raters were shown."""
    return list(dict.fromkeys(str(one["form_sha256"]) for one in evaluation.rows("certificates")
                              if one.get("form_sha256")))


def users_text(evaluation: Evaluation) -> list[str]:
    """Sources of dialogues that are not the shipped ones: people may have written them."""
    return list(dict.fromkeys(
        str(one.meta.get("source") or "a source that is not recorded")
        for one in evaluation.sources
        if "table" not in one.meta and one.meta.get("source") != SHIPPED))
