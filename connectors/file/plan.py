"""Decide how a file is read: what is stated, and what the look at all of its rows has shown."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, Protocol

from connectors.file.choose import ColumnChooser
from connectors.file.columns.look import Look, look_at
from connectors.file.columns.mapping import Mapping, fold
from connectors.file.columns.presets import (
    Preset,
    load_exports,
    load_guesses,
    recognize_export,
)
from connectors.file.columns.profile import Column
from connectors.file.options import FileConfig, parse_timezone
from connectors.file.tables.rows import Dialect, Row
from connectors.file.values.date_evidence import DateChoice, DateEvidence
from connectors.file.values.dates import DAY_MONTH, MONTH_DAY, SHORT_FORMATS, build_date_parser
from connectors.sdk.errors import BadRecord, Fatal, Misconfigured
from schemas.feedback import Family

_MAX_ESTIMATED_SHARE: Final = 0.1
_MAX_ESTIMATED: Final = 2
_PLAIN_FORMATS: Final = frozenset({"auto", "iso", "epoch"})


class Source(Protocol):
    """A source of bytes."""

    @property
    def name(self) -> str:
        """Name in messages."""

    @property
    def modified_at(self) -> datetime:
        """Time of the last change."""


@dataclass(frozen=True)
class Origin:
    """The source of the rows, and how they are written."""

    dialect: Dialect
    dataset: str
    source: Source


@dataclass(frozen=True)
class ReadPlan:
    """The options of one file, stated and detected."""

    dialect: Dialect
    mapping: Mapping
    family: Family
    dataset: str
    """Name of the import, in messages."""
    namespace: str
    """Prefix of the ids; "" without one."""
    zone: tzinfo
    undated: datetime | None
    """Time of every row, if no column holds it."""
    look: Look
    export: str | None
    """Description of the known export that the header is one of."""
    dates: DateChoice
    is_redated: bool
    """True if another import of the same rows may read other dates."""
    estimates_dates: bool
    """True if the few rows without a readable date take that of the row before."""

    def find_first_date(self) -> datetime | None:
        """Return the first date of the file, which rows above it take."""
        evidence = self.look.columns[self.mapping.columns["created_at"]].dates
        parse = build_date_parser(self.dates.date_format, self.zone)
        with suppress(BadRecord):
            return parse(evidence.first if evidence else "")
        return None


def build_plan(
    config: FileConfig, preset: Preset, rows: Iterable[Row], names: Sequence[str], origin: Origin
) -> ReadPlan:
    """Look at all rows, and return how they are read.

    Raises:
        Misconfigured: an option names no column, or no column holds texts.
        Fatal: a spreadsheet has swapped days and months, or no row is below the header.
    """
    where = origin.source.name
    look = look_at(rows, names, config.columns.get("created_at"))
    if not look.rows:
        raise Fatal(f"reading {where}: it has no rows after its header")
    recognized = _recognize_export(look) if preset is load_guesses() else None
    title, export = recognized or ("", preset)
    mapping = ColumnChooser(look, export, config, where).choose()
    zone_name = _choose_zone(config, export, look, mapping)
    dates, mapping = _choose_dates(config, mapping, look, zone_name, where)
    column = mapping.columns.get("created_at")
    if config.date_format is not None and column is not None:
        _require_readable(dates.date_format, parse_timezone(zone_name), look.columns[column], where)
    return ReadPlan(
        dialect=origin.dialect,
        mapping=mapping,
        family=config.family or export.family,
        dataset=config.dataset or export.dataset or origin.dataset,
        namespace=config.dataset or export.dataset or title,
        zone=parse_timezone(zone_name),
        undated=None if column is not None else origin.source.modified_at,
        look=look,
        export=export.description if recognized else None,
        dates=dates,
        is_redated=_is_redated(config, mapping),
        estimates_dates=column is not None and _may_estimate(look, mapping, column),
    )


def _require_readable(date_format: str, zone: tzinfo, column: Column, where: str) -> None:
    """Raise ``Misconfigured`` if no date can be read in the format that is stated."""
    parse = build_date_parser(date_format, zone)
    for cell in column.values:
        with suppress(BadRecord):
            parse(cell)
            return
    if column.values:
        raise Misconfigured(
            f"reading {where}: no cell of the column {column.name!r} is a date in the format "
            f"{date_format}; without --date-format it is detected"
        )


def _recognize_export(look: Look) -> tuple[str, Preset] | None:
    """Return the known export that the names of the columns tell, or the row below them."""
    if look.has_import_ids or (look.questions and "ResponseId" in look.columns):
        return "qualtrics", load_exports()["qualtrics"]
    return recognize_export(list(look.columns))


def describe_mapping(mapping: Mapping) -> str:
    """Return what of a mapping decides the records, for comparison."""
    described = mapping.model_dump(exclude={"left_out", "scores_left_out", "unhashed"})
    return repr(_sort(described))


def _sort(value: object) -> object:
    if isinstance(value, dict):
        return [(key, _sort(value[key])) for key in sorted(value)]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _choose_zone(config: FileConfig, export: Preset, look: Look, mapping: Mapping) -> str:
    if config.timezone is not None:
        return config.timezone
    column = mapping.columns.get("created_at", "")
    if "utc" in fold(column) or "gmt" in fold(column):
        return "UTC"
    for name in (look.zone, export.zone):
        if name is not None and name in zoneinfo.available_timezones():
            return name
    return "UTC"


def _choose_dates(
    config: FileConfig, mapping: Mapping, look: Look, zone: str, where: str
) -> tuple[DateChoice, Mapping]:
    """Return the format of the dates with its certainty, and the mapping with it."""
    column = mapping.columns.get("created_at")
    evidence = look.columns[column].dates if column is not None else None
    if config.date_format is not None:
        form = SHORT_FORMATS.get(config.date_format, config.date_format)
        choice = DateChoice(form, "certain", "it is stated")
    elif mapping.date_format != "auto":
        choice = DateChoice(mapping.date_format, "certain", "the preset says so")
    elif evidence is None:
        choice = DateChoice("auto", "certain", "")
    else:
        if evidence.is_half_converted():
            raise Fatal(_describe_half_converted(where, column or ""))
        choice = _weigh_other_columns(evidence.choose(zone), look, column or "", zone)
    return choice, mapping.model_copy(update={"date_format": choice.date_format})


def _weigh_other_columns(choice: DateChoice, look: Look, column: str, zone: str) -> DateChoice:
    """Return the order that another column of dates proves, if the column's own does not."""
    if choice.certainty == "certain":
        return choice
    for other in look.columns.values():
        if other.dates is None or other.name == column:
            continue
        proof = other.dates.choose(zone)
        if proof.certainty == "certain" and proof.date_format in (DAY_MONTH, MONTH_DAY):
            return DateChoice(proof.date_format, "likely", f"the column {other.name!r} is")
    return choice


