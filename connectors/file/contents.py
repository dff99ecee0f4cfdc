"""Open a file as a table: find out how it is written, then read its rows.

Joins the second steps of the file connector: CSV, JSON and workbooks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from connectors.file.columns.mapping import collect_names, fold, join_names
from connectors.file.columns.presets import get_preset, known_names, list_names
from connectors.file.options import FileConfig, normalize_encoding, parse_delimiter
from connectors.file.raw.byte_source import HEAD_BYTES, FileSource
from connectors.file.raw.encoding import Encoding, detect_encoding
from connectors.file.tables.csv_rows import SAMPLE_ROWS, read_csv
from connectors.file.tables.detect import detect_dialect
from connectors.file.tables.findings import TWICE, Oddities, Writing
from connectors.file.tables.header import Header, find_text_column, is_number, is_structured
from connectors.file.tables.json_rows import find_layout, find_path, is_json, read_json
from connectors.file.tables.rows import SINGLE_COLUMN, Dialect, Row
from connectors.file.tables.workbook import open_book
from connectors.file.transcripts.reading import (
    COLUMNS,
    Transcript,
    read_transcript,
    read_word_transcript,
)
from connectors.file.values.encoded_twice import undo_twice
from connectors.sdk.errors import Fatal, Misconfigured

_TRANSCRIPT: Final = "transcript"
"""The preset that states that a file is one."""
_MIN_TEXT_WORDS: Final = 10

_TEXT_NAME: Final = re.compile(
    r"comment|feedback|review|verbatim|text|message|answer|why|tell|improve|better|\?",
    re.IGNORECASE,
)
"""A column with such a name may hold texts, however short they are."""

OpenRows = tuple[Iterator[Row], Callable[[], int]]


@dataclass(frozen=True, slots=True)
class Contents:
    """The columns of a file, its first rows, and how it is written."""

    dialect: Dialect
    names: list[str]
    sample: list[Row]
    writing: Writing
    sheet: str | None = None
    """The title of the one sheet that is read, if it is not the one by default."""
    transcript: Transcript | None = None

    @contextmanager
    def open_rows(self, source: FileSource, oddities: Oddities) -> Iterator[OpenRows]:
        """Yield all rows, and a function that returns how many bytes have been read."""
        if self.transcript is not None:
            size = source.size or 0
            yield self.transcript.read_rows(oddities), lambda: size
            return
        with open_rows(source, self.dialect, oddities) as opened:
            yield opened


def inspect_file(source: FileSource, config: FileConfig) -> Contents:
    """Find out how a file is written; raise ``Fatal`` or ``Misconfigured`` if it has no rows."""
    usual_names = known_names() | list_names(get_preset(config.preset)) | _stated_names(config)
    is_stated = config.preset == _TRANSCRIPT
    if source.is_workbook:
        document = read_word_transcript(source, config.moderators, is_stated=is_stated)
        if document is not None:
            return _inspect_transcript(document)
        return _inspect_workbook(source, config, usual_names)
    head = source.head
    if config.sheet is not None:
        raise Misconfigured(f"reading {source.name}: it is not an Excel workbook and has no sheets")
    encoding = _choose_encoding(source, config)
    if is_json(head):
        return _inspect_json(source, config, encoding, usual_names)
    transcript = read_transcript(source, encoding, config.moderators, is_stated=is_stated)
    if transcript is not None:
        return _inspect_transcript(transcript)
    return _inspect_csv(source, config, encoding, usual_names)


def _choose_encoding(source: FileSource, config: FileConfig) -> Encoding:
    stated = normalize_encoding(config.encoding)
    return Encoding(stated, None) if stated else detect_encoding(source.read_non_ascii_lines())


def _inspect_transcript(transcript: Transcript) -> Contents:
    dialect = Dialect(transcript.encoding, SINGLE_COLUMN, is_transcript=True)
    sample = list(islice(transcript.read_rows(Oddities()), SAMPLE_ROWS))
    writing = Writing(
        "transcript",
        encoding=transcript.encoding,
        speakers=(transcript.participants, len(transcript.moderators)),
    )
    return Contents(dialect, list(COLUMNS), sample, writing, transcript=transcript)


def _stated_names(config: FileConfig) -> frozenset[str]:
    stated = (*config.columns.values(), *config.texts, *config.attributes.values())
    return frozenset(map(fold, stated))


@contextmanager
def open_rows(source: FileSource, dialect: Dialect, oddities: Oddities) -> Iterator[OpenRows]:
    """Yield all rows, and a function that returns how many bytes have been read."""
    if dialect.sheets:
        with source.open_workbook() as file, open_book(file, source.name) as book:
            yield _undo_twice(book.read_rows(dialect, oddities), oddities), file.tell
        return
    with source.open_unpacked() as (stream, raw):
        if dialect.json is not None:
            yield _undo_twice(read_json(stream, dialect), oddities), raw.tell
        else:
            yield _undo_twice(read_csv(stream, dialect, oddities)[1], oddities), raw.tell


def _undo_twice(rows: Iterator[Row], oddities: Oddities) -> Iterator[Row]:
    """Yield the rows with texts that were encoded or escaped twice as they were meant."""
    for row in rows:
        raw = row.raw
        if raw.isascii() and not (b"&" in raw or b"\\" in raw):
            yield row  # it has no such text, escaped in JSON or not
            continue
        values = row.values
        for name, cell in values.items():
            if (not cell.isascii() or "&" in cell) and (undone := undo_twice(cell)) != cell:
                values[name] = undone
                oddities.add(TWICE, f"line {row.line}")
        yield row


def _inspect_csv(
    source: FileSource, config: FileConfig, encoding: Encoding, usual_names: frozenset[str]
) -> Contents:
    dialect = detect_dialect(
        source.head,
        encoding,
        delimiter=parse_delimiter(config.delimiter),
        header=config.header,
        known_names=usual_names,
    )
    oddities = Oddities()
    with open_rows(source, dialect, oddities) as (rows, _):
        sample = list(islice(rows, SAMPLE_ROWS))
    shape = dialect.shape
    assert shape is not None  # noqa: S101 - detected
    if not sample:
        raise Fatal(f"reading {source.name}: it has no rows after its header")
    names = [name for name in shape.names if name]
    header = shape.header
    _require_names(source.name, config, header, names, sample)
    writing = Writing(
        "csv",
        encoding=dialect.encoding,
        other_encoding=dialect.other_encoding,
        delimiter=None if dialect.delimiter == SINGLE_COLUMN else dialect.delimiter,
        quoting=dialect.quoting,
        header_line=oddities.header_line,
        header_rows=header.rows,
        unnamed=shape.unnamed,
    )
    return Contents(dialect, names, sample, writing)


def _inspect_json(
    source: FileSource, config: FileConfig, encoding: Encoding, usual_names: frozenset[str]
) -> Contents:
    dialect = Dialect(
        encoding.name, SINGLE_COLUMN, other_encoding=encoding.other, json=find_layout(source.head)
    )
    with source.open_unpacked() as (stream, _):
        path, others = find_path(stream, dialect, usual_names)
    if path is not None:
        dialect = replace(dialect, json="document", path=path)
    with open_rows(source, dialect, Oddities()) as (rows, _):
        sample = list(islice(rows, SAMPLE_ROWS))
    names = collect_names(sample)
    if not names and source.size is not None and len(source.head) < HEAD_BYTES:
        reason = sample[0].error if sample else "reading the row: it is empty"
        raise Fatal(
            f"reading {source.name}: it holds no JSON object ({(reason or '').split(': ')[-1]})"
        )
    names = list(dict.fromkeys([*names, *config.columns.values(), *config.texts]))
    writing = Writing(
        "json" if dialect.json == "document" else "json lines",
        encoding=dialect.encoding,
        other_encoding=dialect.other_encoding,
        path=None if path is None else ".".join(path),
        paths_left_out=tuple(".".join(other) for other in others),
    )
    return Contents(dialect, names, sample, writing)


def _inspect_workbook(
    source: FileSource, config: FileConfig, usual_names: frozenset[str]
) -> Contents:
    with source.open_workbook() as file, open_book(file, source.name) as book:
        choice = book.choose_sheets(config.sheet, usual_names, header=config.header)
        dialect = Dialect(
            "utf-8",
            SINGLE_COLUMN,
            header=config.header,
            sheets=choice.titles,
            known_names=usual_names,
        )
        oddities = Oddities()
        sample = list(islice(book.read_rows(dialect, oddities), SAMPLE_ROWS))
        if not sample:
            raise Fatal(
                f"reading {source.name}: the sheet {choice.titles[0]!r} has no rows after its "
                "header"
            )
        shape = choice.shape
        writing = Writing(
            "workbook",
            header_line=oddities.header_line,
            header_rows=shape.header.rows,
            unnamed=shape.unnamed,
            sheets=choice.titles,
            sheets_left_out=choice.left_out,
            epoch_1904=book.epoch_1904,
        )
    names = list(choice.names)
    _require_names(source.name, config, shape.header, names, sample)
    return Contents(
        dialect, names, sample, writing, None if choice.is_default else choice.titles[0]
    )


def _require_names(
    where: str, config: FileConfig, header: Header, names: list[str], sample: list[Row]
) -> None:
    """Raise ``Misconfigured`` if the first row is none of names; its cells are not quoted."""
    if not header.rows or set(config.columns.values()) & set(names):
        return
    cells = [list(row.values.values()) for row in sample if row.error is None]
    if header.looks_like_data:
        column = find_text_column([names, *cells]) + 1
        raise Misconfigured(
            f"reading {where}: its first row looks like data rather than column names; "
            f"--no-header --map text={column} reads it, and the text from column {column}"
        )
    if len(names) == 1 and not header.known_count:
        raise Misconfigured(
            f"reading {where}: it has one column, whose first row is not a known name; if it is a "
            "comment, add --no-header --map text=1, and otherwise --map text= with that name; "
            "if it is a conversation, --preset transcript"
        )
    if not any(map(_TEXT_NAME.search, names)) and _are_figures(cells):
        raise Misconfigured(
            f"reading {where}: no column holds texts, only numbers and names: it looks like a "
            f"table of figures; if one does, --map text=COLUMN names one of {join_names(names)}"
        )


def _are_figures(rows: list[list[str]]) -> bool:
    """Return True for short names on the left, and numbers on the right of them."""
    texts, numbers = [], []
    for at in range(max(map(len, rows), default=0)):
        cells = [row[at] for row in rows if at < len(row) and row[at].strip()]
        if any(len(cell.split()) >= _MIN_TEXT_WORDS for cell in cells):
            return False
        if cells and all(map(is_number, cells)):
            numbers.append(at)
        elif not all(map(is_structured, cells)):
            texts.append(at)
    return len(numbers) > 1 and max(texts, default=-1) < numbers[0]
