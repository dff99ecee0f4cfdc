"""The house: which room may import which, and what is written in one place only.

Each test lists every offence with its file and line. `docs/architecture.md` describes the rooms.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from schemas.kafka_topics import KAFKA_TOPICS

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "connectors", "pipeline", "deploy", "bench")

MAY_IMPORT = {
    "schemas": ("schemas",),
    "connectors": ("connectors", "schemas"),
    "deploy": ("deploy", "schemas"),
    "deploy.demo": ("deploy", "schemas", "connectors.sdk"),
    "pipeline": ("pipeline", "schemas"),
    "pipeline.settings_file": ("pipeline", "schemas", "connectors.runtime.names"),
    "pipeline.notify": ("pipeline", "schemas", "connectors.sdk"),
    "pipeline.cases": ("pipeline", "schemas", "connectors.sdk"),
    "pipeline.kafka": ("pipeline", "schemas", "connectors.sdk"),
    "pipeline.translate": ("pipeline", "schemas", "connectors.sdk"),
    "pipeline.reports": ("pipeline", "schemas", "connectors.runtime"),
    "pipeline.commands": ("pipeline", "schemas", "connectors", "deploy"),
    "bench": PACKAGES,
}
"""By module or package: which packages it may import. The longest name that fits counts."""

PIPELINE_FLOORS = (
    "errors failures logs reference settings settings_file terminal unknown_variables "
    "working_hours",
    "stages scores",
    "search elasticsearch",
    "kafka",
    "streams",
    "enrich index watch",
    "notify training translate",
    "cases",
    "worker reports",
    "commands",
    "cli",
)
CONNECTOR_FLOORS = ("sdk", "runtime reviews social forms file", "server")
"""From the ground up. A room may import from its own modules and from the floors below it; the
modules of the lowest floor may import each other."""

FILE_FLOORS = ("raw values", "tables", "columns transcripts", "")
"""Inside ``connectors.file``; its own modules stand on the folders."""

MAX_PIPELINE_LEVELS = 9
"""Rooms in the longest chain of imports inside ``pipeline``; the lowest floor counts as one."""

ENGINES = ("faust", "aiokafka", "kafka", "elasticsearch", "httpx", "aiohttp")
SAYS_PURE = re.compile(r"\bPure\b(?! but)|; pure\.")

OPENS = {
    "faust": ("pipeline/streams/", "bench/"),
    "aiokafka": ("pipeline/kafka/", "pipeline/streams/", "bench/"),
    "kafka": ("pipeline/kafka/", "pipeline/streams/", "deploy/local/kafka.py", "bench/"),
    "elasticsearch": ("pipeline/elasticsearch/",),
}
"""The packages that may import the clients of an engine."""

MAX_LATE_IMPORTS = 15
LATE_IMPORTS = {
    "connectors/file/tables/xlsx.py": "openpyxl is slow to import, and for workbooks only",
    "connectors/file/transcripts/word.py": "an optional extra, slow to import",
    "connectors/reviews/google_play.py": "its import changes urllib, which is undone at once",
    "pipeline/cli.py": "--help needs neither structlog nor the settings",
    "pipeline/commands/model/train.py": "an optional extra, whose absence is an error in one line",
    "pipeline/stages/person_names.py": "presidio and spaCy are an optional extra",
    "pipeline/stages/vader.py": "the lexicons are read once an analyzer is built, and not before",
    "pipeline/training/figures.py": "scikit-learn is an optional extra, not needed to read",
    "pipeline/training/report.py": "matplotlib is an optional extra, and slow to import",
    "pipeline/worker/supervisor.py": "the parent process runs no role, and asks Kafka if draining",
    "deploy/local/engine.py": "downloads are slow to import, and seldom needed",
    "deploy/local/java.py": "a wheel for another platform fails on import",
}
"""Modules that may import inside a function, and why."""

IMPORTS_BY_NAME = {
    "connectors/runtime/registry.py": "a connector is a module in a family's package, no more",
    "pipeline/cli.py": "--help needs no command's module",
    "pipeline/worker/run.py": "a process of the worker imports its own roles only",
}
"""Modules that may call `importlib.import_module`, and why. What their strings name counts as an
import of theirs."""


class Import(NamedTuple):
    """One import of a module: its file, its line, and the module that it names in full."""

    path: str
    line: int
    target: str
    is_late: bool  # inside a function

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"


@cache
def sources() -> dict[str, Path]:
    """The project's modules by their dotted names."""
    modules = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


