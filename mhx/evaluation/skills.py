"""Therapist skills in a run: the corpus that was trained on, and the answers of each system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.run import Run
from mhx.scoring.skill_job import profiles
from mhx.scoring.skills import coder_of
from mhx.training.adapter import records_of
from mhx.training.base import TINY

if TYPE_CHECKING:
    import polars as pl

CORPUS = "training corpus"


def skill_profiles(run: Run, responses: pl.DataFrame) -> dict[str, Any] | None:
    """Profile by system with the cues' agreement; None for a language without skill cues.

    A trial model's answers are babble, so only the corpus is profiled then.
    """
    import polars as pl

    if coder_of(run.language) is None:
        return None
    records = records_of(run.path("corpus/train.jsonl"))
    texts = {CORPUS: [str(message["content"]) for record in records
                      for message in record["messages"] if message["role"] == "assistant"]}
    if run.settings.base_model != TINY and responses.height:
        for system in responses["system"].unique(maintain_order=True):
            texts[system] = responses.filter(pl.col("system") == system)["response"].to_list()
    return profiles(texts, run.language, run.source, seed=run.settings.seed)
