"""`mhx check`: every problem of a plugin, collected: schema, links, rule and golden tests, tier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from mhx.adaptation.conservation import risk_level
from mhx.adaptation.firing import idle_rules
from mhx.adaptation.requests import refused
from mhx.adaptation.resolver import NEAR, SLOT, SLOTS, expires_soon, resolve
from mhx.adaptation.rules import adapt_segment, compiled, plan_from_test, run_rule_tests
from mhx.cards import coverage, load_territory
from mhx.corpus.choices import choice_problems
from mhx.corpus.generated import build
from mhx.corpus.lint import lint_source, lint_target
from mhx.corpus.probe_check import examine
from mhx.corpus.term_check import term_problems
from mhx.corpus.vignette_check import vignette_problems
from mhx.errors import MhxError, Problem, unknown
from mhx.files import load_model, read_yaml
from mhx.judging.check import file_problems as judging_problems
from mhx.language import Language, load_language
from mhx.schema import (
    AnalysisPlan,
    BackendManifest,
    Fact,
    MeasureManifest,
    Plan,
    Service,
    SuiteManifest,
)
from mhx.schema.language import Golden
from mhx.schema.territory import Community, Institution
from mhx.scoring import MECHANISMS
from mhx.shelves import Plugin, Shelves

NEEDED = ("culture_card.yaml", "prompts.yaml", "tests.yaml", "train.yaml", "README.md")
PARTS = (
    "prompts",
    "tests",
    "recipe",
    "probes",
    "vignettes",
    "choices",
    "cues",
    "risk_cues",
    "privacy",
    "clinical_cues",
    "terms",
    "hooks",
    "card",
)


@dataclass
class Report:
    """What a check found: problems fail it, notes do not (what a draft lacks, dates near).

    `idle_rules` never edit or flag anything in the shipped corpus; None where it was not asked.
    """

    name: str
    shelf: str
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    certainty: dict[str, int] = field(default_factory=dict)
    tests: dict[str, dict[str, int]] = field(default_factory=dict)
    expiring: list[dict[str, Any]] = field(default_factory=list)
    next_recheck: date | None = None
    idle_rules: list[dict[str, str]] | None = None

    def tally(self, kind: str, total: int, failed: int) -> None:
        """Count the tests of one kind."""
        self.tests[kind] = {"passed": total - failed, "total": total}

    def age(self, entries: Iterable[Service | Fact], today: date) -> None:
        """List the entries that have expired or will within 30 days, and the next date."""
        dated = sorted(
            ((item.expires_on, item) for item in entries if item.expires_on is not None),
            key=lambda pair: (pair[0], pair[1].id),
        )
        self.expiring = [
            {
                "entry": item.id,
                "is": type(item).__name__.lower(),
                "by": day.isoformat(),
                "state": "expired" if day < today else "near",
            }
            for day, item in dated
            if day <= today + NEAR
        ]
        self.next_recheck = dated[0][0] if dated else None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check(
    shelves: Shelves, name: str | None = None, *, today: date, verbose: bool = False
) -> list[Report]:
    """Check one plugin by name, or all of them; `verbose` also looks for idle rules (slower)."""
    plugins = [
        plugin
        for (_, plugin_name), plugin in sorted(shelves.plugins.items())
        if name is None or plugin_name == name
    ]
    if name is not None and not plugins:
        raise unknown("plugin", name, {known for _, known in shelves.plugins})
    return [check_plugin(plugin, shelves, today=today, verbose=verbose) for plugin in plugins]


def check_plugin(
    plugin: Plugin, shelves: Shelves, *, today: date, verbose: bool = False
) -> Report:
    """Everything that is wrong with one plugin folder."""
    report = Report(plugin.name, plugin.shelf)
    checks: dict[str, Callable[[Plugin, Shelves, Report, date], None]] = {
        "languages": _language,
        "culture_cards": _territory,
        "translation": _backend,
        "eval": _eval,
    }
    with _collect(report):
        checks[plugin.shelf](plugin, shelves, report, today)
        if verbose and plugin.shelf == "languages":
            report.idle_rules = idle_rules(load_language(plugin.name, shelves=shelves))
    return report


class _collect:
    """Put an MhxError's problems into the report and go on."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, MhxError):
            self.report.problems += error.problems
            return True
        return False


