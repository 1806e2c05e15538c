"""English to Spanish by apertium on FLORES: BLEU, chrF, what is conserved, what comes back.

    python bench/flores_apertium.py [--data ../shared/data] [--limit N]

Every second sentence gets a service slot or a placeholder at a seeded place between two words.
`raw` is the program with its own text format, `protected` our backend; the same texts go through
both. A number counts as conserved where source and target have the same numbers, a name (a word
written large within the sentence: places and peoples too, which are translated) where the target
has it letter by letter.
BLEU and chrF are of the sentences without plants. `back` translates our Spanish back and compares
the chrF of a sentence with that of the sentence after it: what the gate's floor separates.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mhx.adaptation.gates import numbers
from mhx.adaptation.gates.copied import CAPITALIZED
from mhx.adaptation.gates.estimate import BACK_FLOOR
from mhx.adaptation.resolver import SLOT, SLOTS
from mhx.contracts import BackendSettings, MeasureSettings, Request
from mhx.corpus.privacy import PLACEHOLDER, PLACEHOLDERS
from mhx.files import hash_folder
from mhx.language import load_language
from mhx.scoring import open_measure
from mhx.shelves import Shelves, discover

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common
import page

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SEED = 20261121
SPLITS = ("dev", "test", "train")


def main() -> None:
    """Translate both ways and store the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--doc", action="store_true", help="write the figures into docs/gates.md")
    options = parser.parse_args()
    if options.doc:
        page.write("flores_apertium", block)
        return
    folder = options.data / "flores_sib200"
    english, spanish = (sentences(folder, tag) for tag in ("eng_Latn", "spa_Latn"))
    known = sorted(set(english) & set(spanish))[: options.limit]
    sources, references = [english[key] for key in known], [spanish[key] for key in known]
    marked = planted(sources)
    shelves = discover(cwd=ROOT)
    plain, signature = translated(sources, "en", "es", shelves)
    protected, _ = translated(marked, "en", "es", shelves)
    back, back_signature = translated([text or "" for text in plain], "es", "en", shelves)
    raw = unprotected(marked)
    common.record("flores_apertium", {
        "data": {"name": "flores_sib200", "sha256": hash_folder(folder), "sentences": len(known)},
        "engine": signature, "seed": SEED,
        "answered": sum(text is not None for text in plain),
        "quality": quality(plain, references, shelves),
        "conserved": {"raw": conserved(marked, raw), "protected": conserved(marked, protected)},
        "back": {"engine": back_signature, "floor": BACK_FLOOR, **separation(sources, back)},
    }, peers=["sacrebleu"])


def sentences(folder: Path, tag: str) -> dict[int, str]:
    """Sentences by their number, of all splits."""
    found = {}
    for split in SPLITS:
        path = folder / f"{tag}.{split}.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                found[int(row["index_id"])] = row["text"]
    return found


def planted(texts: Sequence[str]) -> list[str]:
    """Every second text with a slot or a placeholder between two of its words."""
    draw = random.Random(SEED)
    out = []
    for number, text in enumerate(texts):
        words = text.split(" ")
        if number % 2 and len(words) > 2:
            thing = (f"{{{{service:{draw.choice(sorted(SLOTS))}}}}}" if number % 4 == 1
                     else f"[{draw.choice(PLACEHOLDERS)}]")
            words.insert(draw.randrange(1, len(words)), thing)
        out.append(" ".join(words))
    return out


def translated(
    texts: Sequence[str], source: str, target: str, shelves: Shelves
) -> tuple[list[str | None], str]:
    """Answers of our backend, None where it gives none, and its signature."""
    one, two = (load_language(tag, shelves=shelves).manifest for tag in (source, target))
    module = shelves.module(shelves.get("translation", "apertium"), "backend.py")
    settings = BackendSettings(source=source, target=target, source_codes=one.codes,
                               target_codes=two.codes, model=None, memories=())
    backend = module.open(settings)  # type: ignore[union-attr]
    try:
        requests = [Request(text, source, target, "seeker") for text in texts]
        asked = [request for request in requests if request.text]
        answers = iter(backend.translate(asked))
        replies = [next(answers).text if request.text else None for request in requests]
    finally:
        backend.close()
    return replies, backend.signature


def unprotected(texts: Sequence[str]) -> list[str | None]:
    """Answers of the program by itself, a line a text, marks of unknown words left out."""
    done = subprocess.run(["apertium", "-u", "eng-spa"], input="\n\n".join(texts), text=True,
                          capture_output=True, check=True)
    lines = done.stdout.split("\n\n")
    if len(lines) != len(texts):
        raise SystemExit(f"{len(lines)} answers for {len(texts)} texts")
    return [line.strip() for line in lines]


