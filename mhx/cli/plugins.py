"""langs, check, new, card: the plugins and what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.check import Report
    from mhx.schema import Card


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(langs)
    app.command()(check)
    app.command()(new)
    card = typer.Typer(
        no_args_is_help=True, help="Read a culture card: show, lint, diff.", rich_markup_mode=None
    )
    card.command()(show)
    card.command()(lint)
    card.command()(diff)
    app.add_typer(card, name="card")


def langs(
    plugins: common.Plugins = None, shadow: common.Shadow = None, json_: common.Json = False
) -> None:
    """List the languages found, their tier, territory, and where each came from."""
    from mhx.files import read_yaml

    shelves = common.shelves_of(plugins, shadow)
    rows = []
    for tag in shelves.names("languages"):
        plugin = shelves.get("languages", tag)
        value, _ = read_yaml(plugin.manifest)
        value = value if isinstance(value, dict) else {}
        adapters = sorted(
            path.parent.name for path in plugin.folder.glob("adapters/*/adapter_config.json")
        )
        rows.append(
            {
                "tag": tag,
                "language": value.get("name"),
                "autonym": value.get("autonym"),
                "tier": value.get("tier"),
                "territory": value.get("territory"),
                "adapters": ", ".join(adapters),
                "from": plugin.origin,
                **({"folder": str(plugin.folder)} if json_ else {}),
            }
        )
    if json_:
        common.emit(rows)
    else:
        common.table(rows)


def check(
    name: Annotated[
        str | None,
        typer.Argument(help="A language tag, territory, translator or measure; default: all."),
    ] = None,
    schemas: Annotated[
        Path | None, typer.Option(help="Write the JSON Schemas of all formats here, and stop.")
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also certainty, tests passed, idle rules, dates near."
        ),
    ] = False,
    today: common.Today = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Check plugins: schema, links, rules' tests, golden tests, corpus, tier. Shows all problems.

    Example: mhx check pl --verbose
    """
    from mhx.check import check as run_check
    from mhx.errors import MhxError

    if schemas is not None:
        from mhx.schema.export import write_schemas

        for path in write_schemas(schemas):
            common.say(str(path))
        return
    reports = run_check(
        common.shelves_of(plugins, shadow, allow_code),
        name,
        today=common.day(today),
        verbose=verbose,
    )
    problems = [problem for report in reports for problem in report.problems]
    if json_:
        common.emit(
            [
                {
                    "name": report.name,
                    "shelf": report.shelf,
                    "ok": report.ok,
                    "counts": report.counts,
                    "problems": [str(item) for item in report.problems],
                    "notes": report.notes,
                    "coverage": report.coverage,
                    "certainty": report.certainty,
                    "tests": report.tests,
                    "expiring": report.expiring,
                    "next_recheck": report.next_recheck and report.next_recheck.isoformat(),
                    "idle_rules": report.idle_rules,
                }
                for report in reports
            ]
        )
    else:
        common.table(
            [
                {
                    "plugin": report.name,
                    "shelf": report.shelf,
                    "ok": report.ok,
                    "holds": ", ".join(f"{count} {what}" for what, count in report.counts.items()),
                }
                for report in reports
            ]
        )
        if verbose:
            _details(reports)
        for report in reports:
            if (verbose or name is not None) and report.coverage:
                common.table(report.coverage, title=f"{report.name}: the card by dimension")
            for note in report.notes:
                common.say(f"note: {report.name}: {note}")
    if problems:
        raise MhxError(problems)


def _details(reports: list[Report]) -> None:
    """Certainty, tests, idle rules and dates of every plugin that has them."""
    from typing import get_args

    from mhx.schema import Certainty

    common.table(
        [
            {
                "plugin": report.name,
                **{name: report.certainty.get(name, 0) for name in get_args(Certainty)},
                "next re-check": report.next_recheck,
            }
            for report in reports
            if report.certainty
        ],
        title="entries by certainty",
    )
    common.table(
        [
            {
                "plugin": report.name,
                **{
                    kind: f"{tally['passed']} of {tally['total']}"
                    for kind, tally in report.tests.items()
                },
            }
            for report in reports
            if report.tests
        ],
        title="tests passed",
    )
    common.table(
        [
            {"plugin": report.name, **item}
            for report in reports
            for item in report.expiring
        ],
        title="to be re-checked: expired, or due within 30 days",
    )
    common.table(
        [
            {"plugin": report.name, "kind": kind, "rules": ", ".join(names)}
            for report in reports
            for kind, names in _by_kind(report.idle_rules or []).items()
        ],
        title="rules that never fire in the shipped corpus, outside their own tests",
    )


def _by_kind(rules: list[dict[str, str]]) -> dict[str, list[str]]:
    """Ids by kind: a forbidding rule is silent on good text, a substituting one unproven."""
    kinds: dict[str, list[str]] = {}
    for rule in rules:
        kinds.setdefault(rule["kind"], []).append(rule["rule"])
    return {f"{kind} ({len(ids)})": ids for kind, ids in kinds.items()}


