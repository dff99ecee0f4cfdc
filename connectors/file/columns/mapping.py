"""The column of every field, and how to read its cells. The result is shown to the user."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from connectors.file.tables.rows import Row
from connectors.file.values.scores import Scale

MEASURES = ("stars", "nps", "csat", "ces", "fft")
FIELDS = (
    "text", "id", "created_at", "time", "question", *MEASURES,
    "organization", "site", "service", "author", "language", "url",
)  # fmt: skip
CONSTANTS = ("question", "organization", "site", "service", "language", "url")


class TextColumn(BaseModel):
    """A column with comments, and the question that they answer, if its name is one."""

    model_config = ConfigDict(frozen=True)

    column: str
    question: str | None = None
    measures: dict[str, str] = Field(default_factory=dict)
    """Columns with scores of its own, by measure."""


class Mapping(BaseModel):
    """The columns of a file, and how to read their cells."""

    model_config = ConfigDict(frozen=True)

    columns: dict[str, str]
    """By field; ``text`` is the first of the texts."""
    texts: tuple[TextColumn, ...]
    attributes: dict[str, str]
    constants: dict[str, str]
    date_format: str = "auto"
    no_date: tuple[str, ...] = ()
    other_dates: tuple[str, ...] = ()
    """Columns that hold a date where the date's own cell has none."""
    no_text: frozenset[str] = frozenset()
    scales: dict[str, Scale] = Field(default_factory=dict)
    not_answered: dict[str, frozenset[str]] = Field(default_factory=dict)
    drop: dict[str, frozenset[str]] = Field(default_factory=dict)
    identity: str | None = None
    """The column with the source's own id of a comment, if it has one."""
    unhashed: frozenset[str] = frozenset()
    """Columns that do not make a comment what it is: row numbers, and what names people."""
    left_out: tuple[str, ...] = ()
    scores_left_out: tuple[str, ...] = ()
    """Those of them whose cells are scores."""

    @property
    def has_several_texts(self) -> bool:
        """True if a row may become several records."""
        return len(self.texts) > 1

    def describe(self) -> ReadOnly[str, str]:
        """Return the columns by field, as options name them."""
        fields = dict(self.columns)
        fields |= {f"attributes.{name}": column for name, column in self.attributes.items()}
        return fields


def collect_names(rows: Sequence[Row]) -> list[str]:
    """Return the column names of rows that have their own, in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def fold(text: str) -> str:
    """Return text for comparing names and answers, regardless of case and white space."""
    return " ".join(text.split()).casefold()


def join_names(names: Sequence[str], limit: int = 40) -> str:
    """Return names in quotes, as they can be copied into an option."""
    shown = [repr(name) for name in names if name]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more
