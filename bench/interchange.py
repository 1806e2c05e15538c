"""XLIFF 2.0 and TMX of 200,000 units: units a second and peak memory, beside translate-toolkit.

The texts are numbered sentences, so nothing compresses or repeats. Each run has a process of its
own. translate-toolkit reads and writes whole trees, so it is run at `--theirs` units and its
memory is given for those.

    python bench/interchange.py [--units 200000] [--theirs 20000] [--repeat 3] [--results DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from common import RESULTS, Timed, record, say, single_threaded, timed

from mhx.corpus.tmx import Unit as TmxUnit
from mhx.corpus.tmx import read_tmx, write_tmx
from mhx.interchange.parts import File, Head, Note, Segment, Unit
from mhx.interchange.read import read_xliff
from mhx.interchange.write import write_xliff
from mhx.reviewing.dialogues import CODES

SLOT = "{{service:suicide_adult}}"
TURNS = 20  # units of one file, as a long dialogue has turns


def text(number: int, tag: str) -> str:
    """A numbered sentence; every tenth holds an inline code."""
    code = f" ({SLOT})" if number % 10 == 0 else ""
    return f"Sentence number {number} of this side, {tag}, with a few more words in it{code}."


def files(count: int) -> Iterator[File]:
    """Dialogues of `TURNS` units until there are `count`."""
    for start in range(0, count, TURNS):
        units = [
            Unit(f"t{n}", (Segment("s0", text(n, "en"), text(n, "pl"), "translated"),),
                 (Note("s0: length (review): 3.1 times", "mhx:reason"),), {"role": "seeker"})
            for n in range(start, min(start + TURNS, count))]
        yield File(Head(f"f{start}", f"mhx:pl/x?run=0&dialogue={start}&text=0"), units)


def write_ours(path: Path, count: int) -> int:
    """Our XLIFF writer; returns the file's size, bytes."""
    write_xliff(path, files(count), source="en", target="pl", codes=CODES)
    return path.stat().st_size


def read_ours(path: Path) -> int:
    """Our XLIFF reader; returns the units found."""
    return sum(unit is not None for _, unit in read_xliff(path))


def read_theirs(path: Path) -> int:
    """translate-toolkit's XLIFF reader with every source and target."""
    from translate.storage.xliff2 import Xliff2File

    return sum(bool(unit.source and unit.target) for unit in Xliff2File.parsefile(str(path)).units)


def write_theirs(path: Path, count: int) -> int:
    """translate-toolkit's XLIFF writer."""
    from translate.storage.xliff2 import Xliff2File

    store = Xliff2File(sourcelanguage="en", targetlanguage="pl")
    for number in range(count):
        unit = store.addsourceunit(text(number, "en"))
        unit.setid(f"t{number}")
        unit.target = text(number, "pl")
    path.write_bytes(bytes(store))
    return path.stat().st_size


def memory_ours(path: Path, count: int) -> int:
    """Our TMX writer."""
    units = (TmxUnit(text(n, "en"), text(n, "pl"), f"u{n}") for n in range(count))
    write_tmx(path, units, source="en", target="pl", creator="bench")
    return path.stat().st_size


def memory_read(path: Path) -> int:
    """Our TMX reader."""
    return sum(1 for _ in read_tmx(path, "en", "pl"))


def memory_theirs(path: Path, count: int) -> int:
    """translate-toolkit's TMX writer."""
    from translate.storage.tmx import tmxfile

    store = tmxfile()
    for number in range(count):
        store.addtranslation(text(number, "en"), "en", text(number, "pl"), "pl")
    path.write_bytes(bytes(store))
    return path.stat().st_size


def memory_read_theirs(path: Path) -> int:
    """translate-toolkit's TMX reader."""
    from translate.storage.tmx import tmxfile

    return sum(bool(unit.source and unit.target) for unit in tmxfile.parsefile(str(path)).units)


def row(name: str, done: Timed, units: int, theirs: Timed | None, fewer: int) -> dict[str, Any]:
    """Units a second and peak memory of both sides."""
    out: dict[str, Any] = {
        "what": name, "units": units, "units_per_s": round(units / done.median),
        "seconds": [round(one, 3) for one in done.seconds], "peak_mib": round(done.peak_mib, 1)}
    if theirs is not None:
        speed = fewer / theirs.median
        out |= {"toolkit_units": fewer, "toolkit_units_per_s": round(speed),
                "toolkit_seconds": [round(one, 3) for one in theirs.seconds],
                "toolkit_peak_mib": round(theirs.peak_mib, 1),
                "ratio": round(units / done.median / speed, 1)}
    return out


def main() -> None:
    """Measure both formats in both directions and record the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=200_000)
    parser.add_argument("--theirs", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def run(work: Callable[..., int], path: str, *count: int) -> Timed:
            return timed(partial(folder.joinpath, path), lambda file: work(file, *count),
                         asked.repeat)

        for what, ours, theirs, suffix, reading in (
            ("xliff write", write_ours, write_theirs, "xlf", False),
            ("xliff read", read_ours, read_theirs, "xlf", True),
            ("tmx write", memory_ours, memory_theirs, "tmx", False),
            ("tmx read", memory_read, memory_read_theirs, "tmx", True),
        ):
            if reading:
                (write_ours if suffix == "xlf" else memory_ours)(
                    folder / f"few.{suffix}", asked.theirs)
                mine, other = run(ours, f"many.{suffix}"), run(theirs, f"few.{suffix}")
                assert (mine.value, other.value) == (asked.units, asked.theirs)
            else:
                mine = run(ours, f"many.{suffix}", asked.units)
                other = run(theirs, f"theirs.{suffix}", asked.theirs)
            rows.append(row(what, mine, asked.units, other, asked.theirs))
            say(f"{what}: {rows[-1]['units_per_s']} units/s, {rows[-1]['peak_mib']} MiB, "
                f"{rows[-1]['ratio']} times translate-toolkit")
    record("interchange", {"rows": rows, "repeat": asked.repeat}, peers=["translate-toolkit"],
           folder=asked.results)


if __name__ == "__main__":
    single_threaded()
    main()
