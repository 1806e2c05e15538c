"""Lint of authored dialogues: their shape, what is safe to ship, and the gates on their text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from mhx.adaptation.gates import Reason, Segment, check_dialogue, context_of
from mhx.adaptation.hotlines import service_numbers, service_spans
from mhx.adaptation.plan import ADULT_AGE
from mhx.adaptation.resolver import SLOT, SLOTS
from mhx.adaptation.rules import find_faults
from mhx.corpus.describe import texts_of
from mhx.corpus.privacy import latin_digits, phones
from mhx.corpus.splits import near_duplicate_groups
from mhx.corpus.variety import profile, repetitions, words_of
from mhx.errors import MhxError, Problem
from mhx.files import load_model, read_jsonl, sha256
from mhx.language import Language
from mhx.schema import AdaptedDialogue, Decision, Decisions, Dialogue

TURNS = (6, 12)
SHARED = 8  # words in a row that a test dialogue may not share with another split
ADULT_SLOTS, MINOR_SLOTS = {"suicide_adult"}, {"suicide_minor", "child"}


def lint_source(language: Language) -> list[Problem]:
    """What is wrong with the dialogues of a language that owns its text."""
    places = _places(language)
    numbers = service_numbers(language.shelves)
    found: list[Problem] = []
    for item in language.source_corpus:
        for what, fix in (*_shape(item), *_safety(item, numbers)):
            found.append(_problem(places, item.id, what, fix))
    texts = texts_of(language, language)
    for what, fix, name in _splits(language.source_corpus, texts):
        found.append(_problem(places, name, what, fix))
    return found + _repetitions(language, texts)


def lint_target(language: Language, source: Language) -> list[Problem]:
    """What the gates say of the authored text, less what `corpus/decided.yaml` has answered.

    The same checks that a run makes of a machine's translation: numbers, slots, clinical
    invariants, sentences, length, address, gender, orthography, language, phone-like digits.
    """
    places = _places(language)
    decided = _decisions(language)
    left = dict.fromkeys(decided)
    found: list[Problem] = []
    for item, reason, key, text in _reasons(language, source):
        decision = decided.get((*key, reason.code))
        if decision is not None and decision.text_sha256 == text:
            left.pop((*key, reason.code), None)
            continue
        entry = f"{{dialogue: {item}, at: '{key[1]}', code: {reason.code}, text_sha256: {text}}}"
        fix = f"change the text, or say why it stands in corpus/decided.yaml: {entry}"
        found.append(_problem(places, item, f"{key[1]}: {reason.code}: {reason.message}", fix))
    path = language.folder / "corpus" / "decided.yaml"
    for name, at, code in left:
        what = f"the gates do not say {code} of {name} {at} with this text"
        found.append(Problem(what, "take the entry out", path=path, field="decisions"))
    texts = texts_of(language, source)
    sources = {item.id: item for item in source.source_corpus}
    spoken = [(sources[item.id], text) for item, text in zip(language.corpus, texts, strict=True)
              if item.id in sources]
    for what, fix, name in _splits([item for item, _ in spoken], [text for _, text in spoken]):
        found.append(_problem(places, name, what, fix))
    return [*found, *_unknown_words(language, places), *_repetitions(language, texts)]


def _repetitions(language: Language, spoken: list[list[tuple[str, str]]]) -> list[Problem]:
    """What a reader of many dialogues would notice."""
    if not spoken:
        return []
    path = language.folder / "corpus"
    return [Problem(what, fix, path=path) for what, fix in repetitions(profile(spoken))]


def _problem(places: dict[str, tuple[Path, int]], name: str, what: str, fix: str) -> Problem:
    path, line = places[name]
    return Problem(what, fix, path=path, line=line, field=name)


def _places(language: Language) -> dict[str, tuple[Path, int]]:
    """Where each dialogue's record stands."""
    return {
        str(record.get("id")): (path, line)
        for path in sorted((language.folder / "corpus").glob("*.jsonl"))
        for line, record in read_jsonl(path)
    }


# ---------------------------------------------------------------- the source


def _shape(item: Dialogue) -> Iterator[tuple[str, str]]:
    low, high = TURNS
    if not low <= len(item.turns) <= high:
        yield f"{len(item.turns)} turns", f"write {low} to {high}"
    roles = [turn.role for turn in item.turns]
    if roles[0] != "seeker" or any(one == two for one, two in pairwise(roles)):
        yield "the speakers do not alternate from the seeker on", "join or split turns"
    for number, turn in enumerate(item.turns):
        if (turn.role == "supporter") != bool(turn.techniques):
            who = "names no technique" if turn.role == "supporter" else "is the seeker's"
            yield f"turn {number} {who}", "label what each supporter's turn does, and no other"
        if any(text != " ".join(text.split()) for text in turn.segments):
            yield f"turn {number} has a stray blank", "single blanks, none at an edge"
    if not item.origin.name.strip():
        yield "says no origin", "name who or what wrote it in origin.name"


