"""Opening a run: settings checked and completed, then the folder that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from mhx.adaptation.editor import editor_name
from mhx.cards import load_territory
from mhx.engines.back import check_back
from mhx.engines.names import engine_names, in_full
from mhx.errors import MhxError, Problem, unknown
from mhx.evaluation.wanted import Wanted
from mhx.files import hash_file, hash_folder, hash_json, load_model
from mhx.language import Language, load_language
from mhx.quality import estimate
from mhx.run import Reporter, Run, RunSettings, Silent, choose_folder, read_settings
from mhx.schema import SuiteManifest
from mhx.shelves import Shelves, default_shelves
from mhx.training.base import base_hash

DEVICES = ("auto", "cpu", "cuda")


def open_run(
    lang: str,
    *,
    shelves: Shelves | None = None,
    territory: str | None = None,
    card: str | None = None,
    source: str | None = None,
    mapping: dict[str, str] | None = None,
    translator: str | None = None,
    back_translator: str | None = None,
    request_budget: int | None = None,
    token_budget: int | None = None,
    memories: Sequence[Path] = (),
    fuzzy: int = 90,
    quality: str | None = None,
    quality_floor: float | None = None,
    editor: str | None = None,
    base_model: str | None = None,
    suite: str = "empathy",
    all_probes: bool = False,
    wanted: Wanted | None = None,
    seed: int = 0,
    today: date | None = None,
    limit: int | None = None,
    device: str = "auto",
    out: Path = Path("runs"),
    reporter: Reporter | None = None,
) -> Run:
    """A run with checked settings, in the newest folder that has the same ones or a new one.

    Collects every problem of the arguments (unknown names, missing files) before it stops.
    """
    shelves = shelves or default_shelves()
    problems: list[Problem] = []
    language = load_language(lang, shelves=shelves, card=card)
    manifest = language.manifest
    if lang == "en":
        problems.append(
            Problem("en is the source, not a target", "choose another --lang; mhx langs")
        )
    chosen = translator or manifest.default_translator
    engines = [part.name for text in (chosen, back_translator) if text for part in
               engine_names(text)]
    place = territory or language.territory
    for shelf, name in (
        *(("translation", name) for name in engines),
        ("culture_cards", place),
        ("eval", suite),
        ("languages", "en"),
    ):
        try:
            shelves.get(shelf, name)
        except MhxError as error:
            problems += error.problems
    problems += _wrong_card(language) + _wrong_suite(shelves, suite)
    files = [Path(path) for path in memories]
    if source is not None and not source.startswith("hf:"):
        files.append(Path(source))
    problems += [
        Problem("no such file", "check the path", path=path) for path in files if not path.is_file()
    ]
    if device not in DEVICES:
        problems += unknown("device", device, DEVICES).problems
    if not problems and back_translator is not None:
        problems += check_back(back_translator, chosen, shelves)
    if quality is not None:
        problems += estimate.problems(quality, shelves)
    elif quality_floor is not None:
        problems.append(Problem("--quality-floor without --quality", "name who estimates: "
                                "--quality MEASURE:MODEL"))
    wanted = wanted or Wanted()
    problems += wanted.problems(language, shelves)
    if problems:
        raise MhxError(problems)
    wanted = wanted.absolute()
    chosen = in_full(chosen, shelves)
    back = in_full(back_translator, shelves) if back_translator is not None else None
    settings = RunSettings(
        lang=lang,
        territory=place,
        card=card,
        source=source,
        source_sha256=hash_file(Path(source)) if source and not source.startswith("hf:") else None,
        mapping=mapping or {},
        translator=chosen,
        back_translator=back,
        request_budget=request_budget,
        token_budget=token_budget,
        memories=[str(Path(path).resolve()) for path in memories],
        memory_sha256=[hash_file(Path(path)) for path in memories],
        fuzzy=fuzzy,
        quality=estimate.absolute(quality) if quality else None,
        quality_floor=quality_floor,
        editor=editor_name(editor) if editor else None,
        base_model=base_model or language.recipe.base,
        base_sha256=base_hash(base_model or language.recipe.base),
        suite=suite,
        all_probes=all_probes,
        judges=list(wanted.judges),
        rubrics=list(wanted.rubrics),
        classifier=wanted.classifier,
        cases=wanted.cases,
        seed=seed,
        today=today or date.today(),
        limit=limit,
        device=device,
        plugin_sha256=_plugin_hashes(language, shelves, place, (chosen, back), suite)
        | ({"quality": estimate.plugin_hash(quality, shelves)} if quality else {})
        | wanted.hashes(shelves),
    )
    run = Run(
        folder=choose_folder(out, settings),
        settings=settings,
        language=language,
        source=load_language("en", shelves=shelves),
        territory=load_territory(place, shelves=shelves),
        shelves=shelves,
        reporter=reporter or Silent(),
    )
    if (run.folder / "run.yaml").is_file():
        run.settings = read_settings(run.folder)  # a resumed run keeps its day
    return run


def _wrong_card(language: Language) -> list[Problem]:
    """The problem of a `--card` that is neither a card of the language nor a file."""
    if language.card_name is None or language.card_path.is_file():
        return []
    names = [path.name.split(".", 1)[1] for path in language.folder.glob("culture_card.*.yaml")]
    known = [name.removesuffix(".yaml") for name in names]
    return unknown("card", language.card_name, known, fix="or give a file").problems


def _wrong_suite(shelves: Shelves, name: str) -> list[Problem]:
    """The problem of a measure given as a suite: found here, not after the training."""
    plugin = shelves.plugins.get(("eval", name))
    if plugin is None or plugin.manifest.name == "suite.yaml":
        return []
    suites = [
        other
        for other in shelves.names("eval")
        if shelves.get("eval", other).manifest.name == "suite.yaml"
    ]
    return [Problem(f"{name} is a measure, not a suite", f"known suites: {', '.join(suites)}")]


def reopen(
    folder: Path, *, shelves: Shelves | None = None, reporter: Reporter | None = None
) -> Run:
    """The run of an existing folder, for reports and reviews."""
    shelves = shelves or default_shelves()
    settings = read_settings(folder)
    return Run(
        folder=folder,
        settings=settings,
        language=load_language(settings.lang, shelves=shelves, card=settings.card),
        source=load_language(settings.source_lang, shelves=shelves),
        territory=load_territory(settings.territory, shelves=shelves),
        shelves=shelves,
        reporter=reporter or Silent(),
    )


def _plugin_hashes(
    language: Language,
    shelves: Shelves,
    territory: str,
    translators: tuple[str, str | None],
    suite: str,
) -> dict[str, str]:
    """What the plugins held when the run began: a changed card is another run.

    An installed adapter is left out: it is a product of runs, not an input of the corpus.
    """
    folders = {
        "source": shelves.get("languages", "en").folder,
        "language": language.folder,
        "territory": shelves.get("culture_cards", territory).folder,
        "suite": shelves.get("eval", suite).folder,
    }
    skip = ("__pycache__", "adapters", "README.md")
    hashes = {name: hash_folder(folder, skip=skip) for name, folder in folders.items()}
    for role, text in zip(("translator", "back_translator"), translators, strict=True):
        if text is not None:
            found = [
                hash_folder(shelves.get("translation", part.name).folder, skip=skip)
                for part in engine_names(text)
            ]
            hashes[role] = found[0] if len(found) == 1 else hash_json(found)
    hashes["card"] = hash_json(language.card.model_dump(mode="json"))
    hashes["suite"] = hash_json([hashes["suite"], *_measure_hashes(shelves, suite)])
    # the gate refuses the numbers of every territory's services
    hashes["territories"] = hash_json(
        [
            hash_file(shelves.get("culture_cards", code).manifest)
            for code in shelves.names("culture_cards")
        ]
    )
    return hashes


def _measure_hashes(shelves: Shelves, suite: str) -> list[str]:
    manifest = load_model(shelves.get("eval", suite).folder / "suite.yaml", SuiteManifest)
    return [hash_folder(shelves.get("eval", name).folder) for name in manifest.measures]
