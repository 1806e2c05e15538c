"""Tables of quality: perplexity, translation, adaptation edits, the scorer against people."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.wording import (
    SHORT_HASH,
    absent,
    agreement,
    answers_origin,
    mark,
    origin,
    plain,
    scorer,
    signatures,
)

NOT_JUDGED = "automatic, not compared with people's judgments"
ONE_AUTHOR = "automatic, against one author's edits; agreement between authors not measured"
MATCHING = "adaptation|match:overlap+operation|exact:same text too"
TOKENIZERS = "Perplexities of models with different tokenizers are not comparable."
BASELINES = ("A scorer that does not beat the commonest level and the length of the answer, with "
             "intervals of the gain above zero, has its scores hidden.")
COVERAGE = "Missing, refused and unparsable answers are coverage; none is imputed."
SYSTEM = Column(key="system", title="system")


def tables(evaluation: Evaluation) -> list[Table]:
    """Perplexity, translation, adaptation, agreement, means of the empathy scores."""
    return [_perplexity(evaluation), _translation(evaluation), _adaptation(evaluation),
            _agreement(evaluation), _means(evaluation)]


def _perplexity(evaluation: Evaluation) -> Table:
    rows = evaluation.rows("perplexity")
    return Table(
        label="perplexity",
        title="Perplexity of the test dialogues (lower is better)",
        columns=(
            SYSTEM,
            Column(key="perplexity", title="perplexity", kind="number"),
            Column(key="tokens", title="tokens", kind="int"),
            Column(key="dialogues", title="dialogues", kind="int"),
        ),
        rows=tuple(rows), origin=origin(evaluation), mark=mark(evaluation),
        signature=signatures(rows) if rows else "", agreement="none, the model's own likelihood",
        notes=(TOKENIZERS,) if rows else (),
        missing="" if rows else absent("perplexity", "Neither base nor adapter was measured"),
    )


def _translation(evaluation: Evaluation) -> Table:
    rows, label = evaluation.rows("translation", "rows"), evaluation.label("translation")
    done = evaluation.part("translation", "coverage")
    notes = []
    if done:
        share = f"{done.get('translated')} of {done.get('segments')}"
        notes.append(f"Translated: {share} test segments.")
    if label and label != "measured":
        notes.append(f"How to read it: {label}.")
    return Table(
        label="translation",
        title="Translation of the test segments" + (f" ({label})" if label else ""),
        columns=(
            Column(key="measure", title="measure"),
            Column(key="score", title="score", kind="number"),
            Column(key="low", upper="high", title="95 % interval", kind="interval"),
            Column(key="units", title="units", kind="int"),
            Column(key="clusters", title="dialogues", kind="int"),
            Column(key="signature", title="signature"),
        ),
        rows=tuple(rows), notes=tuple(notes), origin=origin(evaluation),
        signature="in each row" if rows else "", agreement=NOT_JUDGED,
        missing="" if rows else absent("translation scores", label),
    )


def _adaptation(evaluation: Evaluation) -> Table:
    rows, label = evaluation.rows("adaptation", "rows"), evaluation.label("adaptation")
    frozen = frozen_rules(evaluation)
    return Table(
        label="adaptation",
        title="Adaptation edits against the listed edits" + (f" ({label})" if label else ""),
        columns=(
            Column(key="kind", title="edits"),
            Column(key="precision", title="precision", kind="number"),
            Column(key="recall", title="recall", kind="number"),
            Column(key="f1", title="F1", kind="number"),
            Column(key="made", title="made", kind="int"),
            Column(key="listed", title="listed", kind="int"),
            Column(key="matched", title="matched", kind="int"),
        ),
        rows=tuple(rows), notes=(frozen,) if frozen and rows else (), origin=origin(evaluation),
        signature=str(evaluation.part("adaptation").get("signature") or MATCHING) if rows else "",
        agreement=ONE_AUTHOR,
        missing="" if rows else absent("adaptation scores", label),
    )


def frozen_rules(evaluation: Evaluation) -> str:
    """Whether the card's rules are those frozen before the test edits, in a sentence."""
    frozen = evaluation.part("adaptation", "frozen")
    if not frozen:
        return ""
    name = f"Rules {str(frozen.get('rules_sha256') or 'without a hash')[:SHORT_HASH]}"
    if frozen.get("kept"):
        caveat = str(frozen.get("caveat") or "").strip()
        hooks = "" if frozen.get("hooks_same", True) else " The hooks CHANGED since."
        return f"{name}: unchanged since they were frozen.{hooks} {caveat}".strip()
    if "frozen_sha256" in frozen and not frozen["frozen_sha256"]:
        return f"{name}: never frozen, so they may have been written for these edits."
    return f"{name}: CHANGED after they were frozen."


def _agreement(evaluation: Evaluation) -> Table:
    found = evaluation.part("empathy", "agreement")
    rows: list[Row] = [{**row, "mechanism": plain(row.get("mechanism")), **_baselines(row)}
                       for row in evaluation.rows("empathy", "agreement", "rows")]
    where = f", measured on {found['measured_on']}" if found.get("measured_on") else ""
    language = evaluation.meta.get("language") or "this language"
    why = f"No people's ratings were given, so what the scores mean in {language} is not shown"
    return Table(
        label="agreement",
        title=f"The empathy scorer against people{where}",
        columns=(
            Column(key="mechanism", title="mechanism"),
            Column(key="kappa_quadratic", title="κ (quadratic)", kind="number"),
            Column(key="kappa_low", upper="kappa_high", title="95 % interval", kind="interval"),
            Column(key="f1_binary", title="F1 (shown or not)", kind="number"),
            Column(key="f1_macro", title="F1 (macro)", kind="number"),
            Column(key="accuracy", title="accuracy", kind="number"),
            Column(key="accuracy_majority", title="of the majority", kind="number"),
            Column(key="kappa_length", title="κ of length", kind="number"),
            Column(key="n", title="n", kind="int"),
        ),
        notes=(BASELINES,) if rows else (),
        rows=tuple(rows), origin=str(found.get("data") or "") if rows else "",
        signature=scorer(evaluation),
        missing="" if rows else absent("the scorer's agreement with people", why),
    )


def _baselines(row: Row) -> Row:
    """What always saying the commonest level, and what length alone, would reach."""
    found = {one["baseline"]: one for one in row.get("baselines") or []}
    return {"accuracy_majority": found.get("majority", {}).get("accuracy"),
            "kappa_length": found.get("length", {}).get("kappa_quadratic")}


def _means(evaluation: Evaluation) -> Table:
    rows: list[Row] = [{**row, "measure": plain(row.get("measure"))}
                       for row in evaluation.rows("empathy", "means")]
    return Table(
        label="means",
        title="Mean empathy scores of the answers",
        columns=(
            SYSTEM,
            Column(key="measure", title="measure"),
            Column(key="n", title="n", kind="int"),
            Column(key="coverage", title="coverage", kind="share"),
            Column(key="mean", title="mean", kind="number"),
        ),
        rows=tuple(rows), origin=answers_origin(evaluation), mark=mark(evaluation),
        signature=scorer(evaluation), agreement=agreement(evaluation),
        notes=(COVERAGE,) if rows else (),
        missing="" if rows else absent("empathy scores", "No answer was generated and scored"),
    )
