"""Shelves: where plugin folders are found, in which order, and whose code may run."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_folder, read_yaml

# Each shelf and the manifest that makes a folder of it a plugin.
MANIFESTS: dict[str, tuple[str, ...]] = {
    "languages": ("language.yaml",),
    "culture_cards": ("territory.yaml",),
    "translation": ("backend.yaml",),
    "eval": ("measure.yaml", "suite.yaml"),
}
KINDS = {
    "languages": "language",
    "culture_cards": "territory",
    "translation": "translator",
    "eval": "measure or suite",
}


def shipped_root() -> Path:
    """The folder that holds the shipped shelves: in the wheel, or above an editable package."""
    package = Path(__file__).resolve().parent
    inside = package / "_shelves"
    return inside if inside.is_dir() else package.parent


@dataclass(frozen=True)
class Plugin:
    """One plugin folder: its name, where it came from, and whether its Python may run."""

    shelf: str
    name: str
    folder: Path
    manifest: Path
    origin: str
    trusted: bool


@dataclass(frozen=True)
class Shelves:
    """Every plugin found, by shelf and name."""

    plugins: dict[tuple[str, str], Plugin]
    roots: tuple[tuple[str, Path], ...]
    allow_code: bool = False
    _modules: dict[Path, ModuleType] = field(default_factory=dict, compare=False, repr=False)

    def names(self, shelf: str) -> list[str]:
        """Plugin names of a shelf, sorted."""
        return sorted(name for kind, name in self.plugins if kind == shelf)

    def get(self, shelf: str, name: str) -> Plugin:
        """The plugin, or an error that lists the known names and the nearest."""
        try:
            return self.plugins[(shelf, name)]
        except KeyError:
            fix = "mhx new TAG scaffolds a language" if shelf == "languages" else ""
            raise unknown(KINDS[shelf], name, self.names(shelf), fix=fix) from None

    def base_card(self) -> Path:
        """`culture_cards/base.yaml` of the shipped shelves."""
        return shipped_root() / "culture_cards" / "base.yaml"

    def module(self, plugin: Plugin, filename: str) -> ModuleType | None:
        """The plugin's Python file, or None where there is none.

        Raises MhxError for code outside the shipped shelves and installed distributions, unless
        `allow_code` was given: foreign data is checked, foreign code does not run.
        """
        path = plugin.folder / filename
        if not path.is_file():
            return None
        if not (plugin.trusted or self.allow_code):
            raise MhxError(
                Problem(
                    f"this plugin ({plugin.origin}) brings Python code, which mhx did not run",
                    "read the file; if you trust it, add --allow-code",
                    path=path,
                )
            )
        if path not in self._modules:
            self._modules[path] = load_python(path, f"mhx_plugin_{plugin.shelf}_{plugin.name}")
        return self._modules[path]


def load_python(path: Path, name: str) -> ModuleType:
    """A Python file as a module called NAME_STEM. Raises MhxError for one that cannot be loaded."""
    unique = f"{name.replace('-', '_')}_{path.stem}"
    spec = importlib.util.spec_from_file_location(unique, path)
    if spec is None or spec.loader is None:  # pragma: no cover - a .py file always has a loader
        raise MhxError(Problem("not a Python file", path=path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file does when it is read is the file's problem
        what = f"cannot be loaded: {type(error).__name__}: {error}"
        raise MhxError(Problem(what, "fix the file", path=path)) from error
    return module


def discover(
    *,
    extra: Sequence[Path] = (),
    shadow: Sequence[str] = (),
    allow_code: bool = False,
    cwd: Path | None = None,
) -> Shelves:
    """Walk the search order: shipped, distributions, ``MHX_PLUGINS``, `extra`, working directory.

    A name found in two different places is an error, unless `shadow` names it: then the place
    that is later in the search order wins.
    """
    found: dict[tuple[str, str], Plugin] = {}
    roots = tuple(_roots(extra, cwd or Path.cwd()))
    clashes: list[Problem] = []
    for origin, root in roots:
        trusted = origin == "shipped" or origin.startswith("distribution")
        for plugin in _walk(root, origin, trusted=trusted):
            key = (plugin.shelf, plugin.name)
            first = found.get(key)
            if first is None or plugin.name in shadow:
                found[key] = plugin
            elif _differ(first.folder, plugin.folder):
                clashes.append(_clash(first, plugin))
    if clashes:
        raise MhxError(clashes)
    return Shelves(found, roots, allow_code)


def _roots(extra: Sequence[Path], cwd: Path) -> Iterator[tuple[str, Path]]:
    seen: set[Path] = set()
    candidates: list[tuple[str, Path]] = [("shipped", shipped_root())]
    for entry in entry_points(group="mhx.shelves"):
        package = entry.load()
        candidates.append((f"distribution {entry.name}", Path(package.__file__).parent))
    for part in filter(None, os.environ.get("MHX_PLUGINS", "").split(os.pathsep)):
        candidates.append(("MHX_PLUGINS", Path(part)))
    candidates += [("--plugins", path) for path in extra]
    candidates.append(("working directory", cwd))
    for origin, root in candidates:
        if origin in ("--plugins", "MHX_PLUGINS") and not root.is_dir():
            raise MhxError(Problem(f"no such folder (from {origin})", "check the path", path=root))
        resolved = root.resolve()
        if resolved not in seen:
            seen.add(resolved)
            yield origin, resolved


def _walk(root: Path, origin: str, *, trusted: bool) -> Iterator[Plugin]:
    """Plugins of the shelves below `root`; `root` may also be one plugin folder itself."""
    for shelf, manifests in MANIFESTS.items():
        own = _manifest(root, manifests)
        if own is not None:
            yield Plugin(shelf, root.name, root, own, origin, trusted)
        try:
            folders = sorted((root / shelf).iterdir())
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        for folder in folders:
            if folder.name.startswith(("_", ".")) or not folder.is_dir():
                continue
            manifest = _manifest(folder, manifests)
            if manifest is not None:
                yield Plugin(shelf, folder.name, folder, manifest, origin, trusted)


def _manifest(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _differ(one: Path, two: Path) -> bool:
    return one.resolve() != two.resolve() and hash_folder(one) != hash_folder(two)


def _clash(first: Plugin, second: Plugin) -> Problem:
    what = f"{KINDS[first.shelf]} {first.name!r} is in two places: {first.folder} ({first.origin}) "
    what += f"and here ({second.origin})"
    difference = _service_difference(first, second)
    if difference:
        what += f"; crisis services that differ: {difference}"
    fix = f"rename one, or add --shadow {first.name} to let the one here win"
    return Problem(what, fix, path=second.manifest, line=1)


def _service_difference(first: Plugin, second: Plugin) -> str:
    """Crisis services that are not the same in two territories, as text."""
    if first.shelf != "culture_cards":
        return ""
    one, two = (_services(plugin.manifest) for plugin in (first, second))
    names = sorted(key for key in {*one, *two} if one.get(key) != two.get(key))
    return ", ".join(f"{key} ({one.get(key, 'none')} / {two.get(key, 'none')})" for key in names)


def _services(manifest: Path) -> dict[str, str]:
    value, _ = read_yaml(manifest)
    services = value.get("services") if isinstance(value, dict) else None
    if not isinstance(services, list):
        return {}
    entries = (item for item in services if isinstance(item, dict))
    return {str(item.get("id")): str(item.get("number")) for item in entries}


@cache
def default_shelves() -> Shelves:
    """The shelves as a notebook sees them: no extra folders, no foreign code."""
    return discover()