# ---------------------------------------------------------------- languages


def _language(plugin: Plugin, shelves: Shelves, report: Report, today: date) -> None:
    language = load_language(plugin.name, shelves=shelves)
    manifest = language.manifest
    for name in NEEDED:
        if not (plugin.folder / name).is_file():
            report.problems.append(
                Problem("missing", f"mhx new {plugin.name} writes one", path=plugin.folder / name)
            )
    for attribute in PARTS:
        with _collect(report):
            getattr(language, attribute)
    for path in sorted(plugin.folder.glob("culture_card.*.yaml")):
        with _collect(report):
            report.problems += _variety_problems(plugin, shelves, path)
            report.notes += _variety_notes(plugin, shelves, path)
    translator = manifest.default_translator.partition(":")[0]
    for shelf, field_name, wanted in (
        ("culture_cards", "territory", manifest.territory),
        ("translation", "default_translator", translator),
    ):
        try:
            shelves.get(shelf, wanted)
        except MhxError as error:
            line = read_yaml(plugin.manifest)[1].get((field_name,))
            report.problems += [
                replace(problem, path=plugin.manifest, line=line, field=field_name)
                for problem in error.problems
            ]
    if report.problems:
        return
    report.coverage = coverage(language.card)
    report.counts = {
        "facts": len(language.card.facts),
        "rules": len(language.card.rules),
        "rule tests": sum(len(rule.tests) for rule in language.card.rules),
    }
    report.certainty = dict(Counter(fact.certainty for fact in language.card.facts))
    report.age(language.card.facts, today)
    report.notes += [
        f"no fact of dimension {row['dimension']}" for row in report.coverage if not row["facts"]
    ]
    report.problems += _evidence_problems(language) + _rule_problems(language, report)
    report.problems += list(_cue_problems(language)) + _measure_problems(language, shelves)
    report.problems += judging_problems(language)
    before = len(report.problems)
    report.problems += list(_golden_problems(language))
    with _collect(report):  # a bad or slow cue
        report.problems += [*_risk_problems(language), *_request_problems(language)]
    report.problems += list(_crisis_problems(language, shelves))
    _tally_golden(language, report, report.problems[before:])
    report.problems += list(_slot_problems(language))
    owner = None if language.tag == "en" else load_language("en", shelves=shelves)
    keys = owner.vignettes if owner else None
    territory = load_territory(manifest.territory, shelves=shelves)
    probes = examine(language, owner.probes if owner else None, territory)
    report.problems += probes.problems
    report.notes += probes.notes
    with _collect(report):  # a bad or slow cue of an intervention
        report.problems += vignette_problems(language, keys, territory)
    report.problems += choice_problems(language, owner.choices if owner else None, territory)
    source = owner or language
    report.problems += term_problems(language, source)
    if language.terms is not None:
        report.counts["terms"] = len(language.terms.terms)
    with _collect(report):
        report.counts["dialogues"] = _check_corpus(language, shelves)
    with _collect(report):  # a corpus that cannot be read is a problem already
        built = build(language, source, check=True)
        report.problems += [item.problem for item in built if not item.current]
    _tier(language, shelves, report, today)


def _variety(plugin: Plugin, shelves: Shelves, path: Path) -> Language:
    name = path.name.removeprefix("culture_card.").removesuffix(".yaml")
    return load_language(plugin.name, shelves=shelves, card=name)


