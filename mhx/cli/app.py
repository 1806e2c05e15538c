"""The Typer application; each group of commands registers itself from its own module."""

from __future__ import annotations

from typing import Annotated

import typer

from mhx.cli import (
    ablate,
    agree,
    anchors,
    build,
    cases,
    choose,
    cleaning,
    data,
    gates,
    judge,
    model,
    pairs,
    parity,
    plugins,
    prove,
    report,
    review,
    run,
    skills,
)

app = typer.Typer(
    name="mhx",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Adapt mental-health dialogue models to other languages and cultures: translate, adapt by "
        "a sourced culture card, gate, train an adapter, measure quality and empathy parity, "
        "report. Research software, not a therapist."
    ),
)


def _version(show: bool) -> None:
    if show:
        from mhx.version import __version__

        typer.echo(f"mhx {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    from mhx.training.launching import refuse_several

    if context.invoked_subcommand != "train":  # the only command that divides its work
        refuse_several(f"mhx {context.invoked_subcommand}")


for module in (
    run,
    plugins,
    build,
    data,
    cleaning,
    judge,
    cases,
    choose,
    skills,
    gates,
    model,
    pairs,
    parity,
    agree,
    anchors,
    prove,
    ablate,
    report,
    review,
):
    module.register(app)
