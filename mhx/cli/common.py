"""Options that several commands share, and how results and progress are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from mhx.run import Reporter
    from mhx.shelves import Shelves

T = TypeVar("T")
SHORT_CELL, PIPE_WIDTH = 24, 120

Plugins = Annotated[
    list[Path] | None, typer.Option("--plugins", help="A folder with shelves or one plugin folder.")
]
Shadow = Annotated[
    list[str] | None,
    typer.Option("--shadow", help="Let the later of two plugins of this name win."),
]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Run Python code of plugins that mhx did not ship.")
]
Table = Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, JSONL or XLSX.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Today = Annotated[
    str | None,
    typer.Option("--today", help="The day to judge dates by (YYYY-MM-DD); default today."),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Out = Annotated[Path, typer.Option("--out", help="Folder of runs.")]
RequestBudget = Annotated[
    int | None,
    typer.Option("--request-budget", help="Most requests to send to an endpoint.", min=0),
]
TokenBudget = Annotated[
    int | None,
    typer.Option("--token-budget", help="Most tokens to spend at an endpoint.", min=0),
]
Draws = Annotated[int, typer.Option("--seed", help="Seed of the draws.", min=0)]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the draws (training: train.yaml).")]


def shelves_of(
    plugins: list[Path] | None = None, shadow: list[str] | None = None, allow_code: bool = False
) -> Shelves:
    """The plugins found, by the options of a command."""
    from mhx.shelves import discover

    return discover(extra=plugins or (), shadow=shadow or (), allow_code=allow_code)


def day(text: str | None) -> Any:
    """A date option. Raises MhxError for one that is no date."""
    from datetime import date

    from mhx.errors import UsageError

    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--today {text!r} is not a date", "write YYYY-MM-DD") from error


def pairs(text: str | None) -> dict[str, str]:
    """``seeker=COL,supporter=COL`` as a mapping. Raises UsageError for anything else."""
    from mhx.errors import UsageError

    out: dict[str, str] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals or name.strip() not in ("seeker", "supporter"):
            raise UsageError(f"--map {part!r}", "write --map seeker=COL,supporter=COL")
        out[name.strip()] = value.strip()
    return out


def emit(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def table(rows: Sequence[dict[str, Any]], *, title: str = "", caption: str = "") -> None:
    """Rows as a Rich table on standard output; numbers to the right."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    view = Table(
        title=title or None,
        caption=caption or None,
        title_justify="left",
        caption_justify="left",
        header_style="bold",
    )
    names = list(dict.fromkeys(name for row in rows for name in row))
    for place, name in enumerate(names):
        numeric = all(isinstance(row.get(name), int | float | None) for row in rows)
        short = max(len(shown(row.get(name))) for row in rows) <= SHORT_CELL
        view.add_column(
            name.replace("_", " "),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=short and (place == 0 or any(shown(row.get(name))[-1:] == "]" for row in rows)),
        )
    for row in rows:
        view.add_row(*(shown(row.get(name)) for name in names))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=PIPE_WIDTH)
    console.print(view)


def tabulate(rows: Sequence[dict[str, Any]], *, title: str, caption: str = "") -> None:
    """Rows as a table where the terminal holds it without cutting a cell, else as paragraphs."""
    from rich.console import Console

    from mhx.stats.stacked import fits, stacked

    console = Console()
    width = console.width if console.is_terminal else PIPE_WIDTH
    cells = [{name.replace("_", " "): shown(value) for name, value in row.items()}
             for row in rows]
    rigid = [name for place, name in enumerate(cells[0] if cells else ())
             if max(len(row.get(name, "")) for row in cells) <= SHORT_CELL
             and (place == 0 or any(row.get(name, "").endswith("]") for row in cells))]
    if fits(cells, rigid, width):
        table(rows, title=title, caption=caption)
    else:
        say("\n".join(part for part in (title, stacked(cells, width), caption) if part))


def shown(value: Any) -> str:
    """A cell: floats to three digits, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def say(message: str) -> None:
    """A line on standard output."""
    sys.stdout.write(message + "\n")


class Progress:
    """Stage lines and progress bars on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)

    def stage(self, name: str, state: str, detail: str = "") -> None:
        """One line when a stage is done or reused."""
        if state == "start":
            self.console.print(f"  [dim]{name} …[/dim]")
        else:
            mark = {"done": "[green]✓[/green]", "reused": "[cyan]=[/cyan]"}[state]
            word = "unchanged, reused" if state == "reused" else detail
            self.console.print(f"{mark} {name:<10} {word}")

    def say(self, message: str) -> None:
        """One line."""
        self.console.print(message, markup=False, soft_wrap=True)

    def track(self, items: Iterable[T], label: str) -> Iterator[T]:
        """A bar with what is left, where their number is known; removed when it is full."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        with bar:
            total = len(items) if isinstance(items, Sized) else None
            yield from bar.track(items, description=label, total=total)


def progress(quiet: bool = False) -> Reporter:
    """The reporter of a command."""
    from mhx.run import Silent

    return Silent() if quiet else Progress()
