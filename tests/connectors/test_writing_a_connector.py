"""``docs/writing-a-connector.md``, followed to the letter in a copy of the checkout."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.runtime.scaffold import FamilyName, find_checkout, new_scaffold
from connectors.sdk import Misconfigured

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "writing-a-connector.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COPIED = ("connectors", "tests", "docs")
OTHERS: dict[str, FamilyName] = {"threads": "social", "paper_form": "forms"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is changed, with links to the rest."""
    for path in ROOT.iterdir():
        if path.name in COPIED:
            shutil.copytree(
                path, tmp_path / path.name, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif path.name != ".git" and not path.name.endswith("cache"):
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def run(checkout: Path, *command: str) -> str:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "TESTS_"))  # of the run that this one is part of
    }
    environment = {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(checkout),
        "PYTEST_ADDOPTS": "-p no:schemathesis -p no:cacheprovider -p no:xdist",
    }
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_page_leads_to_a_connector_that_conforms(checkout: Path) -> None:
    for language, block in BLOCK.findall(PAGE.read_text("utf-8")):
        shell = ("bash", "-ec", block) if language == "sh" else (sys.executable, "-c", block)
        output = run(checkout, *shell)
        assert "-m pytest" not in block or re.search(r"\d+ passed", output)
    assert "### Feefo: `feefo`" in (checkout / "docs" / "connectors.md").read_text("utf-8")


def test_a_connector_of_each_family_conforms_as_it_is_created(checkout: Path) -> None:
    written = [
        str(path)
        for name, family in OTHERS.items()
        for path in new_scaffold(name, family).write(checkout)
    ]
    ruff = str(Path(sys.executable).with_name("ruff"))
    run(checkout, ruff, "check", "--no-cache", *written)
    run(checkout, ruff, "format", "--check", "--no-cache", *written)
    suite = ["tests/connectors/test_conformance.py", *(path for path in written if "test_" in path)]
    output = run(checkout, sys.executable, "-m", "pytest", *suite, "-k", " or ".join(OTHERS))
    assert re.search(r"\d+ passed", output)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    scaffold = new_scaffold("feefo", "reviews")
    test = tmp_path / scaffold.paths["test"]
    test.parent.mkdir(parents=True)
    test.write_text("mine")
    with pytest.raises(Misconfigured, match=r"test_feefo\.py exists already"):
        scaffold.write(tmp_path)
    assert test.read_text() == "mine"
    assert not (tmp_path / "connectors").exists()


@pytest.mark.parametrize("name", ["Feefo", "feefo-uk", "2go", "class", "yelp", "../feefo", ""])
def test_a_name_that_no_connector_can_have_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured):
        new_scaffold(name, "reviews")


@pytest.mark.parametrize(
    ("name", "family"),
    [("page", "reviews"), ("http", "social"), ("service", "forms"), ("submission", "forms")],
)
def test_a_class_that_would_hide_an_import_is_refused(name: str, family: FamilyName) -> None:
    with pytest.raises(Misconfigured, match="would hide what its module imports"):
        new_scaffold(name, family)


@pytest.mark.parametrize("name", ["hours", "file", "demo"])
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match=f"creating {name}: the name is taken"):
        new_scaffold(name, "reviews", reserved={"hours"})


@pytest.mark.parametrize("family", ["reviews", "social", "forms"])
@pytest.mark.parametrize("title", ['Say "Ah" \\o', "x\\", "It's", '"""', "\\N{oops} {{ 7 }}"])
def test_a_title_is_kept_literally(title: str, family: FamilyName) -> None:
    scaffold = new_scaffold("feefo", family, title)
    module, fake, test = (ast.parse(scaffold.render(template)) for template in scaffold.paths)
    titles = [
        ast.literal_eval(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "title"
    ]
    assert titles == [title]
    assert all(ast.get_docstring(each) for each in (module, fake, test))


@pytest.mark.parametrize("title", ["two\nlines", "a\tb", "\x1b[31m", "", "   ", "x" * 61])
def test_a_title_that_is_not_one_line_of_text_is_refused(title: str) -> None:
    with pytest.raises(Misconfigured, match="1 to 60 characters on one line"):
        new_scaffold("feefo", "reviews", title)


def test_a_keyword_and_a_name_that_is_taken_are_called_so() -> None:
    with pytest.raises(Misconfigured, match="creating class: it is a Python keyword"):
        new_scaffold("class", "reviews")
    with pytest.raises(Misconfigured, match="creating yelp: a connector of this name exists"):
        new_scaffold("yelp", "reviews")


def test_the_checkout_is_found_from_within(tmp_path: Path) -> None:
    assert find_checkout(ROOT / "connectors" / "sdk") == ROOT
    with pytest.raises(Misconfigured, match="not in a checkout"):
        find_checkout(tmp_path)
