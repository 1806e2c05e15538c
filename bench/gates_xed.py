"""Gates on real English-Polish subtitle pairs and on the same pairs shuffled.

    python bench/gates_xed.py [--data ../shared/data] [--limit N] [--repeats N]
    python bench/gates_xed.py --doc     write the stored figures into docs/gates.md

The file is labelled English, and over half of its left sides are Danish: pairs whose left side
lingua does not take for English are left out and counted. Every other distinct pair is a dialogue
in which a seeker and a supporter say the same. A gate that speaks of a real pair is counted as a
false alarm, although some of these loose alignments deserve it; of a pair whose Polish side belongs
to another pair, or in which the gate's own fault is planted, as a detection. Gates that need a
plan, an engine or an estimate are not measured and say so. No sentence of the data is stored.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import string
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from mhx.adaptation.gates import (
    GATES,
    Gate,
    GateContext,
    Segment,
    Talk,
    context_of,
    identify,
)
from mhx.adaptation.rules import find_faults, plan_from_test
from mhx.files import hash_file
from mhx.language import Language, load_language
from mhx.schema.base import Role
from mhx.shelves import discover

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common
import page

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SEED = 20261121
SETS = ("real", "shuffled", "planted")
NOT_HERE = {
    "shape": "single segments have no shape", "engine": "no engine wrote these",
    "protected": "no slot or placeholder stands in these",
    "address": "needs a plan", "gender": "needs a plan",
    "register": "the Polish hooks name none", "orthography": "the Polish hooks name none",
    "quality": "needs a model", "back-translation": "see `bench/results/flores_apertium.json`",
}
PLAN = plan_from_test(None, {"seeker_to_supporter": "pan", "supporter_to_seeker": "pan"})
SHAPE: tuple[tuple[int, Role], ...] = ((0, "seeker"), (1, "supporter"))
NORTHERN = frozenset({"ENGLISH", "DANISH", "BOKMAL", "NYNORSK"})  # what the left sides are
LONG = 40  # characters: a shorter text's quarter or language cannot be told
Pair = tuple[str, str]


def main() -> None:
    """Measure and store, or write the table of what is stored."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--doc", action="store_true")
    options = parser.parse_args()
    if options.doc:
        page.write("gates_xed", block)
        return
    path = options.data / "xed_en_pl" / "pairs-pl.txt"
    distinct = pairs(path)[: options.limit]
    given = [pair for pair in distinct if identify(pair[0], NORTHERN)[0] == "ENGLISH"]
    english, polish = (load_language(tag, shelves=discover(cwd=ROOT)) for tag in ("en", "pl"))
    context = context_of(english, polish, given, user_text=True)
    real, mixed = talks(given, polish), talks(shuffled(given), polish)
    rows = [
        row(gate, {"real": real, "shuffled": mixed,
                   "planted": talks(planted(given, gate.name), polish)}, context, options.repeats)
        for gate in GATES
    ]
    common.record("gates_xed", {
        "data": {"name": "xed_en_pl", "sha256": hash_file(path), "pairs": len(given),
                 "distinct": len(distinct), "left_out_not_english": len(distinct) - len(given)},
        "seed": SEED, "repeats": options.repeats,
        "any_review": {name: asked(part, context) for name, part in
                       (("real", real), ("shuffled", mixed))},
        "rows": rows,
    }, peers=["lingua-language-detector", "morfeusz2"])


def pairs(path: Path) -> list[Pair]:
    """Distinct pairs in file order."""
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = [line.split("\t") for line in lines if line]
    return list(dict.fromkeys((cell[-2].strip(), cell[-1].strip()) for cell in cells))


def shuffled(given: list[Pair]) -> list[Pair]:
    """Each source with another pair's target, by a seeded cycle over all of them."""
    order = list(range(len(given)))
    random.Random(SEED).shuffle(order)
    after = dict(zip(order, order[1:] + order[:1], strict=True))
    return [(source, given[after[place]][1]) for place, (source, _) in enumerate(given)]


def planted(given: list[Pair], gate: str) -> list[Pair]:
    """Real pairs with the gate's own fault planted, those in which it can be."""
    draw = random.Random(SEED)
    make = FAULTS.get(gate)
    if make is None:
        return []
    found = ((source, make(source, target, draw)) for source, target in given)
    return [(source, target) for source, target in found if target is not None]


def another_digit(source: str, target: str, draw: random.Random) -> str | None:
    """A digit of the target changed."""
    places = [at for at, letter in enumerate(target) if letter in string.digits]
    if not places:
        return None
    at = draw.choice(places)
    other = draw.choice([digit for digit in string.digits if digit != target[at]])
    return target[:at] + other + target[at + 1 :]


def last_sentence_lost(source: str, target: str, draw: random.Random) -> str | None:
    """The last of several sentences cut off, where both sides have as many."""
    ends = [list(re.finditer(r"(?<![.…])[.!?](?=\s)", text.strip())) for text in (source, target)]
    return target[: ends[1][-1].end()] if len(ends[0]) == len(ends[1]) > 0 else None


