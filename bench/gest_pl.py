"""Polish hooks on real text: the speaker's gender, rewriting, and text that is right left alone.

    python bench/gest_pl.py [--write] [--print detection|rewriting]

Detection: in translations of English first-person sentences (GEST, Pikuliak et al. 2024) by two
engines, the forms that show the speaker's gender, against labels by the developer (a model, not a
linguist) in `languages/pl/measured/gest_labels.json`: rows, offsets, genders, classes, no text.
Rewriting: 300 sentences into the other gender and back. Right text: subtitles (XED) and FLORES.
`--write` stores `languages/pl/measured/gest.json` and the README's block; `--print` shows the
sampled rows on standard output, to be labelled and never to be kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Hooks
from mhx.files import hash_file, hash_json, read_text, sha256, write_json, write_text
from mhx.language import load_language
from mhx.schema import Plan
from mhx.schema.base import Gender
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover
from mhx.stats.distributions import share_lower_bound, share_upper_bound

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
FOLDER = ROOT / "languages" / "pl"
LABELS, FIGURES = FOLDER / "measured/gest_labels.json", FOLDER / "measured/gest.json"
SYSTEMS = ("google", "nllb_3b")
LABELLED, REWRITTEN, CHECKED = 100, 150, 50  # sentences a system
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
CLASSES = ("past", "conditional", "winien", "l-participle", "adjective or participle", "oblique")
ADJECTIVES = ("mał", "zł", "uległ", "dojrzał", "śmiał", "nieśmiał", "stał", "mił", "wytrwał",
              "doskonał", "wspaniał", "niedojrzał", "obolał")
ENDING = re.compile(r"\b(?:\w+(?:łem|łam|łbym|łabym)|powin(?:ienem|nam))\b", re.IGNORECASE)
OTHER: dict[str, Gender] = {"m": "female", "f": "male"}
Form = tuple[int, int, str]  # start, end, gender


def hooks() -> Hooks:
    """The shipped Polish hooks."""
    return load_language("pl", shelves=discover(cwd=ROOT)).hooks


def plan(speaker: Gender = "unknown", addressee: Gender = "unknown", level: str = "pan") -> Plan:
    """A plan for a seeker who speaks, to somebody addressed at `level`."""
    test = TestPlan(seeker=speaker, supporter=addressee, seeker_to_supporter=level)
    return plan_from_test(test, {"seeker_to_supporter": level, "supporter_to_seeker": level})


def sentences(data: Path, system: str) -> list[str]:
    """The translations of one engine, by row."""
    with (data / "gest_pl" / f"{system}.csv").open(encoding="utf-8", newline="") as file:
        return [row["to"] for row in csv.DictReader(file)]


def forms(polish: Hooks, text: str) -> list[Form]:
    """Forms that show the speaker's gender: what contradicts the plan of the other gender."""
    return sorted(
        (item.start, item.end, gender)
        for gender, other in OTHER.items()
        for item in polish.analyze(text, "seeker", plan(other))
        if item.code == "gender.speaker"
    )


def class_of(word: str) -> str:
    """The form class, by the ending; adjectives in -ły are named."""
    word = word.lower()
    if word.startswith("powin"):
        return "winien"
    if re.search(r"ła?by[mś]$", word):
        return "conditional"
    if word.endswith(("ą", "ego", "ym", "im", "emu")):
        return "oblique"
    if re.search(r"ł(?:em|am|eś|aś)$", word):
        return "past"
    stem = word.removesuffix("a")
    return "l-participle" if stem.endswith("ł") and stem not in ADJECTIVES else CLASSES[4]


def labelled_rows(rows: int) -> list[int]:
    """The rows to label, outside the 150 that were read while the hooks were written."""
    read = set(random.Random(20261121).sample(range(rows), 150))
    return sorted(random.Random(7).sample([n for n in range(rows) if n not in read], LABELLED))


def rewriting_rows(polish: Hooks, texts: Sequence[str]) -> list[int]:
    """A seeded sample of the rows that show one gender of the speaker; the first are checked."""
    shown = [n for n, text in enumerate(texts) if len({g for *_, g in forms(polish, text)}) == 1]
    return random.Random(11).sample(shown, REWRITTEN)


