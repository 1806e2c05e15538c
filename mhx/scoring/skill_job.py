"""Skill profiles of a table's systems or of the shipped dialogues, with the cues' agreement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem
from mhx.language import Language
from mhx.scoring.skills import FILE, SkillCoder, agreement, coder_of, labelled_turns, profile

if TYPE_CHECKING:
    import polars as pl

SPLITS = ("train", "valid")  # the test split's labels stay unread
AUTHORED = "authored dialogues"


def measured(
    language: Language, source: Language, coder: SkillCoder, *, seed: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Agreement with the authors' labels by split; a split without labelled turns is left out.

    The cues were written with the train split in view: that of valid is the fairer figure, and of
    few turns.
    """
    turns = labelled_turns(language, source)
    parts = {name: [one for one in turns if one.split == name] for name in SPLITS}
    return {name: agreement(part, coder, seed=seed) for name, part in parts.items() if part}


def told_apart(agreements: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    """Skills that the cues tell better than chance: κ on the train split is above zero with its
    whole interval, or 1 (of which there is none), and above zero on valid, where there is one."""
    held = {row["skill"]: row["kappa"] for row in agreements.get("valid", ())}
    return {row["skill"] for row in agreements.get("train", ())
            if (row["kappa"] == 1 or (row["low"] is not None and row["low"] > 0))
            and (held.get(row["skill"], row["kappa"]) or 0) > 0}


def profiles(
    systems: Mapping[str, Iterable[str]], language: Language, source: Language, *, seed: int = 0
) -> dict[str, Any]:
    """``{"signature", "agreement", "rows"}`` of the texts of each system.

    A row a system and skill: turns, n, share, and `told_apart`: false where the cues' agreement
    is no better than chance or unknown, so that the share means little. Raises MhxError for a
    language without skill cues.
    """
    coder = coder_of(language)
    if coder is None:
        raise MhxError(Problem(f"{language.tag} brings no skill cues", "write skill_cues.yaml",
                               path=language.folder / FILE))
    found = measured(language, source, coder, seed=seed)
    known = told_apart(found)
    needs = {"complex_of_reflections": ("reflection_simple", "reflection_complex"),
             "open_of_questions": ("question_open", "question_closed"),
             "reflections_to_questions": ("reflection", "question")}
    rows = [
        {"system": system, **row,
         "told_apart": set(needs.get(row["skill"], (row["skill"],))) <= known}
        for system, texts in systems.items() for row in profile(texts, coder)
    ]
    return {"signature": coder.signature, "agreement": found, "rows": rows}


def systems_of(
    frame: pl.DataFrame, response: str, system: str | None
) -> dict[str, list[str]]:
    """Texts by system of a table's columns; all are one system without the column."""
    import polars as pl

    texts = frame[response].cast(pl.String).fill_null("")
    if system is None:
        return {"all": texts.to_list()}
    names = frame[system].cast(pl.String).fill_null("unnamed")
    return {name: texts.filter(names == name).to_list() for name in names.unique(
        maintain_order=True)}


def authored(language: Language, source: Language) -> dict[str, list[str]]:
    """The supporters' turns of the shipped dialogues as one system."""
    return {AUTHORED: [one.text for one in labelled_turns(language, source)]}
