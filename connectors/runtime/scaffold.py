"""Scaffolding: the module, the fake service and the test of a new connector, from templates.

What it writes is complete: it passes the conformance suite before its author changes anything.
"""

from __future__ import annotations

import keyword
import re
import symtable
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from connectors.runtime.registry import sources
from connectors.sdk import Misconfigured

FamilyName = Literal["reviews", "social", "forms"]
"""The folder of a connector."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_MEMBERS: Final = {"reviews": "REVIEW", "social": "SOCIAL", "forms": "FORM"}
_NOUNS: Final = {"reviews": "review", "social": "post", "forms": "submission"}
_OTHER_SOURCES: Final = frozenset({"file", "demo"})
"""Names of sources that are not in the registry: they have their own commands."""
_MAX_TITLE_CHARACTERS: Final = 60
_MARKERS: Final = ("connectors/sdk/__init__.py", "tests/support/fake_service.py")


@dataclass(frozen=True, slots=False)
class Scaffold:
    """A connector to create."""

    name: str
    family: FamilyName
    title: str

    @cached_property
    def paths(self) -> dict[str, Path]:
        """The files to write, relative to a checkout, by their template."""
        module = "submissions" if self.family == "forms" else "items"
        return {
            module: Path("connectors", self.family, f"{self.name}.py"),
            "fake": Path("tests", "support", "services", f"{self.name}.py"),
            "test": Path("tests", "connectors", self.family, f"test_{self.name}.py"),
        }

    def write(self, checkout: Path) -> list[Path]:
        """Write the files into a checkout and return their paths, relative to it.

        Raises ``Misconfigured``, and writes nothing, if one of them exists.
        """
        existing = [path for path in self.paths.values() if (checkout / path).exists()]
        if existing:
            raise Misconfigured(f"creating {self.name}: {existing[0]} exists already")
        for template, path in self.paths.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(self.render(template), encoding="utf-8")
        return [*self.paths.values()]

    def render(self, template: str) -> str:
        """Return a file's text."""
        return _environment().get_template(f"{template}.py.j2").render(self._variables)

    def clashes(self) -> Iterator[str]:
        """Yield the classes of the files that have the name of something imported there."""
        for template in self.paths:
            table = symtable.symtable(self.render(template), template, "exec")
            yield from (
                symbol.get_name()
                for symbol in table.get_symbols()
                if symbol.is_imported() and symbol.is_namespace()
            )

    @property
    def _variables(self) -> dict[str, Any]:
        noun = _NOUNS[self.family]
        is_form = self.family == "forms"
        prefix = noun[0]
        return {
            "name": self.name,
            "title": self.title,
            # A docstring with quotation marks or backslashes could end early.
            "plain_title": self.title.replace("\\", "").replace('"', "'"),
            "family": self.family,
            "family_member": _MEMBERS[self.family],
            "class_name": "".join(part.capitalize() for part in self.name.split("_")),
            "model_name": f"_{noun.capitalize()}",
            "noun": noun,
            "noun_plural": f"{noun}s",
            "builder": noun,
            "native_id": 'f"s{number}:q1"' if is_form else f'f"{prefix}{{number}}"',
            "sample_id": "s7:q1" if is_form else f"{prefix}7",
            "key": "form" if is_form else "account",
            "path": f"/v1/{'forms' if is_form else 'accounts'}/eastgate/{noun}s",
        }


def new_scaffold(
    name: str, family: FamilyName, title: str | None = None, reserved: Collection[str] = ()
) -> Scaffold:
    """Return the scaffold of a connector.

    Raises ``Misconfigured`` for a name that it cannot have, such as the ``reserved`` ones, which
    mean something else in the settings file or on the command line, and for a title that is not
    one line of text.
    """
    if keyword.iskeyword(name):
        raise Misconfigured(f"creating {name}: it is a Python keyword; choose another name")
    if not _NAME.fullmatch(name):
        raise Misconfigured(
            f"creating {name!r}: a name has lower-case letters, digits and _, and begins with a "
            "letter"
        )
    if name in sources():
        raise Misconfigured(f"creating {name}: a connector of this name exists")
    if name in reserved or name in _OTHER_SOURCES:
        raise Misconfigured(f"creating {name}: the name is taken; choose another name")
    title = name.replace("_", " ").title() if title is None else title.strip()
    if not title or len(title) > _MAX_TITLE_CHARACTERS or not title.isprintable():
        raise Misconfigured(
            f"creating {name}: a title has 1 to {_MAX_TITLE_CHARACTERS} characters on one line"
        )
    scaffold = Scaffold(name, family, title)
    if clash := next(scaffold.clashes(), None):
        raise Misconfigured(
            f"creating {name}: the class {clash} would hide what its module imports under this "
            "name; choose another name"
        )
    return scaffold


def find_checkout(start: Path) -> Path:
    """Return the checkout that a folder is in. Raises ``Misconfigured`` outside of one."""
    for folder in (start, *start.parents):
        if all((folder / marker).is_file() for marker in _MARKERS):
            return folder
    raise Misconfigured(f"creating a connector: {start} is not in a checkout of this project")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("connectors.runtime"),
        autoescape=False,  # noqa: S701 - Python, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["literal"] = _to_literal
    return environment


def _to_literal(text: str) -> str:
    """Return a text as Python source, with the quotation marks that the formatter prefers."""
    if '"' in text:
        return repr(text)
    return '"' + text.replace("\\", "\\\\") + '"'