def _variety_notes(plugin: Plugin, shelves: Shelves, path: Path) -> list[str]:
    """Where a variety's territory lists no service: nobody is sent to another country's."""
    place = _variety(plugin, shelves, path).territory
    known = ("culture_cards", place) in shelves.plugins
    if known and load_territory(place, shelves=shelves).services:
        return []
    what = "lists no service: words without digits" if known else "is unknown: name --territory"
    return [f"{path.name}: territory {place} {what}"]


def _variety_problems(plugin: Plugin, shelves: Shelves, path: Path) -> list[Problem]:
    """What is wrong with a variety's card: its composition, its evidence, all rules' tests."""
    variety = _variety(plugin, shelves, path)
    return _evidence_problems(variety) + _rule_problems(variety, Report(plugin.name, plugin.shelf))


def _measure_problems(language: Language, shelves: Shelves) -> list[Problem]:
    """What a measure's own `check` says of the files that the language brings for it."""
    found: list[Problem] = []
    for name in shelves.names("eval"):
        plugin = shelves.get("eval", name)
        if plugin.trusted or shelves.allow_code:
            own = getattr(shelves.module(plugin, "measure.py"), "check", None)
            found += own(language.folder) if own is not None else []
    return found


def _evidence_problems(language: Language) -> list[Problem]:
    """Rules of the language's own card whose evidence is no fact or source of it."""
    card = language.card
    known = {fact.id for fact in card.facts} | {source.id for source in card.sources}
    value, lines = read_yaml(language.card_path)
    return [
        Problem(
            f"{name!r} is no fact or source of the card",
            "name the id of a fact or a source",
            path=language.card_path,
            line=lines.get(("rules", number, "evidence")),
            field=f"rules[{number}].evidence",
        )
        for number, rule in enumerate(value.get("rules") or [])
        for name in rule.get("evidence") or []
        if name not in known
    ]


def _cue_problems(language: Language) -> Iterator[Problem]:
    """Cue patterns that are no regular expressions: found here, not after a training."""
    lists: list[tuple[str, str, list[str]]] = []
    if language.clinical_cues is not None:
        clinical = language.clinical_cues
        lists += [("clinical_cues.yaml", "negation", clinical.negation)]
        lists += [("clinical_cues.yaml", "open_question", clinical.open_question)]
        for group in ("degree", "symptoms", "facts", "kin"):
            lists += [
                ("clinical_cues.yaml", f"{group}.{key}", patterns)
                for key, patterns in getattr(clinical, group).items()
            ]
    if language.risk_cues is not None:
        cues = language.risk_cues
        lists += [("risk_cues.yaml", "explicit", cues.explicit)]
        lists += [("risk_cues.yaml", "indirect", cues.indirect)]
        lists += [("risk_cues.yaml", "third_party", cues.third_party)]
        lists += [("risk_cues.yaml", "harmless", cues.harmless)]
    lists += [
        ("prompts.yaml", f"refuse.{kind}", patterns)
        for kind, patterns in language.prompts.refuse.items()
    ]
    if language.cues is not None:
        for mechanism in MECHANISMS:
            levels = getattr(language.cues, mechanism).model_dump()
            lists += [
                ("empathy_cues.yaml", f"{mechanism}.{level}", patterns)
                for level, patterns in levels.items()
            ]
    for name, at, patterns in lists:
        for pattern in patterns:
            try:
                compiled(pattern, ignore_case=True)
            except MhxError as error:
                path = language.folder / name
                yield from (replace(item, path=path, field=at) for item in error.problems)