def _describe_half_converted(where: str, column: str) -> str:
    return (
        f"reading {where}: a spreadsheet has swapped days and months in the column {column!r}: it "
        "made dates of those that can be read month first, with days up to 12 only, and left the "
        "others as text. Export it again with the column as text, or with the year first; or state "
        "--date-format dmy to read the dates as they are"
    )


def _is_redated(config: FileConfig, mapping: Mapping) -> bool:
    stated = config.date_format or config.timezone or {"created_at", "time"} & config.columns.keys()
    ambiguous = mapping.date_format not in _PLAIN_FORMATS
    return bool(config.redated or stated or ambiguous or "created_at" not in mapping.columns)


def _may_estimate(look: Look, mapping: Mapping, name: str) -> bool:
    """Return True if only a few rows have no readable date, so that those around tell theirs."""
    column = look.columns[name]
    if "%" in mapping.date_format or column.dates is None:
        return False
    failed = count_undated(column.dates, mapping.date_format, look.rows - column.filled)
    readable = look.rows - failed
    is_few = failed <= _MAX_ESTIMATED_SHARE * look.rows or failed <= min(
        _MAX_ESTIMATED, readable // 2
    )
    return failed > 0 and readable > 0 and is_few


def count_undated(dates: DateEvidence, date_format: str, missing: int) -> int:
    """Return the number of rows without a date that the format can read."""
    return dates.count_failed(date_format) + max(0, missing)
