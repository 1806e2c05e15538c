"""The review form as one HTML page that needs no network and may run only its own script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.anchoring.page import direction, embed, policy
from mhx.files import write_text
from mhx.reviewing.dialogues import CODES, Reviewable, codes_in

if TYPE_CHECKING:
    from jinja2 import Template


def write_page(
    path: Path, found: Sequence[Reviewable], *, run: str, lang: str, source: str
) -> None:
    """Write the form for these dialogues; it saves a JSON file that the import reads."""
    style, script = _asset("review.css"), _asset("review.js")
    texts = [line.text or "" for one in found[:50] for line in one.lines]
    data = {
        "run": run, "lang": lang, "source": source, "dir": direction_of(texts),
        "dialogues": [_dialogue(one) for one in found]}
    write_text(path, _template().render(
        style=style, script=script, data=embed(data),
        policy=policy(style, script)))


def direction_of(texts: Iterable[str]) -> str:
    """``rtl`` or ``ltr``, by the letters of these texts without their Latin codes."""
    return direction([CODES.sub("", text) for text in texts])


def _dialogue(one: Reviewable) -> dict[str, Any]:
    return {
        "id": one.id, "text": one.text_sha256, "topic": one.topic, "risk": one.risk,
        "reasons": [{"code": reason["code"], "message": reason["message"],
                     "segment": int(reason.get("segment") or 0)} for reason in one.reasons],
        "lines": [
            {"at": line.at, "role": line.role, "source": line.source, "text": line.text or "",
             "codes": codes_in(line.source)}
            for line in one.lines],
    }


@cache
def _asset(name: str) -> str:
    return (files("mhx.reviewing") / "templates" / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mhx.reviewing"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    ).get_template("review.html.j2")
