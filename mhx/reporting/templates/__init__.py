"""Jinja templates beside this file: HTML is autoescaped, LaTeX values pass the `latex` filter."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def template(name: str) -> Template:
    """A template of this folder; a name that is not passed to it is an error, not empty text."""
    return (_latex() if name.endswith(".tex.j2") else _html()).get_template(name)


@cache
def _html() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("mhx.reporting"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )


@cache
def _latex() -> Environment:
    """Delimiters that LaTeX does not use: `<< >>` and `<% %>`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from mhx.reporting.latex import escape

    environment = Environment(
        loader=PackageLoader("mhx.reporting"), autoescape=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        variable_start_string="<<", variable_end_string=">>",
        block_start_string="<%", block_end_string="%>",
        comment_start_string="<#", comment_end_string="#>",
    )
    environment.filters["latex"] = escape
    return environment
