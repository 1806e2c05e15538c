"""The rating form as one HTML page that needs no network and may run only its own script."""

from __future__ import annotations

import json
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mhx.anchoring.texts import Text
from mhx.schema.anchors_form import AnchorKey

if TYPE_CHECKING:
    from jinja2 import Template


def render(key: AnchorKey, texts: Sequence[Text]) -> str:
    """The page: texts under their codes, wording, each rater's order; nothing of the key else."""
    style, script = _asset("form.css"), _asset("form.js")
    return _template().render(
        style=style, script=script, data=embed(_data(key, texts)), low=key.scale[0],
        high=key.scale[1],
        policy=policy(style, script))


def direction(texts: Iterable[str]) -> str:
    """``rtl`` or ``ltr``, by most of the letters: a Latin name may open a Persian text."""
    balance = 0
    for text in texts:
        for letter in text:
            kind = unicodedata.bidirectional(letter)
            balance += (kind in ("R", "AL")) - (kind == "L")
    return "rtl" if balance > 0 else "ltr"


def _data(key: AnchorKey, texts: Sequence[Text]) -> dict[str, Any]:
    found = {(one.item, one.language): one for one in texts}
    shown = {}
    for entry in key.items:
        one = found[entry.item, entry.language]
        shown[entry.code] = {"language": one.language, "text": one.text, "context": one.context}
    wording = {
        tag: {"dir": direction([worded.question,
                                *(one.text for one in texts if one.language == tag)]),
              **worded.model_dump()}
        for tag, worded in key.rubric.wording.items() if tag in key.languages
    }
    return {
        "form": key.sha256, "wording": wording, "texts": shown,
        "raters": {one.id: {"languages": one.languages, "order": one.order} for one in key.raters},
    }


def embed(value: Any) -> str:
    """JSON that no HTML parser reads as markup, whatever the texts hold."""
    text = json.dumps(value, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy that allows exactly this inline style and script."""
    def source(content: str) -> str:
        return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"

    return (f"default-src 'none'; style-src {source(style)}; script-src {source(script)}; "
            "base-uri 'none'; form-action 'none'")


@cache
def _asset(name: str) -> str:
    return (files("mhx.anchoring") / "templates" / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mhx.anchoring"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    ).get_template("form.html.j2")
