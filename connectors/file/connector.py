"""``file``: CSV, JSON Lines and Excel, from a path or standard input, gzip'd or not.

Encoding, delimiter, date format and columns are found out where they are not stated. An
interrupted run goes on where the broker had acknowledged; the same row always gets the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from itertools import islice
from typing import ClassVar

import orjson
from pydantic import BaseModel

from connectors.file.byte_source import HEAD_BYTES, Source
from connectors.file.cells import SHORT_FORMATS, date_format_of
from connectors.file.detect import SAMPLE_ROWS, dialect_of, encoding_of, sample_rows
from connectors.file.mapping import MEASURES, Mapping, known_names, map_columns, names_of, preset
from connectors.file.options import FileConfig, check_names, delimiter_of, encoding_named, zone_of
from connectors.file.reader import Identified, Identities, RowReader
from connectors.file.rows import SINGLE_COLUMN, Dialect, Row, read_rows
from connectors.file.submissions import Submissions
from connectors.file.workbook import opened, sheet_rows
from connectors.sdk.base import Connector, Item, Page
from connectors.sdk.errors import BadRecord, Fatal, Misconfigured
from schemas.feedback import SUBMISSION, Family, Feedback
from schemas.record import deterministic_id

_PAGE_BYTES = 8_000_000


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
    def instance_key(self) -> str | None:
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
            *(["textless"] if self.config.textless else []),
        )
        return f"{plan.dataset}/{content}/{how[:8]}"

    @cached_property
    def plan(self) -> Plan:
        """How the file is going to be read. Raises ``Fatal`` or ``Misconfigured``."""
        config = self.config
        check_names(config)
        chosen = preset(config.preset)
        zone = zone_of(config.timezone)
        look = self._look_at_sheet if self.source.is_archive else self._look_at_text
        dialect, dataset, names, sample = look()
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
            dataset=config.dataset or chosen.dataset or dataset,
            zone=zone,
            undated=None if dated else self.source.modified_at,
        )

    def _look_at_text(self) -> tuple[Dialect, str, list[str], list[Row]]:
        """Dialect, dataset, columns and first rows of CSV or JSON Lines."""
        config, head = self.config, self.source.head
        if config.sheet is not None:
            raise Misconfigured(
                f"reading {self.source.name}: it is no Excel workbook and has no sheets"
            )
        if head.lstrip()[:1] == b"[":
            raise Fatal(
                f"reading {self.source.name}: it is a JSON array; JSON Lines has one object a line"
            )
        dialect = dialect_of(
            head,
            encoding_named(config.encoding) or encoding_of(self.source.beyond_ascii()),
            delimiter=delimiter_of(config.delimiter),
            header=config.header,
            known_names=known_names() | {name.casefold() for name in config.columns.values()},
        )
        names, sample = sample_rows(head, dialect)
        if not sample and len(head) < HEAD_BYTES:
            raise Fatal(f"reading {self.source.name}: there is no row after its header")
        if dialect.json_lines:
            names = list(dict.fromkeys([*names_of(sample), *config.columns.values()]))
        return dialect, self._stem(), names, sample

    def _look_at_sheet(self) -> tuple[Dialect, str, list[str], list[Row]]:
        """The same of a workbook's sheet; another sheet than the first is a dataset of its own."""
        config, source = self.config, self.source
        with source.archive() as file, opened(file, config.sheet, source.name) as sheet:
            dialect = Dialect("utf-8", SINGLE_COLUMN, header=config.header, sheet=sheet.title)
            names, rows = sheet_rows(sheet, header=config.header)
            sample = list(islice(rows, SAMPLE_ROWS))
            if not sample:
                raise Fatal(
                    f"reading {source.name}: there is no row after the header of the sheet "
                    f"{sheet.title!r}"
                )
            dataset = self._stem() if sheet.is_default else f"{self._stem()}/{sheet.title}"
        return dialect, dataset, names, sample

    @contextmanager
    def _rows(self) -> Iterator[tuple[Iterator[Row], Callable[[], int]]]:
        """All rows, and how many bytes have been read for them."""
        dialect, source = self.plan.dialect, self.source
        if dialect.sheet is None:
            with source.unpacked(twice=self._joins) as (stream, raw):
                yield read_rows(stream, dialect)[1], raw.tell
        else:
            with source.archive() as file, opened(file, dialect.sheet, source.name) as sheet:
                yield sheet_rows(sheet, header=dialect.header)[1], file.tell

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read all rows; the pages before ``cursor`` come marked as acknowledged.

        Reading is cheap, and the ordinals of identical rows need every row before.
        """
        plan = self.plan
        done = 0 if cursor is None else int(orjson.loads(cursor)["rows"])
        identify = Identities(plan.mapping.columns.get("id"))
        submissions = self._submissions()
        total, count = self.source.size, 0
        with self._rows() as (rows, tell):
            for page in _paged(rows, self.config.page_rows, done):
                now = datetime.now(UTC)
                count += len(page)
                items = [
                    Item(
                        data=_read(row, identify, submissions),
                        origin=f"{plan.dataset}:line {row.line}",
                        payload=row.raw,
                        collected_at=now,
                    )
                    for row in page
                ]
                position = orjson.dumps({"rows": count}).decode()
                yield Page(items, position, tell(), total, acknowledged=count <= done)
            yield Page((), orjson.dumps({"rows": count, "done": True}).decode(), total or 0, total)

    @property
    def _joins(self) -> bool:
        """Whether a row without a text may be of a submission that has one in another row."""
        mapping = self.plan.mapping
        scored = any(name in mapping.columns for name in MEASURES)
        return self.config.textless and scored and SUBMISSION in mapping.attributes

    def _submissions(self) -> Submissions | None:
        if not self._joins:
            return None
        with self._rows() as (rows, _):
            return Submissions(self._reader, rows)

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
            textless=self.config.textless,
            backfill=self.config.backfill,
        )

    def _stem(self) -> str:
        if self.source.path is None:
            return "stdin"
        name = self.source.path.name.removesuffix(".gz")
        return (name.rsplit(".", 1)[0] or name)[:200]


def _read(
    row: Row, identify: Identities, submissions: Submissions | None
) -> Identified | BadRecord:
    if row.fault is not None:
        return BadRecord(row.fault)
    found = identify(row)
    if submissions is not None and submissions.carries(found):
        return replace(found, is_carried=True)
    return found


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
