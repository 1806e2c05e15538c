"""Persian hooks on real text: what they change, what they flag without a fault, names, speed.

    python bench/hooks_fa.py [--write] [--print]

Text: FLORES sentences (SIB-200) and the TICO-19 health translations, both written Persian that
addresses its reader, where it does, with the polite plural: under a plan of shoma every address
finding is a false alarm, unless the row says to one person "you" (listed by hand in
`languages/fa/measured/rows.json`). The half-space repairs of a seeded sample are judged there too,
by the developer (a model), not by a linguist: data set, row, place, label, no text. Names: the
Persian given names of persian_names in five frames. `--write` stores `results/hooks_fa.json` and
the block of the plugin's README; `--print` shows the sample, to be judged and never to be kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common

from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Hooks
from mhx.corpus.tmx import read_tmx
from mhx.files import hash_file, hash_json, read_text, sha256, write_text
from mhx.language import Language, load_language
from mhx.schema import Plan
from mhx.schema.base import Role
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
FOLDER = ROOT / "languages" / "fa"
JUDGED = FOLDER / "measured" / "rows.json"
FIGURES = common.RESULTS / "hooks_fa.json"
FLORES = [f"flores_sib200/pes_Arab.{part}.tsv" for part in ("dev", "test", "train")]
TICO, NAMES = "tico19_en_fa/all.en-fa.tmx.zip", "persian_names/names.json"
SAMPLE, SEED = 50, 20261121
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
KINDS = ("zwnj", "digits", "yeh", "kaf", "letter", "tatweel", "punctuation")
# {} is the name; what the name's own last letter asks for is put in by `frames`
FRAMES = ("{} دیشب زنگ زد.", "با {} حرف زدم.", "{}، حالت چطوره؟", "از {} رو برگردوندم.")


def language() -> Language:
    """The shipped Persian plugin."""
    return load_language("fa", shelves=discover(cwd=ROOT))


def plan(level: str = "shoma", names: dict[str, str] | None = None) -> Plan:
    """A plan in which both speakers owe `level`."""
    test = TestPlan(seeker_to_supporter=level, supporter_to_seeker=level, names=names or {})
    return plan_from_test(test, {"seeker_to_supporter": level, "supporter_to_seeker": level})


def sentences(data: Path) -> dict[str, list[str]]:
    """The Persian sentences of both sets, in file order."""
    flores = []
    for name in FLORES:
        with (data / name).open(encoding="utf-8", newline="") as handle:
            rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            flores += [row["text"] for row in rows]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(data / TICO) as archive:
        path = Path(archive.extract(archive.namelist()[0], folder))
        tico = [unit.target for unit in read_tmx(path, "en", "fa")]
    return {"flores": flores, "tico": tico}


def hashes(data: Path | None, plugin: Language) -> dict[str, str]:
    """Of the hooks with their tables, of the judged rows, of the name map, and of the data."""
    names = next(fact.value for fact in plugin.card.facts if fact.id == "fa.surface.name_map")
    stored = {name: hash_file(data / name) for name in (*FLORES, TICO, NAMES)} if data else {}
    return {
        "hooks": sha256("".join(hash_file(FOLDER / name) for name in ("hooks.py", "forms.yaml"))),
        "rows": hash_file(JUDGED), "name_map": hash_json(names), **stored,
    }


# ---------------------------------------------------------------- right text


def touched(hooks: Hooks, texts: list[str], to_rows: set[int]) -> dict[str, Any]:
    """How many sentences are changed or flagged, by kind; `to_rows` say "you" to one person."""
    changed, flagged = Counter[str](), Counter[str]()
    for row, text in enumerate(texts):
        clean = " ".join(text.split())
        codes = {item.code for item in hooks.analyze(clean, "supporter", plan())}
        changed.update({code.partition(".")[2] for code in codes if code.startswith("orthography")})
        changed["any"] += hooks.normalize(text) != clean
        changed["beyond digits"] += any(
            code.startswith("orthography") and not code.endswith("digits") for code in codes)
        done = hooks.normalize(text)
        for role in _roles():
            found = {item.code.partition(".")[0] for item in hooks.analyze(done, role, plan())}
            flagged.update(f"{kind}, {role}" for kind in found
                           if not (kind == "address" and row in to_rows))
        flagged["repaired, supporter"] += (
            bool(hooks.realize(done, "supporter", plan())) and row not in to_rows)
        flagged["not idempotent"] += hooks.normalize(done) != done
    return {"sentences": len(texts), "changed": dict(sorted(changed.items())),
            "flagged": dict(sorted(flagged.items())), "to": len(to_rows)}


def _roles() -> tuple[Role, Role]:
    return ("supporter", "seeker")


def half_spaces(hooks: Hooks, texts: list[str]) -> Iterator[tuple[int, int, str, str]]:
    """(row, place, before, after) of every edit for a half-space, blanks already single."""
    for row, text in enumerate(texts):
        clean = " ".join(text.split())
        for edit in hooks.realize(clean, "supporter", plan()):
            if "\u200c" in edit.before + edit.after or edit.before.isspace():
                yield row, edit.start, edit.before, edit.after


def sample(hooks: Hooks, texts: list[str]) -> list[tuple[int, int, str, str]]:
    """The seeded sample that was judged."""
    return random.Random(SEED).sample(list(half_spaces(hooks, texts)), SAMPLE)


def judged(hooks: Hooks, texts: dict[str, list[str]]) -> dict[str, Any]:
    """The judgments of the sample; a judged repair that is made no more is counted as gone."""
    stored = json.loads(read_text(JUDGED))["half_space"]
    made = {(name, row, place) for name, rows in texts.items()
            for row, place, _, _ in half_spaces(hooks, rows)}
    labels = Counter(item["label"] if (item["set"], item["row"], item["at"]) in made else "gone"
                     for item in stored)
    return {"n": len(stored), **dict(sorted(labels.items()))}


def swapped(plugin: Language) -> dict[str, int]:
    """The supporter's segments of the shipped training dialogues, under the other level."""
    source = load_language("en", shelves=discover(cwd=ROOT)).source_corpus
    train = {item.id for item in source if item.split == "train"}
    found = Counter[str]()
    for item in plugin.corpus:
        told = plan("to" if item.plan.supporter_to_seeker == "shoma" else "shoma")
        for turn in item.turns if item.id in train else ():
            for part in turn.segments if turn.role == "supporter" else ():
                codes = [item.code for item in
                         plugin.hooks.analyze(part.adapted, "supporter", told)]
                edits = plugin.hooks.realize(part.adapted, "supporter", told)
                flagged = {"address.level", "address.mixed"} & set(codes)
                found["rewritten" if edits else "reported" if flagged else "silent"] += 1
    return dict(sorted(found.items()))


