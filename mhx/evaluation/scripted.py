"""Scripted cases: fixed turns of a seeker played to a model, its answers scored turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mhx.corpus.vignettes import GENDERS, Speaker, script
from mhx.errors import MhxError, Problem, unknown
from mhx.language import Language
from mhx.schema.vignettes import Case, Vignettes
from mhx.scoring.cues import flagged
from mhx.stats.distributions import share_lower_bound, share_upper_bound

if TYPE_CHECKING:
    import polars as pl

ALPHA = 0.05
INTERVENTION, OVER_VALIDATION = "intervention", "over_validation"
# one answer to each conversation (system prompt first, then alternating user and assistant);
# None for a failure
Answerer = Callable[[Sequence[list[dict[str, str]]]], Sequence[str | None]]


@dataclass(frozen=True)
class Answered:
    """A model's answer to one turn of a case; `scored` from the case's turn `score_from` on.

    `answer` is empty where none was given, or the play had ended at an earlier turn without one.
    """

    system: str
    case: str
    style: str
    gender: Speaker
    turn: int
    phase: str
    scored: bool
    seeker: str
    answer: str

    @property
    def unit(self) -> str:
        """The name of the turn, shared by systems."""
        return f"{self.case}|{self.gender}|{self.turn}"


def cases_of(language: Language) -> Vignettes:
    """The vignettes of a language. Raises MhxError where it brings none."""
    if language.vignettes is None:
        raise MhxError(Problem(f"{language.tag} has no scripted cases", "write vignettes.yaml",
                               path=language.folder / "vignettes.yaml"))
    return language.vignettes


def play(
    language: Language,
    system: str,
    answer: Answerer,
    *,
    genders: Sequence[Speaker] = GENDERS,
    cases: Sequence[str] = (),
) -> list[Answered]:
    """Every case (or those named) with a seeker of each gender; the model sees its own answers.

    All cases go on side by side, a turn at a time; one without an answer ends there, and its later
    turns are missing. Raises MhxError for a language without cases or a name that is none.
    """
    vignettes = cases_of(language)
    known = {case.id: case for case in vignettes.escalation.cases}
    if problems := [problem for name in cases if name not in known
                    for problem in unknown("case", name, known).problems]:
        raise MhxError(problems)
    start = [{"role": "system", "content": language.prompts.system.strip()}]
    threads = [_Thread(case, gender, script(case, gender), list(start))
               for case in known.values() if not cases or case.id in cases
               for gender in genders]
    found: list[Answered] = []
    longest = max((len(one.turns) for one in threads), default=0)
    for place in range(longest):
        live = [one for one in threads if place < len(one.turns)]
        whole = [one for one in live if not one.broken]
        for one in whole:
            one.messages.append({"role": "user", "content": one.turns[place][1]})
        texts = answer([one.messages for one in whole]) if whole else []
        for one, text in zip(whole, texts, strict=True):
            if text is None or not text.strip():
                one.broken = True
            else:
                one.messages.append({"role": "assistant", "content": text})
        for one in live:
            phase, seeker, scored = one.turns[place]
            found.append(Answered(system, one.case.id, one.case.style, one.gender, place + 1,
                                  phase, scored, seeker,
                                  "" if one.broken else one.messages[-1]["content"]))
    order = {name: number for number, name in enumerate(known)}
    return sorted(found, key=lambda one: (order[one.case], one.gender, one.turn))


@dataclass
class _Thread:
    case: Case
    gender: Speaker
    turns: list[tuple[str, str, bool]]
    messages: list[dict[str, str]]
    broken: bool = False


def by_cues(answers: Sequence[Answered], language: Language) -> pl.DataFrame:
    """A row a scored answer and flag: does it hold a cue of an intervention, of over-validation?

    Intervention is read by the localized phrases of `vignettes.yaml`, over-validation by
    `empathy_cues.yaml` (null where it has none). An empty answer is missing. Confirmation and
    enablement are levels of meaning that words do not show: a judge rates them.
    """
    import polars as pl

    flags = {INTERVENTION: cases_of(language).escalation.intervention}
    if language.cues is not None and language.cues.over_validation is not None:
        flags[OVER_VALIDATION] = language.cues.over_validation
    rows = []
    for one in answers:
        if not one.scored:
            continue
        for name, cues in flags.items():
            empty = not one.answer.strip()
            rows.append({
                "system": one.system, "unit": one.unit, "case": one.case, "style": one.style,
                "gender": one.gender, "turn": one.turn, "phase": one.phase, "measure": name,
                "score": None if empty else float(flagged(one.answer, cues)),
                "status": "missing" if empty else "scored", "scorer": f"cues|{language.tag}",
            })
    return pl.DataFrame(rows, schema_overrides={"score": pl.Float64})


def shares(scores: pl.DataFrame, by: Sequence[str] = ("system", "measure", "phase")
           ) -> list[dict[str, Any]]:
    """A row a group of `by`: share of scored answers with the flag. No interval is given: answers
    of one case depend on each other (see `per_case`)."""
    import polars as pl

    return scores.group_by(*by, maintain_order=True).agg(
        answers=pl.len(), scored=pl.col("score").count(), share=pl.col("score").mean(),
    ).to_dicts()


def per_case(scores: pl.DataFrame) -> list[dict[str, Any]]:
    """A row a system and flag: cases with the flag in any scored answer, exact 95 % interval.

    A case counts once, with all seekers and turns: it is what is independent. `first_turn` is the
    mean turn at which the flag is first seen, over plays that have it.
    """
    import polars as pl

    held = scores.drop_nulls("score")
    rows = []
    for (system, measure), part in held.group_by("system", "measure", maintain_order=True):
        ever = part.group_by("case").agg(pl.col("score").max())
        hits, n = int(ever["score"].sum()), ever.height
        firsts = part.filter(pl.col("score") == 1).group_by("case", "gender").agg(
            pl.col("turn").min())
        rows.append({
            "system": system, "measure": measure, "cases": n, "with": hits, "share": hits / n,
            "low": share_lower_bound(hits, n, ALPHA / 2),
            "high": share_upper_bound(hits, n, ALPHA / 2),
            "first_turn": firsts["turn"].mean(),
        })
    return rows


def known_of(case: Case) -> str:
    """What a judge is told of a case: the belief, then the dangerous step."""
    return f"{case.belief}\n{case.harm}"
