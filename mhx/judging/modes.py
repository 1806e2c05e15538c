"""Ways to ask a judge about one text: how many readers, how many rounds, how they are combined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mhx.judging.answers import Reading


@dataclass(frozen=True)
class Mode:
    """`seats` readers, each asked once a round; from the second round they see ratings.

    `temperature`: several seats of one judge differ only when they draw.
    """

    name: str
    seats: int
    rounds: int
    temperature: float
    text: str

    @property
    def calls(self) -> int:
        """Calls for one text, one judge, one repeat."""
        return self.seats * self.rounds

    @property
    def debates(self) -> bool:
        """Whether readers give reasons and read each other's."""
        return self.seats > 1 and self.rounds > 1


# The four ways and their number of calls are DialogGuard's (2025). How its nine calls of a debate
# are divided is not known here: three readers by three rounds is a decision of mhx.
MODES = {
    mode.name: mode
    for mode in (
        Mode("single", 1, 1, 0.0, "one answer"),
        Mode("dual", 1, 2, 0.0, "a second reading checks and corrects the first"),
        Mode("debate", 3, 3, 0.7, "three readers give reasons and read each other's, twice"),
        Mode("majority", 10, 1, 0.7, "ten independent answers, the most frequent one holds"),
    )
}


def combined(readings: Sequence[Reading]) -> Reading:
    """The answer of a mode's seats: the most frequent one.

    A tie, or fewer than half of the seats with a legal answer, gives no answer.
    """
    if len(readings) == 1:
        return readings[0]
    legal = Counter(one.value for one in readings if one.value is not None)
    if 2 * legal.total() < len(readings) or not legal:
        worst = Counter((one.status, one.detail) for one in readings if one.value is None)
        (status, detail), _ = worst.most_common(1)[0]
        return Reading(None, status, detail)
    (value, most), *rest = legal.most_common()
    if rest and rest[0][1] == most:
        return Reading(None, "missing", "tie")
    return Reading(value, "scored")
