"""Map columns to fields: by preset, by well-known column names, and by the caller's options.

Third step of the file connector. The result, a ``Mapping``, is shown to the user.
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
from schemas.strict_model import StrictModel
from schemas.validation import suggest_name

MEASURES = ("stars", "nps", "csat", "ces", "fft")
FIELDS = (
    "text", "id", "created_at", "question", *MEASURES,
    "organization", "site", "service", "author", "language", "url",
)  # fmt: skip
CONSTANTS = ("question", "organization", "site", "service", "language", "url")


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
    """A section of ``presets.toml``."""

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
    """The column of every field, and how to read its cells."""

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
def _load_tables() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("presets.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def load_presets() -> dict[str, Preset]:
    """Return every preset by name."""
    return {name: Preset.model_validate(table) for name, table in _load_tables()["presets"].items()}


@cache
def load_guesses() -> Preset:
    """Return the default preset: well-known column names."""
    return Preset.model_validate(_load_tables()["guess"])


def get_preset(name: str | None) -> Preset:
    """Return the preset of that name, or the guesses for None; raise ``Misconfigured``."""
    if name is None:
        return load_guesses()
    if name in load_presets():
        return load_presets()[name]
    hint = suggest_name(name, load_presets()) or f"there are {', '.join(sorted(load_presets()))}"
    raise Misconfigured(f"choosing the preset {name!r}: no such preset; {hint}")


@cache
def known_names() -> frozenset[str]:
    """Return the column names of all presets and guesses, folded."""
    every = (load_guesses(), *load_presets().values())
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
    """Return the mapping of a preset and the caller's options onto the columns ``names``.

    ``stated`` is the caller's column by field; ``where`` names the file in messages.

    Raises:
        Misconfigured: a stated column is missing, or the text has no column.
    """
    by_fold = {fold(name): name for name in reversed(names) if name}
    columns: dict[str, str] = {}
    taken: set[str] = set()
    for field, column in stated.items():
        columns[field] = _find_column(column, by_fold, names, where)
        taken.add(columns[field])
    for field, candidates in chosen.columns.items():
        column_name = _first_match(candidates, by_fold, taken)
        if field not in columns and column_name is not None:
            columns[field] = column_name
            taken.add(column_name)
    if "text" not in columns:
        raise Misconfigured(
            f"reading {where}: no column for the text; --map text=COLUMN names one of "
            f"{_join_names(names)}"
        )
    kept = {
        name: _find_column(column, by_fold, names, where) for name, column in attributes.items()
    }
    for name, candidates in chosen.attributes.items():
        # A submission is often identified by the same column as its author.
        column_name = _first_match(candidates, by_fold, set() if name == SUBMISSION else taken)
        if column_name is not None:
            kept.setdefault(name, column_name)
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


def collect_names(rows: Sequence[Row]) -> list[str]:
    """Return the column names of rows that have their own, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def fold(text: str) -> str:
    """Return text for comparing names and answers, regardless of case and white space."""
    return " ".join(text.split()).casefold()


def _first_match(candidates: Sequence[str], by_fold: dict[str, str], taken: set[str]) -> str | None:
    for candidate in candidates:
        column = by_fold.get(fold(candidate))
        if column is not None and column not in taken:
            return column
    return None


def _find_column(column: str, by_fold: dict[str, str], names: Sequence[str], where: str) -> str:
    column_name = column if column in names else by_fold.get(fold(column))
    if column_name is None:
        hint = suggest_name(column, by_fold.values(), quoted=True)
        hint = hint or f"there are {_join_names(names)}"
        raise Misconfigured(f"reading {where}: no column {column!r}; {hint}")
    return column_name


def _join_names(names: Sequence[str]) -> str:
    shown = [name for name in names if name][:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(shown) + more
