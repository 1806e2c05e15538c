"""`NAME.certificate.json`: what linking anchors showed about a scorer in two languages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Strict

Verdict = Literal["comparable", "correctable", "not comparable", "insufficient anchors"]
Design = Literal["paired", "unpaired", "mixed"]
EffectSize = Literal["negligible", "moderate", "large"]
HASH = r"^[0-9a-f]{64}$"


class Equivalence(Strict):
    """A difference between two languages in raw points, tested to lie within the bound.

    `low` and `high` bound it at 1 - 2 alpha, `p` is two-sided against zero, `tost_p` that of
    two one-sided tests. `item_se` and `rater_se` are the parts of `se` that more anchors and more
    linking raters make smaller.
    """

    estimate: float
    se: float = Field(ge=0)
    df: float = Field(gt=0)
    low: float
    high: float
    p: float = Field(ge=0, le=1)
    tost_p: float = Field(ge=0, le=1)
    item_se: float = Field(ge=0)
    rater_se: float = Field(ge=0)


class Panel(Strict):
    """The human ratings of one language by the linking raters.

    `reliability` is that of an item's mean over its raters: the share of its variance that is not
    rating error; `agreement` names coefficients of all raters of the language, by item.
    """

    items: int = Field(ge=0)
    ratings: int = Field(ge=0)
    mean: float
    sd: float = Field(ge=0, description="of the items' means, rating error included")
    rating_sd: float | None = Field(description="error of a single rating, severity removed")
    reliability: float | None
    agreement: dict[str, float | None] = {}


class Drift(Strict):
    """Do the linking raters' severities differ between the languages, and do so differently?

    `sd` between raters of (severity in one language minus the other), rating error taken out, in
    points of the rating; `p` of its being error alone; `error` what rating error adds to its
    square.
    """

    raters: int = Field(ge=2)
    sd: float = Field(ge=0)
    p: float = Field(ge=0, le=1)
    error: float = Field(ge=0)


class AnchorLicence(Strict):
    """One score in one language against the reference language.

    `bias` is the scorer's intercept difference at the pooled human mean, `slope` the difference
    of its slopes times one SD of the human ratings. `residual_sd` and `correlation` are those of
    the scores given the human rating, observed on these anchors. `needed` is the number of
    anchors in all; null where more anchors cannot help.
    """

    score: str
    language: str
    reference: str
    verdict: Verdict
    why: str
    anchors: int = Field(ge=0, description="items with both a score and ratings, in both languages"
                         " where the design is paired, else in the language that has fewer")
    needed: int | None
    design: Design
    scorers: dict[str, str] | None = Field(description="signature by language; null: not recorded")
    human_mean: float | None
    human_sd: float | None
    residual_sd: float | None
    correlation: float | None
    bias: Equivalence | None
    slope: Equivalence | None
    drift: Drift | None
    panels: dict[str, Panel]


class CalibrationRow(Strict):
    """The scorer's mean at one level of the human rating, with its 95 % interval."""

    score: str
    language: str
    human: float
    mean: float
    low: float | None
    high: float | None
    n: int = Field(ge=1)


class CurvePoint(Strict):
    """The score that the ordinal model expects at a human rating."""

    language: str
    human: float
    expected: float


class DifRow(Strict):
    """Differential item functioning of one score: cumulative logit on human rating x language.

    `uniform` and `nonuniform` are changes in Nagelkerke's R2, `size` their sum's class after
    Jodoin & Gierl 2001 (.035, .070), the p values those of t tests with a jackknife over items;
    `difference` is the language minus the reference in expected score, averaged over the anchors.
    """

    score: str
    language: str
    reference: str
    n: int
    categories: list[float]
    uniform: float | None
    uniform_p: float | None
    nonuniform: float | None
    nonuniform_p: float | None
    effect: float | None
    size: EffectSize | None
    difference: float | None
    curves: list[CurvePoint] = []
    note: str = ""


class AnchorCertificate(Strict):
    """Bound by hashes to the ratings, the scores, the form's key and to itself.

    The hash shows that the file was changed, not who wrote it: whoever doubts it runs the import
    again on the ratings and the scores, which gives the same numbers.
    """

    format: Literal[1] = 1
    made: str = Field(description="date")
    mhx: str = Field(description="version that made it")
    margin: float = Field(gt=0)
    share: float = Field(gt=0, le=1, description="of the margin that scorer bias may use up")
    bound: float = Field(gt=0)
    alpha: float = Field(gt=0, lt=0.5)
    power: float = Field(gt=0, lt=1)
    scale: tuple[float, float] = Field(description="legal scores")
    rating_scale: tuple[float, float] = Field(description="legal human ratings")
    raters: list[str] = Field(description="pseudonyms of all who rated")
    linking: list[str] = Field(description="those who rated in several languages")
    form_sha256: str | None = Field(pattern=HASH, description="the form's key; null: no form")
    texts_sha256: str | None = Field(pattern=HASH, description="of the hashes of the rated texts")
    ratings_sha256: str = Field(pattern=HASH, description="of the ratings, sorted")
    scores_sha256: str = Field(pattern=HASH, description="of the table of scores, the file")
    licences: list[AnchorLicence] = Field(min_length=1)
    calibration: list[CalibrationRow] = []
    dif: list[DifRow] = []
    sha256: str = Field(pattern=HASH, description="of this file without this field")

    @model_validator(mode="after")
    def _verdicts_follow_from_the_intervals(self) -> AnchorCertificate:
        if abs(self.bound - self.share * self.margin) > 1e-9 * self.margin:
            raise ValueError(f"bound {self.bound} is not share x margin — make it again")
        for one in self.licences:
            within = [part is not None and -self.bound < part.low and part.high < self.bound
                      for part in (one.bias, one.slope)]
            if (one.verdict == "comparable" and not all(within)) or (
                    one.verdict == "correctable" and not within[1]):
                raise ValueError(f"{one.score}, {one.language}: {one.verdict!r} does not follow "
                                 "from its intervals — make it again from the ratings")
        return self
