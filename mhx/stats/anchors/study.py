"""The data of an anchor study: ratings and scores joined by item and language, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mhx.errors import Problem, unknown
from mhx.stats import columns, problems
from mhx.stats.resample import Floats

if TYPE_CHECKING:
    import polars as pl

RATINGS = ("item", "language", "rater", "rating")
Scale = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Arrays over the rated items: ratings (items, languages, raters) and, for each score,
    (items, languages); nan where there is none. `scorers` are signatures by score and language,
    None for a score whose table names none. `unscored` counts rated versions without a score,
    `repeats` the second ratings by the same rater in each language and how many of them are equal
    to the first.
    """

    items: tuple[str, ...]
    languages: tuple[str, ...]
    raters: tuple[str, ...]
    ratings: Floats
    scores: Mapping[str, Floats]
    scorers: Mapping[str, dict[str, str] | None]
    unscored: Mapping[str, int]
    repeats: Mapping[str, tuple[int, int]]

    def linking(self, first: str, second: str) -> list[int]:
        """Raters who rated in both languages."""
        at = [self.languages.index(name) for name in (first, second)]
        rated = np.isfinite(self.ratings[:, at]).any(0)
        return [int(place) for place in np.flatnonzero(rated.all(0))]


def read_study(ratings: pl.DataFrame, scores: pl.DataFrame, *, item: str, language: str,
               names: Sequence[str], scorer: str | None = None, measure: str | None = None,
               value: str = "score", scale: Scale, rating_scale: Scale) -> Study:
    """Join ratings (item, language, rater, rating, perhaps repeat) with scores of the same texts.

    scores: one row an item and language, a column a score in `names`; or, with `measure`, a long
        table whose column `measure` names the score and `value` holds it. `scorer` names the
        column of the scorer's signature. Rows of items that nobody rated are left aside.

    Raises MhxError with every problem: unknown columns, ratings off the scale or given twice,
    an item scored twice, two scorers in one language, no rated item with a score.
    """
    import polars as pl

    wanted = [item, language, *([scorer] if scorer else [])]
    wanted += [measure, value] if measure else list(names)
    problems.stop(problems.missing_columns(ratings, {"ratings": RATINGS})
                  or problems.missing_columns(scores, {"scores": wanted}))
    problems.stop([*problems.score_problems(ratings, ["rating"]),
                   *problems.score_problems(scores, [value] if measure else names)])
    ratings = ratings.with_columns(pl.col("rating").cast(pl.Float64)).drop_nulls("rating")
    ratings, repeats = _without_repeats(ratings)
    found = _rating_problems(ratings, rating_scale)
    coded = {name: columns.code(ratings, name) for name in RATINGS[:3]}
    items, languages, raters = (coded[name].labels for name in RATINGS[:3])
    cube = np.full((len(items), len(languages), len(raters)), np.nan)
    cube[tuple(coded[name].codes for name in RATINGS[:3])] = ratings["rating"].to_numpy()
    rated = scores.select(pl.all(), pl.col(item).cast(pl.String).alias("_item"),
                          pl.col(language).cast(pl.String).alias("_language"))
    rated = rated.filter(pl.col("_item").is_in(items) & pl.col("_language").is_in(languages))
    arrays, scorers, unscored = {}, {}, {}
    for name in names:
        part = rated.filter(pl.col(measure) == name) if measure else rated
        part = part.with_columns(pl.col(value if measure else name).cast(pl.Float64)
                                 .alias("_score")).drop_nulls("_score")
        more = _score_problems(part, name, scale, None if measure is None else scores[measure])
        scorers[name], others = _signatures(part, scorer, name)
        found += more + others
        if more:
            continue
        grid = np.full(cube.shape[:2], np.nan)
        places = [{label: at for at, label in enumerate(labels)} for labels in (items, languages)]
        for which, tongue, score in part.select("_item", "_language", "_score").iter_rows():
            grid[places[0][which], places[1][tongue]] = score
        arrays[name] = grid
        unscored[name] = int((np.isfinite(cube).any(2) & ~np.isfinite(grid)).sum())
    problems.stop(found)
    return Study(items=items, languages=languages, raters=raters, ratings=cube, scores=arrays,
                 scorers=scorers, unscored=unscored, repeats=repeats)


def _without_repeats(ratings: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, tuple[int, int]]]:
    import polars as pl

    if "repeat" not in ratings.columns:
        return ratings, {}
    first, second = (ratings.filter(pl.col("repeat") == again) for again in (False, True))
    both = first.join(second, on=RATINGS[:3], suffix="_again")
    equal = both.group_by("language").agg(
        pl.len(), (pl.col("rating") == pl.col("rating_again")).sum().alias("same"))
    return first, {language: (n, same) for language, n, same in equal.sort("language").iter_rows()}


def _rating_problems(ratings: pl.DataFrame, scale: Scale) -> list[Problem]:
    import polars as pl

    out = []
    off = ratings.filter(~pl.col("rating").is_between(*scale))
    if off.height:
        out.append(Problem(f"{off.height} ratings are outside {scale[0]:g} to {scale[1]:g}, for "
                           f"example {off['rating'][0]:g} by {off['rater'][0]}", field="rating",
                           fix="correct them, or name the legal range"))
    nulls = ratings.select(pl.any_horizontal(pl.col(RATINGS[:3]).is_null()).sum()).item()
    if nulls:
        out.append(Problem(f"{nulls} ratings lack an item, a language or a rater",
                           "fill them in or drop the rows", field="ratings"))
    twice = ratings.height - ratings.select(RATINGS[:3]).n_unique() if not nulls else 0
    if twice:
        out.append(Problem(f"{twice} ratings repeat an item, language and rater",
                           "keep one", field="ratings"))
    if not ratings.height:
        out.append(Problem("no ratings", "every rating is empty or was skipped", field="rating"))
    return out


def _score_problems(part: pl.DataFrame, name: str, scale: Scale,
                    measures: pl.Series | None) -> list[Problem]:
    import polars as pl

    if measures is not None and name not in measures.to_list():
        return unknown("measure", name, measures.drop_nulls().unique().to_list()).problems
    if not part.height:
        return [Problem("no rated item has this score", "check the names of the item and the "
                        "language columns and their values", field=name)]
    out = []
    twice = part.height - part.select("_item", "_language").n_unique()
    if twice:
        out.append(Problem(f"{twice} rated items have several scores in one language",
                           "an item is one text: name a column that tells the texts apart",
                           field=name))
    off = part.filter(~pl.col("_score").is_between(*scale))
    if off.height:
        out.append(Problem(f"{off.height} scores are outside {scale[0]:g} to {scale[1]:g}, for "
                           f"example {off['_score'][0]:g}", "name the legal range of the score",
                           field=name))
    return out


def _signatures(part: pl.DataFrame, scorer: str | None,
                name: str) -> tuple[dict[str, str] | None, list[Problem]]:
    if scorer is None:
        return None, []
    out, found = {}, []
    for language in part["_language"].unique().sort().to_list():
        given = part.filter(part["_language"] == language)[scorer].unique().to_list()
        if len(given) > 1 or given[0] is None:
            shown = ", ".join(sorted("nobody" if one is None else str(one) for one in given))
            found.append(Problem(f"{name} in {language} comes from {shown}",
                                 "a certificate is about one named scorer", field=scorer))
        else:
            out[str(language)] = str(given[0])
    return out, found
