"""Entity edits against the authors' edits, and what entities do to real text.

    python bench/entities.py [--data ../shared/data] [--show N]

The train dialogues are what the entities were developed on; the valid ones were not looked at, and
both were written before the entities: these are development figures, not the blind measure of
`mhx evaluate`, which knows no entities. An edit matches an authored one that shares its place and
operation; `exact` asks for the same words too, which for a place or a pooled name is chance.
Real pairs (FLORES, XED) are single segments: everything edited there is counted by kind, and
`--show N` prints N drawn edits to be read. With spaCy installed, its PhraseMatcher over a blank
pipeline is given the same phrases. No sentence of the data is stored.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mhx.adaptation.passes import AdaptedParts, Part, Passes, localizer_of
from mhx.adaptation.plan import make_plan
from mhx.adaptation.rules import adapt_segment, plan_from_test
from mhx.cards import load_territory
from mhx.files import hash_file, write_json
from mhx.language import Language, load_language
from mhx.run import machine, versions
from mhx.schema import AdaptedDialogue, Dialogue, Edit
from mhx.scoring import match_edits, prf
from mhx.shelves import Shelves, discover

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SPLITS = {"train": "developed on", "valid": "not looked at when written"}
FLORES = {"pl": "pol_Latn", "fa": "pes_Arab", "es": "spa_Latn"}
SEED = 20261121
SUBTITLES = 1500  # pairs of XED that are drawn
Pairs = list[tuple[str, str]]


def passes_of(tag: str, shelves: Shelves) -> Passes:
    """The passes of a language in its own territory, without a model."""
    language, source = (load_language(name, shelves=shelves) for name in (tag, "en"))
    territory = load_territory(language.territory, shelves=shelves)
    return Passes(language, source, localizer_of(language, source, territory, shelves))


def is_entity(edit: Edit, passes: Passes) -> bool:
    """Whether an edit is one of the localization: names, places, measures, months, phrases."""
    local = passes.localizer.local
    if local is None:
        return False
    ids = {item.id for item in (*local.sites, *local.counterparts, *local.phrases)}
    return edit.rule in ids or edit.rule.startswith(local.id)


def kind_of(rule: str) -> str:
    """names, units, calendar, site, shop, school …: what an entity's id says it is."""
    parts = rule.split(".")
    return parts[2] if parts[1] == "loc" and len(parts) > 2 else parts[1]


# ---------------------------------------------------------------- the shipped dialogues


def adapted(passes: Passes, dialogue: Dialogue, item: AdaptedDialogue) -> AdaptedParts:
    """The shipped dialogue's faithful text after all passes."""
    plan = make_plan(dialogue, passes.language, seed=0)
    parts = [
        Part(source, part.faithful, turn.role, turn.risk)
        for turn, spoken in zip(dialogue.turns, item.turns, strict=True)
        for source, part in zip(turn.segments, spoken.segments, strict=True)
    ]
    return passes.adapt(plan, parts)


def by_rules(language: Language, dialogue: Dialogue, item: AdaptedDialogue) -> list[list[Edit]]:
    """The edits of rules and hooks alone."""
    plan = make_plan(dialogue, language, seed=0)
    return [
        list(
            adapt_segment(
                part.faithful, role=turn.role, risk=turn.risk, plan=plan,
                rules=language.card.rules, hooks=language.hooks,
            ).edits
        )
        for turn, spoken in zip(dialogue.turns, item.turns, strict=True)
        for part in spoken.segments
    ]


def shipped(passes: Passes, split: str) -> dict[str, Any]:
    """Precision and recall of rules, of rules with entities, and of the entity edits by kind."""
    sources = {item.id: item for item in passes.source.source_corpus if item.split == split}
    listed: list[list[dict[str, Any]]] = []
    made: dict[str, list[list[dict[str, Any]]]] = {"rules": [], "all": [], "entities": []}
    left = 0
    dialogues = [item for item in passes.language.corpus if item.id in sources]
    for item in dialogues:
        done = adapted(passes, sources[item.id], item)
        listed += [
            [edit.model_dump() for edit in part.edits]
            for turn in item.turns
            for part in turn.segments
        ]
        made["rules"] += [
            [edit.model_dump() for edit in edits]
            for edits in by_rules(passes.language, sources[item.id], item)
        ]
        for part in done.parts:
            left += sum(found.code == "entity.left" for found in part.findings)
            made["all"].append([edit.model_dump() for edit in part.edits])
            entities = [edit.model_dump() for edit in part.edits if is_entity(edit, passes)]
            made["entities"].append(entities)
    kinds = sorted({kind_of(edit["rule"]) for edits in made["entities"] for edit in edits})
    return {
        "dialogues": len(dialogues),
        "standing": SPLITS[split],
        "authored_edits": sum(map(len, listed)),
        "left_and_reported": left,
        **{name: _figures(edits, listed) for name, edits in made.items()},
        "entities_by_kind": {
            kind: _figures(
                [[one for one in some if kind_of(one["rule"]) == kind]
                 for some in made["entities"]],
                listed,
            )
            for kind in kinds
        },
    }


def _figures(made: list[list[dict[str, Any]]], listed: list[list[dict[str, Any]]]) -> Any:
    counts = match_edits(made, listed)
    return {"edits": sum(map(len, made)), "place": prf(counts["all"]),
            "exact": prf(counts["exact"])}