# ---------------------------------------------------------------- names


def frames(name: str, other: str) -> Iterator[tuple[str, str]]:
    """Sentences with the name, and what they must become with the other one."""
    for frame in FRAMES:
        yield frame.format(name), frame.format(other)
    if name[-1] in "او":
        yield f"{name}ی عزیز آمد.", f"{other}ی عزیز آمد."
    else:
        yield f"{name} عزیز آمد.", f"{other} عزیز آمد."


def names(hooks: Hooks, data: Path, plugin: Language) -> dict[str, Any]:
    """Names replaced exactly where they stand, and the card's map against the list."""
    listed = {item["name"]: item["gender"] for item in
              json.loads((data / NAMES).read_text(encoding="utf-8")).values()}
    plain = [name for name in listed if re.fullmatch(r"[ء-ی]{2,}", name)]
    right = Counter[str]()
    for name in plain:
        other = "رویا" if name != "رویا" else "مینا"
        told = plan(names={name: other})
        for text, wanted in frames(hooks.normalize(name), other):
            right["frames"] += 1
            right["right"] += apply_edits(text, hooks.realize(text, "seeker", told)) == wanted
    mapped = next(fact.value for fact in plugin.card.facts if fact.id == "fa.surface.name_map")
    known = [entry for entry in mapped.values() if entry["name"] in listed]
    agree = sum(entry["gender"] == listed[entry["name"]].lower() for entry in known)
    unknown = sum(listed[entry["name"]].lower() not in ("male", "female") for entry in known)
    return {"listed": len(listed), "tried": len(plain), **dict(right), "mapped": len(mapped),
            "mapped and listed": len(known), "same gender": agree, "gender unknown": unknown}


# ---------------------------------------------------------------- figures


def measure(data: Path) -> dict[str, Any]:
    """All figures but the speed."""
    plugin = language()
    texts = sentences(data)
    to_rows = json.loads(read_text(JUDGED))["to"]
    return {
        "sha256": hashes(data, plugin),
        "right_text": {name: touched(plugin.hooks, rows, set(to_rows[name]))
                       for name, rows in texts.items()},
        "half_space": judged(plugin.hooks, texts),
        "swapped": swapped(plugin),
        "names": names(plugin.hooks, data, plugin),
    }


