"""Therapist skills per supporter's turn by cues: codes, profile, agreement with authored labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.corpus.describe import texts_of
from mhx.errors import Problem
from mhx.files import hash_file, load_model
from mhx.language import Language
from mhx.schema.dialogue import Technique
from mhx.schema.skills import OTHER, SKILLS, SkillCues
from mhx.scoring.cues import example_problems, flagged, sentences

FILE = "skill_cues.yaml"
# What the authors' labels of a turn are in these codes. A decision of mhx: the corpus knows finer
# techniques; those that belong to none of the codes (such as autonomy) make a turn "other".
SKILL_OF: dict[Technique, str] = {
    "reflection_simple": "reflection_simple",
    "reflection_complex": "reflection_complex",
    "summary": "reflection_complex",
    "question_open": "question_open",
    "scaling_question": "question_open",
    "socratic_question": "question_open",
    "evidence_check": "question_open",
    "question_closed": "question_closed",
    "safety_question": "question_closed",
    "feedback_request": "question_closed",
    "affirmation": "affirmation",
    "advice_with_permission": "advice",
    "experiment": "advice",
    "action_plan": "advice",
    "safety_plan": "advice",
    "referral": "advice",
    "grounding": "advice",
    "psychoeducation": "information",
    "normalization": "information",
}
# compared with the labels: reflections and questions also as one code each
GROUPS: dict[str, tuple[str, ...]] = {
    "reflection": ("reflection_simple", "reflection_complex"),
    "question": ("question_open", "question_closed"),
}


@dataclass(frozen=True)
class LabelledTurn:
    """A supporter's turn of the shipped dialogues and the skills its author names."""

    dialogue: str
    split: str
    text: str
    skills: frozenset[str]


class SkillCoder:
    """Codes turns by a language's `skill_cues.yaml`."""

    def __init__(self, cues: SkillCues, digest: str, lang: str) -> None:
        self._cues = cues
        self.signature = f"skills|scorer:cues|lang:{lang}|cues:{digest[:12]}|window:sentence"

    def codes(self, text: str) -> list[str]:
        """The skill of each sentence that has one, in order."""
        found = []
        for part in sentences(text):
            for name in self._cues.order:
                if flagged(part.strip(), self._cues.skills[name]):
                    found.append(str(name))
                    break
        return found

    def turn(self, text: str) -> frozenset[str]:
        """The skills of a turn; "other" where no sentence has one; nothing for an empty text."""
        if not text.strip():
            return frozenset()
        return frozenset(self.codes(text)) or frozenset({OTHER})


def coder_of(language: Language) -> SkillCoder | None:
    """The coder of a language, or None where it brings no cues."""
    path = language.folder / FILE
    if not path.is_file():
        return None
    return SkillCoder(load_model(path, SkillCues), hash_file(path), language.tag)


def cue_problems(path: Path) -> list[Problem]:
    """Examples that a language's skill cues do not treat as they say; bad or slow patterns."""
    cues = load_model(path, SkillCues)
    return [one for name in cues.order
            for one in example_problems(cues.skills[name], path=path, field=f"skills.{name}")]


def profile(texts: Iterable[str], coder: SkillCoder) -> list[dict[str, Any]]:
    """A row a skill and "other": turns that show it, their share of the turns that have a text.

    `ratio` rows follow: reflections to questions, and the shares of open questions and of complex
    reflections, by sentences; null where the denominator is zero.
    """
    said = [text for text in texts if text.strip()]
    turns = [coder.turn(text) for text in said]
    counted = [name for text in said for name in coder.codes(text)]
    rows: list[dict[str, Any]] = [
        {"skill": name, "turns": sum(name in turn for turn in turns), "n": len(turns),
         "share": sum(name in turn for turn in turns) / len(turns) if turns else None}
        for name in (*SKILLS, OTHER)
    ]
    sums = {name: counted.count(name) for name in SKILLS}
    reflections = sums["reflection_simple"] + sums["reflection_complex"]
    questions = sums["question_open"] + sums["question_closed"]
    for name, top, bottom in (
        ("reflections_to_questions", reflections, questions),
        ("open_of_questions", sums["question_open"], questions),
        ("complex_of_reflections", sums["reflection_complex"], reflections),
    ):
        rows.append({"skill": name, "turns": None, "n": bottom,
                     "share": top / bottom if bottom else None})
    return rows


def labelled_turns(language: Language, source: Language) -> list[LabelledTurn]:
    """Supporters' turns of the shipped dialogues in a language, with their author's labels.

    `source` owns dialogues and labels; a target language has the same turns in its own words.
    """
    own = language.tag == source.tag
    names = [item.id for item in source.source_corpus] if own else [
        item.id for item in language.corpus]
    known = {item.id: item for item in source.source_corpus}
    found = []
    for name, turns in zip(names, texts_of(language, source), strict=True):
        item = known.get(name)
        if item is None or len(item.turns) != len(turns):
            continue
        for turn, (role, text) in zip(item.turns, turns, strict=True):
            if role == "supporter":
                found.append(LabelledTurn(name, item.split, text, labels(turn.techniques)))
    return found


def labels(techniques: Sequence[Technique]) -> frozenset[str]:
    """The skills an author's labels of a turn stand for; "other" where they stand for none."""
    found = frozenset(SKILL_OF[name] for name in techniques if name in SKILL_OF)
    return found or frozenset({OTHER})


def agreement(turns: Sequence[LabelledTurn], coder: SkillCoder, *, seed: int = 0
              ) -> list[dict[str, Any]]:
    """A row a skill (and reflections, questions as one): cues against the author's labels.

    Cohen's κ of "the turn shows it" with its 95 % interval, dialogues resampled; precision and
    recall of the cues; n turns. The labels are one author's, a model's: no clinician's.
    """
    coded = [(turn, coder.turn(turn.text)) for turn in turns]
    rows = []
    for name in (*SKILLS, OTHER, *GROUPS):
        wanted = set(GROUPS.get(name, (name,)))
        pairs = [(bool(wanted & found), bool(wanted & turn.skills)) for turn, found in coded]
        hits = sum(one and two for one, two in pairs)
        said, true = sum(one for one, _ in pairs), sum(two for _, two in pairs)
        rows.append({
            "skill": name, "n": len(pairs), "labelled": true, "by_cues": said,
            **_kappa([turn.dialogue for turn in turns], pairs, seed),
            "precision": hits / said if said else None, "recall": hits / true if true else None,
        })
    return rows


def _kappa(
    dialogues: Sequence[str], pairs: Sequence[tuple[bool, bool]], seed: int
) -> dict[str, float | None]:
    """κ of two yes/no codings of turns; a turn's place names it, so that dialogues are resampled
    with all their turns."""
    import polars as pl

    from mhx.stats.agreement import agree

    seen: Counter[str] = Counter()
    rows: list[tuple[str, str, str, int]] = []
    for dialogue, (cues, author) in zip(dialogues, pairs, strict=True):
        seen[dialogue] += 1
        place = str(seen[dialogue])
        rows += [(dialogue, place, "author", int(author)), (dialogue, place, "cues", int(cues))]
    if not rows:
        return {"kappa": None, "low": None, "high": None}
    frame = pl.DataFrame(rows, schema=["dialogue", "turn", "rater", "shown"], orient="row")
    result = agree(frame, item="dialogue", rater="rater", rating="shown", by="turn", seed=seed)
    (one,) = [pair for pair in result.pairs if pair.system is None]
    found = one.statistics["kappa"]
    return {"kappa": found.value, "low": found.low, "high": found.high}
