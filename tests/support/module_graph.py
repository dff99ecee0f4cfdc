"""Which modules of the project each module and each test needs, read from their source.

What a module names in a string alone counts as imported too: the command's table, the worker's
roles, the families of connectors, a script that a test runs.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"

_PRODUCT: Final = ("schemas", "connectors", "pipeline", "deploy", "bench")
_COMMAND_LINE: Final = "pipeline.cli"
_REGISTRY: Final = "connectors.runtime.registry"
_FAMILIES: Final = ("connectors.forms", "connectors.reviews", "connectors.social")
_COMMAND_TABLE: Final = ROOT / "pipeline" / "commands" / "commands.toml"
_RUNS_ANY_COMMAND: Final = re.compile(r"\bCOMMANDS\b|README\.md")
"""What a test names that goes through all commands, or through the lines of a page."""


@cache
def modules() -> MappingProxyType[str, Path]:
    """Return the modules of the product and of the tests by their dotted names."""
    paths = (path for top in (*_PRODUCT, "tests") for path in sorted((ROOT / top).rglob("*.py")))
    return MappingProxyType({module_name(path.relative_to(ROOT)): path for path in paths})


@cache
def list_test_files() -> tuple[Path, ...]:
    """Return the files of tests."""
    return tuple(sorted(TESTS.rglob("test_*.py")))


def module_name(path: Path) -> str:
    """Return the dotted name of a path relative to the root."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def needed_modules(test: Path) -> frozenset[str]:
    """Return the modules that a test can reach: by imports, fixtures and commands that it runs."""
    name = module_name(test.relative_to(ROOT))
    conftests, fixtures = _used_fixtures(test)
    reached = _closure({name, *conftests, *_strings(fixtures) & modules().keys()})
    if _COMMAND_LINE in reached:
        helpers = {each for each in reached if each.startswith("tests.")} - conftests
        texts = set[str]().union(_strings(fixtures), *map(_constants, helpers))
        reached |= _closure(_commands_run(texts, map(modules().__getitem__, helpers)))
    return frozenset(reached)


def importers(name: str) -> set[str]:
    """Return the modules that name a module, which need not exist, in an import."""
    return {module for module in modules() if name in _imported_names(module)}


@cache
def read(path: Path) -> str:
    """Return a file's text."""
    return path.read_text("utf-8")


def _closure(names: set[str]) -> set[str]:
    """Return modules with all that they import."""
    reached, waiting = set[str](), [*names]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _imports(name)
    return reached


@cache
def _imports(module: str) -> frozenset[str]:
    """Return a module's imports of the project, with the packages that they are in."""
    names = set(_imported_names(module))
    if not module.endswith(".conftest"):  # where strings belong to a fixture
        names |= _constants(module)
    if module == _REGISTRY:
        names |= {name for name in modules() if name.startswith(_FAMILIES)}
    parents = {name.rsplit(".", depth)[0] for name in names for depth in range(name.count(".") + 1)}
    return frozenset((names | parents) & modules().keys() - {module})


def _imported_names(module: str) -> Iterator[str]:
    """Yield the names that a module imports; ``from a import b`` may mean the module ``a.b``."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _constants(module: str) -> frozenset[str]:
    return frozenset(_strings([_tree(module)]))


def _strings(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        node.value
        for tree in nodes
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(read(modules()[module]))


def _commands_run(texts: set[str], files: Iterable[Path]) -> set[str]:
    """Return the modules of the commands that tests name: all of them if they name none."""
    targets = _command_modules()
    named = {
        module
        for command, module in targets.items()
        if any(re.search(rf"(^|\bfeedback ){command}\b", text) for text in texts)
    }
    if not named or any(_RUNS_ANY_COMMAND.search(read(path)) for path in files):
        return set(targets.values())
    return named


@cache
def _command_modules() -> dict[str, str]:
    table = tomllib.loads(read(_COMMAND_TABLE))
    return {
        name: f"pipeline.commands.{command['target'].partition(':')[0]}"
        for name, command in table.items()
    }


def _used_fixtures(test: Path) -> tuple[set[str], list[ast.AST]]:
    """Return the conftests whose fixtures a test uses, directly or through others, and these."""
    nodes: list[ast.AST] = [_tree(module_name(test.relative_to(ROOT)))]
    conftests, fixtures = set[str](), list[ast.AST]()
    for folder in test.parents[: test.parents.index(TESTS) + 1]:
        if (folder / "conftest.py").exists():
            name = module_name((folder / "conftest.py").relative_to(ROOT))
            # A fixture may use those above it in its file.
            for fixture in reversed(_fixtures(name)):
                if _is_used(fixture, nodes):
                    conftests.add(name)
                    fixtures.append(fixture)
                    nodes.append(fixture)
    return conftests, fixtures


@cache
def _fixtures(conftest: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    return tuple(
        node
        for node in _tree(conftest).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("fixture" in ast.unparse(each) for each in node.decorator_list)
    )


def _is_used(fixture: ast.FunctionDef | ast.AsyncFunctionDef, nodes: list[ast.AST]) -> bool:
    """Return True if a function in these nodes takes a fixture, or names it, or all use it."""
    return any("autouse" in ast.unparse(each) for each in fixture.decorator_list) or any(
        fixture.name == (node.arg if isinstance(node, ast.arg) else node.value)
        for tree in nodes
        for node in ast.walk(tree)
        if isinstance(node, ast.arg | ast.Constant)
    )
