"""The report of a run: HTML, LaTeX, CSV, figures, JSON and a methods text, from one source.

>>> from mhx.reporting import write_report
>>> write_report(Path("runs/pl/2026-11-20-1"))
"""

from mhx.reporting.evaluation import Evaluation, read_evaluation
from mhx.reporting.table import Column, Table
from mhx.reporting.write import OUTPUTS, write_report

__all__ = ["OUTPUTS", "Column", "Evaluation", "Table", "read_evaluation", "write_report"]
