"""``python -m tests.support.changed [BASE]``: print the test files that can notice what changed.

Compares the work tree, with what is not committed yet, to where it branched off BASE (default:
``main``). A test can notice a change of any module that it reaches by imports, through the product
too, by fixtures, or by commands that it runs; of a data file by the modules that read it; of any
other file if it names it. Where that cannot be known, all tests are printed, and standard error has
the reason.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Final

from tests.support.module_graph import (
    ROOT,
    TESTS,
    importers,
    list_test_files,
    module_name,
    modules,
    needed_modules,
    read,
)

ALWAYS: Final = frozenset(TESTS / f"test_{name}.py" for name in ("docs", "rooms", "words"))
"""They read the whole tree, and are fast."""

_FOR_ALL_TESTS: Final = frozenset(
    {"pyproject.toml", "constraints.txt", "tests/conftest.py", "tests/__init__.py"}
)


def changed_paths(base: str) -> set[str]:
    """Return the changed paths, relative to the root; those of deleted files too."""
    fork = _git("merge-base", base, "HEAD")[0]
    return {
        *_git("diff", "--name-only", "--no-renames", fork),
        *_git("ls-files", "--others", "--exclude-standard"),
    }


def select_tests(changed: Iterable[str]) -> set[Path]:
    """Return the test files that can notice a change of these paths."""
    paths = set(changed)
    selected = {test for path in paths for test in _tests_of_path(path)}
    return selected | ALWAYS if paths else selected


def _tests_of_path(changed: str) -> Iterator[Path]:
    path = Path(changed)
    if changed in _FOR_ALL_TESTS:
        sys.stderr.write(f"{changed} may change the result of every test\n")
        yield from list_test_files()
    elif path.name == "conftest.py":
        yield from (ROOT / path).parent.rglob("test_*.py")
    elif path.suffix == ".py":
        name = module_name(path)
        yield from _tests_of_modules({name} if name in modules() else importers(name))
    else:
        yield from (test for test in list_test_files() if path.name in read(test))
        yield from _tests_of_modules(_readers(path))


def _tests_of_modules(names: Set[str]) -> Iterator[Path]:
    return (test for test in list_test_files() if not names.isdisjoint(needed_modules(test)))


def _readers(path: Path) -> set[str]:
    """Return the modules that may read a file: all that name it, or its folder beside them.

    If none does, it may be any of the package that the file is in.
    """
    package = next(folder for folder in path.parents if _is_package(folder) or folder == Path())
    folder = path.relative_to(package).parts[0]
    product = {n: source for n, source in modules().items() if not n.startswith("tests.")}
    inside = {
        n: source
        for n, source in product.items()
        if package != Path() and ROOT / package in source.parents
    }
    named = {n for n, source in product.items() if path.name in read(source)}
    named |= {n for n, source in inside.items() if f'"{folder}"' in read(source)}
    return named or {n for n, source in inside.items() if source.parent == ROOT / package}


def _is_package(folder: Path) -> bool:
    return any((ROOT / folder).glob("*.py"))


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.splitlines()


if __name__ == "__main__":
    base = sys.argv[1] if len(sys.argv) > 1 else "main"
    tests = select_tests(changed_paths(base))
    sys.stderr.write(
        f"{len(tests)} of {len(list_test_files())} test files can notice the changes\n"
    )
    for test in sorted(tests):
        sys.stdout.write(f"{test.relative_to(ROOT)}\n")
