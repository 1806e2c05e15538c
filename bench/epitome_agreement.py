"""Agreement of the epitome measure with human labels, on data its English cues were not tuned on.

    python bench/epitome_agreement.py --data ../shared/data/epitome

The three CSVs of Sharma et al. (2020) are for research and are not shipped; no sentence of them is
written anywhere. A hash of the id pair halves them: cues may be tuned on the development half
(``--half dev`` prints its numbers and writes nothing); the test half is only measured.

Two baselines are fitted on the development half: the commonest level, and the two thresholds on
the count of words, rising or falling, of the best quadratic kappa there. A mechanism whose gain
in kappa or accuracy over either has an interval that reaches 0 is hidden by the measure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import hash_file, read_table, sha256, write_json
from mhx.scoring import MECHANISMS, open_measure
from mhx.scoring.agreed import macro_f1
from mhx.shelves import Shelves, discover, shipped_root
from mhx.stats.agreement import agree
from mhx.stats.resample import bootstrap_sums, percentile_interval

Half = Literal["dev", "test"]
LANG = "en"
LEVELS = (0, 1, 2)
ALPHA, RESAMPLES, SEED = 0.05, 2000, 0
GAINED = ("kappa_quadratic", "accuracy")
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SOURCE = (
    "Sharma, Miner, Atkins, Althoff: A Computational Approach to Understanding Empathy Expressed "
    "in Text-Based Mental Health Support, EMNLP 2020, arXiv 2009.08441"
)
HALVES: dict[Half, str] = {"dev": "development", "test": "test"}
NOTE = (
    "Cues were tuned on the development half (first hex digit of SHA-256 of sp_id|rp_id below 8); "
    "the halves share no id pair. By row, {removed} lines of its CSV repeat an id pair: the first "
    "was kept, the rest removed, over both halves; in {differing} such pairs the labels differ. "
    "Kappa has quadratic weights and a 95% bootstrap interval over pairs. f1_binary is macro F1 "
    "of none against some, f1_macro that of the three levels; levels counts the human labels; "
    "human_by_cues has a row a human level. Level 1 of interpretations and explorations is rare, "
    "so their f1_macro is unsteady; of interpretations it is practically not found. Baselines are "
    "the development half's commonest level and its best thresholds on the count of words; gain "
    "is the cues' value less theirs, with a paired 95% bootstrap interval. The flags in "
    "not_measured have been compared with no label. Peers on Reddit show understanding by telling "
    "of themselves, so this agreement says little about long or professional replies, and nothing "
    "about another language."
)


def half_of(seeker: str, response: str) -> Half:
    """The half an id pair is in: dev where the first hex digit of its hash is below 8."""
    return "dev" if int(sha256(f"{seeker}|{response}")[0], 16) < 8 else "test"


def file_name(mechanism: str) -> str:
    """The CSV of a mechanism."""
    return f"{mechanism.replace('_', '-')}-reddit.csv"


def read(data: Path, mechanism: str) -> tuple[pl.DataFrame, int, int]:
    """One mechanism's pairs: the frame without repeats, rows removed, pairs whose labels differ.

    The first row of a repeated pair is kept. Raises MhxError for a missing file or column.
    """
    path = data / file_name(mechanism)
    frame = read_table(path)
    missing = {"sp_id", "rp_id", "response_post", "level"} - set(frame.columns)
    if missing:
        fix = "give the folder of the EPITOME Reddit CSVs"
        raise MhxError(Problem(f"no column {', '.join(sorted(missing))}", fix, path=path))
    ids = ["sp_id", "rp_id"]
    labels = frame.group_by(ids).agg(pl.col("level").n_unique())
    kept = frame.unique(ids, keep="first", maintain_order=True)
    return kept, frame.height - kept.height, labels.filter(pl.col("level") > 1).height


def cells(human: Ints, made: Ints) -> Floats:
    """(pairs, 9) indicators: which cell of the 3 x 3 table a pair is in, row by human level."""
    return np.eye(9)[3 * human + made]


def counted(human: Ints, made: Ints) -> Floats:
    """(9,) pairs in each cell."""
    return np.bincount(3 * human + made, minlength=9).astype(np.float64)


def kappa_and_accuracy(counts: Floats) -> Floats:
    """(..., 2): quadratic kappa and accuracy of (..., 9) cell counts; kappa 0 where one level."""
    table = counts.reshape(*counts.shape[:-1], 3, 3)
    total = table.sum((-2, -1))
    apart = np.subtract.outer(np.arange(3), np.arange(3)) ** 2
    chance = table.sum(-1)[..., :, None] * table.sum(-2)[..., None, :] / total[..., None, None]
    expected, seen = (apart * chance).sum((-2, -1)), (apart * table).sum((-2, -1))
    safe = np.where(expected > 0, expected, 1.0)
    kappa = np.where(expected > 0, 1 - seen / safe, 0.0)
    return np.stack([kappa, np.trace(table, axis1=-2, axis2=-1) / total], axis=-1)


@dataclass(frozen=True)
class LengthRule:
    """Levels by the count of words: 1 from `low` on, 2 from `high` on; mirrored when falling."""

    low: int
    high: int
    rising: bool

    def levels(self, words: Ints) -> Ints:
        """The levels of responses of these lengths."""
        found = (words >= self.low).astype(np.int64) + (words >= self.high)
        return found if self.rising else 2 - found


def fit_length(words: Ints, human: Ints) -> LengthRule:
    """The thresholds, rising or falling, of the best quadratic kappa."""
    cuts = np.unique(np.quantile(words, np.linspace(0, 1, 61), method="higher"))
    rules = [
        LengthRule(int(low), int(high), rising)
        for low in cuts for high in [*cuts, cuts[-1] + 1] if low <= high
        for rising in (True, False)
    ]
    return max(rules, key=lambda rule: float(
        kappa_and_accuracy(counted(human, rule.levels(words)))[0]))


def gains(human: Ints, made: Ints, baseline: Ints) -> dict[str, dict[str, float]]:
    """What the cues add to a baseline's kappa and accuracy: paired bootstrap over pairs."""
    stats = np.hstack([cells(human, made), cells(human, baseline)])
    sums = bootstrap_sums(stats, resamples=RESAMPLES, seed=SEED)[0]
    draws = kappa_and_accuracy(sums[:, :9]) - kappa_and_accuracy(sums[:, 9:])
    found = kappa_and_accuracy(stats[:, :9].sum(0)) - kappa_and_accuracy(stats[:, 9:].sum(0))
    limits = percentile_interval(draws, tail=ALPHA / 2, df=len(human) - 1, inflate=1.0)
    return {
        name: {"value": float(found[k]), "low": float(limits[0, k]), "high": float(limits[1, k])}
        for k, name in enumerate(GAINED)
    }


