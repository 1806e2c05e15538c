"""Dialogues as XLIFF 2.0 and back: one file a dialogue, one unit a turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from mhx.adaptation.plan import owed_address, person
from mhx.corpus.terms import TermFinder
from mhx.errors import MhxError, Problem
from mhx.interchange.parts import STATES, File, Head, Note, Segment, Term, Unit
from mhx.interchange.read import read_document, read_xliff
from mhx.interchange.write import CATEGORY, write_xliff
from mhx.language import Language
from mhx.reviewing.answers import Answer, Given
from mhx.reviewing.dialogues import CODES, Line, Reviewable

HOW = (
    "To accept: set every segment to final (or reviewed), with or without changes of the target. "
    "To refuse the dialogue or to ask for another reviewer: add a note that begins with REJECT: "
    "or ESCALATE: and say why. A dialogue with open segments is not decided. Sources, inline "
    "codes and the segmentation stay as they are."
)
_ORDER = re.compile(r"\s*(reject|escalate)\b\s*[:.–-]*\s*", re.IGNORECASE)
Glossary = Callable[[str], tuple[Term, ...]]


def glossary_of(source: Language, target: Language) -> Glossary:
    """A function from a source text to its clinical terms with the target's preferred names."""
    own, base = target.terms, source.terms
    if own is None or base is None:
        return lambda text: ()
    names = {concept: next((term.text for term in terms if term.status == "preferred"), "")
             for concept, terms in own.terms.items()}
    definitions = {concept.id: concept.definition for concept in base.concepts}
    finder = TermFinder(base, source.hooks)

    def found(text: str) -> tuple[Term, ...]:
        text = CODES.sub("\n", text)  # the name of a service is no text
        matches = {match.concept: text[match.start : match.end] for match in finder.matches(text)}
        return tuple(Term(said, names[concept], definitions.get(concept, ""))
                     for concept, said in matches.items() if names.get(concept))

    return found


def write_dialogues(
    path: Path, found: Iterable[Reviewable], *, run: str, source: str, target: str,
    glossary: Glossary, confirmed: Collection[str], right_to_left: bool,
) -> None:
    """Write a document with one file for each dialogue; `run` is the run's id.

    `confirmed` names the dialogues whose text a person has accepted already.
    """
    files = (
        file_of(one, number, run=run, glossary=glossary, confirmed=one.id in confirmed)
        for number, one in enumerate(found, start=1)
    )
    write_xliff(path, files, source=source, target=target, codes=CODES,
                right_to_left=right_to_left)


def file_of(
    one: Reviewable, number: int, *, run: str, glossary: Glossary, confirmed: bool = False
) -> File:
    """A dialogue as a file; `original` binds it to the run and to its text."""
    plan = one.plan
    about = {
        "topic": one.topic, "risk": one.risk, "split": one.split, "decision": one.decision,
        "seeker gender": plan.seeker.gender, "supporter gender": plan.supporter.gender,
        "seeker to supporter": plan.seeker_to_supporter,
        "supporter to seeker": plan.supporter_to_seeker,
    }
    place, _, digest = run.partition("#")
    original = (f"mhx:{quote(place)}?run={digest}&dialogue={quote(one.id, safe='')}"
                f"&text={one.text_sha256}")
    head = Head(f"f{number}", original, (Note(HOW, f"{CATEGORY}:how"),), about)
    return File(head, _units(one, glossary, "reviewed" if confirmed else "translated"))


def _units(one: Reviewable, glossary: Glossary, state: str) -> Iterator[Unit]:
    said: dict[int, list[str]] = {}
    for reason in one.reasons:
        words = f"{reason['code']} ({reason['severity']}): {reason['message']}".rstrip(": ")
        said.setdefault(int(reason.get("segment") or 0), []).append(words)
    numbered = groupby(enumerate(one.lines), key=lambda item: item[1].turn)
    for turn, items in numbered:
        lines = list(items)
        role = lines[0][1].role
        about = {"role": role, "gender": person(one.plan, role).gender,
                 "register": owed_address(one.plan, role)}
        about |= {f"engine {_id(line)}": line.engine for _, line in lines if line.engine}
        yield Unit(
            f"t{turn}",
            tuple(Segment(_id(line), line.source, line.text,
                          "initial" if line.text is None else state) for _, line in lines),
            tuple(Note(f"{_id(line)}: {words}", f"{CATEGORY}:reason")
                  for number, line in lines for words in said.get(number, ())),
            about,
            _once(glossary(line.source) for _, line in lines),
        )


def _id(line: Line) -> str:
    return f"s{line.at.partition('.')[2]}"


def _once(terms: Iterable[Sequence[Term]]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(term for found in terms for term in found))


def read_dialogues(path: Path, *, source: str, target: str) -> list[Answer]:
    """The answers of a document that an editor saved; raises MhxError with every problem."""
    document = read_document(path)
    problems = [
        Problem(f"{said!r}, the run has {wanted!r}", "give the file that was exported from it",
                path=path, line=document.line, field=name)
        for name, said, wanted in (("srcLang", document.source, source),
                                   ("trgLang", document.target, target))
        if said.lower() != wanted.lower()
    ]
    answers: list[Answer] = []
    units: list[Unit] = []
    files = 0
    for head, unit in read_xliff(path):
        if unit is not None:
            units.append(unit)
            continue
        files += 1
        found = _answer(path, head, units, problems)
        answers += [found] if found else []
        units = []
    if not files:
        problems.append(Problem("no <file> in it", "export it again", path=path))
    if problems:
        raise MhxError(problems)
    return answers


def _answer(
    path: Path, head: Head, units: list[Unit], problems: list[Problem]
) -> Answer | None:
    parts = urlsplit(head.original)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.scheme != "mhx" or not {"run", "dialogue", "text"} <= set(asked):
        problems.append(Problem(
            f"{head.original!r} names no dialogue of a run",
            "keep what the export wrote here, or export again", path=path, line=head.line,
            field="original"))
        return None
    verdict, comments = _said([*head.notes, *(note for unit in units for note in unit.notes)])
    given = []
    for unit in units:
        for segment in unit.segments:
            faults = list(segment.faults)
            if segment.state not in STATES:
                faults.append(f"{segment.state!r} is no state ({', '.join(STATES)})")
            at = f"{unit.id.removeprefix('t')}.{segment.id.removeprefix('s')}"
            given.append(Given(at, segment.target, segment.source, segment.line, segment.state,
                               tuple(faults)))
        problems += [Problem(fault, "put it back into its segment", path=path, line=unit.line,
                             field=f"{asked['dialogue']}, unit {unit.id}")
                     for fault in unit.faults]
    return Answer(path, head.line, f"{parts.path}#{asked['run']}", asked["dialogue"],
                  asked["text"], verdict, comments, tuple(given))


def _said(notes: Sequence[Note]) -> tuple[str | None, str]:
    """(verdict, comment) of the notes that the export did not write."""
    verdict = None
    comments = []
    for note in notes:
        if note.category.startswith(CATEGORY):
            continue
        match = _ORDER.match(note.text)
        if match:
            verdict = match[1].lower()
        comments.append((note.text[match.end():] if match else note.text).strip())
    return verdict, "\n".join(comment for comment in comments if comment)