def detection(polish: Hooks, data: Path, labels: dict[str, Any]) -> list[dict[str, Any]]:
    """Precision and recall by engine and form class, against the labels."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for system in SYSTEMS:
        texts = sentences(data, system)
        for row in labels["rows"][system]:
            wanted = {(a, b, g) for n, a, b, g in labels["forms"][system] if n == row}
            found = set(forms(polish, texts[row]))
            for kind, some in (("right", found & wanted), ("false", found - wanted),
                               ("missed", wanted - found)):
                for start, end, _ in some:
                    counts[system, class_of(texts[row][start:end]), kind] += 1
    return [
        {"system": system, "class": name,
         **{kind: counts[system, name, kind] for kind in ("right", "false", "missed")}}
        for system in SYSTEMS
        for name in CLASSES
    ]


def endings(polish: Hooks, data: Path) -> list[dict[str, Any]]:
    """Of all rows, the words with a verb ending of the first person: found as the speaker's form.

    What is not found should be nouns in the instrumental (zespołem); the labels say what was read.
    """
    rows = []
    for system in SYSTEMS:
        words = found = 0
        for text in sentences(data, system):
            spans = {(start, end) for start, end, _ in forms(polish, text)}
            places = [match.span() for match in ENDING.finditer(text)]
            words += len(places)
            found += len(spans.intersection(places))
        rows.append({"system": system, "words": words, "found": found})
    return rows


def rewritten(polish: Hooks, text: str) -> tuple[str, str]:
    """The sentence in the other gender of its speaker, and back."""
    gender = forms(polish, text)[0][2]
    there = apply_edits(text, polish.realize(text, "seeker", plan(OTHER[gender])))
    own: Gender = "male" if gender == "m" else "female"
    return there, apply_edits(there, polish.realize(there, "seeker", plan(own)))


def rewriting(polish: Hooks, data: Path, labels: dict[str, Any]) -> dict[str, Any]:
    """Share restored of all; right, wrongly unchanged and damaged of those that were checked."""
    restored, judged, stale = 0, Counter[str](), []
    for system in SYSTEMS:
        texts = sentences(data, system)
        rows = rewriting_rows(polish, texts)
        known = {row: (digest, label) for row, digest, label in labels["rewritten"][system]}
        for place, row in enumerate(rows):
            there, back = rewritten(polish, texts[row])
            restored += back == texts[row]
            if place < CHECKED:
                digest, label = known.get(row, ("", ""))
                judged[label] += 1
                if digest != sha256(there)[:12]:
                    stale.append(f"{system} {row}")
    return {"sentences": REWRITTEN * len(SYSTEMS), "restored": restored,
            "checked": CHECKED * len(SYSTEMS), "labels": dict(judged), "stale": stale}


# ---------------------------------------------------------------- text that is right


def right_texts(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Distinct Polish subtitles, and the FLORES sentences."""
    path = data / "xed_en_pl" / "pairs-pl.txt"
    with path.open(encoding="utf-8", newline="\n") as file:
        yield "XED subtitles", sorted({line.rstrip("\n").split("\t")[-1] for line in file})
    found: list[str] = []
    for part in ("dev", "test", "train"):
        name = data / "flores_sib200" / f"pol_Latn.{part}.tsv"
        with name.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [row["text"] for row in rows]
    yield "FLORES", found


def alone(polish: Hooks, data: Path) -> list[dict[str, Any]]:
    """Sentences that no plan leaves alone (8 plans: genders, ty or Pan), and those re-spelled."""
    plans = [
        plan(mine, yours, level)
        for mine in ("male", "female") for yours in ("male", "female") for level in ("ty", "pan")
    ]
    rows = []
    for name, texts in right_texts(data):
        touched, kinds, spelled = 0, Counter[str](), 0
        for text in texts:
            clean = polish.normalize(text)
            spelled += clean != text
            least = min((_faults(polish, clean, one) for one in plans), key=len)
            touched += bool(least)
            kinds.update(least)
        rows.append({"text": name, "sentences": len(texts), "touched": touched,
                     "kinds": dict(kinds), "spelled": spelled})
    return rows


def _faults(polish: Hooks, text: str, one: Plan) -> set[str]:
    found = {item.code for item in polish.analyze(text, "seeker", one) if item.severity != "warn"}
    return found | {f"edit {edit.rule}" for edit in polish.realize(text, "seeker", one)}


# ---------------------------------------------------------------- written


def of_what() -> dict[str, str]:
    """Hashes of what the figures hold for: when one changes they are measured again."""
    return {
        "hooks": hash_json([hash_file(FOLDER / name) for name in ("hooks.py", "forms.yaml")]),
        "labels": hash_file(LABELS),
    }