def baselines(dev: pl.DataFrame, frame: pl.DataFrame, made: Ints) -> list[dict[str, Any]]:
    """Majority and length, fitted on `dev`, on `frame`; `made` are the cues' levels there."""
    before, human = (part["level"].to_numpy() for part in (dev, frame))
    commonest = int(np.bincount(before, minlength=3).argmax())
    rule = fit_length(lengths(dev), before)
    guesses = (
        ("majority", {"level": commonest}, np.full(len(human), commonest)),
        ("length", {"words": [rule.low, rule.high], "rising": rule.rising},
         rule.levels(lengths(frame))),
    )
    return [
        {
            "baseline": name, "fitted": fitted,
            **dict(zip(GAINED, kappa_and_accuracy(counted(human, guess)).tolist(),
                       strict=True)),
            "f1_macro": macro_f1(human, guess, LEVELS),
            "gain": gains(human, made, guess),
        }
        for name, fitted, guess in guesses
    ]


def lengths(frame: pl.DataFrame) -> Ints:
    """Words of each response."""
    return np.array([len(str(text).split()) for text in frame["response_post"]])


def measure_row(
    level: Callable[[str, str], int], dev: pl.DataFrame, frame: pl.DataFrame, mechanism: str
) -> dict[str, Any]:
    """The row of one mechanism: kappa with its interval, F1, human levels, baselines.

    `level` is the measure's own, not its scores: a hidden mechanism has none of these.
    """
    units = pl.Series("unit", [str(number) for number in range(frame.height)])
    levels = [level(str(text), mechanism) for text in frame["response_post"]]
    pairs = pl.DataFrame({"unit": units, "human": frame["level"], "cues": levels})
    table = pairs.unpivot(["human", "cues"], index="unit", variable_name="rater")
    result = agree(
        table, item="unit", rater="rater", rating="value", level="interval", range_=(0, 2)
    )
    kappa = result.pairs[0].statistics["kappa_quadratic"]
    human, cues = (pairs[name].cast(pl.Int64).to_numpy() for name in ("human", "cues"))
    counts = counted(human, cues)
    return {
        "mechanism": mechanism,
        "n": pairs.height,
        "kappa_quadratic": kappa.value,
        "kappa_low": kappa.low,
        "kappa_high": kappa.high,
        "f1_binary": macro_f1(np.minimum(human, 1), np.minimum(cues, 1), (0, 1)),
        "f1_macro": macro_f1(human, cues, LEVELS),
        "accuracy": float(kappa_and_accuracy(counts)[1]),
        "levels": {str(level): int((human == level).sum()) for level in LEVELS},
        "human_by_cues": counts.astype(int).reshape(3, 3).tolist(),
        "baselines": baselines(dev, frame, cues),
    }


def agreement(data: Path, shelves: Shelves, *, half: Half = "test") -> dict[str, Any]:
    """What `empathy_agreement.json` holds, measured now; `measured_on` is today.

    Raises MhxError for data that are missing or not the published files.
    """
    folder = shelves.get("languages", LANG).folder
    published = shelves.module(shelves.get("eval", "epitome"), "measure.py").DATA_SHA256
    measure: Any = open_measure("epitome", MeasureSettings(LANG, folder), shelves)[1]
    rows, removed, differing, digests = [], [], [], {}
    for mechanism in MECHANISMS:
        frame, repeats, unlike = read(data, mechanism)
        digests[mechanism] = hash_file(data / file_name(mechanism))
        if digests[mechanism] != published[mechanism]:
            what = f"not the published file: SHA-256 {digests[mechanism][:12]}..."
            raise MhxError(Problem(what, "take it as published", path=data / file_name(mechanism)))
        ids = zip(frame["sp_id"], frame["rp_id"], strict=True)
        halves = pl.Series([half_of(str(one), str(two)) for one, two in ids])
        parts = (frame.filter(halves == name) for name in ("dev", half))
        rows.append(measure_row(measure.level, *parts, mechanism))
        removed.append(repeats)
        differing.append(unlike)
    return {
        "data": f"EPITOME Reddit subset, {HALVES[half]} half by hash",
        "source": SOURCE,
        "measured_on": date.today().isoformat(),
        "cues_sha256": hash_file(folder / "empathy_cues.yaml"),
        "data_sha256": digests,
        "n": max(row["n"] for row in rows),
        "rows": rows,
        "not_measured": list(measure.flags),
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
