"""Layouts of columns: presets, the usual names, and exports that their header gives away."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from connectors.file.values.names import join_words, split_words
from connectors.sdk.errors import Misconfigured
from schemas.feedback import Family
from schemas.strict_model import StrictModel
from schemas.validation import first_fault, suggest_name


class SentimentLabels(StrictModel):
    """The column with a comment's sentiment as labelled by people, and the ends of its scale."""

    column: str
    best: float
    worst: float


class Labels(StrictModel):
    """Columns with labels by people; only training and evaluation read them."""

    licence: str = ""
    url: str = ""
    sentiment: SentimentLabels | None = None
    topics: dict[str, str] = Field(default_factory=dict)


class Preset(StrictModel):
    """A layout of columns, of ``presets.toml``, ``exports.toml`` or a file of the user's."""

    description: str = ""
    family: Family = Family.FORM
    dataset: str | None = None
    date_format: str = "auto"
    zone: str | None = None
    header: tuple[str, ...] = ()
    own_ids: bool = True
    other_headers: tuple[tuple[str, ...], ...] = ()
    only_if_first: tuple[str, ...] = ()
    questions: bool = False
    left_out: tuple[str, ...] = ()
    drop: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    no_date: tuple[str, ...] = ()
    no_text: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    scales: dict[str, tuple[float, float]] = Field(default_factory=dict)
    not_answered: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    values: dict[str, dict[str, float]] = Field(default_factory=dict)
    labels: Labels = Labels()


class FieldWords(StrictModel):
    """The words of a name that tell a field."""

    phrases: tuple[str, ...]
    stems: tuple[str, ...] = ()
    """Beginnings of words, of languages whose words have many forms."""
    not_: tuple[str, ...] = Field(default=(), alias="not")

    def rank(self, name: str) -> int | None:
        """Return the place of the first phrase whose words are all in a name, or None.

        Words may be joined: "starrating" has those of "star rating".
        """
        words = split_words(name)
        if set(words) & set(self.not_):
            return None
        joined = "".join(words)
        for place, phrase in enumerate(self.phrases):
            if set(words) >= set(phrase.split()) or joined == phrase.replace(" ", ""):
                return place
        if self.stems and any(word.startswith(self.stems) for word in words):
            return len(self.phrases)
        return None


class TextNames(StrictModel):
    """Names of columns with comments, from certain to possible."""

    firm: frozenset[str]
    loose: frozenset[str]
    answers: frozenset[str]
    hints: frozenset[str]
    not_: frozenset[str] = Field(alias="not")


_CODE: Final = re.compile(r"^\w+\. (?=\w)")
"""A code before a name: "submitdate. Date submitted"."""


@cache
def _load(file: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(file).read_text("utf-8")
    return tomllib.loads(text)


@cache
def load_presets() -> dict[str, Preset]:
    """Return every preset by name."""
    tables = _load("presets.toml")["presets"]
    return {name: Preset.model_validate(table) for name, table in tables.items()}


@cache
def load_exports() -> dict[str, Preset]:
    """Return the known exports by name."""
    return {name: Preset.model_validate(table) for name, table in _load("exports.toml").items()}


@cache
def load_guesses() -> Preset:
    """Return the default preset: well-known column names."""
    return Preset.model_validate(_load("presets.toml")["guess"])


@cache
def load_words() -> dict[str, FieldWords]:
    """Return the words of names by field."""
    tables = _load("presets.toml")["words"]
    return {field: FieldWords.model_validate(table) for field, table in tables.items()}


@cache
def load_text_names() -> TextNames:
    """Return the names of columns with comments."""
    return TextNames.model_validate(_load("presets.toml")["texts"])


def get_preset(name: str | None) -> Preset:
    """Return the preset of that name, or of a TOML file, or the guesses for None.

    Raises ``Misconfigured``.
    """
    if name is None:
        return load_guesses()
    every = {**load_exports(), **load_presets()}
    if name in every:
        return every[name]
    if name.endswith(".toml"):
        return _read_preset(Path(name))
    hint = suggest_name(name, every) or f"there are {', '.join(sorted(every))}, or a .toml file"
    raise Misconfigured(f"choosing the preset {name!r}: no such preset; {hint}")


def _read_preset(path: Path) -> Preset:
    try:
        return Preset.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        reason = (error.strerror or "it fails").lower()
        raise Misconfigured(f"reading the preset {path.name}: {reason}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise Misconfigured(f"reading the preset {path.name}: it is not valid TOML") from None
    except ValidationError as error:
        raise Misconfigured(f"reading the preset {path.name}: {first_fault(error)}") from None


def recognize_export(names: Collection[str]) -> tuple[str, Preset] | None:
    """Return the known export with these columns, by the longest header, or None."""
    present = {join_column_words(name) for name in names} | {
        name.strip().casefold() for name in names
    }
    first = join_column_words(next(iter(names), ""))
    best: tuple[int, str, Preset] | None = None
    for title, export in load_exports().items():
        if export.only_if_first and first not in map(join_words, export.only_if_first):
            continue
        for header in (export.header, *export.other_headers):
            is_there = all(join_words(name) in present for name in header)
            if is_there and (best is None or len(header) > best[0]):
                best = len(header), title, export
    return None if best is None else best[1:]


def join_column_words(name: str) -> str:
    """Return a name for comparison, without the code of a question before it."""
    return join_words(_CODE.sub("", name))


@cache
def known_names() -> frozenset[str]:
    """Return the column names of all presets, exports and guesses, folded."""
    every = (load_guesses(), *load_presets().values(), *load_exports().values())
    return frozenset().union(*map(list_names, every))


def list_names(preset: Preset) -> frozenset[str]:
    """Return the column names of a preset, folded."""
    return frozenset(
        " ".join(name.split()).casefold()
        for names in (
            *preset.columns.values(),
            *preset.attributes.values(),
            preset.header,
            *preset.other_headers,
        )
        for name in names
    )
