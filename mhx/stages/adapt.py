"""adapt: repairs, rules, entities and terms on every translated dialogue, and a model's edits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.adaptation.editor import open_editor
from mhx.adaptation.passes import Part, Passes, localizer_of
from mhx.adaptation.rules import Adapted
from mhx.corpus.frames import edits_json, failed_dialogues, plan_of
from mhx.endpoint import Limits
from mhx.run import Counts, Run
from mhx.streaming import Work

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "card", "plugin_sha256.language", "plugin_sha256.card",
    "plugin_sha256.source", "plugin_sha256.territories", "editor", "request_budget", "token_budget",
)
OUTPUTS = ("adapt.parquet",)
COLUMNS = ("plan", "faithful", "adapted", "edits", "findings", "editor")
AT_ONCE = 64  # dialogues a model is asked about together
Row = dict[str, Any]


def run(run: Run) -> None:
    """Write `adapt.parquet`: translate's rows with faithful and adapted text, edits, findings.

    The plan is the one that adaptation ended with: names it took up are in it. `editor` names the
    model where an edit of the row is its own.
    """
    operations: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    edited: Counter[str] = Counter()
    editor: str | None = None
    dialogues = 0
    done = run.executor.map(run, opened, "translate")
    with run.writer("adapt") as writer, closing(done):
        for frame, made in done:
            writer.add(frame)
            operations.update(made.operations)
            editor = made.editor
            edited.update(made.edited)
            reasons.update(failed_dialogues(frame))
            dialogues += frame["dialogue"].n_unique()
    failed = reasons.total()
    notes = [f"edits: {sum(operations.values())} by {len(operations)} card entries"]
    if editor is not None:
        said = ", ".join(f"{name}: {count}" for name, count in sorted(edited.items()))
        notes.append(f"{editor}: {said or 'no segment matched an entry'}")
    run.account(
        "adapt",
        Counts(
            rows_in=dialogues,
            accepted=dialogues - failed,
            review=failed,
            reasons=dict(sorted(reasons.items())),
            notes=notes,
        ),
    )


@dataclass
class Made:
    """Edits of a piece by their rule, and how the model that proposes some went."""

    operations: Counter[str] = field(default_factory=Counter)
    editor: str | None = None
    edited: Counter[str] = field(default_factory=Counter)


@contextmanager
def opened(run: Run, given: Any) -> Iterator[Work]:
    """The passes, opened: translate's rows become adapt's."""
    passes = _open(run)
    editor = passes.editor

    def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, Made]:
        made = Made()
        before = Counter(editor.counts) if editor is not None else Counter()
        out = _adapted(run, frame, passes, made.operations)
        if editor is not None:
            made.editor, made.edited = editor.name, editor.counts - before
        return out, made

    try:
        yield work
    finally:
        if editor is not None:
            editor.close()


def _adapted(
    run: Run, frame: pl.DataFrame, passes: Passes, operations: Counter[str]
) -> pl.DataFrame:
    """Whole dialogues with their new columns; the rules of their edits are counted."""
    import polars as pl

    rows: dict[str, list[Row]] = {}
    for row in frame.with_row_index("_place").iter_rows(named=True):
        rows.setdefault(row["dialogue"], []).append(row)
    columns: dict[str, list[str | None]] = {name: [None] * frame.height for name in COLUMNS}
    for some in run.reporter.track(_chunks(list(rows.values())), "adapting"):
        for row, cells, edits in adapted_rows(some, passes):
            operations.update(edits)
            for name, value in cells.items():
                columns[name][row["_place"]] = value
    return frame.with_columns(
        pl.Series(name, values, pl.String) for name, values in columns.items()
    )


def adapted_rows(
    dialogues: Sequence[Sequence[Row]], passes: Passes
) -> Iterator[tuple[Row, Row, list[str]]]:
    """(row, its new cells, rules of its edits) of every row; a row without a target keeps only
    its dialogue's plan."""
    jobs = []
    for rows in dialogues:
        parts = [
            Part(row["text"], row["target"], row["role"], row["turn_risk"])
            for row in rows
            if row["target"] is not None
        ]
        jobs.append((plan_of(rows[0]["plan"]), parts))
    for rows, done in zip(dialogues, passes.adapt_all(jobs), strict=True):
        parts_done = iter(done.parts)
        plan = done.plan.model_dump_json()
        for row in rows:
            if row["target"] is None:
                yield row, {"plan": plan}, []
                continue
            part = next(parts_done)
            yield row, _cells(plan, part, passes), [edit.rule for edit in part.edits]


def _cells(plan: str, done: Adapted, passes: Passes) -> Row:
    name = passes.editor.name if passes.editor is not None else ""
    own = any(name in edit.evidence for edit in done.edits)
    return {
        "plan": plan,
        "faithful": done.faithful,
        "adapted": done.adapted,
        "edits": edits_json(done.edits),
        "findings": json.dumps([asdict(item) for item in done.findings], ensure_ascii=False),
        "editor": name if own else None,
    }


def _chunks(dialogues: Sequence[list[Row]]) -> list[Sequence[list[Row]]]:
    return [dialogues[at : at + AT_ONCE] for at in range(0, len(dialogues), AT_ONCE)]


def _open(run: Run) -> Passes:
    localizer = localizer_of(run.language, run.source, run.territory, run.shelves)
    editor = None
    if run.settings.editor is not None:
        editor = open_editor(
            run.settings.editor,
            language=run.language,
            source=run.source,
            localizer=localizer,
            cache=run.cache,
            screened=run.screened,
            limits=Limits(
                requests=run.settings.request_budget, tokens=run.settings.token_budget
            ),
        )
    return Passes(run.language, run.source, localizer, editor)
