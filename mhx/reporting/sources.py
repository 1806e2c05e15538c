"""Where a report's numbers come from: run folders, or a table of scores made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, hash_json, read_text
from mhx.reporting.between import add_languages
from mhx.reporting.combine import combine
from mhx.reporting.evaluation import Evaluation, Row, evaluation_of, read_evaluation

if TYPE_CHECKING:
    from mhx.stats.request import Answered

AGREE = "give the file that mhx agree RATINGS --json > FILE wrote"
# settings of the comparison that win over the plan's, because they are what was run
PLANNED = ("scores", "composite", "groups", "reference", "unit", "cluster", "margin", "floor",
           "alpha", "resamples", "adjust", "seed")
UNNAMED = ""  # the system of a table that names none


def of_runs(folders: Sequence[Path], *, anchors: Path | None = None) -> Evaluation:
    """The results of run folders, side by side where there are several.

    `anchors` is a certificate (`mhx anchors import`): without one no gap between languages is
    computed. Raises MhxError for a folder without a readable `evaluation.json`, for one given
    twice, and for a certificate that cannot be read.
    """
    parts = [read_evaluation(folder / "evaluation.json") for folder in folders]
    whole = combine(parts)
    certificate = None
    if anchors is not None:
        from mhx.stats.anchors.certificate import read_certificate

        certificate = read_certificate(anchors)
        whole.data["certificates"] = [certificate.model_dump(mode="json")]
    add_languages(whole, folders, certificate)
    return whole


def of_table(answered: Answered, *, agreement: Row | None = None) -> Evaluation:
    """The result of a comparison on any table, as an evaluation without a run behind it.

    `agreement` is what `mhx agree --json` printed about the scorer or the raters.
    """
    records, source = answered.result.records(), answered.source
    settings = records["settings"]
    plan = answered.plan.model_dump() if answered.plan else {}
    sha256 = str(source["table_sha256"])
    value: dict[str, Any] = {
        "meta": {
            "table": source["table"], "table_sha256": sha256, "seed": settings["seed"],
            "plan_sha256": source["plan_sha256"], "deviations": answered.deviations,
            "analysis": {**plan, **{key: settings[key] for key in PLANNED}},
            "versions": {key: settings[key] for key in ("mhx", "numpy")},
            "text_origin": f"not recorded; scores from the table {source['table']}",
        },
        "parity": by_system(records),
        "empathy": {"signature": f"scores as given in {source['table']}, SHA-256 {sha256[:12]}"},
        "certificates": [answered.certificate.model_dump(mode="json")]
        if answered.certificate else [],
        "reliability": agreement or {},
    }
    return evaluation_of(value, hash_json(value))


def read_agreement(path: Path) -> Row:
    """What `mhx agree --json` printed, with the file's hash.

    Raises MhxError for a file that is not that.
    """
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise MhxError(Problem(f"not JSON: {error.msg}", AGREE, path=path,
                               line=error.lineno)) from error
    if not isinstance(value, dict) or not isinstance(value.get("pairs"), list):
        raise MhxError(Problem("no list of pairs of raters", AGREE, path=path, field="pairs"))
    return {**value, "file_sha256": hash_file(path)}


def by_system(records: Row) -> Row:
    """Parity records apart by their system: `{system: records}`, as a run's evaluation has them."""
    kinds = [key for key, rows in records.items() if isinstance(rows, list) and key != "notes"]
    names = dict.fromkeys(row.get("system") or UNNAMED for key in kinds for row in records[key])
    systems = [name for name in names if name != UNNAMED] or [UNNAMED]
    return {
        name: {
            "settings": records["settings"],
            "notes": records["notes"] if name == systems[0] else [],
            **{key: [row for row in records[key]
                     if (row.get("system") or systems[0]) == name] for key in kinds},
        }
        for name in systems
    }
