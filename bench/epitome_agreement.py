"""Agreement of the epitome measure with human labels, on data its English cues were not tuned on.

    python bench/epitome_agreement.py --data ../shared/data/epitome

The three CSVs of Sharma et al. (2020) are for research and are not shipped; no sentence of them is
written anywhere. A hash of the id pair halves them: cues may be tuned on the development half
(``--half dev`` prints its numbers and writes nothing); the test half is only measured.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import hash_file, read_table, sha256, write_json
from mhx.scoring import MECHANISMS, open_measure
from mhx.shelves import Shelves, discover, shipped_root
from mhx.stats.agreement import agree

Half = Literal["dev", "test"]
LANG = "en"
LEVELS = (0, 1, 2)
SOURCE = (
    "Sharma, Miner, Atkins, Althoff: A Computational Approach to Understanding Empathy Expressed "
    "in Text-Based Mental Health Support, EMNLP 2020, arXiv 2009.08441"
)
HALVES: dict[Half, str] = {"dev": "development", "test": "test"}
NOTE = (
    "Cues were tuned on the development half (first hex digit of SHA-256 of sp_id|rp_id below 8); "
    "the halves share no id pair. By row, {removed} lines of its CSV repeat an id pair: the first "
    "was kept, the rest removed, over both halves; in {differing} such pairs the labels differ. "
    "Kappa has quadratic weights and a 95% bootstrap interval over pairs. f1_binary is macro F1 of "
    "none against some, f1_macro that of the three levels; levels counts the human labels. Level 1 "
    "of interpretations and explorations is rare, so their f1_macro is unsteady. Peers on Reddit "
    "show understanding by telling of themselves, so this agreement says little about long or "
    "professional replies, and nothing about another language."
)


def half_of(seeker: str, response: str) -> Half:
    """The half an id pair is in: dev where the first hex digit of its hash is below 8."""
    return "dev" if int(sha256(f"{seeker}|{response}")[0], 16) < 8 else "test"


def read(data: Path, mechanism: str) -> tuple[pl.DataFrame, int, int]:
    """One mechanism's pairs: the frame without repeats, rows removed, pairs whose labels differ.

    The first row of a repeated pair is kept. Raises MhxError for a missing file or column.
    """
    path = data / f"{mechanism.replace('_', '-')}-reddit.csv"
    frame = read_table(path)
    missing = {"sp_id", "rp_id", "response_post", "level"} - set(frame.columns)
    if missing:
        fix = "give the folder of the EPITOME Reddit CSVs"
        raise MhxError(Problem(f"no column {', '.join(sorted(missing))}", fix, path=path))
    ids = ["sp_id", "rp_id"]
    labels = frame.group_by(ids).agg(pl.col("level").n_unique())
    kept = frame.unique(ids, keep="first", maintain_order=True)
    return kept, frame.height - kept.height, labels.filter(pl.col("level") > 1).height


def macro_f1(human: NDArray[np.int64], made: NDArray[np.int64], levels: tuple[int, ...]) -> float:
    """Mean F1 over levels; a level neither side uses counts as 0."""
    scores = []
    for level in levels:
        both = int(((human == level) & (made == level)).sum())
        either = int((human == level).sum() + (made == level).sum())
        scores.append(2 * both / either if either else 0.0)
    return float(np.mean(scores))


def measure_row(measure: Measure, frame: pl.DataFrame, mechanism: str) -> dict[str, Any]:
    """The row of one mechanism: quadratic kappa with its interval, macro F1, human levels."""
    units = pl.Series("unit", [str(number) for number in range(frame.height)])
    scored = measure.score(pl.DataFrame({"unit": units, "response": frame["response_post"]}))
    made = scored.filter((pl.col("measure") == mechanism) & (pl.col("status") == "scored"))
    people = pl.DataFrame({"unit": units, "human": frame["level"].cast(pl.Float64)})
    pairs = people.join(made.select("unit", cues="score"), on="unit", maintain_order="left")
    table = pairs.unpivot(["human", "cues"], index="unit", variable_name="rater")
    result = agree(
        table, item="unit", rater="rater", rating="value", level="interval", range_=(0, 2)
    )
    kappa = result.pairs[0].statistics["kappa_quadratic"]
    human, cues = (pairs[name].cast(pl.Int64).to_numpy() for name in ("human", "cues"))
    return {
        "mechanism": mechanism,
        "n": pairs.height,
        "kappa_quadratic": kappa.value,
        "kappa_low": kappa.low,
        "kappa_high": kappa.high,
        "f1_binary": macro_f1(np.minimum(human, 1), np.minimum(cues, 1), (0, 1)),
        "f1_macro": macro_f1(human, cues, LEVELS),
        "levels": {str(level): int((human == level).sum()) for level in LEVELS},
    }


def agreement(data: Path, shelves: Shelves, *, half: Half = "test") -> dict[str, Any]:
    """What `empathy_agreement.json` holds, measured now; `measured_on` is today."""
    folder = shelves.get("languages", LANG).folder
    _, measure = open_measure("epitome", MeasureSettings(LANG, folder), shelves)
    rows, removed, differing = [], [], []
    for mechanism in MECHANISMS:
        frame, repeats, unlike = read(data, mechanism)
        ids = zip(frame["sp_id"], frame["rp_id"], strict=True)
        inside = pl.Series([half_of(str(one), str(two)) == half for one, two in ids])
        rows.append(measure_row(measure, frame.filter(inside), mechanism))
        removed.append(repeats)
        differing.append(unlike)
    return {
        "data": f"EPITOME Reddit subset, {HALVES[half]} half by hash",
        "source": SOURCE,
        "measured_on": date.today().isoformat(),
        "cues_sha256": hash_file(folder / "empathy_cues.yaml"),
        "n": max(row["n"] for row in rows),
        "rows": rows,
        "note": NOTE.format(
            removed="/".join(str(count) for count in removed),
            differing="/".join(str(count) for count in differing),
        ),
    }


def main() -> None:
    """Measure, print, and for the test half write the language's `empathy_agreement.json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/epitome"))
    parser.add_argument("--half", choices=["dev", "test"], default="test")
    options = parser.parse_args()
    shelves = discover(cwd=shipped_root())
    try:
        result = agreement(options.data, shelves, half=options.half)
    except MhxError as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if options.half == "test":
        path = shelves.get("languages", LANG).folder / "empathy_agreement.json"
        write_json(path, result)
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
