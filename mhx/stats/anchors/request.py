"""What `mhx anchors import` is asked: ratings, the table of scores, and what to certify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, hash_json, read_table, sha256
from mhx.schema.anchors import AnchorCertificate
from mhx.stats import problems
from mhx.stats.anchors.certify import certify
from mhx.stats.anchors.examine import Terms
from mhx.stats.anchors.study import RATINGS, Study, read_study

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.anchors_form import AnchorKey


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Names of the columns of the table of scores; `text` is compared with what was rated."""

    item: str
    language: str
    scores: Sequence[str]
    scorer: str | None = None
    measure: str | None = None
    value: str = "score"
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The certificate and the data it was made from."""

    certificate: AnchorCertificate
    study: Study


def import_anchors(ratings: pl.DataFrame, table: Path, columns: Columns, terms: Terms, *,
                   made: str, reference: str | None = None,
                   key: AnchorKey | None = None) -> Imported:
    """Examine the scorer on rated anchors.

    ratings: item, language, rater, rating (perhaps repeat). `key` is that of the form the ratings
    were made with; with `columns.text` the scored texts must be the ones its raters saw.

    Raises MhxError with every problem of the ratings and the table.
    """
    frame = read_table(table)
    if key is not None and columns.text is not None:
        problems.stop(_other_texts(frame, columns, key))
    study = read_study(ratings, frame, item=columns.item, language=columns.language,
                       names=columns.scores, scorer=columns.scorer, measure=columns.measure,
                       value=columns.value, scale=terms.scale, rating_scale=terms.rating_scale)
    rows = ratings.select(RATINGS).drop_nulls("rating").sort(RATINGS).rows()
    texts = None if key is None else hash_json(
        sorted([one.item, one.language, one.text_sha256] for one in key.items))
    certificate = certify(study, terms, made=made, reference=reference, hashes={
        "form_sha256": None if key is None else key.sha256, "texts_sha256": texts,
        "ratings_sha256": hash_json(rows), "scores_sha256": hash_file(table)})
    return Imported(certificate=certificate, study=study)


def rename_ratings(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Ratings collected elsewhere, with `names` for item, language, rater, rating."""
    options = dict(zip(RATINGS, names, strict=True))
    problems.stop(problems.missing_columns(frame, {one: [name] for one, name in options.items()}))
    return frame.select([frame[name].alias(one) for one, name in options.items()])


def _other_texts(frame: pl.DataFrame, columns: Columns, key: AnchorKey) -> list[Problem]:
    names = [columns.item, columns.language, columns.text or ""]
    found = problems.missing_columns(frame, {"scores": names})
    if found:
        raise MhxError(found)
    seen = {(one.item, one.language): one.text_sha256 for one in key.items}
    other = sorted({(str(item), str(language)) for item, language, text
                    in frame.select(names).iter_rows()
                    if (str(item), str(language)) in seen
                    and sha256(str(text).strip()) != seen[str(item), str(language)]})
    return [Problem(f"{len(other)} scored texts are not the ones that were rated, for example "
                    f"{other[0][0]!r} in {other[0][1]}", "score the texts of the form",
                    field=columns.text or "")] if other else []
