"""Checklists answered from the record of a run or a table; what it cannot know is said.

>>> from mhx.reporting.checklists import checklists, to_markdown
>>> text = to_markdown(checklists(evaluation), "Checklists")
"""

from __future__ import annotations

from mhx.reporting.checklists.acl import acl
from mhx.reporting.checklists.chart import chart
from mhx.reporting.checklists.records import TO_FILL, Checklist, Item
from mhx.reporting.checklists.render import to_latex, to_markdown
from mhx.reporting.evaluation import Evaluation

__all__ = ["TO_FILL", "Checklist", "Item", "checklists", "to_latex", "to_markdown"]


def checklists(evaluation: Evaluation) -> list[Checklist]:
    """ACL Responsible NLP (B5, C3, C4, D1-D5) and CHART 2025, of one result or several."""
    return [acl(evaluation), chart(evaluation)]
