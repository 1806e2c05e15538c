"""Parity across groups, agreement of raters, and trials that check both.

>>> from mhx.stats import agree, parity, prove
"""

from mhx.stats.agreement import agree
from mhx.stats.parity import parity
from mhx.stats.proving import prove
from mhx.stats.raters import AgreementResult
from mhx.stats.results import ParityResult

__all__ = ["AgreementResult", "ParityResult", "agree", "parity", "prove"]
