"""The designs of the proving ground: who answers, who scores, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MARGIN = 0.25  # raw points on the 0-2 scale


@dataclass(frozen=True, kw_only=True)
class Design:
    """Synthetic responders of `groups` groups in `languages` languages on `scenarios` scenarios.

    True empathy is a latent normal: a scenario effect (shared by the groups where `paired`), a
    scenario x group effect, noise. People rate it 0-2 (`cuts`) or, with no cuts, as it is. The
    last group (in the last language) has a mean that is higher by the planted gap. Standard
    deviations are latent, `bias` is in raw points, shares are 0-1.
    """

    name: str
    title: str
    estimand: Literal["pair", "largest", "languages"] = "pair"
    groups: int = 2
    languages: int = 1
    scenarios: int = 60
    sizes: tuple[int, ...] = ()  # scenarios a group, where they differ
    paired: bool = True
    cuts: tuple[float, ...] = (-0.6, 0.7)
    scenario_sd: float = 0.7
    cell_sd: float = 0.0  # scenario x group
    noise_sd: float = 1.0
    levels: int = 1  # rows a scenario x group: realizations, cue names or raters
    level: Literal["realization", "name", "rater"] = "realization"
    level_sd: float = 0.0  # severity of a level, the same for all groups
    own_level_sd: float = 0.0  # of a level in one group: other names, separate panels, leniency
    random_level: bool = False  # the levels are a sample: they are clusters
    bias: float = 0.0  # of the scorer towards the last group or language
    scorer_sd: float = 0.0  # noise of the scorer beyond what people rate
    rated: float = 0.0  # share of the scenarios that people rated too, drawn at random
    raters: int = 1  # of them, the same people in every group and language
    severity_sd: float = 0.0  # of those raters, and the noise of one rating:
    rating_sd: float = 0.0
    length_effect: float = 0.0  # what the scorer adds for one SD of length
    length_gap: float = 0.0  # by which the last group's answers are longer, in SDs
    missing: float = 0.0  # anywhere, at random
    missing_group: float = 0.0  # more of the last group, at random
    missing_hard: float = 0.0  # more of the last group in scenarios where empathy is low
    missing_low: float = 0.0  # more of the last group where its own empathy is low
    quick: bool = False  # part of the short run


DESIGNS: dict[str, Design] = {design.name: design for design in (
    Design(name="paired", title="100 paired scenarios", scenarios=100, quick=True),
    Design(name="unpaired", title="unpaired, 120 and 40 answers", paired=False, scenarios=120,
           sizes=(120, 40), quick=True),
    Design(name="few-scenarios", title="8 paired scenarios", scenarios=8),
    Design(name="continuous", title="continuous scores, paired", cuts=()),
    Design(name="floor-effect", title="four of five scores are 0", cuts=(1.1, 1.7)),
    Design(name="realizations", title="20 scenarios, 4 realizations each, unpaired",
           paired=False, scenarios=20, cell_sd=0.5, levels=4, quick=True),
    Design(name="names", title="6 random cue names a group", scenarios=30, levels=6, level="name",
           own_level_sd=0.4, random_level=True),
    Design(name="panels", title="separate panels of 3 raters", scenarios=40, cell_sd=0.8,
           noise_sd=0.6, levels=3, level="rater", own_level_sd=0.4, random_level=True, quick=True),
    Design(name="shared-raters", title="the same 3 raters, severity SD .5", scenarios=40,
           cell_sd=0.8, noise_sd=0.6, levels=3, level="rater", level_sd=0.5),
    Design(name="eight-groups", title="largest gap of 8 groups, paired", estimand="largest",
           groups=8, scenarios=40, quick=True),
    Design(name="eight-samples", title="largest gap of 8 groups, unpaired", estimand="largest",
           groups=8, scenarios=40, paired=False),
    Design(name="group-by-language", title="gap in one of two languages", languages=2),
    *(Design(name=name, title=title, estimand="languages", groups=1, languages=2,
             scenarios=400, scorer_sd=0.4, bias=bias, rated=0.75, raters=4, severity_sd=0.3,
             rating_sd=0.4, quick=quick)
      for name, title, bias, quick in (
          ("language-fair", "two languages, one scorer for both", 0.0, False),
          ("language-bound", "two languages, scorer bias of half the margin", MARGIN / 2, False),
          ("language-bias", "two languages, scorer bias of the margin", -MARGIN, True))),
    Design(name="biased-scorer", title="scorer biased against the group", bias=-MARGIN,
           scorer_sd=0.5, scenarios=100, rated=0.5, quick=True),
    Design(name="length-bias", title="scorer rewards length, the group writes more", cuts=(),
           length_effect=0.3, length_gap=0.8, scenarios=100, quick=True),
    Design(name="missing-random", title="20 % missing at random", missing=0.2),
    Design(name="missing-group", title="40 % of one group missing", missing_group=0.4),
    Design(name="missing-hard", title="one group's hard scenarios refused", missing_hard=0.7,
           cuts=(), quick=True),
    Design(name="missing-low", title="one group's low answers refused", missing_low=0.7),
)}
