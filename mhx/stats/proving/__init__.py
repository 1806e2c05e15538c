"""The proving ground: procedures are run on synthetic responders whose true gap is known.

>>> from mhx.stats.proving import prove, quick_proof
"""

from mhx.stats.proving.ground import prove
from mhx.stats.proving.quick import quick_proof
from mhx.stats.proving.results import Proof, Rates
from mhx.stats.proving.task import Answer, Task

__all__ = ["Answer", "Proof", "Rates", "Task", "prove", "quick_proof"]
