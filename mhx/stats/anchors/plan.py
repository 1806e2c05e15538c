"""Before anyone rates: how many anchors and linking raters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

from mhx.schema.anchors import AnchorCertificate, AnchorLicence
from mhx.stats.anchors.need import Linking, anchors_for
from mhx.stats.distributions import normal_quantile
from mhx.stats.effects import ANCHOR_CORRELATION, ANCHOR_MARGIN_SHARE, POWER

RELIABILITY = 0.8  # of an item's mean human rating
HUMAN_CORRELATION = 0.8  # of the human levels of an item's two versions
LINKING, PER_ITEM, MOST_RATERS = 3, 2, 50


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Variances of one paired anchor, in squared raw points: of the two versions' difference
    (`bias`) and of what it adds to the slopes' difference per SD of the human rating (`slope`);
    `rating` is the error variance of a single rating.
    """

    bias: float
    slope: float
    rating: float
    source: str


@dataclass(frozen=True, kw_only=True)
class AnchorPlan:
    """What to collect for one reference language and each other language.

    `anchors` certify the licence (bias and slopes, with the raters' severity compared between the
    languages), `anchors_for_bias` the bias alone with severity taken to be the same (198 for a
    margin of .25, a residual SD of .6 and a correlation of .5); None where no number does.
    `half_width` is that of the expected 1 - 2 alpha interval of the bias, `slope_half_width` of
    the slopes' difference. Each item is rated by `per_item` of the `raters` linking raters, in
    both languages; `texts_per_rater` counts what one of them reads. Where no number of anchors is
    enough, `raters_needed` is the least number of linking raters with which one is (None: none up
    to 50).
    """

    languages: tuple[str, ...]
    margin: float
    share: float
    bound: float
    alpha: float
    power: float
    slope: bool
    noise: Noise
    drift: float
    anchors: int | None
    anchors_for_bias: int | None
    half_width: float | None
    slope_half_width: float | None
    raters: int
    per_item: int
    texts_per_rater: int | None
    raters_needed: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def assumed_noise(residual_sd: float, *, human_sd: float, per_item: int = PER_ITEM,
                  correlation: float = ANCHOR_CORRELATION, reliability: float = RELIABILITY,
                  human_correlation: float = HUMAN_CORRELATION) -> Noise:
    """The noise of an anchor from what is assumed of scorer and raters.

    residual_sd: of the score given the mean human rating, rating error included; `correlation` is
    that of an item's two versions. The slope's variance is that of a regression with error in the
    human rating, corrected for it (Fuller 1987, eq. 1.2.16), at a slope of one point a point.
    """
    squared, spoilt = residual_sd**2, (1 - reliability) / reliability
    error = (spoilt * human_sd) ** 2 * (1 + 2 / max(per_item - 1, 1))
    return Noise(
        bias=2 * squared * (1 - correlation),
        rating=per_item * spoilt * human_sd**2,
        slope=2 * (squared * (1 / reliability - human_correlation * correlation) + error),
        source=f"residual SD {residual_sd:g}, correlation {correlation:g}, reliability of an "
               f"item's human rating {reliability:g}, human correlation {human_correlation:g}, "
               f"human SD {human_sd:g}")


def pilot_noise(pilot: AnchorCertificate) -> Noise | None:
    """The noise seen in a pilot: the largest over its licences; None where it shows none."""
    shown = [_seen(one) for one in pilot.licences]
    known = [one for one in shown if one is not None]
    if not known:
        return None
    most = max(one.anchors for one in pilot.licences)
    return Noise(bias=max(one.bias for one in known), slope=max(one.slope for one in known),
                 rating=max(one.rating for one in known),
                 source=f"pilot certificate {pilot.sha256[:12]}, {most} anchors")


def _seen(one: AnchorLicence) -> Noise | None:
    if one.bias is None or one.slope is None or one.drift is None:
        return None
    panels = one.panels.values()
    per_item = sum(panel.ratings for panel in panels) / sum(panel.items for panel in panels)
    return Noise(bias=one.anchors * one.bias.item_se**2, slope=one.anchors * one.slope.se**2,
                 rating=one.anchors * one.drift.error * _per_rating(one.drift.raters, per_item),
                 source=one.score)


def _per_rating(raters: int, per_item: float) -> float:
    """Error variance of a rating over what it puts between `raters` severities at one anchor, in
    a balanced design of both languages."""
    return max(per_item - 1, 1) / (2 * (raters - 1))


def plan_anchors(languages: Sequence[str], *, margin: float, noise: Noise,
                 share: float = ANCHOR_MARGIN_SHARE, alpha: float = 0.05, power: float = POWER,
                 slope: bool = True, raters: int = LINKING, per_item: int = PER_ITEM,
                 drift: float = 0.0) -> AnchorPlan:
    """The number of paired anchors and the load of the linking raters.

    slope: plan for the licence, which needs the slopes too; else for the bias alone, by the
        closed formula.
    drift: SD between raters of (severity in one language minus the other). It is shared by all
        anchors of a rater: only more linking raters make it smaller.
    """
    bound = share * margin

    def number(people: int) -> int | None:
        error = noise.rating / _per_rating(people, min(per_item, people))
        return anchors_for(noise.bias, noise.slope, bound=bound, alpha=alpha, power=power,
                           linking=Linking(raters=people, drift=drift, error=error))

    bias_only = anchors_for(noise.bias, None, bound=bound, alpha=alpha, power=power)
    needed = number(raters) if slope else bias_only
    z = normal_quantile(1 - alpha)
    return AnchorPlan(
        languages=tuple(languages), margin=margin, share=share, bound=bound, alpha=alpha,
        power=power, slope=slope, noise=noise, drift=drift, anchors=needed,
        anchors_for_bias=bias_only,
        half_width=z * sqrt(noise.bias / needed + drift**2 / raters) if needed else None,
        slope_half_width=z * sqrt(noise.slope / needed) if needed else None,
        raters=raters, per_item=per_item,
        texts_per_rater=ceil(2 * needed * per_item / raters) if needed else None,
        raters_needed=raters if needed else next(
            (more for more in range(raters + 1, MOST_RATERS + 1) if number(more)), None))
