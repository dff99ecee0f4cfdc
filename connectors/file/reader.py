"""One row into a ``Feedback``: last step of the file connector. Pure and quick."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError

from connectors.file.cells import clean, date_parser, number, one_line
from connectors.file.mapping import MEASURES, Mapping, fold
from connectors.file.rows import Row
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.pseudonyms import pseudonym
from schemas.feedback import MAX_TEXT_CHARACTERS, SUBMISSION, Family, Feedback, hash_submission
from schemas.validation import first_fault

_NAMES = ("organization", "site", "service", "language")
_CARRIED: Final = "no text, and its score stands beside another one of the same submission"


@dataclass(frozen=True, slots=True)
class Identified:
    """A row's values by column, with the identity it gets where it brings none."""

    values: dict[str, str]
    identity: str | None
    is_carried: bool = False
    """Whether another record of its submission carries its scores."""


class Identities:
    """The identity of rows that bring none: a likeness of the row, and its ordinal among
    identical rows, so that reading the file again gives the same.

    Holds some hundred bytes for each such row.
    """

    def __init__(self, id_column: str | None) -> None:
        self._id_column = id_column
        self._seen: Counter[bytes] = Counter()

    def __call__(self, row: Row) -> Identified:
        """Return the row with what tells it from equal ones."""
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


class RowReader:
    """Reads rows under one mapping."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        source: str,
        dataset: str,
        family: Family,
        zone: tzinfo,
        author_key: bytes,
        undated: datetime,
        textless: bool = False,
        backfill: bool = False,
    ) -> None:
        """``undated`` is the time of every row where the mapping has no column for it.

        ``textless``: rows with a score and no text are read too; ``backfill``: all is history.
        """
        columns = mapping.columns
        self._source, self._dataset, self._family = source, dataset, family
        self._author_key = author_key
        self._undated = undated
        self._textless, self._backfill = textless, backfill
        self._parse_date = date_parser(mapping.date_format, zone)
        self._no_text = mapping.no_text
        self._text, self._id = columns["text"], columns.get("id")
        self._date, self._author = columns.get("created_at"), columns.get("author")
        self._plain = [(name, columns[name], one_line) for name in _NAMES if name in columns]
        self._plain += [
            (name, columns[name], clean) for name in ("question", "url") if name in columns
        ]
        self._attributes = list(mapping.attributes.items())
        self._constants = {k: v for k, v in mapping.constants.items() if k not in columns}
        self._measures = [
            (columns[name], _measure(name, mapping)) for name in MEASURES if name in columns
        ]

    def text_of(self, values: dict[str, str]) -> str:
        """What was written; empty where it says that nothing was."""
        text = clean(values.get(self._text, ""))
        return "" if len(text) < 100 and fold(text) in self._no_text else text

    def read(self, row: Identified, collected_at: datetime) -> Feedback:
        """The record of a row. Raises ``BadRecord``, or ``Skip`` where it holds no feedback."""
        values = row.values
        text = self.text_of(values)
        if not text and not self._textless:
            raise Skip()
        if len(text) > MAX_TEXT_CHARACTERS:
            raise BadRecord(f"reading text: longer than {MAX_TEXT_CHARACTERS:,} characters")
        fields: dict[str, Any] = dict(self._constants)
        attributes = self._beside(values)
        for name, column, read in self._plain:
            value = read(values.get(column, ""))
            if value:
                fields[name] = value
        for column, measure in self._measures:
            measure(values.get(column, ""), fields, attributes)
        if not text:
            _require_score(fields, row)
        if self._author is not None:
            fields["author"] = pseudonym(self._author_key, values.get(self._author, ""))
        native_id = row.identity or one_line(values.get(self._id or "", ""))
        try:
            return Feedback.collect(
                source=self._source,
                family=self._family,
                native_id=f"{self._dataset}/{native_id}",
                created_at=self._created_at(values),
                collected_at=collected_at,
                backfill=self._backfill,
                text=text,
                attributes=attributes,
                **fields,
            )
        except ValidationError as error:
            raise BadRecord(_reason(error)) from None

    def _beside(self, values: dict[str, str]) -> dict[str, str]:
        attributes: dict[str, str] = {}
        for name, column in self._attributes:
            value = one_line(values.get(column, ""))
            if value:
                marked = name == SUBMISSION
                attributes[name] = hash_submission(self._dataset, value) if marked else value
        return attributes

    def _created_at(self, values: dict[str, str]) -> datetime:
        if self._date is None:
            return self._undated
        cell = values.get(self._date, "")
        if not cell.strip():
            raise BadRecord("reading created_at: there is no date")
        return self._parse_date(cell)


def _require_score(fields: dict[str, Any], row: Identified) -> None:
    """Leave out a row without a text that brings no score of its own; raises ``Skip``."""
    if not any(name in fields for name in MEASURES):
        raise Skip("no text and no score")
    if row.is_carried:
        raise Skip(_CARRIED)
    fields.pop("question", None)  # there is no answer to it


_ReadMeasure = Callable[[str, dict[str, Any], dict[str, str]], None]


def _measure(name: str, mapping: Mapping) -> _ReadMeasure:
    """A function that reads a cell into ``fields[name]``, or keeps it as an attribute."""
    words = mapping.values.get(name, {})
    not_answered = mapping.not_answered.get(name, frozenset())
    scale = mapping.scales.get(name)
    ends = {} if scale is None else {"worst": scale[0], "best": scale[1]}

    def read(cell: str, fields: dict[str, Any], attributes: dict[str, str]) -> None:
        answer = fold(cell)
        if not answer:
            return
        if answer in not_answered:
            attributes[name] = one_line(cell)
            return
        value = words.get(answer)
        if value is None:
            try:
                value = number(answer)
            except ValueError:
                raise BadRecord(f"reading {name}: no number") from None
        fields[name] = {"value": value, **ends}

    return read


def _reason(error: ValidationError) -> str:
    fault = first_fault(error)
    return f"reading {fault.place or 'the row'}: {fault.message}"
