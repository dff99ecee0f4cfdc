"""The words: names and sentences as the field writes them; `docs/glossary.md` has the terms.

Each habit that is to stay out has a function that lists its offences, and a bound.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("pipeline", "connectors", "schemas", "deploy", "bench")
PAGES = ("README.md", "docs/*.md")

MAX_COUNT = {
    "participles": 26,  # below 1 % of the functions
    "getters_named_x_of": 5,
    "superlative_constants": 0,
    "seconds_spelt_out": 0,
    "for_one_in": 0,
    "vague_values": 28,
    "docstrings_that_begin_with_a_question": 0,
    "absences": 0,
    "negated_nouns": 0,
    "dialect": 0,
}
"""The maximum count of each habit. The numbers only ever fall."""

PARTICIPLES = set(
    """
    asked begun bound brought built chosen drawn found given gone heard held kept known left lent
    made meant put read_again said seen sent shown spelt spoken taken thought told written
    """.split()  # noqa: SIM905 - a table of words reads better in lines
)
VERBS_IN_ED = {"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"}

VAGUE = {"found", "given", "known", "listed", "said", "there", "told"}

SUPERLATIVE = re.compile(r"_?(LEAST|MOST|LONGEST|SHORTEST|FURTHEST|FEWEST)(_|$)")
QUESTION = re.compile(r"\s*(What|Whether|Where|How|Which|Who)\b")
ABSENCE = re.compile(r"\bwhere (?:there|it) is none\b|\bwhere nobody\b", re.IGNORECASE)
NEGATED_NOUN = re.compile(
    r"(?<!\bthere )\b(?:is|are) no "
    r"(?!longer\b|more\b|less\b|fewer\b|larger\b|later\b|earlier\b|better\b|worse\b)[a-z]+",
    re.IGNORECASE,
)

DIALECT = {
    "anew": "again",
    "beforehand": "in advance, before",
    "besides": "also, in addition to",
    "goes on": "continues",
    "whoever": "the caller, the operator",
    "somebody": "the operator, the consumer, a person",
    "(?<!``)nobody": "no consumer, no broker",  # the user of Unix is ``nobody``
    "for who": "for callers that",
    "small letters": "lower case",
    "telephone": "phone",
    "telephones": "phones",
    "since 1970": "Unix time (s)",
    r"(?:is|are|was|were) told": "receives, is notified",
    "where nothing": "if nothing",
}
DATA = {
    "bench/alert_latency.py",  # a comment of a patient
    "deploy/demo/phrasebook.py",  # sentences as patients write them
    "pipeline/enrich/signals.py",  # English function words
}
"""Files whose strings are data: what others write."""


@cache
def sources(*roots: str) -> dict[str, ast.Module]:
    """The modules in these folders, parsed, by their paths."""
    paths = (path for root in roots for path in sorted((ROOT / root).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): ast.parse(read(path)) for path in paths}


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def nodes(*roots: str) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in sources(*roots).items():
        for node in ast.walk(tree):
            yield path, node


@cache
def functions() -> tuple[tuple[str, str], ...]:
    """Place and name of each function; properties are values and may be participles."""
    return tuple(
        (f"{path}:{node.lineno}", node.name.strip("_"))
        for path, node in nodes(*PRODUCT)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any("property" in ast.unparse(each) for each in node.decorator_list)
    )


def participles() -> Iterator[str]:
    for place, name in functions():
        is_regular = name.endswith("ed") and name not in VERBS_IN_ED and "_" not in name
        if is_regular or name in PARTICIPLES:
            yield f"{place} {name}: a function is a verb and its object"


def getters_named_x_of() -> Iterator[str]:
    for place, name in functions():
        if name.endswith("_of"):
            yield f"{place} {name}: get_x, x_from_y, to_x, parse_x"


def assigned(*roots: str) -> Iterator[tuple[str, str]]:
    for path, node in nodes(*roots):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield f"{path}:{node.lineno}", node.id


def superlative_constants() -> Iterator[str]:
    for place, name in assigned(*PRODUCT, "tests"):
        if SUPERLATIVE.match(name):
            yield f"{place} {name}: MIN_ or MAX_"


def seconds_spelt_out() -> Iterator[str]:
    for place, name in assigned(*PRODUCT, "tests"):
        if name.endswith("_SECONDS"):
            yield f"{place} {name}: _S"


def for_one_in() -> Iterator[str]:
    loops = ast.For | ast.AsyncFor | ast.comprehension
    for path, node in nodes(*PRODUCT, "tests"):
        if isinstance(node, loops) and re.search(r"\bone\b", ast.unparse(node.target)):
            yield f"{path}:{node.target.lineno} one: name the thing"


def vague_values() -> Iterator[str]:
    for place, name in assigned(*PRODUCT):
        if name in VAGUE:
            yield f"{place} {name}: name the value"


def docstrings_that_begin_with_a_question() -> Iterator[str]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path, node in nodes(*PRODUCT):
        if isinstance(node, documented) and QUESTION.match(text := ast.get_docstring(node) or ""):
            line = getattr(node, "lineno", 1)
            yield f"{path}:{line} {text.splitlines()[0]}: Return, Raise, a noun, True if"


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """Place and text of the lines of docs, docstrings, comments and messages.

    Raw strings are patterns, and strings without a blank are names.
    """
    lines = []
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            lines += [(f"{place}:{n}", line) for n, line in enumerate(read(path).split("\n"), 1)]
    for place in sources(*PRODUCT).keys() - DATA:
        for token in tokenize.generate_tokens(io.StringIO(read(ROOT / place)).readline):
            is_pattern = token.type == tokenize.STRING and "r" in token.string.split('"')[0].lower()
            if token.type in (tokenize.STRING, tokenize.COMMENT) and not is_pattern:
                for number, line in enumerate(token.string.split("\n"), token.start[0]):
                    if " " in line.strip():
                        lines.append((f"{place}:{number}", line.strip()))
    return tuple(lines)


def absences() -> Iterator[str]:
    for place, line in sentences():
        for match in ABSENCE.finditer(line):
            yield f"{place} {match[0]}: if absent, None if it has none"


def negated_nouns() -> Iterator[str]:
    for place, line in sentences():
        for match in NEGATED_NOUN.finditer(line):
            yield f"{place} {match[0]}: is not a"


def dialect() -> Iterator[str]:
    words = {re.compile(rf"\b{word}\b", re.IGNORECASE): term for word, term in DIALECT.items()}
    for place, line in sentences():
        for pattern, term in words.items():
            for match in pattern.finditer(line):
                yield f"{place} {match[0]}: {term}"


HABITS = (
    participles,
    getters_named_x_of,
    superlative_constants,
    seconds_spelt_out,
    for_one_in,
    vague_values,
    docstrings_that_begin_with_a_question,
    absences,
    negated_nouns,
    dialect,
)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
def test_a_habit_stays_out(habit: Callable[[], Iterable[str]]) -> None:
    offences = list(habit())
    limit = MAX_COUNT[habit.__name__]
    assert len(offences) <= limit, "\n".join([f"{len(offences)}, at most {limit}", *offences])