def _rule_problems(language: Language, report: Report) -> list[Problem]:
    """What rules' own tests find, each test run alone so that the passed ones are counted."""
    address = language.manifest.grammar.default_address
    value, lines = read_yaml(language.card_path)
    places = {
        rule.get("id"): lines.get(("rules", n)) for n, rule in enumerate(value.get("rules") or [])
    }
    problems: list[Problem] = []
    failed = 0
    for rule in language.card.rules:
        for test in rule.tests:
            alone = rule.model_copy(update={"tests": [test]})
            card = language.card.model_copy(update={"rules": [alone]})
            failures = run_rule_tests(card, language.hooks, address)
            failed += bool(failures)
            problems += [
                Problem(
                    what,
                    "fix the rule or its test",
                    path=language.card_path,
                    line=places.get(rule.id),
                    field=rule.id,
                )
                for _, what in failures
            ]
    report.tally("rules", sum(len(rule.tests) for rule in language.card.rules), failed)
    return problems


def _tally_golden(language: Language, report: Report, problems: list[Problem]) -> None:
    """Golden cases by kind; a case fails once however many problems it has."""
    failed = {str(problem.field) for problem in problems}
    for kind in type(language.tests).model_fields:
        cases = getattr(language.tests, kind)
        wrong = sum(f"{kind}: {case.name}" in failed for case in cases)
        report.tally(kind, len(cases), wrong)


def _golden_problems(language: Language) -> Iterator[Problem]:
    path = language.folder / "tests.yaml"
    for kind in ("normalize", "address", "gender", "adaptation"):
        for case in getattr(language.tests, kind):
            for what in _golden(language, kind, case):
                yield Problem(
                    what, "fix the case or what it tests", path=path, field=f"{kind}: {case.name}"
                )


def _golden(language: Language, kind: str, case: Golden) -> Iterator[str]:
    hooks = language.hooks
    if kind == "normalize":
        got = hooks.normalize(case.text)
        if got != case.out:
            yield f"{case.text!r} gives {got!r}, wanted {case.out!r}"
        return
    plan: Plan = plan_from_test(case.plan, language.manifest.grammar.default_address)
    rules = language.card.rules if kind == "adaptation" or case.flags is not None else []
    done = adapt_segment(case.text, role=case.role, risk=False, plan=plan, rules=rules, hooks=hooks)
    if case.out is not None and done.adapted != case.out:
        yield f"{case.text!r} gives {done.adapted!r}, wanted {case.out!r}"
    if case.flags is not None:
        codes = {item.code for item in done.findings if item.code.startswith("rule.")}
        flags = sorted(code.removeprefix("rule.") for code in codes)
        if flags != sorted(set(case.flags)):
            yield f"{case.text!r} is flagged by {flags}, wanted {sorted(set(case.flags))}"
    if case.findings is not None:
        # findings about the text as given: what the hooks say before they repair it
        raw = hooks.analyze(case.text, case.role, plan)
        seen = sorted({item.code for item in raw if item.code.startswith(f"{kind}.")})
        if seen != sorted(set(case.findings)):
            yield f"{case.text!r} has findings {seen}, wanted {sorted(set(case.findings))}"


def _risk_problems(language: Language) -> Iterator[Problem]:
    path = language.folder / "tests.yaml"
    for case in language.tests.risk:
        level = risk_level(language.risk_cues, case.text)
        if level != case.level:
            yield Problem(
                f"{case.text!r} is {level}, wanted {case.level}",
                "fix the case or risk_cues.yaml",
                path=path,
                field=f"risk: {case.name}",
            )


def _request_problems(language: Language) -> Iterator[Problem]:
    path = language.folder / "tests.yaml"
    for case in language.tests.requests:
        kind = refused(language.prompts, case.text)
        if kind != case.refused:
            yield Problem(
                f"{case.text!r} is refused as {kind}, wanted {case.refused}",
                "fix the case, or refuse in prompts.yaml",
                path=path,
                field=f"requests: {case.name}",
            )


