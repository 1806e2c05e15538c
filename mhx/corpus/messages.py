"""Dialogues in chat format, taken apart for translation and put together again as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mhx.corpus.readers import ROLES
from mhx.errors import MhxError, Problem
from mhx.schema.base import Role

if TYPE_CHECKING:
    import polars as pl

OURS = ("_dialogue", "_message", "_lost")
Translate = Callable[[Sequence[tuple[Role, str]]], Sequence[str | None]]


def translate_messages(
    frame: pl.DataFrame, translate: Translate, *, field: str = "messages"
) -> pl.DataFrame:
    """The frame with `translated` (messages as in `field`) and `untranslated` (how many failed).

    `field` is a list of structs with ``role`` and ``content``; order, roles and other keys stay as
    they are. `translate` gets each line of text once for a role (texts, without blank ones) and
    gives None where it has no translation: such a message has no content (null), never an empty
    one and never the source. Raises MhxError for a column of another shape.
    """
    import polars as pl

    whole = _messages(frame, field)
    lines = whole.select(
        "_dialogue", "_message", pl.col("role").alias("_role"),
        pl.col("content").str.split("\n").alias("_line"),
    ).explode("_line", empty_as_null=True)
    wanted = lines.filter(pl.col("_line").str.contains(r"\S")).select("_role", "_line")
    wanted = wanted.unique(maintain_order=True)
    asked = [(ROLES.get(role.lower(), "supporter"), text) for role, text in wanted.iter_rows()]
    known = wanted.with_columns(pl.Series("_target", list(translate(asked)), pl.String))
    blank = ~pl.col("_line").str.contains(r"\S")
    lines = lines.join(known, on=["_role", "_line"], how="left", maintain_order="left")
    lines = lines.with_columns(pl.when(blank).then("_line").otherwise("_target").alias("_target"))
    texts = lines.group_by("_dialogue", "_message", maintain_order=True).agg(
        pl.when(pl.col("_target").is_null().any())
        .then(None)
        .otherwise(pl.col("_target").str.join("\n"))
        .alias("content")
    )
    lost = texts["content"].is_null() & whole["content"].is_not_null()
    done = whole.with_columns(texts["content"], lost.alias("_lost"))
    keys = [name for name in done.columns if name not in OURS]
    out = done.group_by("_dialogue", maintain_order=True).agg(
        pl.struct(keys).alias("translated"), pl.col("_lost").sum().alias("untranslated")
    )
    numbered = frame.with_row_index("_dialogue")
    joined = numbered.join(out, on="_dialogue", how="left", maintain_order="left")
    return joined.drop("_dialogue").with_columns(
        pl.coalesce("translated", field), pl.col("untranslated").fill_null(0)
    )


def _messages(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """One row a message, numbered by dialogue and message, with the message's own keys."""
    import polars as pl

    kind = frame.schema.get(field)
    inner = kind.inner if isinstance(kind, pl.List) else None
    keys = [item.name for item in inner.fields] if isinstance(inner, pl.Struct) else []
    if not {"role", "content"} <= set(keys):
        what = f"{field}: not a list of messages with role and content"
        raise MhxError(Problem(what, f"columns: {', '.join(frame.columns)}"))
    rows = frame.select(field).with_row_index("_dialogue").filter(pl.col(field).list.len() > 0)
    rows = rows.explode(field, empty_as_null=False).unnest(field).with_row_index("_message")
    return rows.with_columns(pl.col("role").fill_null(""))
