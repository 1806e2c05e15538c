"""How far the raters of the anchors agree, language by language."""

from __future__ import annotations

import numpy as np

from mhx.stats.agreement import agree
from mhx.stats.anchors.study import Study

JOINT = {"alpha_ordinal": "alpha.ordinal", "ac2": "ac2"}
OF_PAIRS = ("percent_agreement", "kappa_quadratic")
RESAMPLES = 100  # the intervals are not used


def agreement(study: Study, language: str) -> dict[str, float | None]:
    """Coefficients of all raters who rated in `language`, item by item; None: not defined.

    Krippendorff's alpha (ordinal) and Gwet's AC2 over all raters, percent agreement and quadratic
    kappa as means over their pairs; `intra_rater` is the percentage of second ratings by the same
    rater that equal the first, where texts were shown twice.
    """
    import polars as pl

    cube = study.ratings[:, study.languages.index(language)]
    item, rater = np.nonzero(np.isfinite(cube))
    again, same = study.repeats.get(language, (0, 0))
    own = {"intra_rater": 100 * same / again} if again else {}
    if len(np.unique(rater)) < 2:
        return {**own}
    frame = pl.DataFrame({"item": item, "rater": [study.raters[at] for at in rater],
                          "rating": cube[item, rater]})
    found = agree(frame, item="item", rater="rater", rating="rating", level="ordinal",
                  resamples=RESAMPLES)
    return {**{name: found.joint[key].value for name, key in JOINT.items()},
            **{name: found.mean[name].value if name in found.mean else None for name in OF_PAIRS},
            **own}
