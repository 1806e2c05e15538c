"""Checklists as Markdown and as a LaTeX appendix; what is not filled is set in bold."""

from __future__ import annotations

from collections.abc import Sequence

from mhx.reporting.checklists.records import TO_FILL, Checklist, Item
from mhx.reporting.markdown import plain_text
from mhx.reporting.templates import template


def to_markdown(found: Sequence[Checklist], title: str) -> str:
    """A document: a section a checklist, a heading an item."""
    parts = [f"# {plain_text(title)}", answered(found)]
    for one in found:
        parts += [f"## {plain_text(one.name)}", *(plain_text(text) for text in
                                                  (_source(one), one.note) if text)]
        parts += [text for item in one.items for text in _item(item)]
    return "\n\n".join(part for part in parts if part) + "\n"


def to_latex(found: Sequence[Checklist]) -> str:
    """`paper/checklists.tex`: an appendix section to `\\input`, for pdflatex."""
    return template("checklists.tex.j2").render(
        checklists=found, to_fill=TO_FILL, counted=answered(found))


def answered(found: Sequence[Checklist]) -> str:
    """How many items wait for the authors."""
    items, left = sum(len(one.items) for one in found), sum(one.unfilled for one in found)
    return (f"Answered from the record by mhx: {items - left} of {items} items; {left} wait for "
            f"the authors, marked “{TO_FILL}”.")


def _source(one: Checklist) -> str:
    return f"Source: {one.source}." if one.source else ""


def _item(item: Item) -> list[str]:
    gap = f"**{TO_FILL}:** {plain_text(item.open)}." if item.open else ""
    name = f"{item.id} {item.question}".strip()
    return [f"### {plain_text(name)}", *(text for text in (plain_text(item.answer), gap) if text)]
