"""Write the rating form and its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from mhx.anchoring.assign import assign
from mhx.anchoring.key import read_json, seal
from mhx.anchoring.order import arrange, distance, new_code, with_repeats
from mhx.anchoring.page import render
from mhx.anchoring.problems import (
    file_problems,
    number_problems,
    rater_problems,
    wording_problems,
)
from mhx.anchoring.texts import Text, collect_texts, draw
from mhx.errors import MhxError, Problem
from mhx.files import hash_json, sha256, write_json, write_text
from mhx.schema.anchors_form import AnchorKey, AnchorRubric

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written. `shown` counts each rater's texts, repeats included; `apart` is the
    fewest steps between two showings of one item; `notes` are sentences for the coordinator."""

    form: Path
    key: Path
    items: int
    texts: int
    shown: dict[str, int]
    apart: int
    notes: tuple[str, ...] = ()


def export_form(
    frame: pl.DataFrame,
    *,
    item: str,
    text: str,
    language: str,
    raters: Mapping[str, Sequence[str]],
    rubric: AnchorRubric,
    out: Path,
    context: str | None = None,
    n: int | None = None,
    repeats: float = 0.0,
    seed: int = 0,
    per_item: int | None = None,
    made: date | None = None,
) -> Exported:
    """Write `out` (one offline HTML file for all raters) and `NAME.key.json` beside it.

    The form holds texts under random codes, the rubric's wording and nothing else of the table.
    `raters` maps a pseudonym to the languages the rater rates in; `n` draws that many items which
    exist in every language; `per_item` gives each version to at least that many raters (None:
    all); `repeats` is the share of a rater's texts shown a second time. Raises MhxError with
    every problem.
    """
    texts = collect_texts(frame, item=item, text=text, language=language, context=context)
    languages = sorted({one.language for one in texts})
    problems = [
        *file_problems(out), *rater_problems(raters, languages),
        *wording_problems(rubric, languages),
        *number_problems(raters, languages, per_item=per_item, repeats=repeats),
    ]
    if problems:
        raise MhxError(problems)
    # the texts go into the draw: who does not hold the table cannot compute the codes from a seed
    rng = Random(hash_json([seed, [[one.item, one.language, one.text] for one in texts]]))
    texts = draw(texts, n, languages, rng)
    given = assign(texts, raters, per_item, rng)
    key = _key(texts, raters, given, rubric, repeats, seed, made or date.today(), rng)
    target = out.with_suffix(".key.json")
    _refuse_to_orphan(target, key)
    write_json(target, key.model_dump(mode="json"))
    write_text(out, render(key, texts))
    return Exported(
        form=out, key=target, items=len({one.item for one in texts}), texts=len(texts),
        shown={one.id: len(one.order) for one in key.raters}, apart=key.apart,
        notes=tuple(_notes(key, texts)))


def _key(texts: Sequence[Text], raters: Mapping[str, Sequence[str]],
         given: Mapping[str, Sequence[Text]], rubric: AnchorRubric, repeats: float, seed: int,
         made: date, rng: Random) -> AnchorKey:
    """Codes, and an order for each rater; codes are drawn in random order and listed sorted."""
    taken: set[str] = set()
    codes = {one: new_code(rng, taken) for one in rng.sample(texts, len(texts))}
    again: dict[Text, str] = {}
    people, apart, problems = [], len(texts), []
    for name, spoken in raters.items():
        order, repeated = with_repeats(arrange(given[name], rng), repeats, rng)
        if not order:
            problems.append(Problem(f"{name!r} has nothing to rate", field="raters",
                                    fix="leave the rater out or raise the raters per item"))
            continue
        if distance(order) < min(2, len(order)):
            problems.append(Problem(f"{name!r} would see two versions of one item in a row",
                                    "give more items", field="raters"))
        for at in repeated:
            again.setdefault(order[at], new_code(rng, taken))
        shown = [again[one] if at in repeated else codes[one] for at, one in enumerate(order)]
        people.append({"id": name, "languages": list(spoken), "order": shown})
        apart = min(apart, distance(order))
    if problems:
        raise MhxError(problems)
    entries = [_entry(one, code, None) for one, code in codes.items()]
    entries += [_entry(one, code, codes[one]) for one, code in again.items()]
    return seal({
        "format": 1, "rubric": rubric.model_dump(), "scale": rubric.scale,
        "languages": sorted({one.language for one in texts}),
        "items": sorted(entries, key=lambda entry: str(entry["code"])), "raters": people,
        "apart": apart, "seed": seed, "made": made.isoformat()})


def _entry(one: Text, code: str, repeat_of: str | None) -> dict[str, str | None]:
    return {"code": code, "item": one.item, "language": one.language,
            "text_sha256": sha256(one.text),
            "context_sha256": None if one.context is None else sha256(one.context),
            "repeat_of": repeat_of}


def _refuse_to_orphan(target: Path, key: AnchorKey) -> None:
    """Ratings name the hash of their key: a key that is replaced makes them unreadable."""
    if not target.exists():
        return
    found = read_json(target)
    if not isinstance(found, dict) or found.get("sha256") != key.sha256:
        raise MhxError(Problem(
            "the key of another form is here; ratings made with it could not be read any more",
            "give another --out, or move the old key away first", path=target))


def _notes(key: AnchorKey, texts: Sequence[Text]) -> list[str]:
    """What the coordinator should know before the form goes out."""
    notes = []
    if len(key.languages) > 1:
        linking = [one.id for one in key.raters if len(one.languages) > 1]
        if not linking:
            notes.append("No rater rates in two languages: separate panels confound the scorer's "
                         "bias with the raters' severity, and no licence can come of it.")
        versions: dict[str, int] = {}
        for one in texts:
            versions[one.item] = versions.get(one.item, 0) + 1
        alone = sum(count < len(key.languages) for count in versions.values())
        if alone:
            notes.append(f"{alone} of {len(versions)} items lack a version in some language; "
                         "only items with both versions are paired.")
    return notes