def _crisis_problems(language: Language, shelves: Shelves) -> Iterator[Problem]:
    path = language.folder / "tests.yaml"
    for case in language.tests.crisis:
        territory = load_territory(case.territory, shelves=shelves)
        shown = resolve(
            f"{{{{service:{case.slot}}}}}",
            territory,
            age=case.age,
            today=case.today,
            prompts=language.prompts,
            group=case.group,
            reader=language.tag,
        )
        lacks = [piece for piece in case.must if piece not in shown]
        holds = [piece for piece in case.must_not if piece in shown]
        if lacks or holds:
            what = f"shows {shown!r}; lacks {lacks}, holds {holds}"
            yield Problem(
                what,
                "fix the case, or the territory's services and dates",
                path=path,
                field=f"crisis: {case.name}",
            )


def _slot_problems(language: Language) -> Iterator[Problem]:
    prompts = language.prompts
    texts = {
        "system": prompts.system,
        "refusal": prompts.refusal.text,
        "handover": prompts.handover.text,
        "no_number": prompts.no_number,
        "ask_language": prompts.ask_language,
    }
    for name, text in texts.items():
        path = language.folder / "prompts.yaml"
        if any(letter.isdigit() for letter in SLOT.sub("", text)):
            yield Problem(
                "holds a digit",
                "use a {{service:...}} slot; numbers live in territory cards",
                path=path,
                field=name,
            )
        for slot in SLOT.findall(text):
            if slot not in SLOTS:
                yield Problem(
                    f"unknown slot {slot!r}", f"known: {', '.join(SLOTS)}", path=path, field=name
                )


def _check_corpus(language: Language, shelves: Shelves) -> int:
    """Ids and hashes against `en`, turns, edits' card entries, then the lint of the text.

    Returns the number of dialogues.
    """
    if language.tag == "en":
        if faults := lint_source(language):
            raise MhxError(faults)
        return len(language.source_corpus)
    corpus = language.corpus
    if not corpus:
        return 0
    english = load_language("en", shelves=shelves)
    sources = {item.id: item for item in english.source_corpus}
    known = {rule.id for rule in language.card.rules} | {fact.id for fact in language.card.facts}
    known.add("uncovered")
    problems: list[Problem] = []
    path = language.folder / "corpus"
    for item in corpus:
        source = sources.get(item.id)
        if source is None:
            problems.append(
                Problem("no such dialogue in en", "check the id", path=path, field=item.id)
            )
            continue
        if source.text_hash() != item.source_sha256:
            problems.append(
                Problem(
                    "the English text has changed since",
                    "translate it again",
                    path=path,
                    field=item.id,
                )
            )
        shape = [(turn.role, len(turn.segments)) for turn in item.turns]
        if shape != [(turn.role, len(turn.segments)) for turn in source.turns]:
            problems.append(
                Problem(
                    "turns or segments differ from en", "keep its shape", path=path, field=item.id
                )
            )
        entries = {
            edit.rule for turn in item.turns for part in turn.segments for edit in part.edits
        }
        problems += [
            Problem(
                f"no card entry {entry!r}",
                "cite a fact or rule of the card",
                path=path,
                field=item.id,
            )
            for entry in sorted(entries - known)
        ]
    if found := problems or lint_target(language, english):
        raise MhxError(found)
    return len(corpus)


def _tier(language: Language, shelves: Shelves, report: Report, today: date) -> None:
    """What the declared tier asks for; for a draft, what bronze lacks."""
    tier = language.manifest.tier
    missing = list(_lacks_bronze(language, shelves, today))
    if tier == "draft":
        report.notes += [f"for bronze: {what}" for what in missing]
        return
    wanted = missing if tier == "bronze" else [*missing, *_lacks_silver(language)]
    if tier == "gold":
        wanted.append(
            "a clinician's sign-off and published human evaluation, which mhx cannot see yet"
        )
    report.problems += [
        Problem(
            f"tier {tier} needs: {what}",
            "do it, or declare a lower tier",
            path=language.plugin.manifest,
            field="tier",
        )
        for what in wanted
        if not what.startswith("expired:")
    ]
    report.notes += [what for what in wanted if what.startswith("expired:")]


