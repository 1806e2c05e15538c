"""Judged measures: a rubric as data, judges that are asked, ratings, scores and what they cost."""

from mhx.judging.engine import Judged, JudgeSettings, judge
from mhx.judging.judges import Judge, open_judge
from mhx.judging.modes import MODES
from mhx.judging.prompt import Item
from mhx.judging.rubrics import Worded, rubric_of, worded

__all__ = [
    "MODES",
    "Item",
    "Judge",
    "JudgeSettings",
    "Judged",
    "Worded",
    "judge",
    "open_judge",
    "rubric_of",
    "worded",
]
