"""prove: the statistics on synthetic responders whose gap is known, beside other procedures."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.stats.proving import Proof

FILE = "proving.json"


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(prove)


def prove(
    design: Annotated[
        list[str] | None, typer.Option("--design", help="A design of --list; repeat for several.")
    ] = None,
    procedure: Annotated[
        list[str] | None,
        typer.Option("--procedure", help="A procedure of --list, or FILE.py:function."),
    ] = None,
    gap: Annotated[
        list[float] | None, typer.Option("--gap", help="True gap in raw points; repeat.")
    ] = None,
    margin: Annotated[float, typer.Option(help="Equivalence margin in raw points.")] = 0.25,
    replicates: Annotated[
        int | None, typer.Option(help="Tables a design and gap: 200, with --full 1000.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="All designs, 1000 tables each.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes that share the work.", min=1)] = 1,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for JSON, CSV, Markdown and figure; goes on from it."),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="List designs and procedures.")
    ] = False,
    seed: common.Draws = 0,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Coverage, power and false parity of parity(), Welch, fairlearn or your own function.

    Example: mhx prove --design paired --design biased-scorer --procedure mhx
    --procedure mine.py:my_test --allow-code --out proof
    """
    from mhx.reporting.proof import read_proof, write_proof
    from mhx.reporting.proving import proving_tables
    from mhx.stats.proving import ground

    if listing:
        _list(json_)
        return
    chosen = ground.settings(
        designs=design or (), procedures=procedure or (), gaps=gap or (), margin=margin,
        replicates=replicates, full=full, seed=seed, allow_code=allow_code,
    )
    reporter, start = common.progress(json_), monotonic()

    def keep(proof: Proof, cell: str, left: int, many: int) -> None:
        seconds = (monotonic() - start) / (many - left) * left
        reporter.say(f"{cell}: done; {left} of {many} left, about {seconds:.0f} s")
        if out is not None:
            write_proof(out, proof.to_dict(), figures=False)

    known = read_proof(out / FILE) if out is not None else []
    found = ground.prove(chosen, jobs=jobs, known=known, report=keep, track=reporter.track)
    part = found.to_dict()
    if out is not None:
        write_proof(out, part)
    if json_:
        common.emit(part)
        return
    common.tabulate([_line(row) for row in part["rows"]],
                 title="rates with Monte Carlo standard errors")
    for row in part["rows"]:
        if row["note"]:
            common.say(f"{row['procedure']} on {row['design']}, gap {row['gap']:g}: "
                       f"{row['answered'] or 0:.0%} answered; {row['note']}")
    for note in proving_tables(part)[0].notes:
        common.say(note)
    if out is not None:
        common.say(f"written: {out / FILE}")


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a terminal holds it."""
    rates = {"coverage": "coverage", "type_1": "rejected", "power": "rejected",
             "false_parity": "claimed", "true_parity": "claimed"}
    cells: dict[str, Any] = {"design": row["design"], "procedure": row["procedure"],
                             "gap": row["gap"]}
    for key, source in rates.items():
        known = row[key] is not None
        cells[key] = f"{row[key]:.3f} ±{row[f'{source}_se']:.3f}".replace("±0", "±") \
            if known else None
    return {**cells, "bias": row["bias"]}


def _list(json_: bool) -> None:
    """Designs and procedures, with what they are."""
    from mhx.stats.proving.designs import DESIGNS
    from mhx.stats.proving.procedures import PROCEDURES

    designs: list[dict[str, Any]] = [
        {"design": one.name, "what": one.title, "estimand": one.estimand, "short run": one.quick}
        for one in DESIGNS.values()
    ]
    procedures: list[dict[str, Any]] = [
        {"procedure": one.name, "what": one.title, "claims parity by": one.claim,
         "note": one.absent or ("" if one.usual else "runs when it is named"
                                + (", or in a full run" if one.package else ""))}
        for one in PROCEDURES.values()
    ]
    if json_:
        common.emit({"designs": designs, "procedures": procedures})
        return
    common.tabulate(designs, title="designs")
    common.tabulate(procedures, title="procedures")