def _lacks_bronze(language: Language, shelves: Shelves, today: date) -> Iterator[str]:
    if not language.card.facts:
        yield "facts with sources"
    if not language.card.rules:
        yield "rules with tests"
    own = language.source_corpus if language.tag == "en" else language.corpus
    if not own:
        yield "a corpus (corpus/*.jsonl)"
    if language.tag != "en" and language.adapter("mhx-tiny") is None:
        yield f"an adapter (mhx train --lang {language.tag} --install)"
    territory = load_territory(language.manifest.territory, shelves=shelves)
    if not territory.services:
        yield f"crisis services in culture_cards/{territory.code}"
    for service in territory.services:
        if service.expires_on < today:
            yield f"expired: {_expired(service)}"


def _expired(service: Service) -> str:
    return f"{service.id} was to be re-checked by {service.expires_on}: not shown until then"


def _lacks_silver(language: Language) -> Iterator[str]:
    if not language.manifest.maintainers:
        yield "a named native reviewer"
    for row in coverage(language.card):
        if not row["facts"]:
            yield f"facts of dimension {row['dimension']}"
    if language.probes is None:
        yield "probes.yaml"


# ---------------------------------------------------------------- the other shelves


def _territory(plugin: Plugin, shelves: Shelves, report: Report, today: date) -> None:
    territory = load_territory(plugin.name, shelves=shelves)
    report.counts = {
        "services": len(territory.services),
        "communities": len(territory.communities),
        "institutions": len(territory.institutions),
        "facts": len(territory.facts),
    }
    entries: list[Service | Community | Institution | Fact] = [
        *territory.services,
        *territory.communities,
        *territory.institutions,
        *territory.facts,
    ]
    report.certainty = dict(Counter(item.certainty for item in entries))
    report.age((*territory.services, *territory.facts), today)
    if not territory.services:
        report.notes.append("no service: a slot becomes the words without digits")
    for service in territory.services:
        if service.expires_on < today:
            report.notes.append(_expired(service))
        elif expires_soon(service, today):
            report.notes.append(f"{service.id}: to be re-checked by {service.expires_on}")
        if service.certainty in ("weak", "unverified", "inference"):
            report.notes.append(
                f"{service.id}: {service.certainty} source, not shown until re-checked"
            )


def _backend(plugin: Plugin, shelves: Shelves, report: Report, today: date) -> None:
    manifest = load_model(plugin.manifest, BackendManifest)
    _same_name(plugin, manifest.name, report)
    _has_function(plugin, shelves, report, "backend.py", "open")


def _eval(plugin: Plugin, shelves: Shelves, report: Report, today: date) -> None:
    if plugin.manifest.name == "suite.yaml":
        suite = load_model(plugin.manifest, SuiteManifest)
        _same_name(plugin, suite.name, report)
        load_model(plugin.folder / suite.analysis, AnalysisPlan)
        for measure in suite.measures:
            with _collect(report):
                shelves.get("eval", measure)
        return
    measure_manifest = load_model(plugin.manifest, MeasureManifest)
    _same_name(plugin, measure_manifest.name, report)
    if measure_manifest.rubric is None:  # a rubric is all there is to a judged measure
        _has_function(plugin, shelves, report, "measure.py", "open")


def _same_name(plugin: Plugin, name: str, report: Report) -> None:
    if name != plugin.name:
        report.problems.append(
            Problem(
                f"the folder is named {plugin.name!r}, the manifest says {name!r}",
                "rename one",
                path=plugin.manifest,
                field="name",
            )
        )


def _has_function(
    plugin: Plugin, shelves: Shelves, report: Report, filename: str, name: str
) -> None:
    path: Path = plugin.folder / filename
    module = shelves.module(plugin, filename)
    if module is None or not callable(getattr(module, name, None)):
        report.problems.append(Problem(f"no function {name}()", "see mhx/contracts.py", path=path))
