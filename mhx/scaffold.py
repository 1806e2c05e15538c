"""`mhx new TAG`: a language folder from the template, ready to be filled in."""

from __future__ import annotations

import re
from pathlib import Path

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import read_text, write_text
from mhx.shelves import shipped_root

TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
NAME = re.compile(r"[^\W\d_][\w .()'’-]*")  # no mark that YAML reads as its own


def new_language(tag: str, *, name: str, territory: str, into: Path) -> list[Path]:
    """Copy the template to ``into/languages/TAG``; returns the files written.

    Nothing is overwritten. Raises UsageError for a tag that is not BCP-47 and MhxError for a
    folder that exists.
    """
    if not TAG.fullmatch(tag):
        raise UsageError(f"{tag!r} is not a language tag", "write BCP-47, such as es or pt-BR")
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a language's name", "letters, blanks, - . ' ( ) only")
    template = shipped_root() / "languages" / "_template"
    folder = into / "languages" / tag
    if folder.exists():
        raise MhxError(Problem("already there", "choose another tag, or edit it", path=folder))
    values = {"__TAG__": tag, "__NAME__": name, "__TERRITORY__": territory}
    written = []
    for path in sorted(template.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        text = read_text(path)
        for mark, value in values.items():
            text = text.replace(mark, value)
        target = folder / path.relative_to(template)
        write_text(target, text)
        written.append(target)
    return written
