"""The scorer against people on the anchors, language by language."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import GRAY, Picture, drawing, picture
from mhx.reporting.lines import page_name
from mhx.reporting.palette import SMALL, color, dashes, marker
from mhx.reporting.panels import over, panel, sheets, size
from mhx.reporting.table import Row, show
from mhx.reporting.wording import SHORT_HASH, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel = tuple[str, list[Row]]


def pictures(evaluation: Evaluation) -> list[Picture]:
    """A panel a certificate and score, a curve a language; [] without a certificate."""
    return [_picture(list(sheet), page_name("calibration", number))
            for number, sheet in enumerate(sheets(certified(evaluation, "calibration")))]


def certified(evaluation: Evaluation, part: str) -> list[Panel]:
    """The rows of one part of the certificates by score; several certificates are named."""
    found: dict[str, list[Row]] = {}
    certificates = evaluation.rows("certificates")
    for certificate in certificates:
        for row in certificate.get(part) or []:
            name = plain(row.get("score"))
            if len(certificates) > 1:
                name += f" ({str(certificate.get('sha256') or 'no hash')[:SHORT_HASH]})"
            found.setdefault(name, []).append({
                **row, "scale": certificate.get("scale"),
                "rating_scale": certificate.get("rating_scale")})
    return list(found.items())


def languages_of(sheet: list[Panel]) -> list[str]:
    """The languages of all panels, so that each has one color."""
    return list(dict.fromkeys(str(row.get("language")) for _, rows in sheet for row in rows))


def _picture(sheet: list[Panel], name: str) -> Picture:
    languages = languages_of(sheet)
    with drawing(*size(len(sheet))) as figure:
        for index, (title, rows) in enumerate(sheet):
            _panel(panel(figure, index, title), rows, languages)
        _legend(figure, languages)
        return picture(figure, name, caption=CAPTION, alt=_alt(sheet))


CAPTION = (
    "The scorer against people on the anchors: mean score at each level of the human rating, with "
    "95 % intervals where there are enough anchors. Dotted, where both are on one scale: score "
    "equals rating. Scores of two languages compare where their curves lie on each other. Noise in "
    "the human ratings flattens every curve, so a slope below the dotted one is not the scorer's "
    "alone; the certificate's test of the slopes corrects for it.")


def _panel(axes: Axes, rows: list[Row], languages: list[str]) -> None:
    levels = sorted({float(row["human"]) for row in rows})
    gap = min((b - a for a, b in pairwise(levels)), default=1.0)
    for k, language in enumerate(languages):
        own = sorted((row for row in rows if row.get("language") == language),
                     key=lambda row: float(row["human"]))
        shift = 0.12 * gap * (k - (len(languages) - 1) / 2) / max(1, len(languages) - 1)
        x = [row["human"] + shift for row in own]
        for at, row in zip(x, own, strict=True):
            if row.get("low") is not None and row.get("high") is not None:
                axes.plot([at, at], [row["low"], row["high"]], color=color(k), lw=1.1)
        axes.plot(x, [row["mean"] for row in own], color=color(k), lw=1.3, ls=(0, dashes(k)),
                  marker=marker(k), mfc="white", mec=color(k), mew=1.2, ms=4.5, zorder=3)
    _scale(axes, rows)
    axes.set_xlabel("human rating (mean of the raters)", size=SMALL, labelpad=1)
    axes.set_ylabel("score", size=SMALL, labelpad=1)


def _scale(axes: Axes, rows: list[Row]) -> None:
    """The whole legal scales; where they are one, the line on which score equals rating."""
    scale, ratings = rows[0].get("scale"), rows[0].get("rating_scale")
    for ends, limit in ((scale, axes.set_ylim), (ratings, axes.set_xlim)):
        if ends:
            room = 0.05 * (ends[1] - ends[0])
            limit(ends[0] - room, ends[1] + room)
    if scale and scale == ratings:
        axes.plot(scale, scale, color=GRAY, lw=0.8, ls=(0, (1, 2)), zorder=1)


def _legend(figure: Figure, languages: list[str]) -> None:
    from matplotlib.lines import Line2D

    over(figure, [
        Line2D([], [], color=color(k), lw=1.3, ls=(0, dashes(k)), marker=marker(k), mfc="white",
               mec=color(k), mew=1.2, ms=4.5, label=name) for k, name in enumerate(languages)])


def _alt(sheet: list[Panel]) -> str:
    each = [f"{title}, {row['language']}: {show(row['mean'], 'number')} at a rating of "
            f"{show(row['human'], 'number')} (n {row.get('n')})"
            for title, rows in sheet for row in rows]
    return f"Mean score by human rating. {'; '.join(each)}."
