"""Scoring shared by measures: the long frame, sacrebleu's metrics, edit matching, tables."""

from mhx.scoring.edits import match_edits, prf
from mhx.scoring.measures import MECHANISMS, long_frame, measure_manifest, open_measure
from mhx.scoring.overlap import Overlap
from mhx.scoring.tables import compare_table, join_baseline, open_table, score_table

__all__ = [
    "MECHANISMS",
    "Overlap",
    "compare_table",
    "join_baseline",
    "long_frame",
    "match_edits",
    "measure_manifest",
    "open_measure",
    "open_table",
    "prf",
    "score_table",
]
