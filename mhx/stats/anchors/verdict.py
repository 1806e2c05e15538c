"""What the differences and the DIF say about comparing two languages, in one word and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from mhx.schema.anchors import DifRow, Verdict
from mhx.stats.anchors.dif import MODERATE
from mhx.stats.anchors.invariance import Invariance
from mhx.stats.anchors.need import Linking, anchors_for
from mhx.stats.estimate import Estimate

LEAST_ANCHORS = 20  # below, a jackknife of a corrected slope says nothing
LEAST_LINKING = 2


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict, the reason, and the number of anchors in all (None: more cannot help)."""

    verdict: Verdict
    why: str
    needed: int | None


def judge(found: Invariance, dif: DifRow, *, anchors: int, linking: int, bound: float,
          alpha: float, power: float) -> Judged:
    """The verdict on one score in one language against the reference.

    comparable: bias and slope difference are both shown to lie within the bound.
    not comparable: the slope difference is shown to exceed it, or non-uniform DIF is shown
        (p < alpha, change in R2 at least moderate): no constant corrects that.
    correctable: the slopes are equivalent, the bias is shown to differ from zero.
    insufficient anchors: anything else, and whenever the scorer is not shown to follow the human
        rating in both languages (a score that says nothing is equal everywhere).
    """
    needed = _needed(found, linking, bound, alpha, power, anchors)
    if anchors < LEAST_ANCHORS:
        return Judged(verdict="insufficient anchors", needed=max(needed or 0, LEAST_ANCHORS),
                      why=f"{anchors} anchors; intervals need at least {LEAST_ANCHORS}")
    slack = [name for name, one in zip((dif.language, dif.reference), found.slopes, strict=True)
             if one.p_above(0.0) >= alpha]
    if slack:
        return Judged(verdict="insufficient anchors", needed=None,
                      why="the scorer is not shown to follow the human rating in "
                          + " and ".join(slack))
    over = found.slope.p_above(bound) < alpha or found.slope.p_below(-bound) < alpha
    crossed = (dif.nonuniform is not None and dif.nonuniform_p is not None
               and dif.nonuniform >= MODERATE and dif.nonuniform_p < alpha)
    if over or crossed:
        shown = [f"the slopes differ by more than {bound:.3g} per SD of the human rating"] * over
        shown += ["the language changes how the score follows the human rating (non-uniform "
                  f"DIF, p = {dif.nonuniform_p:.2g})"] * crossed
        return Judged(verdict="not comparable", why="; ".join(shown), needed=None)
    unbiased, parallel = (one.p_equivalent(bound) < alpha for one in (found.bias, found.slope))
    if unbiased and parallel:
        return Judged(verdict="comparable", why="", needed=needed)
    if parallel and two_sided_p(found.bias) < alpha:
        return Judged(verdict="correctable", needed=None, why=(
            f"a bias of {found.bias.value:+.3g} is shown at equal human rating: only gaps "
            "corrected from a probability sample of the responses compare"))
    return Judged(verdict="insufficient anchors", needed=needed,
                  why=_missing(found, unbiased, parallel, anchors, needed, bound, alpha))


def two_sided_p(one: Estimate) -> float:
    """p of "there is a difference", either way."""
    return min(1.0, 2 * min(one.p_below(0.0), one.p_above(0.0)))


def _missing(found: Invariance, unbiased: bool, parallel: bool, anchors: int,
             needed: int | None, bound: float, alpha: float) -> str:
    if found.bias.p_above(bound) < alpha or found.bias.p_below(-bound) < alpha:
        return (f"a bias of {found.bias.value:+.3g}, beyond {bound:.3g}, is shown; whether it can "
                "be corrected is open: the slopes' difference is not shown to lie within "
                f"{bound:.3g}")
    open_ = [name for name, shown in (("the bias", unbiased), ("the slopes' difference", parallel))
             if not shown]
    text = f"{' and '.join(open_)} not shown to lie within {bound:.3g}"
    if needed is None:
        return text + ("; the raters' severity differs so much between the languages that no "
                       "number of anchors is enough: more linking raters are needed")
    return text + f"; {max(needed - anchors, 1)} more anchors are needed"


def _needed(found: Invariance, linking: int, bound: float, alpha: float, power: float,
            anchors: int) -> int | None:
    """By the spread seen here: for no true difference, or for the observed bias if that is more.

    Drift of the raters counts where it is shown: few raters estimate it too badly to plan by.
    """
    drift = sqrt(found.drift.variance) if found.drift.p < alpha else 0.0
    panel = Linking(raters=linking, drift=found.steep * drift,
                    error=anchors * found.steep**2 * found.drift.error)

    def number(truth: float) -> int | None:
        return anchors_for(anchors * found.item_se**2, anchors * found.slope.se**2, bound=bound,
                           alpha=alpha, power=power, linking=panel, truth=truth)

    least = number(0.0)
    if least is None or least > anchors or abs(found.bias.value) >= bound:
        return least
    return number(found.bias.value)
