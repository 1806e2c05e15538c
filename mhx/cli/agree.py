"""agree: the raters of any table of ratings compared, without torch."""

from __future__ import annotations

from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(agree)


def agree(
    table: common.Table,
    item: Annotated[str, typer.Option(help="Column of the rated item.")],
    rater: Annotated[str, typer.Option(help="Column of the rater.")],
    rating: Annotated[str, typer.Option(help="Column of the rating.")],
    level: Annotated[str, typer.Option(help="nominal, ordinal or interval.")] = "nominal",
    by: Annotated[
        str | None, typer.Option(help="Column of systems: agreement of their means too.")
    ] = None,
    range_: Annotated[
        str | None, typer.Option("--range", help="Legal ratings, such as 1:5.")
    ] = None,
    seed: common.Seed = 0,
    json_: common.Json = False,
) -> None:
    """Agreement of raters: percent agreement and kappa with intervals; illegal ratings counted.

    Example: mhx agree ratings.csv --item id --rater who --rating level --level ordinal --range 0:2
    """
    from mhx.errors import UsageError, unknown
    from mhx.files import read_table
    from mhx.stats import tables
    from mhx.stats.agreement import agree as run_agree

    if level not in ("nominal", "ordinal", "interval"):
        raise unknown("level", level, ("nominal", "ordinal", "interval"))
    legal: tuple[float, float] | None = None
    if range_ is not None:
        low, colon, high = range_.partition(":")
        try:
            legal = (float(low), float(high))
        except ValueError as error:
            raise UsageError(
                f"--range {range_!r}", "write --range LOW:HIGH, such as 1:5"
            ) from error
        if not colon or legal[0] >= legal[1]:
            raise UsageError(f"--range {range_!r}", "write --range LOW:HIGH, such as 1:5")
    result = run_agree(
        read_table(table),
        item=item,
        rater=rater,
        rating=rating,
        level=level,  # type: ignore[arg-type]
        range_=legal,
        by=by,
        seed=seed,
    )
    if json_:
        common.emit(result.to_dict())
        return
    common.table(tables.agreement_rows(result), title=f"agreement ({level})")
    common.say(
        f"{result.ratings} ratings of {result.items} items by {len(result.raters)} raters; "
        f"{result.missing} missing, {result.outside_range} outside the legal range, "
        f"{result.single_items} items with one rating only"
    )
