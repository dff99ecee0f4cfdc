"""Options of the file connector, and the messages for invalid ones."""

from __future__ import annotations

import codecs
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from connectors.file.columns.mapping import CONSTANTS, FIELDS, MEASURES
from connectors.file.values.dates import DATE_FORMATS, SHORT_FORMATS
from connectors.sdk.errors import Misconfigured
from schemas.feedback import Family
from schemas.field_types import parse_zone
from schemas.strict_model import StrictModel

Dataset = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class FileConfig(StrictModel):
    """The file to read, and how to read it."""

    path: Path | None = Field(description="The file; None or '-': standard input.")
    preset: str | None = Field(
        default=None, description="Preset of columns; default: guesses from well-known names."
    )
    dataset: Dataset | None = Field(
        default=None,
        description="Namespace of the ids; default: the preset's, or none. Never the file's name: "
        "the same comment has the same id in every file.",
    )
    columns: dict[str, str] = Field(default_factory=dict, description="Column by field name.")
    texts: tuple[str, ...] = Field(
        default=(), description="More columns with comments: each answer becomes a record."
    )
    attributes: dict[str, str] = Field(
        default_factory=dict, description="Columns to keep as attributes, by attribute name."
    )
    constants: dict[str, str] = Field(
        default_factory=dict,
        description="Fields with one value for every row: organization, site, service, …",
    )
    scales: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="Worst and best answer by measure."
    )
    family: Family | None = Field(
        default=None, description="Family of the records; default: the preset's, or form."
    )
    encoding: str | None = Field(default=None, description="Encoding; default: detected.")
    delimiter: str | None = Field(
        default=None, description="One character between cells, or 'tab'; default: detected."
    )
    moderators: tuple[str, ...] = Field(
        default=(),
        description="Speakers of a transcript who ask, and are left out; default: those whose "
        "label says so.",
    )
    sheet: str | None = Field(
        default=None,
        description="Name of a sheet of a workbook; default: those with the same known columns.",
    )
    header: bool = Field(
        default=True,
        description="The first row holds the column names; otherwise they are 1, 2, 3, …",
    )
    timezone: str | None = Field(
        default=None, description="Time zone of dates without one; default: the export's, or UTC."
    )
    date_format: str | None = Field(
        default=None,
        description=f"One of {', '.join(DATE_FORMATS)}, or a pattern such as '%d %b %Y'; default: "
        "the preset's, or detected.",
    )
    author_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the authors' pseudonyms; without it authors are left out.",
    )
    textless: bool = Field(
        default=False,
        description="Keep rows with a score and no text; one per submission that has several rows.",
    )
    is_import: bool = Field(
        default=False, description="Each record says which import brought it, to take it back."
    )
    backfill: bool = Field(default=False, description="The rows are history and raise no alerts.")
    keep_empty_answers: bool = Field(
        default=False,
        description="Keep answers that say nothing, such as N/A: people labelled them.",
    )
    redated: bool = Field(
        default=False,
        description="An earlier import may have read other dates: look for its records in every "
        "month.",
    )
    page_rows: int = Field(default=2_000, ge=1, description="Maximum number of rows per page.")


def validate_names(config: FileConfig) -> None:
    """Raise ``Misconfigured`` for unknown fields and date formats."""
    for kind, names, allowed in (
        ("column", config.columns, FIELDS),
        ("constant", config.constants, CONSTANTS),
        ("scale", config.scales, MEASURES),
    ):
        for name in names:
            if name not in allowed:
                raise Misconfigured(
                    f"mapping the {kind} of {name!r}: there are {', '.join(allowed)}"
                )
    form = config.date_format
    if form is not None and form not in (*DATE_FORMATS, *SHORT_FORMATS) and "%" not in form:
        raise Misconfigured(
            f"choosing the date format {form!r}: there are {', '.join(SHORT_FORMATS)}, "
            f"{', '.join(DATE_FORMATS)}, or a pattern such as %d.%m.%Y"
        )


def parse_timezone(name: str) -> tzinfo:
    """Return the time zone of that name; raise ``Misconfigured``."""
    try:
        return parse_zone(name)
    except ValueError as error:
        raise Misconfigured(f"choosing the time zone {name!r}: {error}") from None


def normalize_encoding(name: str | None) -> str | None:
    """Return Python's name of an encoding; raise ``Misconfigured``."""
    if name is None:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise Misconfigured(f"choosing the encoding {name!r}: Python does not know it") from None


def parse_delimiter(name: str | None) -> str | None:
    """Return the delimiter's one character; raise ``Misconfigured``."""
    if name is None:
        return None
    character = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(name, name)
    if len(character) != 1 or character in '"\r\n':
        raise Misconfigured(f"choosing the delimiter {name!r}: it must be one character, or tab")
    return character
