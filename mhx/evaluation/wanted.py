"""What a run measures beside its suite, when asked: checked and hashed before the first stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mhx.corpus.names import name_finder
from mhx.errors import MhxError, Problem
from mhx.evaluation.judged import OF_CASES
from mhx.evaluation.scripted import cases_of
from mhx.files import hash_folder, hash_json
from mhx.judging.judges import open_judge
from mhx.judging.rubrics import rubric_of, worded
from mhx.language import Language
from mhx.scoring.classifier import AGREEMENT, parse_classifiers
from mhx.shelves import Shelves
from mhx.training.base import base_hash


@dataclass(frozen=True)
class Wanted:
    """`judges` (specs as for ``mhx judge``) rate every answer by each of `rubrics`; `classifier`
    (FOLDER or MECHANISM=FOLDER,…) scores empathy beside the cues; `cases` plays scripted cases
    and stimuli at risk."""

    judges: tuple[str, ...] = ()
    rubrics: tuple[str, ...] = ()
    classifier: str | None = None
    cases: bool = False

    def problems(self, language: Language, shelves: Shelves) -> list[Problem]:
        """Everything that would stop it after the training; no judge is asked."""
        found: list[Problem] = []
        if bool(self.judges) != bool(self.rubrics):
            what = "--judge without --rubric" if self.judges else "--rubric without --judge"
            found.append(Problem(what, "give both: who rates, and by what"))
        for name in self.rubrics:
            found += _rubric_problems(name, language.tag, shelves)
        if OF_CASES in self.rubrics and not self.cases:
            found.append(Problem(f"--rubric {OF_CASES} rates scripted cases", "add --cases"))
        screened = name_finder(language) is not None
        names: list[str] = []
        for spec in self.judges:
            try:
                judge = open_judge(spec, screened=screened)
            except MhxError as error:
                found += error.problems
            else:
                names.append(judge.name)
                judge.close()
        found += [Problem(f"two judges of one name, {name!r}", "name each once")
                  for name in dict.fromkeys(names) if names.count(name) > 1]
        if self.classifier is not None:
            found += _classifier_problems(self.classifier)
        if self.cases:
            try:
                cases_of(language)
            except MhxError as error:
                found += error.problems
        return found

    def absolute(self) -> Wanted:
        """The same with folders from the root: a run is gone on with from anywhere."""
        judges = tuple(f"hf:{_absolute(spec[3:])}" if spec.startswith("hf:") else spec
                       for spec in self.judges)
        given = self.classifier and ",".join(
            f"{of}={_absolute(name)}" if of else _absolute(name)
            for of, name in parse_classifiers(self.classifier))
        return Wanted(judges, self.rubrics, given, self.cases)

    def hashes(self, shelves: Shelves) -> dict[str, str]:
        """By name, the hash of what decides these scores: rubrics, weights of local models."""
        found = {}
        if self.rubrics:
            found["judging"] = hash_json([
                *(hash_folder(shelves.get("eval", name).folder) for name in self.rubrics),
                *(base_hash(spec[3:]) for spec in self.judges if spec.startswith("hf:")),
            ])
        if self.classifier is not None:
            folders = [Path(name) for _, name in parse_classifiers(self.classifier)]
            found["classifier"] = hash_json(
                [hash_folder(one, skip=(AGREEMENT,)) for one in folders if one.is_dir()])
        return found


def listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Names of a repeatable option that also takes a list with commas; each once."""
    return tuple(dict.fromkeys(
        name for text in texts for part in text.split(",") if (name := part.strip())))


def _rubric_problems(name: str, tag: str, shelves: Shelves) -> list[Problem]:
    try:
        manifest, _ = rubric_of(name, shelves)
        if manifest.unit != "response":
            fix = "mhx judge rates conversations of a table of yours"
            return [Problem(f"--rubric {name} rates a {manifest.unit}, a run has answers", fix)]
        worded(manifest, tag, shelves)
    except MhxError as error:
        return error.problems
    return []


def _classifier_problems(given: str) -> list[Problem]:
    try:
        parts = parse_classifiers(given)
    except MhxError as error:
        return error.problems
    return [Problem("no such folder", "a folder with a sequence classifier", path=name)
            for _, name in parts if _is_path(name) and not Path(name).is_dir()]


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or Path(name).exists()


def _absolute(name: str) -> str:
    return str(Path(name).expanduser().resolve()) if _is_path(name) else name
