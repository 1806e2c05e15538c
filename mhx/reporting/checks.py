"""Tables of what licenses the parity numbers: the planted gap, the cross-language gate."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Table, show
from mhx.reporting.wording import absent, sentence

SYNTHETIC = "synthetic scores, no text"


def tables(evaluation: Evaluation) -> list[Table]:
    """The planted gap and the cross-language verdict."""
    return [_planted(evaluation), _cross_language(evaluation)]


def _planted(evaluation: Evaluation) -> Table:
    found = evaluation.part("planted")
    columns = (
        Column(key="gap", title="planted gap", kind="number"),
        Column(key="estimate", title="estimate", kind="number"),
        Column(key="low", upper="high", title="interval", kind="interval"),
        Column(key="covered", title="covered", kind="yesno"),
        Column(key="verdict", title="verdict"),
        Column(key="coverage", title="coverage", kind="number", digits=3),
        Column(key="power", title="power", kind="number", digits=3),
        Column(key="coverage_at_zero", title="coverage, no gap", kind="number", digits=3),
        Column(key="false_positives", title="false positives", kind="number", digits=3),
    )
    many = found.get("replicates")
    notes = (f"{found.get('scenarios')} paired scenarios; rates over {many} replicates (Monte "
             f"Carlo standard error of .95: {_monte_carlo(many)})."
             " The statistics are checked here, not the model and not the scorer.",)
    return Table(
        label="planted", title="The statistics on a gap that is known in advance",
        columns=columns, rows=(found,) if found else (), notes=notes if found else (),
        origin=SYNTHETIC, signature=f"planted_gap | seed:{found.get('seed')}" if found else "",
        missing="" if found else absent("the planted-gap check"),
    )


def _monte_carlo(replicates: object) -> str:
    if not isinstance(replicates, int) or replicates < 1:
        return "–"
    return show((0.95 * 0.05 / replicates) ** 0.5, "number", 3)


def _cross_language(evaluation: Evaluation) -> Table:
    found = evaluation.part("cross_language")
    why = sentence(str(found.get("why") or ""))
    return Table(
        label="cross_language", title="May the scores be compared with another language's?",
        columns=(Column(key="verdict", title="verdict"),
                 Column(key="needed", title="anchors still needed", kind="int")),
        rows=(found,) if found else (), notes=(why,) if why else (),
        origin="anchors rated by people, none given" if found else "",
        signature="equivalence test of the scorer's bias on linking anchors" if found else "",
        missing="" if found else absent("the cross-language gate",
                                          "No gap between languages is printed"),
    )
