"""How often the anchors certify a scorer, and what its interval covers: the table of the docs.

    python bench/anchors.py [--studies 2000]

Writes results/anchors.json. The studies are those of tests/stats/anchor_study.py: paired anchors in
two languages, three linking raters, two an item, margin .25, bound .125.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "stats"))

from anchor_study import World, draw  # noqa: E402

from mhx.files import write_json  # noqa: E402
from mhx.run import machine, versions  # noqa: E402
from mhx.stats.anchors.invariance import invariance  # noqa: E402
from mhx.stats.anchors.plan import assumed_noise, plan_anchors  # noqa: E402
from mhx.stats.anchors.severity import fit  # noqa: E402

MARGIN, ALPHA, SEED = 0.25, 0.05, 11
APART = (0.4, 0.0)


def worlds(items: int) -> dict[str, World]:
    """Row of the table to what is true in it."""
    bound = MARGIN / 2
    return {
        "no bias": World(items=items),
        "no bias, levels apart": World(items=items, shift=APART),
        "half the bound": World(items=items, bias=bound / 2),
        "at the bound": World(items=items, bias=bound),
        "at the bound, levels apart": World(items=items, bias=bound, shift=APART),
        "slopes at the bound": World(items=items, slope=bound),
        "at the bound, ordinal, levels apart": World(items=items, bias=bound, shift=APART,
                                                     ordinal=True),
        "at the bound, drift, 5 raters": World(items=items, bias=bound, drift=0.1, raters=5),
        "at the bound, drift, 3 raters": World(items=items, bias=bound, drift=0.1),
        "at the bound, drift, 2 raters": World(items=items, bias=bound, drift=0.1, raters=2),
        "no bias, unpaired": World(items=2 * items, paired=False),
        "no bias, 198 anchors": World(items=198),
    }


def certified(world: World, studies: int) -> dict[str, Any]:
    """Shares of the studies that certify, that pass the bias, whose interval holds the bias."""
    rows = []
    for study in range(studies):
        scores, ratings = draw(world, [SEED, study])
        found = invariance(scores, (fit(ratings[:, 0]), fit(ratings[:, 1])), reach=2.0)
        if found is None:
            rows.append((False, False, False))
            continue
        low, high = found.bias.limits(ALPHA) or (0.0, 0.0)
        bias = found.bias.p_equivalent(MARGIN / 2) < ALPHA
        slope = found.slope.p_equivalent(MARGIN / 2) < ALPHA
        rows.append((bias and slope, bias, low <= world.bias <= high))
    shares = np.mean(rows, axis=0)
    return dict(zip(("certified", "bias_passes", "covers"), map(float, shares), strict=True))


def main() -> None:
    """Run every row and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    asked = parser.parse_args()
    planned = plan_anchors(("pl", "en"), margin=MARGIN, noise=assumed_noise(0.6, human_sd=0.6))
    rows = []
    for name, world in worlds(planned.anchors or 0).items():
        rows.append({"truth": name, **certified(world, asked.studies), "world": asdict(world)})
        print(f"{name:40} {rows[-1]['certified']:.3f} {rows[-1]['bias_passes']:.3f} "
              f"{rows[-1]['covers']:.3f}", flush=True)
    write_json(HERE / "results" / "anchors.json", {
        "studies": asked.studies, "seed": SEED, "plan": planned.to_dict(), "rows": rows,
        "machine": machine(), "versions": versions()})


if __name__ == "__main__":
    main()
