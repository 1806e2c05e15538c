"""A real memory: fuzzy matches on TICO-19 English-Persian at several thresholds, leave-one-out.

    python bench/tico_memory.py [--data ../shared/data] [--limit N]

Every unit is asked for with its own text taken out of the memory (and every unit of the same
text). `answered` is the share that gets a fuzzy match; `precision` the share of those whose target
has a sentence chrF of at least `GOOD` against the true translation. The look-up is the memory
backend's own; a match with other numbers than the text asked for is refused by it and counted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.contracts import BackendSettings, Request
from mhx.corpus.tmx import Unit, read_tmx
from mhx.files import hash_file
from mhx.language import load_language
from mhx.shelves import discover
from mhx.stats.distributions import wilson

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common
import page

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
THRESHOLDS = (60, 65, 70, 75, 80, 85, 90, 95)
GOOD = (40.0, 60.0)  # sentence chrF against the true translation


@dataclass(frozen=True)
class Match:
    """The nearest other unit of a text: its score in percent and the chrF of its target."""

    score: float
    chrf: float
    same_numbers: bool


def main() -> None:
    """Look every unit up without itself, at the lowest threshold, and count by threshold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--doc", action="store_true", help="write the figures into docs/gates.md")
    options = parser.parse_args()
    if options.doc:
        page.write("tico_memory", block)
        return
    archive = options.data / "tico19_en_fa" / "all.en-fa.tmx.zip"
    given = units(archive)
    found, answered = matches(given, options.limit)
    common.record("tico_memory", {
        "data": {"name": "tico19_en_fa", "sha256": hash_file(archive), "units": len(given),
                 "distinct_sources": len({unit.source for unit in given})},
        "asked": len(found), "good_chrf": list(GOOD), "backend_at_lowest": answered,
        "rows": [row(found, threshold) for threshold in THRESHOLDS],
    }, peers=["rapidfuzz", "sacrebleu"])


def units(archive: Path) -> list[Unit]:
    """The units of the zipped memory."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as packed:
            (name,) = [item for item in packed.namelist() if item.endswith(".tmx")]
            path = Path(packed.extract(name, folder))
        return list(read_tmx(path, "en", "fa"))


def matches(given: list[Unit], limit: int | None) -> tuple[list[Match | None], int]:
    """Of each unit the nearest other one from the lowest threshold up, and the backend's answers.

    The backend answers from a memory without the unit's own text, so the nearest is looked for
    among all others; it refuses a match whose numbers differ.
    """
    from rapidfuzz import fuzz
    from sacrebleu.metrics import CHRF

    shelves = discover(cwd=ROOT)
    module: Any = shelves.module(shelves.get("translation", "memory"), "backend.py")
    settings = BackendSettings(
        source="en", target="fa", model=None, memories=(), fuzzy=THRESHOLDS[0],
        source_codes=load_language("en", shelves=shelves).manifest.codes,
        target_codes=load_language("fa", shelves=shelves).manifest.codes,
    )
    keys = [module.key(unit.source) for unit in given]
    metric = CHRF()
    found: list[Match | None] = []
    answered = 0
    for place, unit in enumerate(given[:limit]):
        wanted = keys[place]
        near = _nearest(wanted, keys, fuzz)
        if near is None:
            found.append(None)
            continue
        other = given[near[0]]
        memory = module.Memory([other], frozenset(), ["tico19"], threshold=settings.fuzzy)
        (reply,) = memory.translate([Request(unit.source, "en", "fa", "seeker")])
        answered += reply.text is not None
        score = metric.sentence_score(other.target, [unit.target]).score
        found.append(Match(near[1], score, reply.text is not None))
    return found, answered


def _nearest(wanted: str, keys: list[str], fuzz: Any) -> tuple[int, float] | None:
    """(place, score) of the nearest text that is not the same."""
    from rapidfuzz import process

    near = process.extract(wanted, keys, scorer=fuzz.ratio, limit=8,
                           score_cutoff=float(THRESHOLDS[0]))
    return next(((place, float(score)) for text, score, place in near if text != wanted), None)


def row(found: list[Match | None], threshold: int) -> dict[str, Any]:
    """Share answered and precision at one threshold, with Wilson intervals."""
    near = [item for item in found if item is not None and item.score >= threshold]
    hits = [item for item in near if item.same_numbers]
    out: dict[str, Any] = {
        "threshold": threshold, "asked": len(found), "answered": len(hits),
        "refused_for_numbers": len(near) - len(hits), "share": len(hits) / len(found),
        "median_chrf": statistics.median([item.chrf for item in hits]) if hits else None,
        "precision": {},
    }
    for good in GOOD:
        right = sum(item.chrf >= good for item in hits)
        low, high = wilson(right, len(hits), 0.95)
        out["precision"][f"{good:g}"] = {
            "right": right, "share": right / len(hits) if hits else None, "low": low, "high": high}
    return out


def block(figures: dict[str, Any]) -> str:
    """The figures in Markdown."""
    goods = [f"{good:g}" for good in figures["good_chrf"]]
    lines = [
        "| threshold | answered | refused for numbers | median chrF | "
        + " | ".join(f"chrF ≥ {good}" for good in goods) + " |",
        "|---:" * (4 + len(goods)) + "|",
    ]
    for item in figures["rows"]:
        shares = [f"{part['share']:.2f} [{part['low']:.2f}, {part['high']:.2f}]"
                  for part in (item["precision"][good] for good in goods)]
        lines.append(
            f"| {item['threshold']} | {item['answered']} of {item['asked']:,} "
            f"({item['share']:.1%}) | {item['refused_for_numbers']} | {item['median_chrf']:.0f} | "
            f"{' | '.join(shares)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
