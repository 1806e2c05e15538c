"""Two systems on the same segments: the difference of their corpus scores, tested as paired.

Approximate randomization is the test, the paired bootstrap its interval and a check. Both swap or
draw whole clusters and read summed counts; neither scores a text again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from mhx.errors import MhxError, Problem
from mhx.stats.corpus_score import LEVEL, RESAMPLES, by_cluster, estimate, standard_error
from mhx.stats.estimate import Estimate
from mhx.stats.largest import decide
from mhx.stats.overlap import Tally, scores
from mhx.stats.resample import Floats, Ints, Seed, flip_sums
from mhx.stats.results import Verdict

FLIPS = 10_000
TIE = 1e-9  # score points: the same segments summed in another order


@dataclass(frozen=True, kw_only=True)
class SystemContrast:
    """A system less the baseline, in points of the corpus score.

    `low`, `high` bound the difference at 95 %, `tost_low`, `tost_high` at 90 %, which is what the
    equivalence test uses. `p` is that of approximate randomization (`exact`: all `flips` swaps
    were tried), `p_bootstrap` inverts the interval; they are None with one cluster. Without a
    `margin` nothing is ``equivalent``: a difference that was not found is ``inconclusive``.
    """

    score: float
    baseline: float
    difference: float
    se: float | None
    low: float | None
    high: float | None
    tost_low: float | None
    tost_high: float | None
    p: float | None
    exact: bool
    p_bootstrap: float | None
    margin: float | None
    tost_p: float | None
    verdict: Verdict
    units: int
    clusters: int
    flips: int
    resamples: int
    signature: str


def compare_systems(system: Tally, baseline: Tally, *, clusters: Ints | None = None,
                    margin: float | None = None, alpha: float = 1 - LEVEL, flips: int = FLIPS,
                    resamples: int = RESAMPLES, seed: Seed = 0) -> SystemContrast:
    """The paired comparison of two systems, row by row the same segments.

    `clusters` (segments,) says which text each segment is from: texts are swapped and drawn
    whole. Raises MhxError for other segments, another signature, or a margin that is not above 0.
    """
    _check(system, baseline, margin)
    one, two = by_cluster(system.rows, clusters), by_cluster(baseline.rows, clusters)
    found = estimate([(system.metric, one), (baseline.metric, two)], resamples=resamples,
                     seed=seed)
    wide, narrow = found.limits(alpha / 2), found.limits(alpha)
    p: float | None = None
    tost: float | None = None
    tried, exact = 0, False
    if found.known:
        p, tried, exact = _randomization(system.metric, one, two, flips, seed)
        tost = None if margin is None else found.p_equivalent(margin)
    return SystemContrast(
        score=system.score, baseline=baseline.score, difference=found.value,
        se=standard_error(found), low=wide and wide[0], high=wide and wide[1],
        tost_low=narrow and narrow[0], tost_high=narrow and narrow[1], p=p, exact=exact,
        p_bootstrap=_two_sided(found), margin=margin, tost_p=tost,
        verdict=decide(p, tost, alpha, False), units=len(system.rows), clusters=found.clusters,
        flips=tried, resamples=resamples if found.resampled else 0, signature=system.signature,
    )


def _check(system: Tally, baseline: Tally, margin: float | None) -> None:
    problems = []
    if len(system.rows) != len(baseline.rows):
        counts = f"{len(system.rows)} and {len(baseline.rows)}"
        problems.append(Problem(f"the systems have {counts} segments", "score the same ones"))
    if system.signature != baseline.signature:
        problems.append(Problem(
            f"signatures differ: {system.signature} and {baseline.signature}",
            "score both systems by one metric"))
    if margin is not None and not 0 < margin < inf:
        problems.append(Problem(f"margin {margin} is not above 0", "give points of the score"))
    if problems:
        raise MhxError(problems)


def _randomization(metric: object, one: Floats, two: Floats, flips: int,
                   seed: Seed) -> tuple[float, int, bool]:
    """(p, swaps, all tried) where it is arbitrary which output is whose (Noreen 1989).

    A swap's sums are half of the joint sum plus or minus the flipped difference: whole numbers,
    exact in single precision. Ties count, so that two equal systems have p = 1, not 1/(flips + 1).
    """
    total, moved = (one + two).sum(0), (one - two).sum(0)
    flipped, exact = flip_sums(one - two, flips=flips, seed=seed)

    def apart(shift: Floats) -> Floats:
        return abs(scores(metric, (total + shift) / 2) - scores(metric, (total - shift) / 2))

    count = int((apart(flipped) >= float(apart(moved)) - TIE).sum())
    extra = 0 if exact else 1
    return (count + extra) / (len(flipped) + extra), len(flipped), exact


def _two_sided(found: Estimate) -> float | None:
    return min(1.0, 2 * min(found.p_below(0), found.p_above(0))) if found.known else None