def new(
    tag: Annotated[str, typer.Argument(help="BCP-47 tag of the language, such as es.")],
    name: Annotated[str, typer.Option(help="English name of the language.")] = "",
    territory: Annotated[str, typer.Option(help="Default territory, such as ES.")] = "US",
    into: Annotated[Path, typer.Option(help="Folder that holds (or gets) languages/.")] = Path(),
) -> None:
    """Scaffold a language folder from the template; says what to do first.

    Example: mhx new cs --name Czech --territory CZ
    """
    from mhx.scaffold import new_language

    written = new_language(tag, name=name or tag, territory=territory, into=into)
    for path in written:
        common.say(str(path))
    common.say(
        f"\nNext: 1. fill in {written[0].parent}/language.yaml and prompts.yaml;\n"
        "2. write facts with sources and rules with tests in culture_card.yaml;\n"
        f"3. mhx check {tag} after every change;  4. mhx adapt --lang {tag}"
    )


def show(
    tag: Annotated[str, typer.Argument(help="Language tag.")],
    card: Annotated[str | None, typer.Option(help="Another card of the language.")] = None,
    as_: Annotated[
        str, typer.Option("--as", help="text, json, or prompt (for a language model).")
    ] = "text",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
) -> None:
    """Show a card: coverage, facts with certainty and sources, rules."""
    from mhx.cards import coverage, load_card
    from mhx.errors import unknown

    if as_ not in ("text", "json", "prompt"):
        raise unknown("format", as_, ("text", "json", "prompt"))
    found = load_card(tag, shelves=common.shelves_of(plugins, shadow), card=card)
    if as_ == "json":
        common.emit(found.model_dump(mode="json", by_alias=True))
    elif as_ == "prompt":
        common.say(_prompt(found))
    else:
        common.say(f"{found.id} {found.version}, status {found.status}\n{found.heterogeneity_note}")
        common.table(coverage(found), title="by dimension")
        common.table(
            [
                {
                    "fact": fact.id,
                    "certainty": fact.certainty,
                    "claim": fact.claim,
                    "sources": ", ".join(fact.sources),
                }
                for fact in found.facts
            ],
            title="facts",
        )
        common.table(
            [
                {
                    "rule": rule.id,
                    "kind": rule.kind,
                    "severity": rule.severity,
                    "why": rule.reason,
                    "tests": len(rule.tests),
                }
                for rule in found.rules
            ],
            title="rules",
        )


def _prompt(card: Card) -> str:
    """The part of a card that a model may be told: no unverified claim, each norm as a default."""
    lines = [
        f"Culture card {card.id} {card.version} ({card.status}). {card.heterogeneity_note}",
        "Every norm is a default to check with the person, never an assertion about them.",
    ]
    for fact in card.facts:
        if "adapt" in fact.use and fact.certainty in ("sourced", "verified", "inference"):
            but = f" Not for: {fact.counterexamples}" if fact.counterexamples else ""
            lines.append(f"- {fact.claim}{but}")
    lines += [f"- {rule.reason}" for rule in card.rules if rule.severity != "warn"]
    return "\n".join(lines)


def lint(
    tag: Annotated[str, typer.Argument(help="Language tag.")],
    today: common.Today = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Run a card's rule tests and list what weakens it: expired, conflicting, unverified facts."""
    from mhx.adaptation.rules import run_rule_tests
    from mhx.errors import MhxError, Problem
    from mhx.language import load_language

    now = common.day(today)
    language = load_language(tag, shelves=common.shelves_of(plugins, shadow, allow_code))
    failures = run_rule_tests(
        language.card, language.hooks, language.manifest.grammar.default_address
    )
    weak: list[dict[str, Any]] = []
    for fact in language.card.facts:
        if fact.expires_on is not None and fact.expires_on < now:
            weak.append({"fact": fact.id, "what": f"expired on {fact.expires_on}"})
        if fact.certainty in ("conflicting", "unverified", "weak"):
            weak.append({"fact": fact.id, "what": fact.certainty})
    if json_:
        common.emit({"failures": failures, "weak": weak})
    else:
        common.table(weak, title=f"{tag}: facts a native clinician must check first")
        rules = language.card.rules
        tests = sum(len(rule.tests) for rule in rules)
        common.say(f"{len(rules)} rules, {tests} tests, {len(failures)} failed")
    if failures:
        raise MhxError(
            [
                Problem(what, "fix the rule or its test", path=language.card_path, field=rule)
                for rule, what in failures
            ]
        )


def diff(
    one: Annotated[str, typer.Argument(help="A language tag or a card file.")],
    two: Annotated[str, typer.Argument(help="Another one.")],
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    json_: common.Json = False,
) -> None:
    """Compare two cards entry by entry: added, removed, changed fields."""
    from mhx.cards import load_card
    from mhx.files import load_model
    from mhx.schema import Card

    shelves = common.shelves_of(plugins, shadow)
    cards = [
        load_model(Path(name), Card) if Path(name).is_file() else load_card(name, shelves=shelves)
        for name in (one, two)
    ]
    first, second = (
        {entry["id"]: entry for entry in [*dumped["facts"], *dumped["rules"]]}
        for dumped in (card.model_dump(mode="json", by_alias=True) for card in cards)
    )
    rows: list[dict[str, Any]] = []
    for key in sorted({*first, *second}):
        if key not in second:
            rows.append({"entry": key, "change": "removed", "fields": ""})
        elif key not in first:
            rows.append({"entry": key, "change": "added", "fields": ""})
        elif first[key] != second[key]:
            fields = sorted(
                name for name in second[key] if first[key].get(name) != second[key][name]
            )
            rows.append({"entry": key, "change": "changed", "fields": ", ".join(fields)})
    if json_:
        common.emit(rows)
    elif rows:
        common.table(rows)
    else:
        common.say("no difference")
