"""A rubric of the eval shelf as one language presents it."""

from __future__ import annotations

from dataclasses import dataclass

from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_json, load_model
from mhx.language import Language, load_language
from mhx.schema import JudgePhrases, MeasureManifest, Rubric
from mhx.schema.rubric import ItemWording
from mhx.scoring.measures import measure_manifest
from mhx.shelves import Shelves

PHRASES = "judge.yaml"


@dataclass(frozen=True)
class Worded:
    """A rubric in one language: what a judge reads of it."""

    measure: str
    tag: str
    whole_dialogue: bool
    rubric: Rubric
    phrases: JudgePhrases
    instructions: str
    items: dict[str, ItemWording]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of everything a judge reads of it."""
        return hash_json([
            self.rubric.model_dump(exclude={"origin", "licence", "note", "wording"}),
            self.phrases.model_dump(exclude={"origin"}),
            self.instructions,
            {name: one.model_dump() for name, one in self.items.items()},
        ])


def rubric_of(name: str, shelves: Shelves) -> tuple[MeasureManifest, Rubric]:
    """The manifest of a judged measure and its rubric. Raises MhxError for any other measure."""
    judged = [
        one for one in shelves.names("eval")
        if shelves.get("eval", one).manifest.name == "measure.yaml"
        and measure_manifest(one, shelves).rubric is not None
    ]
    if name not in shelves.names("eval"):
        raise unknown("rubric", name, judged)
    manifest = measure_manifest(name, shelves)
    if manifest.rubric is None:
        fix = f"mhx score --measure {name}; judged ones: {', '.join(judged)}"
        raise MhxError(Problem(f"{name} has no rubric, so no judge is asked", fix))
    return manifest, manifest.rubric


def worded(manifest: MeasureManifest, tag: str, shelves: Shelves) -> Worded:
    """The rubric in the language of `tag`: its own wording, or that of the language's prompts.

    Raises MhxError with everything that the language lacks for it.
    """
    rubric = manifest.rubric
    if rubric is None:
        raise ValueError(f"{manifest.name} has no rubric")
    language = load_language(tag, shelves=shelves)
    wording = rubric.wording.get(tag)
    problems: list[Problem] = []
    if wording is None:
        fix = f"it is worded in {', '.join(rubric.wording)}; --present one of these"
        problems.append(Problem(f"{manifest.name} is not worded in {tag!r}", fix))
    items = dict(wording.items) if wording else {}
    instructions = wording.instructions if wording else ""
    for item in rubric.items:
        if wording is None or (item.id in items and not item.anchors):
            continue
        if item.id in items:
            items[item.id] = _with_vignettes(items[item.id], item.id, language, problems)
            continue
        asked = language.prompts.judge.get(item.id)
        if asked is None:
            problems.append(Problem(f"{item.id} is worded nowhere", f"in the rubric under wording."
                                    f"{tag}, or here under judge.{item.id}",
                                    path=language.folder / "prompts.yaml"))
            continue
        anchors = {str(one.value): f"{one.label}: {one.meaning}" for one in asked.levels}
        items[item.id] = ItemWording(question=asked.question, anchors=anchors)
        instructions = instructions or asked.instructions
    phrases = _phrases(language, problems)
    if problems or phrases is None:
        raise MhxError(problems)
    return Worded(manifest.name, tag, manifest.unit == "dialogue", rubric, phrases,
                  instructions.strip(), items)


def _with_vignettes(
    wording: ItemWording, name: str, language: Language, problems: list[Problem]
) -> ItemWording:
    """The question with the anchors of the language's escalating cases."""
    vignettes = language.vignettes
    found = dict(vignettes.escalation.anchors).get(name) if vignettes else None  # type: ignore[call-overload]
    if not found:
        problems.append(Problem(f"no anchors of {name}", "write them under escalation.anchors",
                                path=language.folder / "vignettes.yaml"))
    anchors = {str(level): text for level, text in enumerate(found or [])}
    return wording.model_copy(update={"anchors": anchors})


def _phrases(language: Language, problems: list[Problem]) -> JudgePhrases | None:
    path = language.folder / PHRASES
    if path.is_file():
        return load_model(path, JudgePhrases)
    problems.append(Problem(f"{language.tag} has no phrases for a judge", f"write {PHRASES}, or "
                            "--present another language", path=path))
    return None
