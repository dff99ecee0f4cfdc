"""Look at a whole file before anything of it is published: one pass, in bounded memory.

Between the rows and the mapping: what the columns hold decides what they mean.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import orjson

from connectors.file.columns.profile import Column
from connectors.file.tables.rows import Row
from connectors.file.values.names import is_question, join_words, split_words

MAX_COLUMNS: Final = 2_000
"""Later columns of rows that name their own columns are not looked at."""

_BATCH_ROWS: Final = 1_000
_ID_WORDS: Final = frozenset({
    "id", "ids", "uuid", "guid", "ref", "reference", "key", "number", "no", "nr", "respondent",
    "submission", "survey", "response",
})  # fmt: skip
_SURVEY_ROW: Final = frozenset({"response", "open-ended response", "open ended response"})
_UNNAMED: Final = re.compile(r"column \d+")
_OTHER: Final = re.compile(r"other(?: \([^)]*\)){0,2}", re.IGNORECASE)
_MIN_REPEATED_NAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Look:
    """The columns and rows of a file."""

    rows: int
    unreadable: int
    columns: dict[str, Column]
    header_rows: int
    """Rows below the header that belong to it."""
    questions: dict[str, str]
    """Wording by column, where rows below the header have it."""
    zone: str | None
    """Time zone that a row below the header names."""
    has_import_ids: bool
    """True if a row below the header has Qualtrics' identifiers."""
    row_hashes: array[int]

    def repeats_with_other_words(self, name: str) -> bool:
        """Return True if rows that differ have the same cell in this column."""
        hashes = self.columns[name].hashes
        if len(hashes) != len(self.row_hashes):
            return False
        rows = np.frombuffer(self.row_hashes, dtype=np.int64)
        first = np.unique(rows, return_index=True)[1]
        cells = np.frombuffer(hashes, dtype=np.int64)[first]
        cells = cells[cells != 0]
        return bool(len(np.unique(cells)) < len(cells))

    def list_repeated(self) -> frozenset[int]:
        """Return the hashes of rows of which there are several."""
        rows = np.frombuffer(self.row_hashes, dtype=np.int64)
        hashes, counts = np.unique(rows, return_counts=True)
        return frozenset(hashes[counts > 1].tolist())


def hash_row(values: dict[str, str]) -> int:
    """Return a hash of all cells of a row, the same for this process only.

    White space around a cell does not count, as in a row's identity.
    """
    return hash(tuple(map(str.strip, values.values())))


def look_at(rows: Iterable[Row], names: Sequence[str], dated: str | None = None) -> Look:
    """Return what the rows hold; ``dated`` is the column that is stated to hold dates."""
    remaining = iter(rows)
    first = list(islice(remaining, 3))
    header_rows, questions, zone = read_header_rows(first)
    has_import_ids = any(map(_has_import_ids, first[:header_rows]))
    columns = {name: Column(name) for name in names if name}
    for name in columns.keys() & ({dated} - {None}):
        columns[name].require_dates()
    row_hashes = array("q")
    count, unreadable = 0, 0
    for batch in _batches(first[header_rows:], remaining):
        readable = [row.values for row in batch if row.error is None]
        count += len(batch)
        unreadable += len(batch) - len(readable)
        _add_names(columns, readable, dated)
        ids = {name for name in columns if name == "#" or _ID_WORDS & set(split_words(name))}
        for column in columns.values():
            cells = [values.get(column.name, "") for values in readable]
            column.add(cells)
            if column.name in ids:
                column.hashes.extend([hash(cell) if cell.strip() else 0 for cell in cells])
        row_hashes.extend(map(hash_row, readable))
    return Look(
        count, unreadable, columns, header_rows, questions, zone, has_import_ids, row_hashes
    )


def read_header_rows(first: Sequence[Row]) -> tuple[int, dict[str, str], str | None]:
    """Return how many of the first rows belong to the header, the wordings and zone in them.

    Surveys are exported with a row of wordings and one of identifiers in JSON, either of
    which may have been deleted, or with one that says which columns are open questions.
    """
    values = [row.values if row.error is None else {} for row in first]
    if len(first) >= 2 and _has_import_ids(first[1]):
        return 2, dict(values[0]), _find_zone(values[1])
    if values and _has_import_ids(first[0]):
        return 1, {}, _find_zone(values[0])
    if values and _repeats_names(values[0]):
        return 1, dict(values[0]), None
    if values and _is_survey_row(list(values[0].values())):
        return 1, _join_wordings(values[0]), None
    return 0, {}, None


def name_others(names: Iterable[str], wordings: dict[str, str]) -> dict[str, str]:
    """Return the wordings, with those of columns for another choice after their question's.

    "Other (please specify)" tells nothing without the question before it.
    """
    named = dict(wordings)
    question = ""
    for name in names:
        wording = wordings.get(name, name)
        if _OTHER.fullmatch(wording) and question:
            named[name] = f"{question} – Other"
        elif is_question(wording):
            question = wording.rsplit(" – ", maxsplit=1)[0]
        else:
            question = ""
    return named


def _has_import_ids(row: Row) -> bool:
    return row.error is None and any('"ImportId"' in cell for cell in row.values.values())


def _repeats_names(cells: dict[str, str]) -> bool:
    """Return True for a row with wordings: some are the names of their columns in other words."""
    filled = {name: cell for name, cell in cells.items() if cell.strip()}
    repeated = sum(join_words(name) == join_words(cell) != "" for name, cell in filled.items())
    return repeated >= _MIN_REPEATED_NAMES


def _is_survey_row(cells: Sequence[str]) -> bool:
    """Return True for a row that says of its columns whether they are open questions."""
    named = {cell.strip().casefold() for cell in cells} & _SURVEY_ROW
    return bool(named) and not any(cell.strip() for cell in cells[: min(3, len(cells) // 2)])


def _join_wordings(cells: dict[str, str]) -> dict[str, str]:
    """Return questions, with the name of the part where a question has several columns.

    Only the first column of a question has its name.
    """
    wordings = {}
    question = ""
    for name, cell in cells.items():
        part = " ".join(cell.split())
        is_part = part and part.casefold() not in _SURVEY_ROW
        question = question if is_part and question and _UNNAMED.fullmatch(name) else name
        wordings[name] = f"{question} – {part}" if is_part else name
    return wordings


def _find_zone(cells: dict[str, str]) -> str | None:
    for cell in cells.values():
        try:
            zone = orjson.loads(cell).get("timeZone")
        except (orjson.JSONDecodeError, AttributeError):
            continue
        if isinstance(zone, str):
            return zone
    return None


def _batches(first: Sequence[Row], rest: Iterator[Row]) -> Iterator[list[Row]]:
    if first:
        yield list(first)
    while batch := list(islice(rest, _BATCH_ROWS)):
        yield batch


def _add_names(
    columns: dict[str, Column], rows: Sequence[dict[str, str]], dated: str | None
) -> None:
    """Add the columns that rows name themselves."""
    if set().union(*rows) <= columns.keys():
        return
    for values in rows:
        if values.keys() <= columns.keys():
            continue
        for name in values:
            if name and name not in columns and len(columns) < MAX_COLUMNS:
                columns[name] = Column(name)
                if name == dated:
                    columns[name].require_dates()