def _safety(item: Dialogue, numbers: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    turns = [number for number, turn in enumerate(item.turns) if turn.risk]
    slots = {slot for turn in item.turns for text in turn.segments for slot in SLOT.findall(text)}
    if (item.risk != "none") != bool(turns):
        yield f"risk is {item.risk!r} and the risk turns are {turns}", "mark the turns of the risk"
    if item.risk != "none" and not slots:
        yield "a dialogue with risk shows no service", "write a {{service:...}} slot"
    age = item.participants["seeker"].age if "seeker" in item.participants else None
    for slot in sorted(slots):
        if slot not in SLOTS:
            yield f"unknown slot {slot!r}", f"known: {', '.join(SLOTS)}"
        if age is not None and slot in (ADULT_SLOTS if age < ADULT_AGE else MINOR_SLOTS):
            yield f"{slot} for a seeker aged {age}", "take the service of that age"
    for number, turn in enumerate(item.turns):
        text = latin_digits(SLOT.sub("", " ".join(turn.segments)))
        if any(phones(text)):
            yield f"turn {number} has digits like a phone number", "use a {{service:...}} slot"
        elif any(service_spans(numbers, text)):
            yield f"turn {number} has the number of a crisis service", "use a {{service:...}} slot"


def _splits(
    corpus: Sequence[Dialogue], texts: Sequence[Sequence[tuple[str, str]]]
) -> Iterator[tuple[str, str, str]]:
    """Near-duplicates, and runs of words that a test dialogue shares with another split.

    `texts` are the (role, text) turns of each dialogue of `corpus` in one language.
    """
    whole = [" ".join(text for _, text in item) for item in texts]
    for item, group in zip(corpus, near_duplicate_groups(whole), strict=True):
        if corpus[group].id != item.id:
            yield f"nearly the same as {corpus[group].id}", "write another dialogue", item.id
    runs: dict[tuple[str, ...], str] = {}
    for item, turns in zip(corpus, texts, strict=True):
        if item.split != "test":
            runs |= dict.fromkeys(_runs(turns), item.id)
    for item, turns in zip(corpus, texts, strict=True):
        shared = next((run for run in _runs(turns) if run in runs), None)
        if item.split == "test" and shared is not None:
            said = f"{' '.join(shared)!r} stands in {runs[shared]} too"
            yield said, "word it differently: a test text is in no other split", item.id


def _runs(turns: Sequence[tuple[str, str]]) -> set[tuple[str, ...]]:
    """Every run of SHARED words within a turn."""
    found = set()
    for _, text in turns:
        words = words_of(text)
        found |= {tuple(words[at : at + SHARED]) for at in range(len(words) - SHARED + 1)}
    return found


# ---------------------------------------------------------------- a target


def _reasons(
    language: Language, source: Language
) -> Iterator[tuple[str, Reason, tuple[str, str], str]]:
    """(dialogue, reason, (dialogue, turn.segment), hash of the text) of each serious reason."""
    sources = {item.id: item for item in source.source_corpus}
    authored = [(sources[item.id], item) for item in language.corpus if item.id in sources]
    pairs = [
        (segment.source, segment.faithful or "")
        for spoken, item in authored
        for segment, _ in _segments(spoken, item, language)
    ]
    context = context_of(source, language, pairs)
    for spoken, item in authored:
        parts = list(_segments(spoken, item, language))
        segments = [segment for segment, _ in parts]
        found = check_dialogue(segments, item.plan, context)
        for reason in found:
            spelling = reason.code.startswith("orthography.")  # no author's choice
            if spelling or (reason.severity != "warn" and reason.code != "address"):
                segment, at = parts[reason.segment]
                text = sha256(f"{segment.faithful}\n{segment.adapted}")[:12]
                yield item.id, reason, (item.id, at), text


def _segments(
    spoken: Dialogue, item: AdaptedDialogue, language: Language
) -> Iterator[tuple[Segment, str]]:
    for number, (one, two) in enumerate(zip(spoken.turns, item.turns, strict=False)):
        for place, (text, part) in enumerate(zip(one.segments, two.segments, strict=False)):
            faults = find_faults(
                part.adapted,
                role=one.role,
                risk=one.risk,
                plan=item.plan,
                rules=language.card.rules,
                hooks=language.hooks,
            )
            segment = Segment(
                number, one.role, text, part.faithful, part.adapted, part.edits, faults, None
            )
            yield segment, f"{number}.{place}"


def _decisions(language: Language) -> dict[tuple[str, str, str], Decision]:
    path = language.folder / "corpus" / "decided.yaml"
    listed = load_model(path, Decisions).decisions if path.is_file() else []
    keys = Counter((item.dialogue, item.at, item.code) for item in listed)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise MhxError(
            [Problem(f"{key} is decided twice", "keep one", path=path) for key in twice]
        )
    return {(item.dialogue, item.at, item.code): item for item in listed}


def _unknown_words(language: Language, where: dict[str, tuple[Path, int]]) -> list[Problem]:
    """Words that the language's dictionary lacks and `corpus/words.txt` does not list."""
    path = language.folder / "corpus" / "words.txt"
    listed = set(path.read_text(encoding="utf-8").split()) if path.is_file() else set()
    names = {entity.tgt for item in language.corpus for entity in item.plan.entities}
    known = listed | {word for name in names for word in name.split()}
    unknown: dict[str, str] = {}
    for item in language.corpus:
        for turn in item.turns:
            for part in turn.segments:
                for word in re.findall(r"[^\W\d_]+", SLOT.sub("", part.adapted)):
                    if word not in known and not language.hooks.knows(word):
                        unknown.setdefault(word, item.id)
    return [
        _problem(where, name, f"the dictionary lacks {word!r}",
                 f"correct it, or list it in {path.name} beside the corpus")
        for word, name in unknown.items()
    ]
