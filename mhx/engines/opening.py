"""Opening an engine of the translation shelf for a run, forwards or backwards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mhx.contracts import Backend, BackendSettings, Naming
from mhx.engines.names import EngineName, engine_names
from mhx.errors import MhxError, Problem
from mhx.files import hash_folder, load_model
from mhx.run import Run
from mhx.schema import BackendManifest
from mhx.seq2seq.sentences import sentence_splitter


@dataclass(frozen=True)
class Engine:
    """An opened engine; `signature` names its answers in the cache."""

    name: EngineName
    manifest: BackendManifest
    backend: Backend
    signature: str

    def close(self) -> None:
        """Release what the backend holds."""
        self.backend.close()


def open_chain(run: Run, exclude: frozenset[str], *, screened: bool) -> list[Engine]:
    """The engines of `--translator`, in order. Raises MhxError with what is wrong with any."""
    return open_engines(run, engine_names(run.settings.translator), exclude, screened=screened)


def open_engines(
    run: Run,
    names: Sequence[EngineName],
    exclude: frozenset[str] = frozenset(),
    *,
    screened: bool,
    back: bool = False,
) -> list[Engine]:
    """Engines opened from the source to the target, or `back`; all problems together."""
    opened: list[Engine] = []
    problems: list[Problem] = []
    for name in names:
        try:
            opened.append(_open(run, name, exclude, screened=screened, back=back))
        except MhxError as error:
            problems += error.problems
    if problems:
        for engine in opened:
            with suppress(Exception):  # the problems found are what the user must see
                engine.close()
        raise MhxError(problems)
    return opened


def _open(
    run: Run, name: EngineName, exclude: frozenset[str], *, screened: bool, back: bool
) -> Engine:
    plugin = run.shelves.get("translation", name.name)
    manifest = load_model(plugin.manifest, BackendManifest)
    module = run.shelves.module(plugin, "backend.py")
    if module is None:
        raise MhxError(Problem("no backend.py", "a translator needs one", path=plugin.folder))
    if name.model and not manifest.takes_model:
        raise MhxError(f"translator {name.name} takes no model", f"use --translator {name.name}")
    settings = run.settings
    source, target = (run.language, run.source) if back else (run.source, run.language)
    backend: Backend = module.open(
        BackendSettings(
            source=source.tag,
            target=target.tag,
            source_codes={str(k): v for k, v in source.manifest.codes.items()},
            target_codes={str(k): v for k, v in target.manifest.codes.items()},
            model=name.model or manifest.default_model,
            memories=[Path(path) for path in settings.memories] + run.language.memories,
            device=settings.device,
            exclude=exclude,
            fuzzy=settings.fuzzy,
            cache=run.cache,
            split_source=sentence_splitter(source),
            split_target=sentence_splitter(target),
            naming=Naming(
                source.manifest.name,
                target.manifest.name,
                () if back else tuple(target.manifest.grammar.address_levels),
            ),
            screened=screened,
            request_budget=settings.request_budget,
            token_budget=settings.token_budget,
        )
    )
    # the plugin's own code counts: a mended backend does not answer from the old cache
    code = hash_folder(plugin.folder, skip=("__pycache__", "adapters", "README.md"))[:12]
    return Engine(name, manifest, backend, f"{backend.signature}|plugin:{code}")
