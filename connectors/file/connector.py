"""``file``: CSV, JSON and workbooks, from a path or standard input, gzip-compressed or not.

Encoding, delimiter, date format and columns are detected unless stated. An interrupted run resumes
after the last acknowledged page; the same row always gets the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import ClassVar

import orjson
from pydantic import BaseModel

from connectors.file.columns.mapping import MEASURES
from connectors.file.columns.presets import get_preset
from connectors.file.contents import Contents, inspect_file
from connectors.file.options import FileConfig, validate_names
from connectors.file.plan import Origin, ReadPlan, build_plan, describe_mapping
from connectors.file.raw.byte_source import FileSource
from connectors.file.read_scores import AnswerScales, see_answer_scales
from connectors.file.reader import ESTIMATED, RowReader
from connectors.file.splitter import RowSplitter
from connectors.file.submissions import AnsweredScores, Submissions
from connectors.file.tables.findings import DATED_BY_FILE, DATED_BY_ROW, Oddities, Writing
from connectors.file.tables.rows import Dialect, Row
from connectors.file.values.cells import sanitize
from connectors.sdk.base import Connector, Item, Page
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.leniency import FIRST_SEEN
from schemas.feedback import IMPORT, IMPORT_NAME, SUBMISSION, Family, Feedback
from schemas.record import deterministic_id

_PAGE_BYTES = 8_000_000
_DATED_BY = {ESTIMATED: DATED_BY_ROW, FIRST_SEEN: DATED_BY_FILE}


class FileConnector(Connector):
    """Reads the rows of one file. Raises ``Fatal`` if the file can't be read."""

    name: ClassVar[str] = "file"
    Config: ClassVar[type[BaseModel]] = FileConfig
    handles_empty_answers: ClassVar[bool] = True

    def __init__(self, config: FileConfig) -> None:
        self.config = config
        path = None if config.path is None or str(config.path) == "-" else config.path
        self.source = FileSource(path)
        self.oddities = Oddities()
        """What was left out or mended when the rows were last read."""
        self._splitter: RowSplitter | None = None

    @property
    def family(self) -> Family:
        """The stated family, or the preset's."""
        return self.plan.family

    @cached_property
    def instance_key(self) -> str | None:
        """Namespace, hash of the content, and hash of the options, so that a corrected mapping
        reads the file again, under the same ids. None for standard input.

        The file's name does not belong to it: the same content by another name was read before.
        """
        content = self.source.fingerprint()
        if content is None:
            return None
        plan = self.plan
        options = deterministic_id(
            describe_mapping(plan.mapping),
            plan.family,
            str(plan.dialect),
            str(plan.zone),
            str(bool(self.config.author_key.get_secret_value())),
            *(["textless"] if self.config.textless else []),
            *self.config.moderators,
        )
        return f"{plan.namespace}/{content}/{options[:8]}"

    @cached_property
    def import_id(self) -> str:
        """The id by which an import can be taken back; an interrupted one that resumes keeps it."""
        return derive_import_id(self.instance_key or f"{self.source.name} {datetime.now(UTC)}")

    @cached_property
    def plan(self) -> ReadPlan:
        """The options that the file is read with; raises ``Fatal`` or ``Misconfigured``."""
        config = self.config
        validate_names(config)
        preset = get_preset(config.preset)
        dialect, dataset, names, _ = self._inspect()
        with self._open_rows() as (rows, _):
            return build_plan(config, preset, rows, names, Origin(dialect, dataset, self.source))

    @cached_property
    def writing(self) -> Writing:
        """The way in which the file is written; raises as :attr:`plan` does."""
        return self._contents.writing

    @cached_property
    def _contents(self) -> Contents:
        return inspect_file(self.source, self.config)

    def _inspect(self) -> tuple[Dialect, str, list[str], list[Row]]:
        """Return dialect, dataset, column names and first rows."""
        contents = self._contents
        dataset = self._default_dataset(contents.sheet)
        return contents.dialect, dataset, contents.names, contents.sample

    @contextmanager
    def _rows(self) -> Iterator[tuple[Iterator[Row], Callable[[], int]]]:
        """Yield all rows below the header, and a function that returns the bytes read so far."""
        plan = self.plan
        with self._open_rows() as (rows, tell):
            yield islice(rows, plan.look.header_rows, None), tell

    @contextmanager
    def _open_rows(self) -> Iterator[tuple[Iterator[Row], Callable[[], int]]]:
        self.oddities = Oddities()  # of this reading: an earlier one has counted the same
        with self._contents.open_rows(self.source, self.oddities) as opened:
            yield opened

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read all rows; pages before ``cursor`` are marked as acknowledged.

        They are read again because the ordinals of identical rows depend on every row before.
        """
        plan = self.plan
        acknowledged = 0 if cursor is None else int(orjson.loads(cursor)["rows"])
        self._splitter = splitter = RowSplitter(
            plan,
            self._reader,
            self._build_submissions(),
            self._build_answered_scores(),
            key=self.config.author_key.get_secret_value().encode(),
        )
        total, count = self.source.size, 0
        with self._rows() as (rows, tell):
            for page in _paginate(rows, self.config.page_rows, acknowledged):
                now = datetime.now(UTC)
                count += len(page)
                items = [
                    Item(
                        data=data,
                        origin=_describe_place(plan.dataset, row),
                        payload=row.raw,
                        collected_at=now,
                    )
                    for row in page
                    for data in splitter.split(row, now)
                ]
                position = self._describe_position(count)
                yield Page(items, position, tell(), total, acknowledged=count <= acknowledged)
            yield Page((), self._describe_position(count, done=True), total or 0, total)

    def _describe_position(self, rows: int, **more: bool) -> str:
        return orjson.dumps({"rows": rows, "file": self.plan.dataset, **more}).decode()

    @property
    def _groups_submissions(self) -> bool:
        """True if a row without a text may belong to a submission that has one in another row."""
        mapping = self.plan.mapping
        scored = any(name in mapping.columns for name in MEASURES)
        return self.config.textless and scored and SUBMISSION in mapping.attributes

    def _build_submissions(self) -> Submissions | None:
        if not self._groups_submissions:
            return None
        with self._rows() as (rows, _):
            return Submissions(self._reader, rows, estimates_dates=self.plan.estimates_dates)

    def _build_answered_scores(self) -> AnsweredScores | None:
        if SUBMISSION not in self.plan.mapping.attributes or not self._answer_scales:
            return None
        with self._rows() as (rows, _):
            return AnsweredScores(self._reader, self.plan.mapping, rows)

    @cached_property
    def _answer_scales(self) -> AnswerScales:
        """The questions of a file with one answer per row that scores answer."""
        columns = self.plan.mapping.columns
        if "question" not in columns:
            return {}
        question, text = columns["question"], columns["text"]
        with self._rows() as (rows, _):
            return see_answer_scales(
                (sanitize(row.values.get(question, "")), row.values.get(text, ""))
                for row in rows
                if row.error is None
            )

    def parse(self, item: Item) -> Feedback:
        """Parse one row."""
        if isinstance(item.data, BadRecord | Skip):
            raise item.data
        record = self._reader.read(item.data, item.collected_at)
        if (dated := record.attributes.get("date")) in _DATED_BY:
            self.oddities.add(_DATED_BY[dated], item.origin)
        return record

    def count_empty_answers(self) -> int:
        """Return how many answers say nothing, of rows that became records by their scores."""
        return 0 if self._splitter is None else self._splitter.empty_answers

    @staticmethod
    def is_done(cursor: str | None) -> bool:
        """Return True if a cursor is after the last row."""
        return cursor is not None and bool(orjson.loads(cursor).get("done"))

    def find_other_name(self, cursor: str | None) -> str | None:
        """Return the name under which the same content was read before, if it is another one."""
        name = None if cursor is None else orjson.loads(cursor).get("file")
        return None if name == self.plan.dataset else name

    @cached_property
    def _reader(self) -> RowReader:
        plan = self.plan
        return RowReader(
            plan.mapping,
            source=self.name,
            namespace=plan.namespace,
            dataset=plan.dataset,
            family=plan.family,
            zone=plan.zone,
            author_key=self.config.author_key.get_secret_value().encode(),
            content_key=self.source.content_key(),
            undated=min(self.source.modified_at, datetime.now(UTC)),
            textless=self.config.textless,
            backfill=self.config.backfill,
            redated=plan.is_redated,
            keep_empty_answers=self.config.keep_empty_answers,
            marks=self._marks,
            answer_scales=self._answer_scales,
        )

    @property
    def _marks(self) -> dict[str, str]:
        if not self.config.is_import:
            return {}
        return {IMPORT: self.import_id, IMPORT_NAME: self.plan.dataset}

    def _default_dataset(self, sheet: str | None) -> str:
        if self.source.path is None or self.source.is_stream:
            name = "stdin"  # the name of a pipe is another one each time
        else:
            name = read_dataset_name(self.source.path)
        return name if sheet is None else f"{name}/{sheet}"


def read_dataset_name(path: Path) -> str:
    """Return the name of a file's feedback: that of the file, without what it ends with."""
    name = path.name.removesuffix(".gz")
    return (name.rsplit(".", 1)[0] or name)[:200]


def derive_import_id(instance_key: str) -> str:
    """Return the id of an import, given the key of its cursor."""
    return f"i{deterministic_id(FileConnector.name, instance_key)[:11]}"


def _describe_place(dataset: str, row: Row) -> str:
    sheet = "" if row.sheet is None else f"{row.sheet} "
    return f"{dataset}:{sheet}line {row.line}"


def _paginate(rows: Iterator[Row], max_rows: int, acknowledged: int) -> Iterator[list[Row]]:
    """Yield rows in pages; one page ends exactly after ``acknowledged`` rows."""
    page: list[Row] = []
    size = 0
    for count, row in enumerate(rows, start=1):
        page.append(row)
        size += len(row.raw)
        if len(page) >= max_rows or size >= _PAGE_BYTES or count == acknowledged:
            yield page
            page, size = [], 0
    if page:
        yield page
