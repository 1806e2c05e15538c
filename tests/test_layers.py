"""The layers, by reading every module's imports: who may import whom, and what loads late."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS = (
    ("errors",),
    ("atomic", "files", "parquet", "schema", "contracts", "version"),
    ("shelves", "defaults", "cards", "language", "run", "streaming", "scaffold", "purge", "doctor",
     "environments"),
    ("corpus", "adaptation", "training", "stats", "reporting", "quality", "scoring", "judging",
     "anchoring", "evaluation", "seq2seq", "endpoint", "engines", "interchange"),
    ("check", "reviewing", "stages", "talking", "translating"),
    ("pipeline", "api", "rayengine", "notebook"),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
ENTRY = ("__init__", "__main__")
HEAVY = {
    "torch",
    "transformers",
    "spacy",
    "polars",
    "matplotlib",
    "peft",
    "datasets",
    "scipy",
    "statsmodels",
    "numpy",
}
NUMPY_OK = ("stats/", "corpus/codepoints.py", "corpus/filters.py", "corpus/fuzzy.py",
            "corpus/minhash.py", "corpus/repeats.py", "corpus/splits.py")
# Import names that are not the name of their distribution.
IMPORT_NAMES = {"lingua": "lingua-language-detector", "yaml": "ruamel.yaml"}

MODULES = sorted((ROOT / "mhx").rglob("*.py"))
PLUGIN_FILES = sorted(
    path
    for pattern in ("languages/*/hooks.py", "translation/*/backend.py", "eval/*/measure.py")
    for path in ROOT.glob(pattern)
)


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(
    tree: ast.AST, *, top_only: bool = False, types: bool = True
) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of imports; a ``from a import b`` gives ``a.b`` as well as ``a``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
        elif (is_type_checking(node) and not types) or (
            top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ):
            continue
        else:
            yield from imports(node, top_only=top_only, types=types)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def part_of(path: Path) -> str:
    """The part of mhx a module belongs to: its first folder or its own name."""
    return path.relative_to(ROOT / "mhx").with_suffix("").parts[0]


def test_every_module_has_a_layer() -> None:
    assert {part_of(path) for path in MODULES} - set(ENTRY) - {"_shelves"} <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_imports_point_down_the_layers(path: Path) -> None:
    part = part_of(path)
    if part in ENTRY:
        return
    wrong = []
    for name, line in imports(tree_of(path)):
        assert not name.startswith("."), f"{short(path)}:{line}: relative import"
        if not name.startswith("mhx."):
            continue
        target = name.split(".")[1]
        if target in LEVEL and LEVEL[target] > LEVEL[part]:
            wrong.append(f"{short(path)}:{line}: {part} imports {name}")
    assert wrong == []


@pytest.mark.parametrize("path", sorted((ROOT / "mhx/stages").glob("*.py")), ids=short)
def test_a_stage_knows_no_other_stage(path: Path) -> None:
    names = [name for name, _ in imports(tree_of(path)) if name.startswith("mhx.stages")]
    assert names == []


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_heavy_packages_are_imported_inside_functions(path: Path) -> None:
    inside = path.relative_to(ROOT / "mhx").as_posix()
    allowed = {"numpy"} if inside.startswith(NUMPY_OK) else set()
    found = {name.split(".")[0] for name, _ in imports(tree_of(path), top_only=True, types=False)}
    assert found & HEAVY <= allowed


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=short)
def test_a_plugin_imports_only_mhx_the_standard_library_and_declared_packages(path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    declared = {re.split(r"[^\w.-]", item, maxsplit=1)[0].lower() for item in listed}
    wrong = []
    for name, line in imports(tree_of(path)):
        root = name.split(".")[0]
        known = root in sys.stdlib_module_names or root in ("mhx", "__future__")
        if not known and IMPORT_NAMES.get(root, root).lower() not in declared:
            wrong.append(f"{short(path)}:{line}: {name}")
    assert wrong == []


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=short)
def test_a_plugin_imports_heavy_packages_inside_functions(path: Path) -> None:
    found = {name.split(".")[0] for name, _ in imports(tree_of(path), top_only=True, types=False)}
    assert found & HEAVY == set()


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_the_library_does_not_print(path: Path) -> None:
    inside = path.relative_to(ROOT / "mhx")
    if inside.parts[0] == "cli" or inside.as_posix() == "training/tiny.py":
        return
    lines = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert lines == []


@pytest.mark.parametrize("path", [*MODULES, *PLUGIN_FILES], ids=short)
def test_a_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    if path.stat().st_size:
        text = ast.get_docstring(tree_of(path))
        assert text
        assert text.split("\n")[0].strip()


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}\nimport sys\nprint(*{sorted(HEAVY)!r} & sys.modules.keys())".replace(
                repr(sorted(HEAVY)), f"set({sorted(HEAVY)!r})"
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.split())


def test_the_command_line_starts_without_a_heavy_package() -> None:
    assert loaded_after("import mhx.cli.app") == set()


def test_finding_the_plugins_loads_no_heavy_package() -> None:
    assert loaded_after("from mhx.shelves import discover; discover()") == set()
