"""The calibration table: every design of the proving ground, beside Welch and fairlearn.

    PYTHONPATH=. python bench/prove.py [--replicates N] [--jobs N] [--out FOLDER]

Our procedures and a Welch test run on all designs at three gaps (`mhx prove --full`), fairlearn,
where it is installed, on four designs at two (0.8 s a table). Rows of an earlier run with the same
code and settings are kept, so a killed run goes on. Writes prove.json, and the table and the
figure with --out.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from common import RESULTS, missing, record, say

from mhx.files import write_json
from mhx.reporting.proof import read_proof, write_proof
from mhx.stats.proving import Proof
from mhx.stats.proving.designs import DESIGNS, MARGIN
from mhx.stats.proving.ground import Settings, prove, settings

PEER = tuple((name, gap) for name in ("paired", "unpaired", "eight-groups", "eight-samples")
             for gap in (0.0, MARGIN))


def parts(replicates: int | None) -> list[Settings]:
    """The runs whose rows make the table."""
    full = settings(full=True, replicates=replicates)
    ours = tuple(name for name in full.procedures if name != "fairlearn")
    out = [replace(full, procedures=ours)]
    if missing("fairlearn", "fairlearn") is None:
        out.append(replace(full, cells=PEER, procedures=("fairlearn",)))
    return out


def merged(proofs: list[Proof]) -> dict[str, Any]:
    """One proof as plain data: rows by design and gap, in the order of the first run."""
    whole = proofs[0].to_dict()
    for other in proofs[1:]:
        more = other.to_dict()
        whole["rows"] += more["rows"]
        whole["procedures"] += more["procedures"]
        whole["settings"]["procedures"] += more["settings"]["procedures"]
    order = list(dict.fromkeys((row["design"], row["gap"]) for row in whole["rows"]))
    whole["rows"].sort(key=lambda row: order.index((row["design"], row["gap"])))
    return whole


def main() -> None:
    """Run what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    path = RESULTS / "prove.json"
    known, start, proofs = read_proof(path), time.perf_counter(), []
    for chosen in parts(options.replicates):
        def keep(proof: Proof, cell: str, left: int, many: int) -> None:
            say(f"{cell}: {left} of {many} left, {time.perf_counter() - start:.0f} s")
            rows = {row["key"]: row for row in (*known, *proof.to_dict()["rows"])}
            known[:] = rows.values()
            write_json(path, {"rows": known})

        proofs.append(prove(chosen, jobs=options.jobs, known=known, report=keep))
    whole = merged(proofs)
    record("prove", {**whole, "designs": [asdict(one) for one in _designs(whole)],
                     "wall_s": time.perf_counter() - start, "jobs": options.jobs},
           peers=("fairlearn",))
    if options.out:
        write_proof(options.out, whole)


def _designs(whole: dict[str, Any]) -> list[Any]:
    return [DESIGNS[name] for name in dict.fromkeys(row["design"] for row in whole["rows"])]


if __name__ == "__main__":
    main()
