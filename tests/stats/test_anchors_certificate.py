"""Verdicts, the certificate file, and which table a licence is good for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from anchor_study import World, draw, frames

from mhx.errors import MhxError
from mhx.files import hash_json, write_json
from mhx.schema.anchors import AnchorCertificate
from mhx.stats import parity
from mhx.stats.anchors.certificate import read_certificate, write_certificate
from mhx.stats.anchors.certify import certify
from mhx.stats.anchors.examine import Terms
from mhx.stats.anchors.licence import licence
from mhx.stats.anchors.study import read_study
from mhx.stats.columns import Margin

SCALE = (-2.0, 4.0)
TERMS = Terms(margin=0.25, scale=SCALE, rating_scale=SCALE)
HASHES: dict[str, str | None] = {"form_sha256": None, "texts_sha256": None,
                                 "ratings_sha256": "a" * 64, "scores_sha256": "b" * 64}
GOOD = World(items=900, noise=0.3, rating_sd=0.2)


def made(ratings: pl.DataFrame, scores: pl.DataFrame, terms: Terms = TERMS, *,
         reference: str | None = "en", names: tuple[str, ...] = ("empathy",)) -> AnchorCertificate:
    study = read_study(ratings, scores, item="item", language="language", names=names,
                       scorer="scorer", scale=terms.scale, rating_scale=terms.rating_scale)
    return certify(study, terms, hashes=HASHES, made="2026-11-21", reference=reference)


@pytest.fixture(scope="module")
def certificate() -> AnchorCertificate:
    return made(*frames(GOOD, 1))


def asked(certificate: AnchorCertificate | None, **other: Any) -> Any:
    return licence(certificate, **{
        "score": "empathy", "language": "pl", "reference": "en", "margin": Margin(0.25, "raw"),
        "alpha": 0.05, "scorers": {"pl": {"judge 1"}, "en": {"judge 1"}}, "table_sha256": "c" * 64,
        "scale": SCALE, **other})


# ---------------------------------------------------------------- verdicts


VERDICTS = {
    "comparable": GOOD,
    "correctable": replace(GOOD, bias=0.3),
    "not comparable": replace(GOOD, slope=-0.3),
    "insufficient anchors": replace(GOOD, items=30, noise=0.6),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_has_its_world(verdict: str) -> None:
    one = made(*frames(VERDICTS[verdict], 1)).licences[0]
    assert one.verdict == verdict
    assert (one.language, one.reference) == ("pl", "en")
    assert one.scorers == {"pl": "judge 1", "en": "judge 1"}
    assert bool(one.why) == (verdict != "comparable")
    if verdict == "insufficient anchors":
        assert one.needed is not None
        assert one.needed > one.anchors == 30
        assert f"{one.needed - 30} more anchors are needed" in one.why


def test_a_score_that_ignores_people_is_not_comparable_to_itself() -> None:
    """Noise is equal in every language, and says nothing."""
    one = made(*frames(replace(GOOD, steep=0.0, noise=0.1), 1)).licences[0]
    assert one.verdict == "insufficient anchors"
    assert "not shown to follow the human rating in pl and en" in one.why


def test_a_perfect_scorer_is_certified() -> None:
    world = World(items=200, noise=0.0, rating_sd=0.0, severity=0.0)
    one = made(*frames(world, 1)).licences[0]
    assert one.verdict == "comparable"
    assert one.bias is not None
    assert one.bias.estimate == pytest.approx(0.0, abs=1e-9)
    assert one.bias.low < 0 < one.bias.high


def test_separate_panels_are_refused() -> None:
    ratings, scores = frames(replace(GOOD, items=60), 1)
    apart = ratings.with_columns(rater=pl.col("rater") + pl.col("language"))
    with pytest.raises(MhxError, match="separate panels confound scorer bias with rater severity"):
        made(apart, scores)


@pytest.mark.parametrize(("change", "why"), [
    (lambda r: r.filter(pl.col("rater").is_in(["r1"]) | (pl.col("language") == "en")),
     "r1 alone rated in both languages"),
    (lambda r: r.unique(["item", "language"], keep="first", maintain_order=True).filter(
        ~pl.col("rater").is_in(["r3"])), "share no item with the others"),
    (lambda r: r.with_columns(rating=pl.lit(1.0)), "vary no more than their error"),
])
def test_what_cannot_be_told_apart_is_said(
        change: Callable[[pl.DataFrame], pl.DataFrame], why: str) -> None:
    ratings, scores = frames(replace(GOOD, items=60), 1)
    one = made(change(ratings), scores).licences[0]
    assert (one.verdict, one.bias, one.needed) == ("insufficient anchors", None, None)
    assert why in one.why


def test_a_constant_score_is_not_examined() -> None:
    ratings, scores = frames(replace(GOOD, items=60), 1)
    one = made(ratings, scores.with_columns(empathy=pl.lit(1.0))).licences[0]
    assert one.verdict == "insufficient anchors"
    assert "constant" in one.why


def test_fewer_than_twenty_anchors_are_no_basis() -> None:
    one = made(*frames(replace(GOOD, items=19), 1)).licences[0]
    assert one.verdict == "insufficient anchors"
    assert one.why.startswith("19 anchors")
    assert one.needed is not None
    assert one.needed >= 20


def test_designs_are_named() -> None:
    ratings, scores = frames(replace(GOOD, items=200), 1)
    assert made(ratings, scores).licences[0].design == "paired"
    other = scores.filter((pl.col("language") == "en") | (pl.col("item") < "i100"))
    mixed = made(ratings, other).licences[0]
    assert (mixed.design, mixed.anchors) == ("mixed", 100)
    apart = made(*frames(replace(GOOD, items=200, paired=False), 1)).licences[0]
    assert (apart.design, apart.anchors, apart.correlation) == ("unpaired", 100, None)


def test_every_pair_is_examined_without_a_reference() -> None:
    ratings, scores = frames(replace(GOOD, items=60), 1)
    third = [frame.filter(pl.col("language") == "pl").with_columns(language=pl.lit("fa"))
             for frame in (ratings, scores)]
    found = made(pl.concat([ratings, third[0]]), pl.concat([scores, third[1]]), reference=None)
    assert [(one.language, one.reference) for one in found.licences] == [
        ("en", "fa"), ("en", "pl"), ("fa", "pl")]
    named = made(pl.concat([ratings, third[0]]), pl.concat([scores, third[1]]))
    assert [(one.language, one.reference) for one in named.licences] == [("fa", "en"), ("pl", "en")]


def test_repeats_are_the_raters_own_agreement() -> None:
    ratings, scores = frames(replace(GOOD, items=60, ordinal=True), 1)
    again = ratings.filter(pl.col("item") < "i010").with_columns(
        repeat=pl.lit(True), rating=pl.when(pl.col("item") == "i000").then(-1.0)
        .otherwise(pl.col("rating")))
    found = made(pl.concat([ratings.with_columns(repeat=pl.lit(False)), again]), scores)
    panel = found.licences[0].panels["pl"]
    assert panel.ratings == 120
    assert panel.agreement["intra_rater"] == pytest.approx(90.0)


# ---------------------------------------------------------------- the data


@pytest.mark.parametrize(("ratings", "scores", "message"), [
    (lambda r: r.rename({"rater": "who"}), None, "unknown column 'rater'"),
    (None, lambda s: s.drop("empathy"), "unknown column 'empathy'"),
    (lambda r: pl.concat([r, r.head(2)]), None, "2 ratings repeat an item, language and rater"),
    (lambda r: r.with_columns(rating=pl.col("rating") + 9), None, "ratings are outside -2 to 4"),
    (lambda r: r.with_columns(rating=pl.lit(None, dtype=pl.Float64)), None, "no ratings"),
    (None, lambda s: pl.concat([s, s.head(3)]), "3 rated items have several scores in one"),
    (None, lambda s: s.with_columns(empathy=pl.lit("high")), "scores must be numbers"),
    (None, lambda s: s.with_columns(empathy=pl.col("empathy") * 9), "scores are outside -2 to 4"),
    (None, lambda s: s.with_columns(item=pl.lit("x")), "no rated item has this score"),
    (None, lambda s: s.with_columns(scorer=pl.col("item")), "empathy in en comes from"),
    (None, lambda s: s.with_columns(scorer=pl.lit(None, dtype=pl.String)), "comes from nobody"),
    (lambda r: r.with_columns(language=pl.lit("en")).unique(["item", "rater"]), None,
     "the anchors are in one language"),
    (lambda r: r.with_columns(language=pl.col("language").replace("en", "de")),
     lambda s: s.with_columns(language=pl.col("language").replace("en", "de")),
     "unknown reference language 'en'"),
])
def test_every_problem_of_the_tables_is_said(
        ratings: Callable[[pl.DataFrame], pl.DataFrame] | None,
        scores: Callable[[pl.DataFrame], pl.DataFrame] | None, message: str) -> None:
    rated, scored = frames(replace(GOOD, items=40), 1)
    with pytest.raises(MhxError) as raised:
        made(ratings(rated) if ratings else rated, scores(scored) if scores else scored)
    assert message in str(raised.value)


def test_a_long_table_is_read_by_its_measure() -> None:
    ratings, scores = frames(replace(GOOD, items=60), 1)
    long = pl.concat([scores.select("item", "language", "scorer", measure=pl.lit(name),
                                    value=pl.col("empathy") * times)
                      for name, times in (("empathy", 1.0), ("other", 0.5))])
    study = read_study(ratings, long, item="item", language="language", names=["empathy"],
                       scorer="scorer", measure="measure", value="value", scale=SCALE,
                       rating_scale=SCALE)
    wide = read_study(ratings, scores, item="item", language="language", names=["empathy"],
                      scale=SCALE, rating_scale=SCALE)
    assert np.array_equal(study.scores["empathy"], wide.scores["empathy"])
    assert study.scorers == {"empathy": {"en": "judge 1", "pl": "judge 1"}}
    assert wide.scorers == {"empathy": None}


# ---------------------------------------------------------------- the file


def test_the_file_is_read_as_it_was_written(certificate: AnchorCertificate, tmp_path: Path) -> None:
    path = tmp_path / "anchors.json"
    write_certificate(path, certificate)
    assert read_certificate(path) == certificate
    assert made(*frames(GOOD, 1)) == certificate  # the same data, the same bytes
    assert "i000" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("resealed", [False, True])
def test_a_changed_file_is_refused(certificate: AnchorCertificate, tmp_path: Path,
                                   resealed: bool) -> None:
    """Whoever computes the hash anew still has to give a verdict its intervals allow."""
    value = certificate.model_dump(mode="json")
    value["licences"][0]["bias"]["high"] = 0.3
    if resealed:
        value["sha256"] = hash_json({k: v for k, v in value.items() if k != "sha256"})
    write_json(tmp_path / "c.json", value)
    with pytest.raises(MhxError, match="does not follow"):
        read_certificate(tmp_path / "c.json")
    value = certificate.model_dump(mode="json")
    value["licences"][0]["anchors"] += 1
    write_json(tmp_path / "c.json", value)
    with pytest.raises(MhxError, match="changed after it was made"):
        read_certificate(tmp_path / "c.json")


@pytest.mark.parametrize(("text", "message"), [
    ("{", "not JSON"), ("[]", "valid dictionary"), ('{"format": 1}', "missing")])
def test_what_is_no_certificate_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(MhxError, match=message):
        read_certificate(tmp_path / "c.json")


# ---------------------------------------------------------------- the licence


def test_a_certificate_licenses_its_score_and_languages(certificate: AnchorCertificate) -> None:
    found = asked(certificate)
    assert (found.verdict, found.why, found.bound) == ("comparable", "", 0.125)
    assert found.certificate == certificate.sha256
    assert found.anchors == 900
    turned = asked(certificate, language="en", reference="pl")
    assert turned.verdict == "comparable"
    assert turned.bias == -found.bias
    assert (turned.bias_low, turned.bias_high) == (-found.bias_high, -found.bias_low)
    assert asked(certificate, margin=Margin(0.4, "raw")).verdict == "comparable"
    assert asked(certificate, margin=None).verdict == "comparable"


@pytest.mark.parametrize(("other", "why"), [
    ({"score": "warmth"}, "not about warmth"),
    ({"language": "fa"}, "not about empathy in fa against en"),
    ({"margin": Margin(0.2, "raw")}, "the margin 0.2 is smaller than the certified 0.25"),
    ({"margin": Margin(0.3, "sd")}, "raw points"),
    ({"alpha": 0.01}, "alpha 0.01 is smaller"),
    ({"scale": (0.0, 2.0)}, "on the scale 0:2, the certificate on -2:4"),
    ({"scorers": {"pl": {"judge 2"}, "en": {"judge 1"}}}, "in pl the scorer is judge 2"),
    ({"scorers": {"pl": {"judge 1", "judge 2"}, "en": {"judge 1"}}}, "in pl the scorer is judge 2"),
    ({"scorers": {"pl": {"judge 1"}}}, "in en the scorer is nobody"),
    ({"scorers": None}, "is not the file that was certified"),
    ({"scorers": {}, "table_sha256": None}, "is not the file that was certified"),
])
def test_every_mismatch_refuses(other: dict[str, Any], why: str,
                                certificate: AnchorCertificate) -> None:
    found = asked(certificate, **other)
    assert found.verdict == "insufficient anchors"
    assert why in found.why
    assert found.bias is None


def test_all_mismatches_are_named_at_once(certificate: AnchorCertificate) -> None:
    why = asked(certificate, alpha=0.01, margin=Margin(0.1, "raw"), scorers=None).why
    assert why.count(";") == 2


def test_a_table_without_a_scorer_must_be_the_certified_file(
        certificate: AnchorCertificate) -> None:
    assert asked(certificate, scorers=None, table_sha256="b" * 64).verdict == "comparable"
    nameless = certificate.model_copy(update={"licences": [
        one.model_copy(update={"scorers": None}) for one in certificate.licences]})
    assert asked(nameless).verdict == "insufficient anchors"
    assert asked(nameless, table_sha256="b" * 64).verdict == "comparable"


def test_without_a_certificate_the_number_is_the_references() -> None:
    found = asked(None, scale=(0.0, 2.0))
    assert (found.verdict, found.anchors, found.anchors_needed) == ("insufficient anchors", 0, 198)
    assert asked(None, scale=None, values=np.array([1.0, np.nan, 1.0])).anchors_needed is None
    assert asked(None, margin=None).anchors_needed is None


def test_parity_gives_the_licence_of_the_certificate(certificate: AnchorCertificate) -> None:
    scores = draw(replace(GOOD, items=50), 2)[0]
    frame = pl.DataFrame({
        "scenario": np.tile(np.arange(50), 2), "language": np.repeat(["pl", "en"], 50),
        "gender": np.tile(["f", "m"], 50), "empathy": scores.T.ravel()})
    found = parity(frame, scores=["empathy"], groups=["gender"],
                   reference={"gender": "m", "language": "en"}, margin=0.25,
                   certificate=certificate,
                   scorers={"empathy": {"pl": {"judge 1"}, "en": {"judge 1"}}})
    assert [one.verdict for one in found.cross_language] == ["comparable"]
    bare = parity(frame, scores=["empathy"], groups=["gender"],
                  reference={"gender": "m", "language": "en"}, margin=0.25)
    assert [one.verdict for one in bare.cross_language] == ["insufficient anchors"]


def test_a_row_without_a_scorer_is_not_the_certified_ones(
        certificate: AnchorCertificate) -> None:
    scores = draw(replace(GOOD, items=50), 2)[0]
    frame = pl.DataFrame({
        "language": np.repeat(["pl", "en"], 50), "gender": np.tile(["f", "m"], 50),
        "empathy": scores.T.ravel(), "scorer": ["judge 1"] + [None] * 99})
    found = parity(frame, scores=["empathy"], groups=["gender"],
                   reference={"gender": "m", "language": "en"}, margin=0.25,
                   certificate=certificate).cross_language[0]
    assert found.verdict == "insufficient anchors"
    assert "not named" in found.why


def test_scores_beyond_the_certified_scale_are_refused(certificate: AnchorCertificate) -> None:
    found = asked(certificate, scale=None, values=np.array([0.0, 3.0, 40.0, np.nan]))
    assert found.verdict == "insufficient anchors"
    assert "1 scores lie outside the certificate's scale" in found.why


def test_the_largest_gap_is_not_taken_between_languages_without_a_licence(
        certificate: AnchorCertificate) -> None:
    one = certificate.licences[0]
    both = certificate.model_copy(update={"licences": [one, one.model_copy(update={
        "language": "fa", "scorers": {"fa": "judge 1", "en": "judge 1"}})]})
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "language": np.repeat(["pl", "en", "fa"], 50), "gender": np.tile(["f", "m"], 75),
        "empathy": rng.normal(1, 0.5, 150), "scorer": ["judge 1"] * 150})
    found = parity(frame, scores=["empathy"], groups=["gender"],
                   reference={"gender": "m", "language": "en"}, margin=0.25, certificate=both)
    assert [one.group for one in found.contrasts if one.kind == "language"] == ["fa", "pl"]
    assert not [one for one in found.largest if one.kind == "language"]


def test_rows_for_the_figures_hold_numbers_and_no_text(certificate: AnchorCertificate) -> None:
    rows = certificate.calibration
    assert {row.language for row in rows} == {"pl", "en"}
    assert sum(row.n for row in rows) == 1800
    for row in rows:
        assert row.low is None or row.high is None or row.low <= row.mean <= row.high
    assert [row.language for row in certificate.dif] == ["pl"]
    assert len(json.dumps(certificate.model_dump(mode="json"))) < 20_000
