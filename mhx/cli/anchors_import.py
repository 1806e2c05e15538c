"""anchors import: what the raters gave, examined, and the certificate that comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.stats.anchors.request import Imported

Margin = Annotated[float, typer.Option(help="Equivalence margin in raw points.", min=1e-6)]
Share = Annotated[
    float, typer.Option(help="Share of the margin that scorer bias may use up.", min=0.01, max=1.0)
]
Alpha = Annotated[float, typer.Option(help="Level of each test.", min=1e-6, max=0.49)]
Power = Annotated[
    float, typer.Option(help="Power to certify an unbiased scorer.", min=0.1, max=0.999)
]


def import_(
    scores: Annotated[Path, typer.Option(help="Table of scores of the rated texts.")],
    item: Annotated[str, typer.Option(help="Column of the item, in both tables.")],
    language: Annotated[str, typer.Option(help="Column of the language, in both tables.")],
    score: Annotated[list[str], typer.Option(help="Column of a score; repeat for several.")],
    margin: Margin,
    out: Annotated[Path, typer.Option("--out", help="The certificate (JSON).")],
    ratings: Annotated[
        list[Path] | None, typer.Argument(help="Files that the raters saved from the form.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Key of the form.")] = None,
    ratings_table: Annotated[
        Path | None, typer.Option(help="Ratings collected elsewhere, one a row.")
    ] = None,
    rater: Annotated[str, typer.Option(help="Its column of the rater.")] = "rater",
    rating: Annotated[str, typer.Option(help="Its column of the rating.")] = "rating",
    scorer: Annotated[
        str | None, typer.Option(help="Column of the scorer's signature in the scores.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Column that names the score in a long table.")
    ] = None,
    value: Annotated[str, typer.Option(help="Column of the score in a long table.")] = "score",
    text: Annotated[
        str | None, typer.Option(help="Column of the scored text: must be what was rated.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="The language the others are compared with (default: "
                                 "every pair).")
    ] = None,
    range_: Annotated[
        str | None, typer.Option("--range", help="Legal scores (default: the ratings').")
    ] = None,
    rating_range: Annotated[
        str | None, typer.Option(help="Legal ratings of --ratings-table (default: --range).")
    ] = None,
    share: Share = 0.5,
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    today: common.Today = None,
    json_: common.Json = False,
) -> None:
    """Check the ratings, examine the scorer between languages, and write the certificate.

    Example: mhx anchors import ratings-r1.json ratings-r2.json --key form.key.json
    --scores scores.csv --item id --language lang --score empathy --scorer scorer
    --reference en --margin 0.25 --out anchors.json
    """
    from mhx.anchoring import read_key, read_ratings
    from mhx.errors import UsageError
    from mhx.files import read_table
    from mhx.stats.anchors.certificate import write_certificate
    from mhx.stats.anchors.examine import Terms
    from mhx.stats.anchors.request import Columns, import_anchors, rename_ratings
    from mhx.stats.request import legal_range

    if bool(ratings) == (ratings_table is not None):
        raise UsageError("which ratings", "give the raters' files with --key, or --ratings-table")
    legal = legal_range(range_, "--range")
    if ratings_table is not None:
        form, rated = None, rename_ratings(read_table(ratings_table),
                                           (item, language, rater, rating))
        levels = legal_range(rating_range, "--rating-range") or legal
    elif key is None:
        raise UsageError("ratings without their key", "give --key NAME.key.json")
    else:
        form, rated = read_key(key), read_ratings(ratings or [], key)
        levels = (float(form.scale[0]), float(form.scale[1]))
    if levels is None:
        raise UsageError("the scale is not known", "give --range LOW:HIGH, such as 0:2")
    done = import_anchors(
        rated, scores,
        Columns(item=item, language=language, scores=score, scorer=scorer, measure=measure,
                value=value, text=text),
        Terms(margin=margin, share=share, alpha=alpha, power=power, scale=legal or levels,
              rating_scale=levels),
        made=common.day(today).isoformat(), reference=reference, key=form)
    write_certificate(out, done.certificate)
    if json_:
        common.emit(done.certificate.model_dump(mode="json"))
    else:
        _show(done, out)


def _show(done: Imported, out: Path) -> None:
    from mhx.stats.anchors.tables import dif_rows, licence_rows, panel_rows

    found = done.certificate
    common.tabulate(licence_rows(found), title=(
        f"scorer differences at equal human rating, within ±{found.bound:g} "
        f"({found.share:.0%} of the margin {found.margin:g})"),
        caption=f"intervals of {1 - 2 * found.alpha:.0%}")
    common.tabulate(
        panel_rows(found), title=f"human ratings by {len(found.linking)} linking raters")
    common.tabulate(dif_rows(found), title="ordinal DIF")
    for one in found.licences:
        if one.why:
            common.say(f"{one.score}, {one.language} against {one.reference}: {one.why}")
    for score, count in done.study.unscored.items():
        if count:
            common.say(f"note: {count} rated texts have no {score}")
    common.say(f"certificate: {out}")
