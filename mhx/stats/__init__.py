"""Parity across groups, agreement of raters, and trials that check both.

>>> from mhx.stats import agree, parity, planted_gap
"""

from mhx.stats.agreement import agree
from mhx.stats.parity import parity
from mhx.stats.planted import planted_gap
from mhx.stats.raters import AgreementResult
from mhx.stats.results import ParityResult

__all__ = ["AgreementResult", "ParityResult", "agree", "parity", "planted_gap"]
