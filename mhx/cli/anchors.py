"""anchors: how many to rate, the rating form, and the certificate that licenses a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import anchors_import, common
from mhx.cli.anchors_import import Alpha, Margin, Power, Share

if TYPE_CHECKING:
    from mhx.stats.anchors.plan import AnchorPlan, Noise

def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Anchors rated by people in two languages, before any gap between languages.",
    )
    group.command()(plan)
    group.command()(export)
    group.command("import")(anchors_import.import_)
    app.add_typer(group, name="anchors")


def plan(
    margin: Margin,
    language: Annotated[list[str], typer.Option(help="A language; repeat, the reference last.")],
    share: Share = 0.5,
    residual_sd: Annotated[
        float | None,
        typer.Option(help="SD of the score given the human rating (default .3 of the range).",
                     min=0.001),
    ] = None,
    correlation: Annotated[
        float, typer.Option(help="Of those residuals between an item's versions.", min=-0.99,
                            max=0.99)
    ] = 0.5,
    reliability: Annotated[
        float, typer.Option(help="Of an item's mean human rating.", min=0.3, max=1.0)
    ] = 0.8,
    human_correlation: Annotated[
        float, typer.Option(help="Of the human levels of an item's versions.", min=-0.99, max=1.0)
    ] = 0.8,
    human_sd: Annotated[
        float | None, typer.Option(help="SD of the human levels (default .3 of the range).",
                                   min=0.001)
    ] = None,
    drift: Annotated[
        float, typer.Option(help="SD between raters of severity in one language minus the other.",
                            min=0.0)
    ] = 0.0,
    pilot: Annotated[
        Path | None, typer.Option(help="Certificate of a pilot: its noise is used.")
    ] = None,
    range_: Annotated[str, typer.Option("--range", help="Legal scores.")] = "0:2",
    power: Power = 0.8,
    alpha: Alpha = 0.05,
    slope: Annotated[
        bool, typer.Option("--slope/--no-slope", help="Plan for the slopes too (a licence needs "
                           "them), or for the bias alone.")
    ] = True,
    raters: Annotated[int, typer.Option(help="Linking raters: they rate in both languages.",
                                        min=2, max=50)] = 3,
    per_item: Annotated[int, typer.Option(help="Linking raters an item.", min=1)] = 2,
    json_: common.Json = False,
) -> None:
    """How many paired anchors and linking raters certify that a scorer means the same in two
    languages: its bias and slopes within a share of the margin.

    Example: mhx anchors plan --margin 0.25 --language pl --language en --raters 4
    """
    from mhx.errors import UsageError
    from mhx.stats.anchors.plan import assumed_noise, plan_anchors
    from mhx.stats.request import legal_range

    if len(set(language)) < 2:
        raise UsageError("one language", "give --language twice, the reference last")
    if per_item > raters:
        raise UsageError(f"--per-item {per_item} of --raters {raters}", "at most all raters")
    low, high = legal_range(range_, "--range") or (0.0, 2.0)
    noise = _pilot_noise(pilot) if pilot else assumed_noise(
        residual_sd or 0.3 * (high - low), human_sd=human_sd or 0.3 * (high - low),
        per_item=per_item, correlation=correlation, reliability=reliability,
        human_correlation=human_correlation)
    found = plan_anchors(language, margin=margin, noise=noise, share=share, alpha=alpha,
                         power=power, slope=slope, raters=raters, per_item=per_item, drift=drift)
    if json_:
        common.emit(found.to_dict())
    else:
        _show_plan(found)


def export(
    table: common.Table,
    item: Annotated[str, typer.Option(help="Column of the item; its versions share the name.")],
    text: Annotated[str, typer.Option(help="Column of the text to rate.")],
    language: Annotated[str, typer.Option(help="Column of the language.")],
    rater: Annotated[
        list[str], typer.Option(help="PSEUDONYM:LANGUAGE,LANGUAGE; repeat for each rater.")
    ],
    rubric: Annotated[Path, typer.Option(help="YAML: question and levels in each language.")],
    out: Annotated[Path, typer.Option("--out", help="The form (HTML); the key comes beside it.")],
    context: Annotated[
        str | None, typer.Option(help="Column of the message that the text answers.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", help="Draw so many items that exist in every language.",
                                 min=1)
    ] = None,
    per_item: Annotated[
        int | None, typer.Option(help="Linking raters an item (default: all rate all).", min=1)
    ] = None,
    repeats: Annotated[
        float, typer.Option(help="Share of texts shown twice, for the rater's own agreement.")
    ] = 0.0,
    seed: common.Seed = 0,
    json_: common.Json = False,
) -> None:
    """Write the rating form, one offline HTML file without system, group or score, and its key.

    Example: mhx anchors export anchors.csv --item id --text reply --language lang
    --rater r1:pl,en --rater r2:pl,en --rubric rubric.yaml --out form.html
    """
    from mhx.anchoring import export_form, read_rubric
    from mhx.files import read_table

    raters = _raters(rater)
    done = export_form(
        read_table(table), item=item, text=text, language=language, context=context,
        raters=raters, rubric=read_rubric(rubric), n=n, per_item=per_item, repeats=repeats,
        seed=seed, out=out)
    if json_:
        common.emit({"form": str(done.form), "key": str(done.key), "items": done.items,
                     "texts": done.texts, "shown": done.shown, "notes": list(done.notes)})
        return
    common.table([{"rater": name, "languages": ", ".join(raters[name]), "texts": count}
                  for name, count in done.shown.items()], title=f"{done.items} items")
    for note in done.notes:
        common.say(f"note: {note}")
    common.say(f"for the raters: {done.form}")
    common.say(f"for you alone: {done.key} (keep it: without it no rating can be read)")


def _raters(named: list[str]) -> dict[str, list[str]]:
    from mhx.errors import UsageError

    out: dict[str, list[str]] = {}
    for one in named:
        name, colon, tags = one.partition(":")
        spoken = [tag.strip() for tag in tags.split(",") if tag.strip()]
        if not colon or not spoken or name in out:
            raise UsageError(f"--rater {one!r}" + (" is given twice" if name in out else ""),
                             "write --rater PSEUDONYM:LANGUAGE,LANGUAGE, such as r1:pl,en")
        out[name] = spoken
    return out


def _pilot_noise(path: Path) -> Noise:
    from mhx.errors import MhxError, Problem
    from mhx.stats.anchors.certificate import read_certificate
    from mhx.stats.anchors.plan import pilot_noise

    found = pilot_noise(read_certificate(path))
    if found is None:
        raise MhxError(Problem("the pilot shows no spread: nothing in it could be estimated",
                               "see why in its licences", path=path))
    return found


def _show_plan(found: AnchorPlan) -> None:
    rows: list[dict[str, Any]] = [
        {"to show": "bias, severity taken to be the same in both languages",
         "within": found.bound, "anchors": found.anchors_for_bias}]
    if found.slope:
        rows.append({"to show": "bias, slopes and severity: the licence", "within": found.bound,
                     "anchors": found.anchors})
    common.table(rows, title=f"paired anchors: {', '.join(found.languages)}")
    common.say(f"power {found.power:.0%}, alpha {found.alpha:g}; {found.noise.source}")
    if found.anchors is None:
        more = f"{found.raters_needed} are enough" if found.raters_needed else "and 50 are too few"
        common.say(f"no number of anchors does with {found.raters} linking raters: {more}")
        return
    common.say(f"expected interval of the bias: ±{found.half_width:.3f}, of the slopes' "
               f"difference ±{found.slope_half_width:.3f}")
    common.say(f"{found.raters} linking raters, {found.per_item} an item, each in both languages: "
               f"{found.texts_per_rater} texts a rater and pair of languages")
    if found.raters < 3:
        common.say("note: two linking raters hold the level only if their severity does not shift "
                   "by language; take three or more")
    if found.per_item < 2:
        common.say("note: with one rater an item the ratings' error stays unknown and there is no "
                   "licence; use --per-item 2")
