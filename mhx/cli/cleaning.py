"""filter: a parallel file without the pairs that are no translations."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("filter")(clean)


def clean(
    pairs: Annotated[Path, typer.Argument(help="TMX, CSV, TSV, JSONL or Parquet.")],
    lang: Annotated[str, typer.Option("--lang", help="Target language.")],
    out: Annotated[
        Path, typer.Option("--out", help="The clean file, TMX or a table as the input is.")
    ],
    source: Annotated[str, typer.Option("--source-lang", help="Language of the sources.")] = "en",
    columns: Annotated[
        str, typer.Option(help="Columns of a table: SOURCE,TARGET.")
    ] = "source,target",
    chosen: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            help="NAME=VALUE sets a threshold (a range: LOW:HIGH), NAME adds a filter that is not "
            "used by default (language); repeat for several.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="NAME of a filter to leave out.")
    ] = None,
    dropped: Annotated[
        Path | None,
        typer.Option(help="JSONL of what was dropped, each row with `dropped_by`."),
    ] = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    json_: common.Json = False,
) -> None:
    """Clean a parallel file by named filters, before it is a --memory or trains an engine.

    Example: mhx filter pairs.tmx --lang pl --out clean.tmx --filter length=1:80 --without html
    """
    from mhx.corpus.cleaning import Cleaning, chosen_filters, known_filters
    from mhx.corpus.parallel import (
        Sides,
        check_output,
        read_rows,
        with_origin,
        write_rows,
    )
    from mhx.errors import UsageError
    from mhx.files import jsonl_writer
    from mhx.language import load_language

    names = tuple(part.strip() for part in columns.split(","))
    if len(names) != 2 or not all(names) or len(set(names)) != 2:
        raise UsageError(f"--columns {columns}", "name two columns: --columns SOURCE,TARGET")
    check_output(pairs, out, dropped)
    shelves = common.shelves_of(plugins, shadow)
    languages = [load_language(tag, shelves=shelves) for tag in (source, lang)]
    left = list(without or [])
    wanted = chosen_filters(known_filters(*languages), chosen or [],
                            [name for name in left if name != "duplicate"])
    sides = Sides(source, lang, (names[0], names[1]))
    with ExitStack() as stack:
        add = stack.enter_context(jsonl_writer(dropped)) if dropped is not None else None

        def note(row: dict[str, Any], failed: list[str]) -> None:
            if add is not None:
                shown = {key: value if isinstance(value, str | int | float | list | None)
                         else str(value) for key, value in row.items()}
                add({**shown, "dropped_by": failed})

        cleaning = Cleaning(wanted, sides, duplicates="duplicate" not in left, dropped=note)
        rows = read_rows(pairs, sides)
        if out.suffix.lower() == ".tmx":
            rows = with_origin(rows, pairs.name)
        write_rows(out, cleaning.kept(rows), sides, read=pairs)
    account = cleaning.account
    if json_:
        common.emit({
            "file": str(out), "read": account.read, "kept": account.kept,
            "dropped": account.dropped,
            "filters": [{"filter": one.name, "keeps": one.keeps, "fails": one.fails,
                         "alone": one.alone, "examples": one.examples}
                        for one in account.counts],
        })
        return
    common.table(
        [{"filter": one.name, "keeps": one.keeps, "fails": one.fails, "alone": one.alone,
          "an example": " ¦ ".join(one.examples[0]) if one.examples else None}
         for one in account.counts],
        title=f"{account.kept} of {account.read} pairs kept, {account.dropped} dropped",
        caption="fails: pairs that the filter drops; alone: that no other one drops")
    common.say(str(out))
