"""Tables of what licenses the parity numbers: the proving ground, the cross-language gate."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.proving import proving_tables
from mhx.reporting.table import Column, Table, show
from mhx.reporting.wording import absent, agreement, answers_origin, parity_signature, plain
from mhx.reporting.wording import sentence as as_sentence

ANCHORS = "equivalence test of the scorer's intercept and slope on linking anchors"
LICENSED = ("comparable", "correctable")


def tables(evaluation: Evaluation) -> list[Table]:
    """The proving ground, the cross-language verdicts, the gaps they license, the raters."""
    return [*proving_tables(evaluation.part("proving")), _cross_language(evaluation),
            _between(evaluation), _reliability(evaluation)]


def proved(evaluation: Evaluation) -> str:
    """How the procedures of this report did on known gaps, in a clause; empty if not run."""
    rows = [row for row in evaluation.rows("proving", "rows") if row.get("procedure") == "mhx"]
    names = (("coverage", "coverage"), ("type_1", "type I error"), ("power", "power"),
             ("false_parity", "false parity"))
    each = []
    for row in rows:
        if row.get("design") == rows[0].get("design"):
            rates = [f"{name} {show(row[key], 'number', 3)}" for key, name in names
                     if row.get(key) is not None]
            each.append(f"at a gap of {show(row.get('gap'), 'number')} {', '.join(rates)}")
    if not each:
        return ""
    return f"{rows[0].get('title')}, {rows[0].get('replicates')} tables: {'; '.join(each)}"


def licences(evaluation: Evaluation) -> list[Row]:
    """The verdicts of the cross-language gate, one a score and pair of languages."""
    found = [row for system in evaluation.systems
             for row in evaluation.rows("parity", system, "cross_language")]
    keys = ("score", "language", "reference")
    first = {tuple(row.get(key) for key in keys): row for row in reversed(found)}
    return list(reversed(first.values()))


def _cross_language(evaluation: Evaluation) -> Table:
    rows, single = licences(evaluation), evaluation.part("cross_language")
    title = "May the scores be compared with another language's?"
    if not rows:
        why = as_sentence(str(single.get("why") or ""))
        return Table(
            label="cross_language", title=title,
            columns=(Column(key="verdict", title="verdict"),
                     Column(key="needed", title="anchors still needed", kind="int")),
            rows=(single,) if single else (), notes=(why,) if why else (),
            origin="anchors rated by people, none given" if single else "",
            signature=ANCHORS if single else "",
            missing="" if single else absent("the cross-language gate",
                                             "No gap between languages is printed"),
        )
    certificates = dict.fromkeys(str(row["certificate"]) for row in rows if row.get("certificate"))
    columns = (
        Column(key="score", title="score"), Column(key="language", title="language"),
        Column(key="reference", title="against"), Column(key="verdict", title="verdict"),
        Column(key="anchors", title="anchors", kind="int"),
        Column(key="anchors_needed", title="needed", kind="int"),
        Column(key="bound", title="bound", kind="number", digits=3),
        Column(key="bias", title="bias", kind="number", digits=3),
        Column(key="bias_low", upper="bias_high", title="interval", kind="interval", digits=3),
        Column(key="slope", title="slope", kind="number", digits=3),
        Column(key="slope_low", upper="slope_high", title="interval", kind="interval", digits=3),
    )
    shown = tuple(column for column in columns
                  if any(row.get(column.key) is not None for row in rows))
    reasons = dict.fromkeys(str(row.get(key)) for row in rows for key in ("why", "assumption")
                            if row.get(key))
    notes = ["Without a certificate no gap between languages is printed; the results within each "
             "language stand.", *(as_sentence(text) for text in reasons)]
    return Table(
        label="cross_language", title=title, columns=shown,
        rows=tuple({**row, "score": plain(row.get("score"))} for row in rows),
        notes=tuple(notes), signature=ANCHORS,
        origin=f"anchors rated by people, certificate {', '.join(certificates)}" if certificates
        else "anchors rated by people, none given",
    )


def _between(evaluation: Evaluation) -> Table:
    """Gaps between languages: only of scores and languages that a certificate licenses."""
    allowed = {(row.get("score"), frozenset((row.get("language"), row.get("reference"))))
               for row in licences(evaluation) if row.get("verdict") in LICENSED}
    rows = [row for row in evaluation.parity_rows("contrasts", "language")
            if (row.get("score"), frozenset((row.get("group"), row.get("reference")))) in allowed]
    columns = (
        Column(key="system", title="system"), Column(key="score", title="score"),
        Column(key="contrast", title="contrast"), Column(key="gap", title="gap", kind="number"),
        Column(key="low", upper="high", title="interval", kind="interval"),
        Column(key="p_adjusted", title="p adj.", kind="p"),
        Column(key="tost_p_adjusted", title="TOST p adj.", kind="p"),
        Column(key="verdict", title="verdict"),
    )
    return Table(
        label="between", title="Gaps between languages that a certificate licenses",
        columns=columns[not any(row["system"] for row in rows):],
        rows=tuple({**row, "score": plain(row.get("score")),
                    "contrast": f"{row.get('group')} − {row.get('reference')}"} for row in rows),
        origin=answers_origin(evaluation), signature=parity_signature(evaluation),
        agreement=agreement(evaluation),
        missing="" if rows else absent("gaps between languages", "No certificate licenses one"),
    )


def _reliability(evaluation: Evaluation) -> Table:
    """Agreement of raters, from what `mhx agree --json` printed."""
    found = evaluation.part("reliability")
    rows = evaluation.rows("reliability", "pairs")
    columns = (
        Column(key="a", title="rater"), Column(key="b", title="with"),
        Column(key="n", title="n", kind="int"),
        Column(key="percent_agreement", title="agreement", kind="share"),
        Column(key="kappa", title="κ", kind="number"),
        Column(key="kappa_quadratic", title="κ (quadratic)", kind="number"),
        Column(key="ac1", title="AC1", kind="number"),
        Column(key="ac2", title="AC2", kind="number"),
        Column(key="mae", title="MAE", kind="number"),
        Column(key="bias", title="bias", kind="number"),
    )
    return Table(
        label="reliability", title="Agreement of the raters", columns=columns, rows=tuple(rows),
        notes=tuple(_joint(found)) if rows else (), origin=f"{found.get('items')} items, "
        f"{found.get('ratings')} ratings" if rows else "",
        signature=f"mhx agree | table:{str(found.get('file_sha256') or '')[:12]}" if rows else "",
        missing="" if rows else absent("agreement of raters", "No ratings were given"),
    )


def _joint(found: Row) -> list[str]:
    """The coefficients of all raters together, as sentences."""
    alpha, icc = found.get("alpha") or {}, found.get("icc") or {}
    named = [("Fleiss κ", found.get("fleiss_kappa")),
             *((f"Krippendorff α, {name}", value) for name, value in alpha.items()),
             *((f"ICC({name[0]},{name[1:]})", value) for name, value in icc.items())]
    shown = [f"{name} {show(value.get('value') if isinstance(value, dict) else value, 'number')}"
             for name, value in named if value is not None]
    counted = f"Dropped: {found.get('dropped')}; outside the scale: {found.get('out_of_range')}."
    return [*([f"All raters: {', '.join(shown)}."] if shown else []), counted]
