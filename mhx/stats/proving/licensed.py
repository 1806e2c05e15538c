"""A gap between languages by a licence from anchors, as `mhx anchors` gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mhx.files import sha256
from mhx.stats.anchors.certify import certify
from mhx.stats.anchors.examine import Terms
from mhx.stats.anchors.study import read_study
from mhx.stats.parity import parity
from mhx.stats.proving.task import Answer, Task

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.anchors import AnchorCertificate

SCALE = (0.0, 2.0)
SCORER, SIGNATURE = "scorer", "synthetic"


def by_licensed(frame: pl.DataFrame, task: Task) -> Answer:
    """The rated scenarios are the anchors; no gap where their certificate allows none."""
    import polars as pl

    signed = frame.with_columns(pl.lit(SIGNATURE).alias(SCORER))
    found = parity(signed, scores=[task.score], groups=[task.group], unit=task.unit or None,
                   reference={task.group: task.reference}, language=task.language,
                   margin=task.margin, alpha=task.alpha, resamples=task.resamples, seed=task.seed,
                   certificate=certificate(signed, task))
    for one in found.contrasts:
        if one.kind == "language" and one.group == task.value:
            return Answer(gap=one.gap, low=one.low, high=one.high, p=one.p,
                          equivalent=one.tost_p is not None and one.tost_p < task.alpha)
    return Answer(refused=found.cross_language[0].verdict)


def certificate(signed: pl.DataFrame, task: Task) -> AnchorCertificate:
    """The certificate of the rated rows, for the margin and alpha of the task."""
    unit = task.unit[0]
    ratings = signed.unpivot(on=task.human, index=[unit, task.group], variable_name="rater",
                             value_name="rating").drop_nulls("rating")
    study = read_study(ratings.rename({unit: "item", task.group: "language"}), signed, item=unit,
                       language=task.group, names=[task.score], scorer=SCORER, scale=SCALE,
                       rating_scale=SCALE)
    terms = Terms(margin=task.margin, alpha=task.alpha, scale=SCALE, rating_scale=SCALE)
    nothing = sha256("")
    return certify(study, terms, made="", reference=task.reference, hashes={
        "form_sha256": None, "texts_sha256": None, "ratings_sha256": nothing,
        "scores_sha256": nothing})
