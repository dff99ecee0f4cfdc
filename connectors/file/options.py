"""What a user may state of a file, and the sentences for what can't be."""

from __future__ import annotations

import codecs
from datetime import tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.file.cells import DATE_FORMATS, SHORT_FORMATS
from connectors.file.mapping import CONSTANTS, FIELDS, MEASURES
from connectors.sdk.errors import Misconfigured
from schemas.feedback import Family

Dataset = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class FileConfig(BaseModel):
    """What to read, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = Field(description="The file; None or '-': standard input.")
    preset: str | None = Field(
        default=None, description="Preset of columns; default: guesses from well-known names."
    )
    dataset: Dataset | None = Field(
        default=None,
        description="What the ids belong to; default: the preset's, or the file's name without "
        "its endings, or 'stdin'.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="Column of a field, by the field's name."
    )
    attributes: dict[str, str] = Field(
        default_factory=dict, description="Further columns to keep, by the attribute's name."
    )
    constants: dict[str, str] = Field(
        default_factory=dict,
        description="Fields that are the same in every row: organization, site, service, …",
    )
    scales: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="Worst and best answer, by the measure's name."
    )
    family: Family | None = Field(
        default=None, description="Family of the records; default: the preset's, or form."
    )
    encoding: str | None = Field(default=None, description="Encoding; default: found out.")
    delimiter: str | None = Field(
        default=None, description="One character between cells, or 'tab'; default: found out."
    )
    sheet: str | None = Field(
        default=None,
        description="Sheet of an Excel workbook, by its name; default: the first visible one.",
    )
    header: bool = Field(
        default=True, description="Whether the first row names the columns; else 1, 2, 3, …"
    )
    timezone: str = Field(default="UTC", description="Time zone of dates that name none.")
    date_format: str | None = Field(
        default=None,
        description=f"One of {', '.join(DATE_FORMATS)}, or a pattern such as '%d %b %Y'; default: "
        "the preset's, or found out.",
    )
    author_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the authors' pseudonyms; without one authors are left out.",
    )
    textless: bool = Field(
        default=False,
        description="Whether a row with a score and no text is feedback too; where several rows "
        "are one submission, one of them.",
    )
    backfill: bool = Field(
        default=False, description="Whether the rows are history, and no news to alert on."
    )
    page_rows: int = Field(default=2_000, ge=1, description="Most rows in one page.")


def check_names(config: FileConfig) -> None:
    """Refuse fields and formats that there are not; raises ``Misconfigured``."""
    for what, given, allowed in (
        ("column", config.columns, FIELDS),
        ("constant", config.constants, CONSTANTS),
        ("scale", config.scales, MEASURES),
    ):
        for name in given:
            if name not in allowed:
                raise Misconfigured(
                    f"mapping the {what} of {name!r}: there are {', '.join(allowed)}"
                )
    form = config.date_format
    if form is not None and form not in (*DATE_FORMATS, *SHORT_FORMATS) and "%" not in form:
        raise Misconfigured(
            f"choosing the date format {form!r}: there are {', '.join(SHORT_FORMATS)}, "
            f"{', '.join(DATE_FORMATS)}, or a pattern such as %d.%m.%Y"
        )


def zone_of(name: str) -> tzinfo:
    """The time zone of a name; raises ``Misconfigured``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(
            f"choosing the time zone {name!r}: there is none of that name; one is Europe/London"
        ) from None


def encoding_named(name: str | None) -> str | None:
    """The encoding's usual name; raises ``Misconfigured``."""
    if name is None:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise Misconfigured(f"choosing the encoding {name!r}: Python knows none of it") from None


def delimiter_of(given: str | None) -> str | None:
    """One character; raises ``Misconfigured``."""
    if given is None:
        return None
    character = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(given, given)
    if len(character) != 1 or character in '"\r\n':
        raise Misconfigured(f"choosing the delimiter {given!r}: it must be one character, or tab")
    return character
