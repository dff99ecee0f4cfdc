"""``python -m tests.support.changed [BASE]``: print the test files that cover what changed.

Compares the work tree, with what is not committed yet, to where it branched off BASE (default:
``main``). A source file is covered by the test of the same name in the mirrored folder and by the
tests that import it, directly or through a helper; any other file by the tests that mention it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
ALWAYS = TESTS / "test_rooms.py"


def changed_paths(base: str) -> set[str]:
    """Return the changed paths, relative to the root; those of deleted files too."""
    fork = _git("merge-base", base, "HEAD")[0]
    return {
        *_git("diff", "--name-only", "--no-renames", fork),
        *_git("ls-files", "--others", "--exclude-standard"),
    }


def select_tests(changed: Iterable[str]) -> set[Path]:
    """Return the test files that cover these paths."""
    selected = {test for path in changed for test in _covering_tests(path)}
    return {ALWAYS, *selected} if selected else set()


def _covering_tests(changed: str) -> Iterator[Path]:
    path = Path(changed)
    if path.suffix != ".py":
        yield from (test for test in _test_files() if path.name in test.read_text("utf-8"))
    elif path.name == "conftest.py":
        yield from (ROOT / path).parent.rglob("test_*.py")
    elif path.parts[0] == "tests" and path.name.startswith("test_"):
        if (ROOT / path).exists():
            yield ROOT / path
    else:
        yield from _tests_of_module(path)


def _tests_of_module(path: Path) -> set[Path]:
    """The mirrored test and all that import the module; without either, the mirrored folder."""
    mirrored = TESTS / path.parent / f"test_{path.stem}.py"
    tests = {test for test in _test_files() if _module_name(path) in _all_imports(test)}
    if mirrored.exists():
        tests.add(mirrored)
    return tests or set((TESTS / path.parent).glob("test_*.py"))


@cache
def _test_files() -> tuple[Path, ...]:
    return tuple(sorted(TESTS.rglob("test_*.py")))


@cache
def _all_imports(test: Path) -> frozenset[str]:
    """The modules that a test imports, with those of its helpers and conftests."""
    seen: set[str] = set()
    conftests = (
        folder / "conftest.py" for folder in test.parents if TESTS in (folder, *folder.parents)
    )
    waiting = [test, *(path for path in conftests if path.exists())]
    while waiting:
        for name in _imports(waiting.pop()) - seen:
            seen.add(name)
            helper = ROOT / f"{name.replace('.', '/')}.py"
            if name.startswith("tests.") and helper.exists():
                waiting.append(helper)
    return frozenset(seen)


@cache
def _imports(path: Path) -> frozenset[str]:
    """The names that a file imports; ``from a import b`` may mean the module ``a.b``."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return frozenset(names)


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()


if __name__ == "__main__":
    base = sys.argv[1] if len(sys.argv) > 1 else "main"
    for path in sorted(select_tests(changed_paths(base))):
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