# ---------------------------------------------------------------- real text


def flores(data: Path, tag: str) -> Pairs:
    """English and target sentences of all three parts, aligned by index."""
    found: Pairs = []
    for part in ("train", "dev", "test"):
        sides = []
        for code in ("eng_Latn", FLORES[tag]):
            path = data / "flores_sib200" / f"{code}.{part}.tsv"
            with path.open(encoding="utf-8", newline="") as handle:
                rows = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
                sides.append({row["index_id"]: row["text"] for row in rows})
        found += [(sides[0][key], sides[1][key]) for key in sides[0] if key in sides[1]]
    return found


def subtitles(data: Path) -> Pairs:
    """Drawn distinct English and Polish lines of XED (the file's left sides are partly Danish)."""
    text = (data / "xed_en_pl" / "pairs-pl.txt").read_text(encoding="utf-8")
    cells = [line.split("\t") for line in text.split("\n") if line]
    pairs = list(dict.fromkeys((cell[-2].strip(), cell[-1].strip()) for cell in cells))
    return random.Random(SEED).sample(pairs, min(SUBTITLES, len(pairs)))


def edits_of(passes: Passes, pairs: Pairs) -> Iterator[tuple[str, str, Edit]]:
    """Entity edits of real pairs, each pair a dialogue of one segment."""
    address = passes.language.manifest.grammar.default_address
    for number, (source, target) in enumerate(pairs):
        plan = plan_from_test(None, address).model_copy(update={"dialogue": str(number)})
        (part,) = passes.adapt(plan, [Part(source, target, "seeker", False)]).parts
        for edit in part.edits:
            if is_entity(edit, passes):
                yield source, target, edit


def real(passes: Passes, pairs: Pairs, show: int) -> dict[str, Any]:
    """Entity edits of real pairs by kind; `show` of them are printed and not stored."""
    found = list(edits_of(passes, pairs))
    kinds = Counter(kind_of(edit.rule) for _, _, edit in found)
    drawn = random.Random(SEED).sample(found, min(show, len(found)))
    for source, target, edit in drawn:
        around = target[max(0, edit.start - 40) : edit.end + 25]
        common.say(f"  {edit.rule}: {edit.before} → {edit.after} | {around} | {source[:140]}")
    return {"segments": len(pairs), "edits": len(found), "by_kind": dict(sorted(kinds.items()))}


# ---------------------------------------------------------------- spaCy


def against_spacy(passes: Passes, pairs: Pairs) -> dict[str, Any] | None:
    """Places of foreign sites by our pattern and by spaCy's PhraseMatcher, the same phrases.

    None without spaCy. Endings that a language attaches are not phrases, so spaCy finds fewer.
    """
    try:
        import spacy
        from spacy.matcher import PhraseMatcher
    except ImportError:
        return None
    from mhx.adaptation.entities.find import Replacement, nouns

    localizer = passes.localizer
    words, tag = localizer.words, passes.language.tag
    if words is None:
        return None
    said = [
        name
        for territory in localizer.others
        if territory.localization is not None
        for site in territory.localization.sites
        for name in site.names.get(tag, ())
    ]
    phrases = {form for name in said for form in words.forms(name)}
    pipeline = spacy.blank(passes.language.manifest.codes.get("spacy", tag))
    matcher = PhraseMatcher(pipeline.vocab, attr="ORTH")
    matcher.add("SITE", [pipeline.make_doc(phrase) for phrase in sorted(phrases)])
    put = Replacement(said[0], "bench", ())
    ours: set[tuple[int, int, int]] = set()
    theirs: set[tuple[int, int, int]] = set()
    for number, (_, target) in enumerate(pairs):
        ours |= {(number, hit.start, hit.end) for hit in nouns(target, words, said, put)}
        doc = pipeline.make_doc(target)
        spans = spacy.util.filter_spans([doc[start:end] for _, start, end in matcher(doc)])
        theirs |= {(number, span.start_char, span.end_char) for span in spans}
    near = {(number, start) for number, start, _ in ours}
    missed = sum((number, start) not in near for number, start, _ in theirs)
    return {"segments": len(pairs), "ours": len(ours), "spacy": len(theirs),
            "only_spacy": missed, "spacy_version": spacy.__version__}


def main() -> None:
    """Everything, into bench/results/entities.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    shelves = discover(cwd=ROOT)
    rows: dict[str, Any] = {}
    for tag in FLORES:
        passes = passes_of(tag, shelves)
        row: dict[str, Any] = {split: shipped(passes, split) for split in SPLITS}
        if options.data.is_dir():
            pairs = flores(options.data, tag)
            row["flores"] = real(passes, pairs, options.show)
            row["spacy"] = against_spacy(passes, pairs)
            if tag == "pl":
                row["xed"] = real(passes, subtitles(options.data), options.show)
        rows[tag] = row
        common.say(f"{tag}: {row['train']['entities']['place']}")
    result = {
        "what": "entity edits against authored edits (development figures) and on real text",
        "machine": machine(), "versions": versions(),
        "cards": {code: hash_file(shelves.get("culture_cards", code).manifest)
                  for code in ("PL", "IR", "ES", "US")},
        "languages": rows,
    }
    write_json(common.RESULTS / "entities.json", result)


if __name__ == "__main__":
    main()
