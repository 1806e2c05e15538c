"""adapt: the card's rules and the language's repairs on every translated segment."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

from mhx.adaptation.rules import adapt_segment
from mhx.corpus.frames import edits_json, failed_dialogues, plan_of
from mhx.files import write_parquet
from mhx.run import Counts, Run

SETTINGS = (
    "lang", "territory", "card", "plugin_sha256.language", "plugin_sha256.card"
)
OUTPUTS = ("adapt.parquet",)


def run(run: Run) -> None:
    """Write `adapt.parquet`: translate's rows with faithful and adapted text, edits, findings."""
    import polars as pl

    frame = run.table("translate")
    rules = run.language.card.rules
    hooks = run.language.hooks
    plans: dict[str, Any] = {}
    columns: dict[str, list[Any]] = {"faithful": [], "adapted": [], "edits": [], "findings": []}
    operations: Counter[str] = Counter()
    rows = list(frame.iter_rows(named=True))
    for row in run.reporter.track(rows, "adapting"):
        if row["target"] is None:
            for values in columns.values():
                values.append(None)
            continue
        plan = plans.setdefault(row["dialogue"], plan_of(row["plan"]))
        done = adapt_segment(
            hooks.normalize(row["target"]),
            role=row["role"],
            risk=row["turn_risk"],
            plan=plan,
            rules=rules,
            hooks=hooks,
        )
        operations.update(edit.rule for edit in done.edits)
        columns["faithful"].append(done.faithful)
        columns["adapted"].append(done.adapted)
        columns["edits"].append(edits_json(done.edits))
        columns["findings"].append(
            json.dumps([asdict(item) for item in done.findings], ensure_ascii=False)
        )
    out = frame.with_columns(pl.Series(name, values, pl.String) for name, values in columns.items())
    write_parquet(run.path("adapt.parquet"), out)
    reasons = failed_dialogues(out)
    failed = sum(reasons.values())
    dialogues = out["dialogue"].n_unique()
    run.account(
        "adapt",
        Counts(
            rows_in=dialogues,
            accepted=dialogues - failed,
            review=failed,
            reasons=reasons,
            notes=[f"edits: {sum(operations.values())} by {len(operations)} card entries"],
        ),
    )