@cache
def imports() -> dict[str, tuple[Import, ...]]:
    """The imports of each module, with the module that they name in full."""
    return {module: tuple(read_imports(path)) for module, path in sources().items()}


def report(offences: Iterable[str]) -> None:
    """Fail with all offences, one per line."""
    lines = list(offences)
    assert not lines, "\n".join([f"{len(lines)} offences", *lines])


def read_imports(path: Path) -> Iterator[Import]:
    place = path.relative_to(ROOT).as_posix()
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(read(path)), False)]
    while pending:
        node, is_late = pending.pop()
        is_late |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        pending += [(child, is_late) for child in ast.iter_child_nodes(node)]
        targets: set[str] = set()
        if isinstance(node, ast.Import):
            targets = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            targets = names & sources().keys() or {node.module}
        elif place in IMPORTS_BY_NAME and isinstance(node, ast.Constant):
            targets = {node.value} & sources().keys()
        for target in sorted(targets):
            yield Import(place, node.lineno, target, is_late)


def own_imports() -> Iterator[tuple[str, Import]]:
    for module, targets in imports().items():
        for each in targets:
            if each.target in sources():
                yield module, each


def is_inside(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def floors(table: tuple[str, ...]) -> dict[str, int]:
    return {name: level for level, names in enumerate(table) for name in names.split() or [""]}


def upward_imports(package: str, table: tuple[str, ...]) -> Iterator[str]:
    level = floors(table)
    for module, each in own_imports():
        if not (is_inside(module, [package]) and is_inside(each.target, [package])):
            continue
        here, there = room(module), room(each.target)
        if "" in (here, there) or here == there or level[here] == level[there] == 0:
            continue
        if level[there] >= level[here]:
            yield str(each)


def in_circles(graph: dict[str, set[str]]) -> set[str]:
    """The nodes of circles, and those between two circles: all that is left without the ends."""
    rest = set(graph)
    while ends := {node for node in rest if not graph[node] & rest}:
        rest -= ends
    while ends := rest - {target for node in rest for target in graph[node]}:
        rest -= ends
    return rest


def module_graph() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {module: set() for module in sources()}
    for module, each in own_imports():
        if each.target != module:
            graph[module].add(each.target)
    return graph


def test_packages_import_only_what_they_may() -> None:
    guilty = []
    for module, each in own_imports():
        rule = max((name for name in MAY_IMPORT if is_inside(module, [name])), key=len)
        if not is_inside(each.target, MAY_IMPORT[rule]):
            guilty.append(str(each))
    report(guilty)


def test_every_room_has_its_floor() -> None:
    known_floors = {"pipeline": floors(PIPELINE_FLOORS), "connectors": floors(CONNECTOR_FLOORS)}
    rooms = {
        (top, room(module))
        for module in sources()
        for top in known_floors
        if is_inside(module, [top])
    }
    report(f"{top}.{name}" for top, name in sorted(rooms) if name and name not in known_floors[top])


def test_imports_inside_pipeline_point_down() -> None:
    report(upward_imports("pipeline", PIPELINE_FLOORS))


def test_imports_inside_connectors_point_down() -> None:
    report(upward_imports("connectors", CONNECTOR_FLOORS))


def test_imports_inside_the_file_connector_point_down() -> None:
    level = floors(FILE_FLOORS)
    top = "connectors.file."
    guilty = []
    for module, each in own_imports():
        if module.startswith(top) and each.target.startswith(top):
            folders = [name.removeprefix(top).split(".")[0] for name in (module, each.target)]
            here, there = (name if name in level else "" for name in folders)
            if here != there and level[there] >= level[here]:
                guilty.append(str(each))
    report(guilty)


def test_chains_of_imports_are_short() -> None:
    level = floors(PIPELINE_FLOORS)
    below: dict[str, set[str]] = defaultdict(set)
    for module, each in own_imports():
        here, there = room(module), room(each.target)
        if is_inside(module, ["pipeline"]) and level.get(here, 0) > level.get(there, 99):
            below[here].add(there if level[there] else "")

    @cache
    def height(name: str) -> int:
        return 1 + max(map(height, below[name]), default=0)

    assert max(map(height, level)) <= MAX_PIPELINE_LEVELS


def test_no_modules_import_each_other_in_a_circle() -> None:
    rest = in_circles(module_graph())
    report(str(each) for module, each in own_imports() if {module, each.target} <= rest)


def test_underscored_modules_are_imported_by_their_own_folder_only() -> None:
    guilty = []
    for module, each in own_imports():
        parts = each.target.split(".")
        private = [i for i, part in enumerate(parts) if part.startswith("_") and part != "__main__"]
        if private and not is_inside(module, [".".join(parts[: private[0]])]):
            guilty.append(each)
    report(map(str, guilty))


def test_imports_stand_at_the_top() -> None:
    late = [each for targets in imports().values() for each in targets if each.is_late]
    report(str(each) for each in late if each.path not in LATE_IMPORTS)
    assert LATE_IMPORTS.keys() - {each.path for each in late} == set()
    assert len({(each.path, each.line) for each in late}) <= MAX_LATE_IMPORTS


def test_modules_are_imported_by_name_in_listed_places_only():
    callers = {
        path.relative_to(ROOT).as_posix()
        for path in sources().values()
        if re.search(r"\b(import_module|__import__|resolve_name)\(", read(path))
    }
    assert callers == IMPORTS_BY_NAME.keys()


def test_pure_modules_reach_no_engine() -> None:
    pure = [
        module
        for module, path in sources().items()
        if SAYS_PURE.search(ast.get_docstring(ast.parse(read(path))) or "")
    ]
    assert {"pipeline.stages", "pipeline.scores", "pipeline.watch.detection"} <= set(pure)
    report(
        f"{module} reaches {each}"
        for module in sources()
        if is_inside(module, pure)
        for each in reachable_imports(module)
        if is_inside(each.target, ENGINES)
    )


def reachable_imports(module: str) -> Iterator[Import]:
    """The imports of a module, and those of the project's modules that it imports, and so on.

    The packages around a module do not count: the SDK's loads HTTP for whoever names a part of it.
    """
    seen, pending = {module}, [module]
    while pending:
        for each in imports().get(pending.pop(), ()):
            yield each
            if each.target in sources() and each.target not in seen:
                seen.add(each.target)
                pending.append(each.target)


def test_engines_are_opened_in_their_rooms_only() -> None:
    guilty = [
        str(each)
        for targets in imports().values()
        for each in targets
        for engine, places in OPENS.items()
        if is_inside(each.target, [engine]) and not each.path.startswith(places)
    ]
    report(guilty)


def test_a_kafka_topic_is_named_in_one_table_only() -> None:
    names = re.compile("|".join(re.escape(f'"{topic.name}"') for topic in KAFKA_TOPICS))
    report(lines_with(names, but="kafka_topics.py"))


def test_only_the_settings_read_the_environment() -> None:
    reads = re.compile(r"os\.environ|os\.getenv|\bgetenv\(")
    report(lines_with(reads, but="settings.py"))


def test_modules_stay_small() -> None:
    lengths = [(path, len(read(path).splitlines())) for path in sources().values()]
    report(f"{path.relative_to(ROOT)}:{lines} lines" for path, lines in lengths if lines > 300)


def lines_with(pattern: re.Pattern[str], but: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in sources().values()
        if path.name != but
        for number, line in enumerate(read(path).splitlines(), start=1)
        if pattern.search(line)
    ]


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
