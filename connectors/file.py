"""``file``: CSV and JSON Lines, from a path or standard input, gzip'd or not.

Encoding, delimiter, date format and columns are found out where they are not stated. An
interrupted run goes on where the broker had acknowledged; the same row always gets the same id.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors._base import Connector, Item, Page
from connectors._errors import BadRecord, Fatal, Misconfigured
from connectors._files.cells import DATE_FORMATS, SHORT_FORMATS, date_format_of
from connectors._files.detect import dialect_of, encoding_of, sample_rows
from connectors._files.mapping import (
    CONSTANTS,
    FIELDS,
    MEASURES,
    Mapping,
    known_names,
    map_columns,
    names_of,
    preset,
)
from connectors._files.reader import Identified, RowReader
from connectors._files.rows import Dialect, Row, read_rows
from connectors._files.source import HEAD_BYTES, Source
from schemas._record import deterministic_id
from schemas.feedback import Family, Feedback

_PAGE_BYTES = 8_000_000

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
    page_rows: int = Field(default=2_000, ge=1, description="Most rows in one page.")


@dataclass(frozen=True)
class Plan:
    """How one file is going to be read: what was stated and what was found out."""

    dialect: Dialect
    mapping: Mapping
    family: Family
    dataset: str
    zone: tzinfo
    undated: datetime | None
    """The time of every row, where there is no column for it."""


class FileConnector(Connector):
    """Reads the rows of one file. Raises ``Fatal`` for what can't be read as a whole."""

    name: ClassVar[str] = "file"
    Config: ClassVar[type[BaseModel]] = FileConfig

    def __init__(self, config: FileConfig) -> None:
        self.config = config
        path = None if config.path is None or str(config.path) == "-" else config.path
        self.source = Source(path)

    @property
    def family(self) -> Family:
        """The stated family, or the preset's, or form."""
        return self.plan.family

    @cached_property
    def instance(self) -> str | None:
        """Dataset, likeness of the content, and likeness of how it is read.

        Whoever corrects a mapping wants the file read anew, under the same ids.
        """
        content = self.source.fingerprint()
        if content is None:
            return None
        plan = self.plan
        how = deterministic_id(
            plan.mapping.model_dump_json(exclude={"left_out", "no_text", "not_answered"}),
            *sorted(plan.mapping.no_text),
            plan.family,
            str(plan.dialect),
            str(plan.zone),
            str(bool(self.config.author_key.get_secret_value())),
        )
        return f"{plan.dataset}/{content}/{how[:8]}"

    @cached_property
    def plan(self) -> Plan:
        """How the file is going to be read. Raises ``Fatal`` or ``Misconfigured``."""
        config, head = self.config, self.source.head
        _check_names(config)
        chosen = preset(config.preset)
        zone = _zone(config.timezone)
        if head.lstrip()[:1] == b"[":
            raise Fatal(
                f"reading {self.source.name}: it is a JSON array; JSON Lines has one object a line"
            )
        dialect = dialect_of(
            head,
            _encoding(config.encoding) or encoding_of(self.source.beyond_ascii()),
            delimiter=_delimiter(config.delimiter),
            header=config.header,
            known_names=known_names() | {name.casefold() for name in config.columns.values()},
        )
        names, sample = sample_rows(head, dialect)
        if not sample and len(head) < HEAD_BYTES:
            raise Fatal(f"reading {self.source.name}: there is no row after its header")
        if dialect.json_lines:
            names = list(dict.fromkeys([*names_of(sample), *config.columns.values()]))
        mapping = map_columns(
            names,
            chosen,
            stated=config.columns,
            attributes=config.attributes,
            constants=config.constants,
            scales=config.scales,
            where=self.source.name,
        )
        mapping = _found_out(mapping, sample, config.date_format)
        dated = "created_at" in mapping.columns
        return Plan(
            dialect=dialect,
            mapping=mapping,
            family=config.family or chosen.family,
            dataset=config.dataset or chosen.dataset or self._stem(),
            zone=zone,
            undated=None if dated else self.source.modified_at,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read all rows; the pages before ``cursor`` come marked as acknowledged.

        Reading is cheap, and the ordinals of identical rows need every row before.
        """
        plan = self.plan
        done = 0 if cursor is None else int(orjson.loads(cursor)["rows"])
        identify = _Identities(plan.mapping.columns.get("id"))
        total, count = self.source.size, 0
        with self.source.unpacked() as (stream, raw):
            _, rows = read_rows(stream, plan.dialect)
            for page in _paged(rows, self.config.page_rows, done):
                now = datetime.now(UTC)
                count += len(page)
                items = [
                    Item(
                        data=identify(row) if row.fault is None else BadRecord(row.fault),
                        origin=f"{plan.dataset}:line {row.line}",
                        payload=row.raw,
                        collected_at=now,
                    )
                    for row in page
                ]
                position = orjson.dumps({"rows": count}).decode()
                yield Page(items, position, raw.tell(), total, acknowledged=count <= done)
            yield Page((), orjson.dumps({"rows": count, "done": True}).decode(), total or 0, total)

    def parse(self, item: Item) -> Feedback:
        """Read one row."""
        if isinstance(item.data, BadRecord):
            raise item.data
        return self._reader.read(item.data, item.collected_at)

    @staticmethod
    def is_done(cursor: str | None) -> bool:
        """Whether a cursor stands behind the last row."""
        return cursor is not None and bool(orjson.loads(cursor).get("done"))

    @cached_property
    def _reader(self) -> RowReader:
        plan = self.plan
        return RowReader(
            plan.mapping,
            source=self.name,
            dataset=plan.dataset,
            family=plan.family,
            zone=plan.zone,
            author_key=self.config.author_key.get_secret_value().encode(),
            undated=plan.undated or datetime.now(UTC),
        )

    def _stem(self) -> str:
        if self.source.path is None:
            return "stdin"
        name = self.source.path.name.removesuffix(".gz")
        return (name.rsplit(".", 1)[0] or name)[:200]


class _Identities:
    """The identity of rows that bring none: a likeness of the row, and its ordinal among
    identical rows, so that reading the file again gives the same.

    Holds some hundred bytes for each such row.
    """

    def __init__(self, id_column: str | None) -> None:
        self._id_column = id_column
        self._seen: Counter[bytes] = Counter()

    def __call__(self, row: Row) -> Identified:
        values = row.values
        if self._id_column is not None and values.get(self._id_column, "").strip():
            return Identified(values, None)
        digest = hashlib.sha256()
        for cell in values.values():
            encoded = cell.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(encoded))
            digest.update(encoded)
        likeness = digest.digest()[:16]
        self._seen[likeness] += 1
        ordinal = self._seen[likeness]
        return Identified(values, likeness.hex() + (f"-{ordinal}" if ordinal > 1 else ""))


def _paged(rows: Iterator[Row], most: int, done: int) -> Iterator[list[Row]]:
    """Rows in pages; one page ends exactly after the row ``done``."""
    page: list[Row] = []
    size = 0
    for count, row in enumerate(rows, start=1):
        page.append(row)
        size += len(row.raw)
        if len(page) >= most or size >= _PAGE_BYTES or count == done:
            yield page
            page, size = [], 0
    if page:
        yield page


def _found_out(mapping: Mapping, sample: list[Row], date_format: str | None) -> Mapping:
    """The mapping with the date format and the scale that the first rows show."""
    changes: dict[str, object] = {}
    if date_format is not None:
        changes["date_format"] = SHORT_FORMATS.get(date_format, date_format)
    elif mapping.date_format == "auto" and (column := mapping.columns.get("created_at")):
        changes["date_format"] = date_format_of(row.values.get(column, "") for row in sample)
    return mapping.model_copy(update=changes)


def _check_names(config: FileConfig) -> None:
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


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(
            f"choosing the time zone {name!r}: there is none of that name; one is Europe/London"
        ) from None


def _encoding(name: str | None) -> str | None:
    import codecs

    if name is None:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise Misconfigured(f"choosing the encoding {name!r}: Python knows none of it") from None


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    character = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(given, given)
    if len(character) != 1 or character in '"\r\n':
        raise Misconfigured(f"choosing the delimiter {given!r}: it must be one character, or tab")
    return character
