"""Tables of the scorer's examination: the human ratings of the anchors by language, and DIF."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Row, Table, show
from mhx.reporting.wording import SHORT_HASH, absent, plain

NONE = ("No anchors rated by people in both languages were given, so the scorer is not examined "
        "and no gap between languages is printed")
COEFFICIENTS = {"alpha_ordinal": "α (ordinal)", "ac2": "AC2", "kappa_quadratic": "κ (quadratic)",
                "percent_agreement": "agreement in %"}
PAIR = (Column(key="score", title="score"), Column(key="language", title="language"),
        Column(key="reference", title="against"))


def tables(evaluation: Evaluation) -> list[Table]:
    """Reliability of the ratings by language; differential item functioning."""
    return [_anchors(evaluation), _dif(evaluation)]


def _anchors(evaluation: Evaluation) -> Table:
    same = ("certificate", "score", "language", "items", "ratings", "mean")
    rows = list({tuple(row.get(key) for key in same): row
                 for row in _panels(evaluation)}.values())
    named = dict.fromkeys(name for row in rows for name in row["agreement"])
    columns = (
        *PAIR[:2], Column(key="items", title="anchors", kind="int"),
        Column(key="ratings", title="ratings", kind="int"),
        Column(key="mean", title="human mean", kind="number"),
        Column(key="sd", title="SD", kind="number"),
        Column(key="rating_sd", title="SD of a rating", kind="number"),
        Column(key="reliability", title="reliability", kind="number"),
        *(Column(key=name, title=COEFFICIENTS.get(name, plain(name)), kind="number")
          for name in named),
        Column(key="scorer", title="scorer"),
    )
    notes = [
        "Human ratings of the anchors by the linking raters, who rated in both languages, so that "
        "a strict rater is strict in both. SD of a rating: the error of a single rating, severity "
        "removed. Reliability: the share of the variance of an item's mean over its raters that is "
        "not rating error. The other coefficients are those of all raters, item by item.",
        *_residuals(evaluation),
    ]
    return Table(
        label="anchors", title="The raters and the scorer on the anchors, by language",
        columns=columns, rows=tuple({**row, **row["agreement"]} for row in rows),
        notes=tuple(notes) if rows else (), origin=_origin(evaluation),
        signature=_signature(evaluation),
        missing="" if rows else absent("the scorer's reliability by language", NONE))


def _panels(evaluation: Evaluation) -> list[Row]:
    return [
        {**panel, "agreement": panel.get("agreement") or {}, "language": language,
         "score": plain(one.get("score")), "scorer": (one.get("scorers") or {}).get(language),
         "certificate": certificate.get("sha256")}
        for certificate in evaluation.rows("certificates")
        for one in certificate.get("licences") or []
        for language, panel in (one.get("panels") or {}).items()
    ]


def _residuals(evaluation: Evaluation) -> list[str]:
    """The scorer's noise given the human rating, pair by pair."""
    each = [f"{plain(one.get('score'))}, {one.get('language')} and {one.get('reference')}: "
            f"residual SD {show(one['residual_sd'], 'number')}, correlation "
            f"{show(one.get('correlation'), 'number')}"
            for certificate in evaluation.rows("certificates")
            for one in certificate.get("licences") or [] if one.get("residual_sd") is not None]
    return [f"Scores given the human rating: {'; '.join(each)}."] if each else []


def _dif(evaluation: Evaluation) -> Table:
    rows = [{**row, "score": plain(row.get("score"))}
            for certificate in evaluation.rows("certificates")
            for row in certificate.get("dif") or []]
    columns = (
        *PAIR, Column(key="n", title="n", kind="int"),
        Column(key="uniform", title="uniform, ΔR²", kind="number", digits=3),
        Column(key="uniform_p", title="p", kind="p"),
        Column(key="nonuniform", title="non-uniform, ΔR²", kind="number", digits=3),
        Column(key="nonuniform_p", title="p", kind="p"),
        Column(key="size", title="class"),
        Column(key="difference", title="difference", kind="number"),
    )
    notes = [
        "Cumulative logit of the score on human rating and language (uniform), and on their "
        "product (non-uniform): change of Nagelkerke's R², t tests with a jackknife over anchors. "
        "Class after Jodoin & Gierl (2001): moderate from .035, large from .070. Difference: "
        "language minus reference in expected score at equal rating, averaged over the anchors.",
        "A test that finds no DIF does not show comparability: the licence rests on the "
        "equivalence of intercept and slope.",
        *(f"{row['score']}, {row.get('language')}: {row['note']}" for row in rows
          if row.get("note")),
    ]
    return Table(
        label="dif", title="Differential item functioning of the scorer", columns=columns,
        rows=tuple(rows), notes=tuple(notes) if rows else (), origin=_origin(evaluation),
        signature=_signature(evaluation),
        missing="" if rows else absent("differential item functioning", NONE))


def _origin(evaluation: Evaluation) -> str:
    each = [f"{len(one.get('raters') or [])} raters, {len(one.get('linking') or [])} of them "
            f"linking, {one.get('made') or 'no date'}" for one in evaluation.rows("certificates")]
    return f"anchors rated by people ({'; '.join(each)})" if each else ""


def _signature(evaluation: Evaluation) -> str:
    each = [f"certificate:{str(one.get('sha256') or 'no hash')[:SHORT_HASH]} | "
            f"bound:{show(one.get('bound'), 'number', 3)} | alpha:{one.get('alpha')} | "
            f"ratings:{str(one.get('ratings_sha256') or '')[:SHORT_HASH]} | "
            f"scores:{str(one.get('scores_sha256') or '')[:SHORT_HASH]} | mhx:{one.get('mhx')}"
            for one in evaluation.rows("certificates")]
    return "; ".join(each)
