"""The pages of the documentation lead somewhere, and what they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from pipeline.cli import COMMANDS, app, load_command
from pipeline.streams.roles import KAFKA_TOPICS_READ, Role
from schemas.kafka_topics import KAFKA_TOPICS
from tests.support import walk_picture

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "pipeline/models/**/*.md")
    for path in ROOT.glob(pattern)
)
ROOTS = ("schemas", "connectors", "pipeline", "deploy", "bench", "tests", "docs", ".ci", ".github")
EXAMPLES = ("<", "*", "NAME", "feefo")
"""Parts of paths that are placeholders, or files that a reader creates."""
ROOMS_WITH_ROOMS = ("connectors", "pipeline")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def links(page: str) -> Iterator[str]:
    yield from re.findall(r"\]\(([^)\s]+)\)", without_code(read(page)))


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", without_code(read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked_page(page: str, link: str) -> str:
    """Return the path that a relative link leads to, from the repository's root."""
    target = link.partition("#")[0]
    path = (ROOT / page).parent / target if target else ROOT / page
    return path.resolve().relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    relative = [link for link in links(page) if not re.match(r"[a-z]+:", link)]
    broken = [link for link in relative if not (ROOT / linked_page(page, link)).exists()]
    assert broken == []
    with_anchor = [link for link in relative if "#" in link]
    assert [
        link
        for link in with_anchor
        if link.partition("#")[2] not in anchors(linked_page(page, link))
    ] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    names = re.findall(rf"`((?:{'|'.join(map(re.escape, ROOTS))})/[^`\s]*)`", read(page))
    paths = {name.partition("::")[0] for name in names}
    paths = {path for path in paths if not any(part in path for part in EXAMPLES)}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z][a-z-]*)", read(page), re.MULTILINE)
    assert set(named) - targets == set()


@cache
def options() -> frozenset[str]:
    """Return the options of all commands."""
    pending = [typer.main.get_command(app), *map(load_command, COMMANDS)]
    names: set[str] = set()
    while pending:
        command = pending.pop()
        pending += getattr(command, "commands", {}).values()
        names |= {name for parameter in command.params for name in parameter.opts}
        names |= {name for parameter in command.params for name in parameter.secondary_opts}
    return frozenset(names | {"--help"})


@pytest.mark.parametrize("page", PAGES)
def test_every_option_of_a_command_that_is_named_exists(page: str) -> None:
    spans = re.findall(r"`((?:feedback |--)[^`\n]+)`", read(page))
    lines = re.findall(r"^(?:\$ )?(feedback .*)$", read(page), re.MULTILINE)
    named = {name for text in [*spans, *lines] for name in re.findall(r"(?<!\S)--[a-z-]+", text)}
    assert named - options() == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_kafka_topic_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"feedback\.[a-z]+\.v1\b", read(page)))
    assert named - {topic.name for topic in KAFKA_TOPICS} == set()


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[str] = set()
    pending = ["README.md"]
    while pending:
        page = pending.pop()
        if page not in reached and page in PAGES:
            reached.add(page)
            pending += [linked_page(page, link) for link in links(page) if ":" not in link]
    assert set(PAGES) - reached == set()


def test_the_readme_gives_the_benchmarks_figures() -> None:
    contestants = ("the project: `feedback worker`", "plain Faust agent", "bare aiokafka loop")
    rates = re.findall(
        rf"^\| (?:{'|'.join(map(re.escape, contestants))})[^|]*\| ([\d,]+) ",
        read("docs/bench.md"),
        re.MULTILINE,
    )
    words = "indexed {} comments per second, where a plain Faust agent did {} and a bare aiokafka"
    assert f"{words} loop {{}}.".format(*rates) in " ".join(read("README.md").split())


def test_every_picture_is_shown() -> None:
    pictures = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "docs").rglob("*")
        if path.suffix in {".png", ".svg"}
    }
    shown = {linked_page(page, link) for page in PAGES for link in links(page) if ":" not in link}
    assert pictures - shown == set()


def test_the_picture_of_the_walk_is_current() -> None:
    current = walk_picture.draw()
    assert walk_picture.PATH.read_text("utf-8") == current, "python -m tests.support.walk_picture"


def test_hooks_and_workflow_call_the_makefiles_environment_only() -> None:
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    entries = [hook["entry"] for repository in hooks for hook in repository["hooks"]]
    assert [entry for entry in entries if not entry.startswith(".venv/bin/")] == []
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert runs == ["make lint PYTHON=python", ".ci/run"]


def table_rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the tables under a heading, without their heads."""
    (section,) = re.findall(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", read(page), re.DOTALL | re.MULTILINE
    )
    rows = re.findall(r"^\| (`.*|\*\*.*) \|$", section, re.MULTILINE)
    return [row.split(" | ") for row in rows]


def folders() -> set[str]:
    """Return the rooms: the packages, and the folders inside those that have rooms of their own."""
    packages = {path.parent for path in ROOT.glob("*/__init__.py")} - {ROOT / "tests"}
    rooms = {
        folder
        for name in ROOMS_WITH_ROOMS
        for folder in (ROOT / name).iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    }
    return {path.relative_to(ROOT).as_posix() for path in packages | rooms}


def test_the_rooms_are_the_folders_there_are() -> None:
    names = [row[0].strip("`/") for row in table_rows("docs/architecture.md", "Rooms")]
    assert sorted(names) == sorted({*folders(), "docs", "tests"})


def test_the_roles_are_those_of_the_worker() -> None:
    rows = {row[0].strip("`"): row for row in table_rows("docs/architecture.md", "Roles")}
    assert [*rows] == [role.value for role in Role]
    for role, topics in KAFKA_TOPICS_READ.items():
        read_topics = rows[role.value][1]
        if read_topics != "the raw Kafka topics":
            assert {topic.name for topic in topics} <= {*re.findall(r"[\w.]+", read_topics)}


def test_every_kafka_topic_is_in_the_walk() -> None:
    (walk,) = re.findall(r"^```mermaid\n(.*?)^```", read("docs/architecture.md"), re.M | re.DOTALL)
    assert {topic.name for topic in KAFKA_TOPICS} - {*re.findall(r"[\w.]+", walk)} == set()


def test_the_newcomers_questions_have_an_answer_with_a_path() -> None:
    text = read("docs/architecture.md")
    (section,) = re.findall(r"^## Where is …\?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    answers = re.split(r"^\*\*.*\?\*\*", section, flags=re.MULTILINE)[1:]
    assert len(answers) >= 10
    assert [answer for answer in answers if not re.search(r"`[a-z]+/[^`]+`", answer)] == []


def test_decisions_are_numbered_and_of_one_form() -> None:
    paths = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name.partition("-")[0]) for path in paths]
    assert numbers == list(range(1, len(paths) + 1))
    for number, path in zip(numbers, paths, strict=True):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {number}. "), path.name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ], path.name
        assert 15 <= len(text.splitlines()) <= 45, path.name


def test_the_private_names_that_a_decision_gives_are_used() -> None:
    names = re.findall(r"`(_\w+)`", read("docs/decisions/0002-batches-through-faust.md"))
    code = read("pipeline/streams/record_batches.py")
    assert [name for name in names if name not in code] == []
    assert len(names) > 10


def test_the_glossarys_terms_are_sorted() -> None:
    terms = [row[0].strip("*").lower() for row in table_rows("docs/glossary.md", "Terms")]
    assert len(terms) > 40
    assert terms == sorted(set(terms))


def test_the_changelog_keeps_its_form() -> None:
    sections = re.findall(r"^## \[(.*?)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == "Unreleased"
    kinds = re.findall(r"^### (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