def quality(
    found: Sequence[str | None], references: Sequence[str], shelves: Shelves
) -> list[dict[str, Any]]:
    """BLEU and chrF of the answered sentences, with interval and signature."""
    import polars as pl

    rows = [{"unit": str(at), "cluster": str(at), "response": text, "reference": reference}
            for at, (text, reference) in enumerate(zip(found, references, strict=True)) if text]
    settings = MeasureSettings(lang="es", language_folder=ROOT / "languages" / "es",
                               options={"seed": SEED})
    table = pl.DataFrame(rows)
    return [{"measure": name, **open_measure(name, settings, shelves)[1].summary(table)}
            for name in ("bleu", "chrf")]


def conserved(sources: Sequence[str], found: Sequence[str | None]) -> dict[str, dict[str, int]]:
    """Of each kind: how many, in answered sentences, and how many stand in the target."""
    counts: dict[str, Counter[str]] = {}
    for source, target in zip(sources, found, strict=True):
        if target is None:
            continue
        for kind, pattern in (("slots", SLOT), ("placeholders", PLACEHOLDER)):
            before = Counter(match.group() for match in pattern.finditer(source))
            after = Counter(match.group() for match in pattern.finditer(target))
            _count(counts, kind, before, after)
        bare = PLACEHOLDER.sub("", SLOT.sub("", source))
        _count(counts, "numbers", numbers(bare), numbers(target))
        words = Counter(re.findall(r"\w+", target))
        _count(counts, "names", Counter(CAPITALIZED.findall(bare)), words)
    return {kind: dict(found) for kind, found in counts.items()}


def _count(
    counts: dict[str, Counter[str]], kind: str, before: Counter[str], after: Counter[str]
) -> None:
    own = counts.setdefault(kind, Counter(of=0, kept=0))
    own["of"] += before.total()
    own["kept"] += (before & after).total()


def separation(sources: Sequence[str], back: Sequence[str | None]) -> dict[str, Any]:
    """Sentence chrF after translating back: of the sentence itself, and of the next one."""
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    pairs = [(source, text) for source, text in zip(sources, back, strict=True) if text]
    own = [metric.sentence_score(text, [source]).score for source, text in pairs]
    after = pairs[1:] + pairs[:1]
    other = [metric.sentence_score(text, [source]).score
             for (source, _), (_, text) in zip(pairs, after, strict=True)]
    return {
        "sentences": len(pairs), "signature": str(metric.get_signature()),
        "own": _spread(own), "other": _spread(other),
        "under_floor": {"own": sum(score < BACK_FLOOR for score in own),
                        "other": sum(score < BACK_FLOOR for score in other)},
    }


def _spread(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p1": cuts[0], "p5": cuts[4], "median": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def block(figures: dict[str, Any]) -> str:
    """The figures in Markdown."""
    bleu, chrf = figures["quality"]
    told = [
        f"FLORES, English to Spanish, `{figures['engine']}`: {figures['answered']:,} of "
        f"{figures['data']['sentences']:,} sentences answered. " + "; ".join(
            f"{name} {item['score']:.1f} [{item['low']:.1f}, {item['high']:.1f}] "
            f"(`{item['signature']}`)" for name, item in (("BLEU", bleu), ("chrF", chrf))
        ) + ".", "",
        "| conserved | program alone | our backend |", "|---|---:|---:|",
    ]
    raw, protected = figures["conserved"]["raw"], figures["conserved"]["protected"]
    told += [
        f"| {kind} | {' | '.join(_kept(part[kind]) for part in (raw, protected))} |"
        for kind in raw
    ]
    back = figures["back"]
    under = back["under_floor"]
    return "\n".join([
        *told, "",
        f"Translated back (`{back['engine']}`), sentence chrF against the source: median "
        f"{back['own']['median']:.0f}, 1st percentile {back['own']['p1']:.0f}; against another "
        f"sentence: median {back['other']['median']:.0f}, 95th percentile "
        f"{back['other']['p95']:.0f}. Under the gate's floor of {back['floor']:g}: {under['own']} "
        f"of {back['sentences']:,}, and {under['other']} of the unrelated ones.",
    ])


def _kept(found: dict[str, int]) -> str:
    return f"{found['kept']} of {found['of']} ({found['kept'] / found['of']:.0%})"


if __name__ == "__main__":
    main()