def data_hashes(data: Path) -> dict[str, str]:
    """Hashes of the data measured on."""
    names = ["gest_pl/google.csv", "gest_pl/nllb_3b.csv", "xed_en_pl/pairs-pl.txt"]
    names += [f"flores_sib200/pol_Latn.{part}.tsv" for part in ("dev", "test", "train")]
    return {name: hash_file(data / name) for name in names}


def measure(data: Path) -> dict[str, Any]:
    """All figures. Raises SystemExit where a label is of another rewriting."""
    polish, labels = hooks(), json.loads(read_text(LABELS))
    rewrites = rewriting(polish, data, labels)
    if rewrites.pop("stale"):
        raise SystemExit("rewritten otherwise than when checked: label again (--print rewriting)")
    return {"of": of_what(), "data": data_hashes(data), "checked_by": labels["checked_by"],
            "detection": detection(polish, data, labels), "endings": endings(polish, data),
            "not_found": labels["not_found"], "rewriting": rewrites,
            "right_text": alone(polish, data), "right_text_read": labels["right_text_read"]}


def block(figures: dict[str, Any]) -> str:
    """The README's block of the figures."""
    lines = ["| engine | form | right | false | missed | precision [95%] | recall [95%] |",
             "|---|---|---|---|---|---|---|"]
    for row in figures["detection"]:
        right, false, missed = row["right"], row["false"], row["missed"]
        lines.append(f"| {row['system']} | {row['class']} | {right} | {false} | {missed} "
                     f"| {_share(right, right + false)} | {_share(right, right + missed)} |")
    lines += ["", "Precision and recall against labels by offset in 200 sentences, "
              f"{figures['checked_by']}; intervals are exact (Clopper and Pearson).", ""]
    for row in figures["endings"]:
        lines.append(f"- {row['system']}: of {row['words']} words with a verb ending of the first "
                     f"person in all rows, {row['found']} are found; the others, read: "
                     f"{figures['not_found'][row['system']]}.")
    done, marks = figures["rewriting"], figures["rewriting"]["labels"]
    share = _share(done["restored"], done["sentences"])
    lines += ["", f"Rewritten into the other gender and back: {done['restored']} of "
              f"{done['sentences']} restored exactly ({share}). "
              f"Of {done['checked']} rewritings, {figures['checked_by']}: "
              + ", ".join(f"{marks.get(name, 0)} {name}" for name in
                          ("right", "wrongly unchanged", "damaged")) + ".",
              "", "| right text | sentences | touched under every plan | share | re-spelled |",
              "|---|---|---|---|---|"]
    for row in figures["right_text"]:
        lines.append(f"| {row['text']} | {row['sentences']} | {row['touched']} "
                     f"| {row['touched'] / row['sentences']:.2%} | {row['spelled']} |")
    lines += ["", f"Read as well: {figures['right_text_read']}."]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    low, high = share_lower_bound(part, whole, 0.025), share_upper_bound(part, whole, 0.025)
    return f"{part / whole:.3f} [{low:.3f}, {high:.3f}]"


def write(figures: dict[str, Any]) -> None:
    """The figures and the README's block."""
    write_json(FIGURES, figures)
    path = FOLDER / "README.md"
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    write_text(path, f"{before}{BEGIN}\n{block(figures)}\n{END}{rest.partition(END)[2]}")


def show(what: str, data: Path) -> None:
    """The sampled rows with what the hooks say, for the one who labels."""
    polish = hooks()
    for system in SYSTEMS:
        texts = sentences(data, system)
        if what == "detection":
            for row in labelled_rows(len(texts)):
                text = texts[row]
                for start, end, gender in reversed(forms(polish, text)):
                    text = f"{text[:start]}[{gender} {text[start:end]}]{text[end:]}"
                sys.stdout.write(f"{system} {row} {text}\n")
        else:
            for row in rewriting_rows(polish, texts)[:CHECKED]:
                there, _ = rewritten(polish, texts[row])
                sys.stdout.write(f"{system} {row} {texts[row]}\n    {there}\n")


def main() -> None:
    """Measure, and write where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--print", choices=("detection", "rewriting"), dest="shown")
    options = parser.parse_args()
    if options.shown:
        show(options.shown, DATA)
        return
    figures = measure(DATA)
    sys.stdout.write(block(figures) + "\n")
    if options.write:
        write(figures)


if __name__ == "__main__":
    main()
