"""The texts of a rating form, checked and drawn from the user's table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mhx.errors import MhxError, Problem, unknown

if TYPE_CHECKING:
    import polars as pl

SHOWN = 5  # items that a message names before it says how many more there are


@dataclass(frozen=True, order=True)
class Text:
    """One language version of an item. `context` is what the text answers to, or None."""

    item: str
    language: str
    text: str
    context: str | None = None


def collect_texts(frame: pl.DataFrame, *, item: str, text: str, language: str,
                  context: str | None) -> list[Text]:
    """One text for each item and language, in order; rows that repeat one are taken once.

    Raises MhxError for an unknown column, an empty cell, and an item with two texts in one
    language.
    """
    import polars as pl

    columns = {"item": item, "language": language, "text": text}
    if context is not None:
        columns["context"] = context
    absent = [name for name in columns.values() if name not in frame.columns]
    if absent:
        raise MhxError([one for name in absent
                        for one in unknown("column", name, frame.columns).problems])
    nested = [name for name in columns.values() if frame.schema[name].is_nested()]
    if nested:
        raise MhxError([Problem("holds lists or records, not text", "name a column of plain text",
                                field=name) for name in nested])
    wanted = frame.select(**{role: pl.col(name).cast(pl.String) for role, name in columns.items()})
    shown = [role for role in ("text", "context") if role in columns]
    wanted = wanted.with_columns(pl.col(shown).str.strip_chars()).unique()
    problems = [
        Problem(f"{count} different rows are empty here", "fill them in or leave the rows out",
                field=columns[role])
        for role in ("item", "language", "text")
        if (count := wanted.filter(pl.col(role).fill_null("").str.strip_chars() == "").height)
    ]
    twice = (wanted.group_by("item", "language").len().filter(pl.col("len") > 1)
             .sort("item", "language").rows())
    problems += [
        Problem(f"{name!r} has {count} different texts in {tag!r}", field=item,
                fix="an item is one text in each language: name a column that tells them apart "
                    "(for example scenario and system joined)")
        for name, tag, count in twice[:SHOWN]
    ]
    if len(twice) > SHOWN:
        problems.append(Problem(f"so have {len(twice) - SHOWN} more", field=item))
    if not problems and wanted.is_empty():
        problems.append(Problem("the table has no rows", "give the anchors to be rated"))
    if problems:
        raise MhxError(problems)
    return sorted(Text(row["item"], row["language"], row["text"], row.get("context") or None)
                  for row in wanted.iter_rows(named=True))


def draw(texts: list[Text], n: int | None, languages: Collection[str], rng: Random) -> list[Text]:
    """The versions of `n` items that are there in every language; all texts when n is None."""
    if n is None:
        return texts
    versions: dict[str, set[str]] = {}
    for one in texts:
        versions.setdefault(one.item, set()).add(one.language)
    paired = sorted(name for name, found in versions.items() if found == set(languages))
    if not 1 <= n <= len(paired):
        raise MhxError(Problem(
            f"{n} items asked for, {len(paired)} have a text in each of {len(languages)} "
            "languages", "ask for fewer or add the missing versions", field="n"))
    chosen = set(rng.sample(paired, n))
    return [one for one in texts if one.item in chosen]
