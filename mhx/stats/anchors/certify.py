"""From the ratings and scores of the anchors to a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from mhx.errors import MhxError, Problem, unknown
from mhx.schema.anchors import AnchorCertificate
from mhx.stats.anchors.certificate import sealed
from mhx.stats.anchors.examine import Terms, examine
from mhx.stats.anchors.levels import calibration_rows
from mhx.stats.anchors.study import Study
from mhx.version import __version__

SEPARATE = "separate panels confound scorer bias with rater severity"


def certify(study: Study, terms: Terms, *, hashes: Mapping[str, str | None], made: str,
            reference: str | None = None) -> AnchorCertificate:
    """Examine every score for each pair of languages (those with `reference` where it is named).

    `hashes` are the certificate's fields form_sha256, texts_sha256, ratings_sha256 and
    scores_sha256, `made` the day.

    Raises MhxError when the reference is no language of the anchors, when they are in one
    language, or when nobody rated in both languages of a pair.
    """
    if reference is not None and reference not in study.languages:
        raise unknown("reference language", reference, study.languages)
    pairs = [(one, two) if two == reference or reference is None else (two, one)
             for one, two in combinations(study.languages, 2)
             if reference in (None, one, two)]
    if not pairs:
        raise MhxError(Problem("the anchors are in one language", "rate both versions of an item",
                               field="language"))
    apart = [Problem(f"nobody rated in both {one} and {two}", f"{SEPARATE}; have bilingual raters "
                     "rate in both languages", field="rater")
             for one, two in pairs if not study.linking(one, two)]
    if apart:
        raise MhxError(apart)
    found = [examine(study, score, pair, terms) for pair in pairs for score in study.scores]
    linking = {study.raters[at] for pair in pairs for at in study.linking(*pair)}
    return sealed({
        "made": made, "mhx": __version__, "margin": terms.margin, "share": terms.share,
        "bound": terms.bound, "alpha": terms.alpha, "power": terms.power, "scale": terms.scale,
        "rating_scale": terms.rating_scale, "raters": list(study.raters),
        "linking": sorted(linking), **hashes, "licences": [licence for licence, _ in found],
        "calibration": calibration_rows(study, pairs, terms.rating_scale),
        "dif": [row for _, row in found if row is not None]})
