"""The command line: Typer commands in small modules, every error in one place."""

from __future__ import annotations

import sys

from mhx.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_USAGE, MhxError


def main() -> None:
    """Run the command line; map every ending to its exit code."""
    from mhx.cli.app import app

    try:
        code = app(standalone_mode=False, prog_name="mhx")
        if code == EXIT_INTERRUPTED:  # Typer turns Ctrl-C into a return value
            raise KeyboardInterrupt
        if isinstance(code, int):
            sys.exit(code)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer's own ending: exit code 1
            sys.exit(0)
        raise
    except MhxError as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the same command goes on from here\n")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        sys.exit(_ending(error))


def _ending(error: Exception) -> int:
    """Exit code of what click raised, or of a bug of ours (logged to a file)."""
    from mhx.errors import os_problem

    if type(error).__name__ == "Abort":
        sys.stderr.write("interrupted: the same command goes on from here\n")
        return EXIT_INTERRUPTED
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        show = getattr(error, "show", None)
        if callable(show):
            show()
        return EXIT_USAGE
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", 0))
    if isinstance(error, OSError) and error.errno is not None:
        problem = os_problem(error)
        sys.stderr.write(f"{problem}\n")
        return problem.exit_code
    path = _log_bug(error)
    sys.stderr.write(f"a bug in mhx: {type(error).__name__}: {error}\nthe details are in {path}\n")
    return EXIT_BUG


def _log_bug(error: Exception) -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="mhx-bug-", suffix=".log", delete=False, encoding="utf-8"
    ) as handle:
        handle.write(" ".join(sys.argv) + "\n")
        traceback.print_exception(error, file=handle)
        return handle.name
