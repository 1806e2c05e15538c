"""A run of a user's own dialogues up to the gate, whose translations come from one memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mhx.api import open_run
from mhx.corpus.tmx import Unit, write_tmx
from mhx.errors import MhxError
from mhx.interchange.parts import NAMESPACE
from mhx.pipeline import execute
from mhx.reviewing.export import export
from mhx.reviewing.take import Taken, take
from mhx.run import Run
from mhx.shelves import Shelves

TODAY = date(2026, 11, 21)
SLOT = "{{service:emotional_support_adult}}"
DIALOGUES = {  # name → turns of (source, what the memory holds; None: nothing)
    "sleep": [("I cannot sleep since we moved.", "Nie mogę spać, odkąd się przeprowadziliśmy."),
              ("I am sorry to hear that, and what keeps you awake?",
               "Przykro mi to słyszeć, a co nie daje ci spać?")],
    "exam": [("My exam is in two weeks.", "Mam egzamin za dwa tygodnie."),
             (f"Call {SLOT} if nights get bad.", f"Zadzwoń: {SLOT}, jeśli noce są trudne.")],
    "useless": [("Nobody at work talks to me.", "W pracy nikt ze mną nie rozmawia."),
                ("I hear how tired you are.", None)],
    "evening": [("I lie there and count 3 hours.", "Leżę i liczę 3 godziny."),
                ("Let us look at the evenings together.", "Przyjrzyjmy się razem wieczorom.")],
}


_MADE: list[Run] = []


def made_once(folders: pytest.TempPathFactory, shelves: Shelves) -> Run:
    """The run, made by the first test that asks; tests work on copies (`Desk`)."""
    if not _MADE:
        _MADE.append(make_run(folders.mktemp("review"), shelves))
    return _MADE[0]


def make_run(folder: Path, shelves: Shelves) -> Run:
    """A run up to the gate: three dialogues wait, `evening` is accepted."""
    few = {key: plugin for key, plugin in shelves.plugins.items()
           if key[0] != "culture_cards" or key[1] == "PL"}  # each gate reads every territory
    shelves = replace(shelves, plugins=few)
    rows = [json.dumps({"dialogue": name, "seeker": turns[0][0], "supporter": turns[1][0]})
            for name, turns in DIALOGUES.items()]
    (folder / "talks.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    units = [Unit(source, target, f"u{number}") for number, (source, target) in enumerate(
        pair for turns in DIALOGUES.values() for pair in turns) if target]
    write_tmx(folder / "m.tmx", units, source="en", target="pl", creator="test")
    run = open_run("pl", shelves=shelves, source=str(folder / "talks.jsonl"),
                   memories=[folder / "m.tmx"], translator="memory", today=TODAY, device="cpu",
                   out=folder / "runs")
    execute(run, last="gate")
    return run


@dataclass
class Desk:
    """A copy of a run, with its language read already, and what a coordinator does with it."""

    run: Run

    @classmethod
    def of(cls, made: Run, out: Path) -> Desk:
        """A copy of the run below `out`."""
        shutil.copytree(made.folder.parents[1], out)
        folder = out / made.folder.relative_to(made.folder.parents[1])
        return cls(replace(made, folder=folder, counts={}))

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.run.folder

    def gate(self) -> None:
        """The same command again: the stages up to the gate, each only if it has to."""
        execute(self.run, last="gate")

    def export(self, form: str = "xliff", **options: Any) -> list[Path]:
        """The files of an export."""
        return list(export(self.run, form=form, **options).paths)

    def xlf(self, name: str, **options: Any) -> Path:
        """The document of one dialogue, by our name of it."""
        return next(path for path in self.export(**options) if path.stem == ids(self.folder)[name])

    def take(self, *files: Path, reviewer: str = "r1", role: str = "native",
             settles: bool = False) -> Taken:
        """Import files."""
        return take(self.run, files, reviewer=reviewer, role=role, day=TODAY, settles=settles)

    def refused(self, *files: Path) -> list[str]:
        """The problems of an import that is refused, which must have written nothing."""
        before = {path: path.read_bytes() for path in self.folder.parents[1].rglob("*")
                  if path.is_file()}
        with pytest.raises(MhxError) as caught:
            self.take(*files)
        assert before == {path: path.read_bytes() for path in self.folder.parents[1].rglob("*")
                          if path.is_file()}
        return [str(problem) for problem in caught.value.problems]

    def decisions(self) -> list[dict[str, Any]]:
        """The lines of review.decisions.jsonl."""
        path = self.folder / "review.decisions.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def ids(folder: Path) -> dict[str, str]:
    """Our names of the dialogues → their ids in the run."""
    import polars as pl

    frame = pl.read_parquet(folder / "adapt.parquet").unique("dialogue", keep="first")
    found = dict(frame.select("text", "dialogue").iter_rows())
    return {name: found[turns[0][0]] for name, turns in DIALOGUES.items()}


def gated(folder: Path) -> dict[str, dict[str, Any]]:
    """By our names: the gate's decision, reason codes and texts."""
    import polars as pl

    frame = pl.read_parquet(folder / "gate.parquet")
    out = {}
    for name, found in ids(folder).items():
        part = frame.filter(pl.col("dialogue") == found)
        out[name] = {"decision": part["decision"][0], "reasons": part["reasons"][0].split(","),
                     "texts": part["adapted"].to_list(), "rows": list(part.iter_rows(named=True))}
    return out


def counts(folder: Path) -> dict[str, Any]:
    """The gate's account."""
    value = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = value["gate"]["counts"]
    return found


def tag(name: str) -> str:
    """An XLIFF element name."""
    return f"{{{NAMESPACE}}}{name}"


def in_editor(
    path: Path, change: Callable[[Any], None] | None = None, *, state: str = "final",
    texts: dict[str, str] | None = None, to: Path | None = None,
) -> Path:
    """What a translator does: states, texts (of targets without codes), anything else."""
    tree = etree.parse(path)
    for segment in tree.iter(tag("segment")):
        segment.set("state", state)
        target = segment.find(tag("target"))
        said = (texts or {}).get(segment.findtext(tag("source")))
        if said is not None:
            if target is None:
                target = etree.SubElement(segment, tag("target"))
            target.text = said
    if change is not None:
        change(tree)
    (to or path).parent.mkdir(parents=True, exist_ok=True)
    tree.write(to or path, encoding="UTF-8", xml_declaration=True)
    return to or path


def decide(path: Path, names: dict[str, str], verdicts: dict[str, str],
           texts: dict[str, str] | None = None, separator: str = ",") -> None:
    """Fill in a sheet as a spreadsheet would, which may change the separator."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    head = rows[0]
    place = {name: head.index(name) for name in head}
    wanted = {names[name]: verdict for name, verdict in verdicts.items()}
    kept = [head]
    for row in rows[1:]:
        if row[place["dialogue"]] in wanted:
            row[place["verdict"]] = wanted[row[place["dialogue"]]]
            row[place["target"]] = (texts or {}).get(row[place["source"]], row[place["target"]])
            kept.append(row)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(kept)
    path.write_text(out.getvalue(), encoding="utf-8")