def name_lost(source: str, target: str, draw: random.Random) -> str | None:
    """A given name that both sides write alike, replaced by a word of no name."""
    shared = given_names() & set(re.findall(r"\w+", source)) & set(re.findall(r"\w+", target))
    if not shared:
        return None
    return re.sub(rf"\b{re.escape(min(shared))}\w*", "ten ktoś", target)


@cache
def given_names() -> frozenset[str]:
    """The English list of given names."""
    privacy = load_language("en", shelves=discover(cwd=ROOT)).privacy
    return frozenset(privacy.names if privacy is not None else ())


def quarter(source: str, target: str, draw: random.Random) -> str | None:
    """The first quarter of a longer target."""
    return target[: len(target) // 4] if len(target) >= LONG else None


def loop(source: str, target: str, draw: random.Random) -> str | None:
    """The last two words said four times more."""
    words = target.split()
    return " ".join(words + words[-2:] * 4) if len(words) > 2 else None


def untranslated(source: str, target: str, draw: random.Random) -> str | None:
    """The source in place of the target, where it is long enough to be told."""
    return source if len(source) >= LONG else None


def number_to_call(source: str, target: str, draw: random.Random) -> str | None:
    """A number to call after the text."""
    return f"{target} {draw.randrange(500, 900)} {draw.randrange(100, 999)} 456"


FAULTS = {
    "numbers": another_digit, "names": name_lost, "sentences": last_sentence_lost,
    "length": quarter, "copied": untranslated, "repeats": loop, "language": untranslated,
    "phones": number_to_call,
}


def talks(given: list[Pair], language: Language) -> list[Talk]:
    """Each pair said by a seeker and by a supporter, with the findings of the card's rules."""
    found = []
    for source, target in given:
        parts = [
            Segment(turn, role, source, target, target, [], find_faults(
                target, role=role, risk=False, plan=PLAN, rules=language.card.rules, hooks=None
            ), None)
            for turn, role in SHAPE
        ]
        found.append(Talk(parts, PLAN, SHAPE))
    return found


def row(gate: Gate, sets: dict[str, list[Talk]], context: GateContext, repeats: int
        ) -> dict[str, Any]:
    """One gate: seconds for 1,000 segments, and the pairs it speaks of and asks a person about."""
    real, times = sets["real"], []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        for talk in real:
            list(gate.reasons(talk, context))
        times.append(time.perf_counter() - start)
    # the first round builds the gate's tables
    seconds = statistics.median(times[1:]) / len(real) / len(SHAPE) * 1000
    common.say(f"{gate.name}: {seconds:.4f} s a thousand")
    out: dict[str, Any] = {"gate": gate.name, "seconds_per_1000": seconds,
                           "not_measured": NOT_HERE.get(gate.name)}
    if gate.name not in NOT_HERE:
        for name, part in sets.items():
            said = [list(gate.reasons(talk, context)) for talk in part]
            grave = sum(any(item.severity != "warn" for item in items) for items in said)
            out[name] = {"said": sum(map(bool, said)), "asked": grave, "of": len(part)}
    return out


def asked(part: list[Talk], context: GateContext) -> dict[str, int]:
    """Pairs that some measured gate sends to a person."""
    gates = [gate for gate in GATES if gate.name not in NOT_HERE]
    hits = sum(
        any(item.severity != "warn" for gate in gates for item in gate.reasons(talk, context))
        for talk in part
    )
    return {"asked": hits, "of": len(part)}


def block(figures: dict[str, Any]) -> str:
    """The registry as a Markdown table, with cost and shares of every gate."""
    measured = {item["gate"]: item for item in figures["rows"]}
    lines = ["| gate | reason codes | holds | s / 1,000 | real pairs | shuffled | planted |",
             "|---|---|---|---:|---:|---:|---:|"]
    for gate in GATES:
        codes = "<br>".join(f"`{code.name}` {'/'.join(code.severities)}" for code in gate.codes)
        found = measured[gate.name]
        why = found["not_measured"]
        shares = [f"– ({why})", "–", "–"] if why else [_share(found[name]) for name in SETS]
        cost = f"{found['seconds_per_1000']:.3f}"
        lines.append(f"| {gate.name} | {codes} | {gate.holds} | {cost} | {' | '.join(shares)} |")
    whole = figures["any_review"]
    lines += ["", f"Any of the measured gates asks for a person: {_percent(whole['real'])} of "
              f"{figures['data']['pairs']:,} real pairs, {_percent(whole['shuffled'])} of the same "
              "pairs shuffled. The file's other "
              f"{figures['data']['left_out_not_english']:,} left sides are Danish rather than "
              "English and were left out."]
    return "\n".join(lines)


def _share(found: dict[str, int]) -> str:
    """Share that asks a person; where warnings add to it, the share of all it says."""
    if not found["of"]:
        return "–"
    share = _percent(found)
    if found["said"] != found["asked"]:
        share += f" ({100 * found['said'] / found['of']:.1f} % with warnings)"
    return share


def _percent(found: dict[str, int]) -> str:
    return f"{100 * found['asked'] / found['of']:.1f} %"


if __name__ == "__main__":
    main()
