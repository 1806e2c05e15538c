"""Cleaning a parallel file: named filters with thresholds, a count and examples for each.

The numbers are those of `corpus/filters` (OpusFilter's definitions); the default thresholds are
wide, so that what falls is seldom a translation. A gate of a run asks other questions, of a
dialogue that mhx made, and drops nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from mhx.corpus import filters
from mhx.corpus.parallel import Row, Sides
from mhx.corpus.repeats import repetitions
from mhx.errors import UsageError, unknown
from mhx.files import sha256
from mhx.language import Language

if TYPE_CHECKING:
    import polars as pl

BATCH = 20_000  # pairs looked at together
EXAMPLES = 3  # pairs shown of each filter
SHOWN = 80  # characters of an example
ZEROS = (0x660, 0x6F0)  # Arabic-Indic, and as Persian writes them
VARIANT = ("register", "gender")  # a memory keeps one text pair for each

Keep = Callable[["pl.Series", "pl.Series", tuple[float, ...]], Any]  # bool, one a pair


@dataclass(frozen=True)
class Filter:
    """A filter: what it keeps, in words with ``{0}`` for its threshold, and its defaults."""

    name: str
    keeps: str
    default: tuple[float, ...]
    keep: Keep
    asked: bool = False  # used only where it is named


@dataclass
class Count:
    """What a filter did: the pairs it would drop, those no other filter drops, and examples."""

    name: str
    keeps: str
    fails: int = 0
    alone: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Account:
    """Pairs read, kept and dropped, and what each filter did."""

    counts: list[Count]
    read: int = 0
    kept: int = 0

    @property
    def dropped(self) -> int:
        """Pairs dropped by any filter."""
        return self.read - self.kept


def known_filters(source: Language, target: Language) -> dict[str, Filter]:
    """All filters for a pair of languages, by name, in the order of their table."""
    scripts = (source.manifest.script, target.manifest.script)
    names = tuple(one.manifest.codes.get("lingua", "") for one in (source, target))

    def both(measured: Callable[[pl.Series], Any]) -> Keep:
        def keep(one: pl.Series, two: pl.Series, limit: tuple[float, ...]) -> Any:
            low, high = limit if len(limit) > 1 else (limit[0], float("inf"))
            first, second = measured(one), measured(two)
            return (first >= low) & (first <= high) & (second >= low) & (second <= high)

        return keep

    def in_scripts(one: pl.Series, two: pl.Series, limit: tuple[float, ...]) -> Any:
        first, second = (filters.in_script(side, script) >= limit[0]
                         for side, script in zip((one, two), scripts, strict=True))
        return first & second

    def in_languages(one: pl.Series, two: pl.Series, limit: tuple[float, ...]) -> Any:
        first, second = (filters.confidence(side, name, frozenset(names)) > limit[0]
                         for side, name in zip((one, two), names, strict=True))
        return first & second

    found = [
        Filter("length", "{0} to {1} words a side", (1, 150), both(filters.words)),
        Filter("ratio", "the longer side has at most {0} times the characters", (6,),
               lambda one, two, limit: filters.length_ratio(
                   filters.characters(one), filters.characters(two)) <= limit[0]),
        Filter("letters", "at least {0} of the characters are letters", (0.2,),
               both(filters.alphabetic)),
        Filter("script", "at least {0} of the letters are of the language's script", (0.3,),
               in_scripts),
        Filter("numerals", "the digits agree at least {0} (1: all)", (0.5,),
               lambda one, two, limit: filters.numerals(_ascii(one), _ascii(two)) >= limit[0]),
        Filter("punctuation", "end marks agree at least {0} (0: all)", (-3,),
               lambda one, two, limit: filters.punctuation(one, two) >= limit[0]),
        Filter("html", "no HTML tag", (),
               lambda one, two, limit: ~(filters.tags(one) | filters.tags(two))),
        Filter("repeats", "no piece again more than {0} times in a row", (3,),
               lambda one, two, limit: ~(_comes_again(one, limit[0])
               | _comes_again(two, limit[0]))),
        Filter("copied", "the two sides differ", (),
               lambda one, two, limit: (one != two).to_numpy()),
    ]
    if all(names) and len(set(names)) > 1:
        found.append(Filter("language", "each side is identified as its own language, of the two, "
                            "with a confidence over {0}", (0,), in_languages, asked=True))
    return {item.name: item for item in found}


def _comes_again(texts: pl.Series, limit: float) -> Any:
    """Whether any piece of each text comes again more than so often, be it not the first one."""
    return repetitions(texts, times=max(0, int(limit)) + 1) > 0


def _ascii(texts: pl.Series) -> pl.Series:
    """Texts with Arabic and Persian digits as ASCII ones: numerals of two scripts are compared."""
    digits = [chr(zero + value) for zero in ZEROS for value in range(10)]
    return texts.str.replace_many(digits, [str(value) for _ in ZEROS for value in range(10)])


def chosen_filters(
    known: Mapping[str, Filter], given: Iterable[str], without: Iterable[str] = ()
) -> list[tuple[Filter, tuple[float, ...]]]:
    """Filters with their thresholds: the defaults, changed and added to by ``NAME=VALUE``.

    A range is ``LOW:HIGH``; `without` names those left out. Raises MhxError for an unknown name,
    UsageError for a threshold that is none.
    """
    limits = {name: item.default for name, item in known.items() if not item.asked}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise unknown("filter", name, known)
        limits[name] = _limit(known[name], value) if value else known[name].default
    for name in without:
        if name not in known:
            raise unknown("filter", name, known)
        limits.pop(name, None)
    return [(item, limits[name]) for name, item in known.items() if name in limits]


def _limit(item: Filter, value: str) -> tuple[float, ...]:
    try:
        limit = tuple(float(part) for part in value.split(":"))
    except ValueError:
        limit = ()
    known = bool(limit) and not any(map(math.isnan, limit))  # nan would drop every pair
    if not known or len(limit) != len(item.default) or list(limit) != sorted(limit):
        shape = ("no value", "NUMBER", "LOW:HIGH")[len(item.default)]
        raise UsageError(f"--filter {item.name}={value}", f"write {item.name}={shape}"
                         if item.default else f"write {item.name}: it has no threshold")
    return limit


class Cleaning:
    """A pass over a file's rows: what it yields is kept, what it counted is in `account`.

    A pair that was kept before, with the same two texts (and in a TMX of mhx the same register and
    gender), is dropped by ``duplicate``. `dropped`
    gets each dropped row with the names of the filters that drop it.
    """

    def __init__(
        self, chosen: Iterable[tuple[Filter, tuple[float, ...]]], sides: Sides, *,
        duplicates: bool = True, dropped: Callable[[Row, list[str]], object] | None = None,
    ) -> None:
        self._chosen, self._sides = list(chosen), sides
        self._dropped = dropped
        self._seen: set[bytes] | None = set() if duplicates else None
        counts = [Count(item.name, item.keeps.format(*(f"{one:g}" for one in limit)))
                  for item, limit in self._chosen]
        if duplicates:
            counts.append(Count("duplicate", "no pair kept before"))
        self.account = Account(counts)

    def kept(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that every filter keeps, in order; a batch is in memory at a time."""
        waiting = iter(rows)
        while batch := list(islice(waiting, BATCH)):
            yield from self._batch(batch)

    def _batch(self, rows: list[Row]) -> Iterator[Row]:
        import polars as pl

        one, two = (pl.Series([row[name] or "" for row in rows], dtype=pl.String)
                    for name in self._sides.columns)
        masks = [item.keep(one, two, limit).tolist() for item, limit in self._chosen]
        names = [item.name for item, _ in self._chosen]
        for place, row in enumerate(rows):
            failed = [name for name, mask in zip(names, masks, strict=True) if not mask[place]]
            if not failed and self._again(one[place], two[place], row):
                failed = ["duplicate"]
            self._count(one[place], two[place], failed)
            if not failed:
                yield row
            elif self._dropped is not None:
                self._dropped(row, failed)

    def _again(self, one: str, two: str, row: Row) -> bool:
        if self._seen is None:
            return False
        whole = "\0".join([one, two, *(str(row.get(name) or "") for name in VARIANT)])
        key = bytes.fromhex(sha256(whole)[:32])  # 16 bytes: a large file's keys stay in memory
        new = key not in self._seen
        self._seen.add(key)
        return not new

    def _count(self, one: str, two: str, failed: list[str]) -> None:
        self.account.read += 1
        self.account.kept += not failed
        for count in self.account.counts:
            if count.name in failed:
                count.fails += 1
                count.alone += len(failed) == 1
                if len(count.examples) < EXAMPLES:
                    count.examples.append((one[:SHOWN], two[:SHOWN]))