def speed(data: Path) -> dict[str, float]:
    """FLORES sentences a second, one process, one thread; median of three runs."""
    hooks, rows, told = language().hooks, sentences(data)["flores"], plan()

    def work(texts: list[str]) -> None:
        for text in texts:
            done = hooks.normalize(text)
            hooks.realize(done, "supporter", told)
            hooks.analyze(done, "supporter", told)

    return {"all three hooks": len(rows) / common.timed(lambda: rows, work).median}


def share(part: int, whole: int) -> str:
    """A count with its percentage."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)"


def block(figures: dict[str, Any]) -> str:
    """The README's lines, from the stored figures."""
    lines = ["| real text | FLORES | TICO-19 |", "|---|---|---|"]
    sets = [figures["right_text"][name] for name in ("flores", "tico")]

    def row(label: str, group: str, key: str) -> None:
        cells = [share(item[group].get(key, 0), item["sentences"]) for item in sets]
        lines.append(f"| {label} | {cells[0]} | {cells[1]} |")

    row("changed by `normalize`", "changed", "any")
    row("changed in more than digits", "changed", "beyond digits")
    for kind in KINDS:
        row(f"– {kind}", "changed", kind)
    row("address flagged without a fault, supporter", "flagged", "address, supporter")
    row("address flagged without a fault, seeker", "flagged", "address, seeker")
    row("rewritten without a fault", "flagged", "repaired, supporter")
    row("registers called mixed (a note)", "flagged", "register, supporter")
    row("called taarof (a note)", "flagged", "taarof, seeker")
    row("gender said or made", "flagged", "gender, supporter")
    row("changed again by a second `normalize`", "flagged", "not idempotent")
    half, found, other = figures["half_space"], figures["names"], figures["swapped"]
    lines += [
        "",
        f"- Half-space repairs, a seeded sample of {half['n']} judged by the developer (a model), "
        f"not a linguist: {half.get('right', 0)} right, {half.get('invisible', 0)} that show "
        f"nothing, {half.get('wrong', 0)} wrong.",
        f"- Address: of the {sum(other.values())} supporter's segments of the shipped training "
        f"dialogues, read under the other level, {other['rewritten']} are rewritten, "
        f"{other['reported']} only reported, and {other['silent']} hold no form that the tables "
        f"know (most address nobody).",
        f"- Names: {found['right']:,} of {found['frames']:,} sentences with one of "
        f"{found['tried']:,} Persian given names become exactly what the plan says.",
        f"- Of the card's {found['mapped']} counterparts {found['mapped and listed']} stand in the "
        f"list of given names: {found['same gender']} with the same gender, "
        f"{found['gender unknown']} with none, the others with the other one.",
        f"- Speed: {figures['speed']['all three hooks']:,.0f} FLORES sentences a second through "
        f"all three hooks, one thread, load average {figures['load_average'][0]:.1f}.",
    ]
    return "\n".join(lines)


def write_readme(figures: dict[str, Any]) -> None:
    """Put the block between the README's markers."""
    path = FOLDER / "README.md"
    head, begin, rest = read_text(path).partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{path} lacks the line {BEGIN} or {END}")
    write_text(path, f"{head}{BEGIN}\n{block(figures)}\n{END}{tail}")


def show(data: Path) -> None:
    """The sample with its surroundings, and the address findings, on standard output."""
    hooks = language().hooks
    for name, texts in sentences(data).items():
        for row, place, before, after in sample(hooks, texts):
            clean = " ".join(texts[row].split())
            left, right = clean[max(0, place - 20) : place], clean[place + len(before) :][:20]
            print(name, row, place, f"{left}[{before}>{after}]{right}".replace("\u200c", "_"))
        for row, text in enumerate(texts):
            for item in hooks.analyze(hooks.normalize(text), "supporter", plan()):
                if item.code.startswith("address"):
                    print(name, row, item.code, text)


def main() -> None:
    """Measure, print and, with --write, store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--print", action="store_true", dest="printed")
    options = parser.parse_args()
    if options.printed:
        show(options.data)
        return
    common.single_threaded()
    figures = {**measure(options.data), "speed": speed(options.data)}
    if options.write:
        common.record("hooks_fa", figures)
        write_readme(json.loads(read_text(FIGURES)))
    else:
        sys.stdout.write(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
