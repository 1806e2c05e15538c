"""A language as the engine uses it: manifest, card, prompts, hooks with defaults, corpus."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from mhx import defaults
from mhx.cards import compose
from mhx.errors import MhxError, Problem
from mhx.files import load_model, parse_model, read_jsonl
from mhx.schema import (
    AdaptedDialogue,
    Card,
    Choices,
    ClinicalCues,
    Dialogue,
    EmpathyCues,
    GoldenTests,
    LanguageManifest,
    Privacy,
    Probes,
    Prompts,
    RiskCues,
    TermBase,
    TrainRecipe,
    Vignettes,
)
from mhx.shelves import Plugin, Shelves, default_shelves

if TYPE_CHECKING:
    from mhx.contracts import Hooks

T = TypeVar("T", AdaptedDialogue, Dialogue)
HOOK_NAMES = ("normalize", "split_sentences", "analyze", "realize", "inflect", "knows")


@dataclass(frozen=True)
class BoundHooks:
    """A language's hook functions; each missing one is the default of the same name."""

    normalize: object
    split_sentences: object
    analyze: object
    realize: object
    inflect: object
    knows: object
    own: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Language:
    """A language plugin, read on demand."""

    plugin: Plugin
    shelves: Shelves
    card_name: str | None = None

    @property
    def tag(self) -> str:
        """BCP-47 tag, the folder's name."""
        return self.plugin.name

    @property
    def folder(self) -> Path:
        """The plugin folder."""
        return self.plugin.folder

    @cached_property
    def manifest(self) -> LanguageManifest:
        """`language.yaml`; its tag must be the folder's name."""
        manifest = load_model(self.plugin.manifest, LanguageManifest)
        if manifest.tag != self.plugin.name:
            raise MhxError(
                Problem(
                    f"the folder is named {self.plugin.name!r}, the tag says {manifest.tag!r}",
                    "rename the folder or the tag: --lang takes this name",
                    path=self.plugin.manifest,
                    field="tag",
                )
            )
        return manifest

    @cached_property
    def card_path(self) -> Path:
        """The chosen card's file (`--card fa-AF` is ``culture_card.fa-AF.yaml``)."""
        if self.card_name is None:
            return self.folder / self.manifest.card
        named = self.folder / f"culture_card.{self.card_name}.yaml"
        return named if named.is_file() else Path(self.card_name)

    @property
    def territory(self) -> str:
        """Territory when none is named: the region of the chosen card (fa-AF), or the manifest's.

        A card of another region never falls back to the services of the manifest's.
        """
        region = re.fullmatch(r"[a-z]{2,3}-([A-Z]{2})", self.card_name or "")
        return region.group(1) if region else self.manifest.territory

    @cached_property
    def card(self) -> Card:
        """The culture card with everything it extends."""
        return compose(self.card_path, self.shelves.base_card(), self.folder)

    @cached_property
    def prompts(self) -> Prompts:
        """`prompts.yaml`."""
        return load_model(self.folder / "prompts.yaml", Prompts)

    @cached_property
    def tests(self) -> GoldenTests:
        """`tests.yaml`."""
        return load_model(self.folder / "tests.yaml", GoldenTests)

    @cached_property
    def recipe(self) -> TrainRecipe:
        """`train.yaml`."""
        return load_model(self.folder / "train.yaml", TrainRecipe)

    @cached_property
    def probes(self) -> Probes | None:
        """`probes.yaml`, needed from silver on."""
        path = self.folder / "probes.yaml"
        return load_model(path, Probes) if path.is_file() else None

    @cached_property
    def vignettes(self) -> Vignettes | None:
        """`vignettes.yaml`, where there is one."""
        path = self.folder / "vignettes.yaml"
        return load_model(path, Vignettes) if path.is_file() else None

    @cached_property
    def choices(self) -> Choices | None:
        """`choices.yaml`, where there is one."""
        path = self.folder / "choices.yaml"
        return load_model(path, Choices) if path.is_file() else None

    @cached_property
    def cues(self) -> EmpathyCues | None:
        """`empathy_cues.yaml`, where there is one."""
        path = self.folder / "empathy_cues.yaml"
        return load_model(path, EmpathyCues) if path.is_file() else None

    @cached_property
    def risk_cues(self) -> RiskCues | None:
        """`risk_cues.yaml`, where there is one."""
        path = self.folder / "risk_cues.yaml"
        return load_model(path, RiskCues) if path.is_file() else None

    @cached_property
    def privacy(self) -> Privacy | None:
        """`privacy.yaml`, where there is one."""
        path = self.folder / "privacy.yaml"
        return load_model(path, Privacy) if path.is_file() else None

    @cached_property
    def clinical_cues(self) -> ClinicalCues | None:
        """`clinical_cues.yaml`, where there is one."""
        path = self.folder / "clinical_cues.yaml"
        return load_model(path, ClinicalCues) if path.is_file() else None

    @cached_property
    def terms(self) -> TermBase | None:
        """`terms.yaml`, where there is one."""
        path = self.folder / "terms.yaml"
        return load_model(path, TermBase) if path.is_file() else None

    @cached_property
    def hooks(self) -> Hooks:
        """Hook functions of the plugin, with defaults for the missing ones."""
        module = self.shelves.module(self.plugin, "hooks.py")
        own = {name for name in HOOK_NAMES if module is not None and hasattr(module, name)}
        chosen = {name: getattr(module if name in own else defaults, name) for name in HOOK_NAMES}
        # terms, names and places ask for the forms of the same words again and again
        chosen["inflect"] = lru_cache(maxsize=1 << 17)(chosen["inflect"])
        return cast("Hooks", BoundHooks(**chosen, own=frozenset(own)))

    @property
    def memories(self) -> list[Path]:
        """Translation memories shipped with the plugin."""
        path = self.folder / "memory.tmx"
        return [path] if path.is_file() else []

    @cached_property
    def corpus(self) -> list[AdaptedDialogue]:
        """Adapted dialogues of ``corpus/*.jsonl`` (a target language), in file order."""
        return read_corpus(self.folder / "corpus", AdaptedDialogue)

    @cached_property
    def source_corpus(self) -> list[Dialogue]:
        """Source dialogues of ``corpus/*.jsonl`` (a language that owns its text, such as en)."""
        return read_corpus(self.folder / "corpus", Dialogue)

    def adapter(self, base: str) -> Path | None:
        """The trained adapter shipped for a base model, or None."""
        path = self.folder / "adapters" / base.replace("/", "--")
        return path if (path / "adapter_config.json").is_file() else None


def read_corpus(folder: Path, model: type[T]) -> list[T]:
    """All dialogues of a folder's JSONL files; every bad record is reported with its line."""
    found: list[T] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            for line, value in read_jsonl(path):
                try:
                    found.append(parse_model(value, model, path=path, line=line))
                except MhxError as error:
                    problems += error.problems
        except MhxError as error:
            problems += error.problems
    if problems:
        raise MhxError(problems)
    return found


def load_language(tag: str, *, shelves: Shelves | None = None, card: str | None = None) -> Language:
    """The language plugin of a tag. Raises MhxError with the nearest name for an unknown one."""
    shelves = shelves or default_shelves()
    return Language(shelves.get("languages", tag), shelves, card)
