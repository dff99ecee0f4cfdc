"""Columns into fields: presets, guesses from well-known names, and what the caller states.

Third step of the file connector. A ``Mapping`` is what came out, and can be shown to people.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.file.rows import Row
from connectors.sdk.errors import Misconfigured
from schemas.feedback import SUBMISSION, Family
from schemas.validation import suggest_name

MEASURES = ("stars", "nps", "csat", "ces", "fft")
FIELDS = (
    "text", "id", "created_at", "question", *MEASURES,
    "organization", "site", "service", "author", "language", "url",
)  # fmt: skip
CONSTANTS = ("question", "organization", "site", "service", "language", "url")


class SentimentLabels(BaseModel):
    """The column in which readers wrote how a comment sounds, and the ends of its scale."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    best: float
    worst: float


class Labels(BaseModel):
    """Columns in which readers labelled the comments; only training and evaluation read them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str = ""
    url: str = ""
    sentiment: SentimentLabels | None = None
    topics: dict[str, str] = Field(default_factory=dict)


class Preset(BaseModel):
    """A section of ``presets.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    family: Family = Family.FORM
    dataset: str | None = None
    date_format: str = "auto"
    no_text: tuple[str, ...] = ()
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    scales: dict[str, tuple[float, float]] = Field(default_factory=dict)
    not_answered: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    values: dict[str, dict[str, float]] = Field(default_factory=dict)
    labels: Labels = Labels()


class Mapping(BaseModel):
    """Which column every field comes from, and how its cells are read."""

    model_config = ConfigDict(frozen=True)

    columns: dict[str, str]
    attributes: dict[str, str]
    constants: dict[str, str]
    date_format: str
    no_text: frozenset[str]
    scales: dict[str, tuple[float, float]]
    not_answered: dict[str, frozenset[str]]
    values: dict[str, dict[str, float]]
    left_out: tuple[str, ...]


@cache
def _tables() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("presets.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def presets() -> dict[str, Preset]:
    """Every preset by its name."""
    return {name: Preset.model_validate(table) for name, table in _tables()["presets"].items()}


@cache
def guesses() -> Preset:
    """What stands in for a preset where none is named: well-known column names."""
    return Preset.model_validate(_tables()["guess"])


def preset(name: str | None) -> Preset:
    """The preset of that name, or the guesses for None. Raises ``Misconfigured``."""
    if name is None:
        return guesses()
    if name in presets():
        return presets()[name]
    hint = suggest_name(name, presets()) or f"there are {', '.join(sorted(presets()))}"
    raise Misconfigured(f"choosing the preset {name!r}: there is none of that name; {hint}")


@cache
def known_names() -> frozenset[str]:
    """Column names that some preset or guess knows, folded."""
    every = (guesses(), *presets().values())
    return frozenset(
        fold(name)
        for table in every
        for names in (*table.columns.values(), *table.attributes.values())
        for name in names
    )


def map_columns(
    names: Sequence[str],
    chosen: Preset,
    *,
    stated: dict[str, str],
    attributes: dict[str, str],
    constants: dict[str, str],
    scales: dict[str, tuple[float, float]],
    where: str,
) -> Mapping:
    """Bring a preset and what the caller states together with the columns that there are.

    Raises ``Misconfigured`` where a stated column or the text's is missing.
    """
    by_fold = {fold(name): name for name in reversed(names) if name}
    columns: dict[str, str] = {}
    taken: set[str] = set()
    for field, column in stated.items():
        columns[field] = _stated(column, by_fold, names, where)
        taken.add(columns[field])
    for field, candidates in chosen.columns.items():
        found = _first(candidates, by_fold, taken)
        if field not in columns and found is not None:
            columns[field] = found
            taken.add(found)
    if "text" not in columns:
        raise Misconfigured(
            f"reading {where}: no column for the text; --map text=COLUMN names one of "
            f"{_listed(names)}"
        )
    kept = {name: _stated(column, by_fold, names, where) for name, column in attributes.items()}
    for name, candidates in chosen.attributes.items():
        # What tells submissions apart is often what tells people apart.
        found = _first(candidates, by_fold, set() if name == SUBMISSION else taken)
        if found is not None:
            kept.setdefault(name, found)
    used = taken | set(kept.values())
    return Mapping(
        columns=columns,
        attributes=kept,
        constants={**chosen.constants, **constants},
        date_format=chosen.date_format,
        no_text=frozenset(fold(text) for text in chosen.no_text),
        scales={**chosen.scales, **scales},
        not_answered={
            field: frozenset(fold(answer) for answer in answers)
            for field, answers in chosen.not_answered.items()
        },
        values={
            field: {fold(word): value for word, value in words.items()}
            for field, words in chosen.values.items()
        },
        left_out=tuple(name for name in names if name and name not in used),
    )


def names_of(rows: Sequence[Row]) -> list[str]:
    """The columns of rows that bring their own names, in the order of their appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def fold(text: str) -> str:
    """The form in which names and answers are compared: case and white space do not matter."""
    return " ".join(text.split()).casefold()


def _first(candidates: Sequence[str], by_fold: dict[str, str], taken: set[str]) -> str | None:
    for candidate in candidates:
        column = by_fold.get(fold(candidate))
        if column is not None and column not in taken:
            return column
    return None


def _stated(column: str, by_fold: dict[str, str], names: Sequence[str], where: str) -> str:
    found = column if column in names else by_fold.get(fold(column))
    if found is None:
        hint = suggest_name(column, by_fold.values(), quoted=True)
        hint = hint or f"there are {_listed(names)}"
        raise Misconfigured(f"reading {where}: no column {column!r}; {hint}")
    return found


def _listed(names: Sequence[str]) -> str:
    shown = [name for name in names if name][:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(shown) + more
