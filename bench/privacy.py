"""Precision and recall of what load hides, on planted cases in each language.

    python bench/privacy.py [--misses]

The cases are `tests/data/privacy/<tag>.txt`, a line a text: ``{kind:text}`` must be hidden whole as
that kind, ``{!kind:text}`` must not be taken for that kind. A found span counts for its kind where
it overlaps a planted one of the kind. `leaked` counts planted spans of which a letter or a digit
stays in sight, whatever the kind. The cases were written, and the lists improved, by the same
author: they show what is known to work and are no estimate for text from elsewhere. `real_names`
is: Persian given names of a public list, in its order, introduced, after a word of kinship, and
bare. `--data` names the folder of that list.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.corpus.names import NameFinder, name_finder
from mhx.corpus.privacy import PLACEHOLDERS, Spotted, people_of, personal_spans
from mhx.files import hash_file
from mhx.language import load_language
from mhx.shelves import discover

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common
import page

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "data" / "privacy"
DATA = ROOT.parent / "shared" / "data"
FIRST = (100, 1000)
FRAMES = {"introduced": "اسم من {} است.", "kin": "خواهرم {} زنگ زد.", "bare": "دیروز {} را دیدم."}
MARK = re.compile(r"\{(!?)(\w+):([^{}]+)\}")


@dataclass(frozen=True)
class Case:
    """A text and what is planted in it: spans to be found, and spans that are no such thing."""

    text: str
    planted: tuple[Spotted, ...]
    near: tuple[Spotted, ...]


def cases(path: Path) -> list[Case]:
    """The cases of a file; lines of ``#`` are comments."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [_case(line) for line in lines if line and not line.startswith("#")]


def _case(line: str) -> Case:
    text, at = "", 0
    found: dict[str, list[Spotted]] = {"": [], "!": []}
    for match in MARK.finditer(line):
        text += line[at : match.start()]
        found[match[1]].append((len(text), len(text) + len(match[3]), match[2]))
        text, at = text + match[3], match.end()
    return Case(text + line[at:], tuple(found[""]), tuple(found["!"]))


def measure(given: list[Case], finder: NameFinder | None) -> dict[str, dict[str, Any]]:
    """Kind → planted, found, right, leaked, near misses met, precision, recall."""
    counts = {kind: Counter[str]() for kind in PLACEHOLDERS}
    for case in given:
        spans = personal_spans(case.text, people_of(finder, [case.text]))
        for start, end, kind in case.planted:
            counts[kind]["planted"] += 1
            own = [span for span in spans if span[2] == kind]
            counts[kind]["hidden"] += _covered(case.text, start, end, own)
            counts[kind]["leaked"] += not _covered(case.text, start, end, spans)
        for start, end, kind in spans:
            counts[kind]["found"] += 1
            counts[kind]["right"] += any(_meets((start, end, kind), one) for one in case.planted)
        for one in case.near:
            counts[one[2]]["near"] += 1
            counts[one[2]]["near_taken"] += any(_meets(span, one) for span in spans)
    return {kind: _rates(found) for kind, found in counts.items() if found}


def _meets(one: Spotted, two: Spotted) -> bool:
    return one[2] == two[2] and one[0] < two[1] and two[0] < one[1]


def _covered(text: str, start: int, end: int, spans: list[Spotted]) -> bool:
    return all(any(first <= at < last for first, last, _ in spans)
               for at in range(start, end) if text[at].isalnum())


def _rates(found: Counter[str]) -> dict[str, Any]:
    names = ("planted", "hidden", "leaked", "found", "right", "near", "near_taken")
    return {
        **{name: found[name] for name in names},
        "precision": found["right"] / found["found"] if found["found"] else None,
        "recall": found["hidden"] / found["planted"] if found["planted"] else None,
    }


def misses(given: list[Case], finder: NameFinder | None) -> Iterator[str]:
    """Texts with what was not hidden, or found and not planted, for the author of the lists."""
    for case in given:
        spans = personal_spans(case.text, people_of(finder, [case.text]))
        lost = [one for one in case.planted
                if not _covered(case.text, *one[:2], [s for s in spans if s[2] == one[2]])]
        wrong = [one for one in spans if not any(_meets(one, other) for other in case.planted)]
        for what, items in (("lost", lost), ("wrong", wrong)):
            for start, end, kind in items:
                yield f"{what} {kind}: {case.text[start:end]} | {case.text}"


def languages() -> dict[str, tuple[list[Case], NameFinder | None]]:
    """Tag → (cases, finder) of every language that has cases."""
    shelves = discover(cwd=ROOT)
    return {path.stem: (cases(path), name_finder(load_language(path.stem, shelves=shelves)))
            for path in sorted(CASES.glob("*.txt"))}


def real_names(path: Path, finder: NameFinder) -> dict[str, Any]:
    """Share of a public list's names that are hidden, by frame, among the first 100 and 1,000."""
    names = list(json.loads(path.read_text(encoding="utf-8")))
    out: dict[str, Any] = {"sha256": hash_file(path), "names": len(names)}
    for frame, text in FRAMES.items():
        at = text.index("{}")
        hit = []
        for name in names[: max(FIRST)]:
            said = text.format(name)
            spans = personal_spans(said, people_of(finder, [said]))
            hit.append(_covered(said, at, at + len(name), spans))
        out[frame] = {str(first): sum(hit[:first]) / first for first in FIRST}
    return out


def block(figures: dict[str, Any]) -> str:
    """The stored figures as a Markdown table and a sentence on real names."""
    lines = ["| language | kind | planted | leaked | precision | recall | near misses |",
             "|---|---|---:|---:|---:|---:|---:|"]
    for tag, found in figures["languages"].items():
        for kind, row in found["kinds"].items():
            shares = [f"{row[name]:.2f}" if row[name] is not None else "–"
                      for name in ("precision", "recall")]
            near = f"{row['near_taken']} of {row['near']}" if row["near"] else "–"
            lines.append(f"| {tag} | {kind} | {row['planted']} | {row['leaked']} | "
                         f"{' | '.join(shares)} | {near} |")
    real = figures["real_names"]["fa"]
    said = "; ".join(
        f"{what} {real[frame]['100']:.0%} and {real[frame]['1000']:.0%}"
        for frame, what in (("introduced", "introduced (“my name is …”)"),
                            ("kin", "after a word of kinship"), ("bare", "bare"))
    )
    return "\n".join([*lines, "", "Persian given names of a public list nobody here wrote, hidden "
                      f"among its first 100 and first 1,000: {said}."])


def main() -> None:
    """Measure every language and store the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--misses", action="store_true", help="print what is wrong, store nothing")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--doc", action="store_true", help="write the figures into docs/gates.md")
    options = parser.parse_args()
    if options.doc:
        page.write("privacy", block)
        return
    given = languages()
    if options.misses:
        for tag, (texts, finder) in given.items():
            for line in misses(texts, finder):
                common.say(f"{tag} {line}")
        return
    listed, persian = options.data / "persian_names" / "names.json", given["fa"][1]
    if persian is None or not listed.is_file():
        raise SystemExit(f"no list of names at {listed}")
    common.record("privacy", {"real_names": {"fa": real_names(listed, persian)}, "languages": {
        tag: {"cases": len(texts), "sha256": hash_file(CASES / f"{tag}.txt"),
              "kinds": measure(texts, finder)}
        for tag, (texts, finder) in given.items()
    }})


if __name__ == "__main__":
    main()
