"""The house: which room may know which, and what is written in one place only."""

import ast
import re
from pathlib import Path

import pytest

from schemas.kafka_topics import KAFKA_TOPICS

ROOT = Path(__file__).parent.parent
ROOMS = ("schemas", "connectors", "pipeline", "deploy", "bench")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "connectors": {"connectors", "schemas"},
    "pipeline": {"pipeline", "schemas"},
    "deploy": {"deploy", "schemas"},
    "deploy/demo": {"deploy", "schemas", "connectors"},
    "pipeline/cli.py": set(ROOMS),
    "pipeline/commands": set(ROOMS),
    "pipeline/reports": {"pipeline", "schemas", "connectors"},
    "bench": set(ROOMS),
}
PURE = (
    "pipeline/stages",
    "pipeline/enrich/enricher.py",
    "pipeline/search/query.py",
    "pipeline/search/overview.py",
    "pipeline/scores",
)
ENGINES = {"faust", "aiokafka", "kafka", "elasticsearch"}
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def rule_of(path: Path) -> set[str]:
    inside = path.relative_to(ROOT).as_posix()
    rule = max((name for name in MAY_IMPORT if inside.startswith(name)), key=len)
    return MAY_IMPORT[rule]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_dependencies_point_one_way(path: Path) -> None:
    assert imports(path) & set(ROOMS) <= rule_of(path)


def test_pure_rooms_know_no_engine() -> None:
    guilty = [
        path
        for path in SOURCES
        if path.relative_to(ROOT).as_posix().startswith(PURE) and imports(path) & ENGINES
    ]
    assert guilty == []


def test_a_kafka_topic_is_named_in_one_table_only() -> None:
    names = re.compile("|".join(re.escape(f'"{topic.name}"') for topic in KAFKA_TOPICS))
    guilty = [
        path for path in SOURCES if path.name != "kafka_topics.py" and names.search(read(path))
    ]
    assert guilty == []


def test_only_the_settings_read_the_environment() -> None:
    reads = re.compile(r"os\.environ|os\.getenv|\bgetenv\(")
    guilty = [path for path in SOURCES if path.name != "settings.py" and reads.search(read(path))]
    assert guilty == []


def test_modules_stay_small() -> None:
    longest = {path.relative_to(ROOT).as_posix(): len(read(path).splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in longest.items() if lines > 300} == {}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
