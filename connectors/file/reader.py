"""Parse a row into a ``Feedback``: last step of the file connector. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from pydantic import ValidationError

from connectors.file.cells import build_date_parser, collapse_whitespace, parse_number, sanitize
from connectors.file.mapping import MEASURES, Mapping, fold
from connectors.file.rows import Row
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.pseudonyms import pseudonym
from schemas.feedback import MAX_TEXT_CHARACTERS, SUBMISSION, Family, Feedback, hash_submission
from schemas.validation import first_fault

_NAMES = ("organization", "site", "service", "language")
_REDUNDANT: Final = "no text, and another row of the submission carries its score"


@dataclass(frozen=True, slots=True)
class IdentifiedRow:
    """A row's values by column; ``identity`` is None if the row has an id of its own."""

    values: dict[str, str]
    identity: str | None
    is_redundant: bool = False
    """True if another record of its submission carries its scores."""


class RowIdentifier:
    """Identifies rows without an id by their hash and their ordinal among identical rows.

    Reading the file again gives the same identities. Holds about a hundred bytes per such row.
    """

    def __init__(self, id_column: str | None) -> None:
        self._id_column = id_column
        self._seen: Counter[bytes] = Counter()

    def __call__(self, row: Row) -> IdentifiedRow:
        """Return the row with its identity."""
        values = row.values
        if self._id_column is not None and values.get(self._id_column, "").strip():
            return IdentifiedRow(values, None)
        digest = hashlib.sha256()
        for cell in values.values():
            encoded = cell.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(encoded))
            digest.update(encoded)
        fingerprint = digest.digest()[:16]
        self._seen[fingerprint] += 1
        ordinal = self._seen[fingerprint]
        return IdentifiedRow(values, fingerprint.hex() + (f"-{ordinal}" if ordinal > 1 else ""))


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
        """``undated`` is the time of every row if the mapping has no column for it.

        ``textless`` keeps rows with a score and no text; ``backfill`` marks all as history.
        """
        columns = mapping.columns
        self._source, self._dataset, self._family = source, dataset, family
        self._author_key = author_key
        self._undated = undated
        self._textless, self._backfill = textless, backfill
        self._parse_date = build_date_parser(mapping.date_format, zone)
        self._no_text = mapping.no_text
        self._text, self._id = columns["text"], columns.get("id")
        self._date, self._author = columns.get("created_at"), columns.get("author")
        self._plain = [
            (name, columns[name], collapse_whitespace) for name in _NAMES if name in columns
        ]
        self._plain += [
            (name, columns[name], sanitize) for name in ("question", "url") if name in columns
        ]
        self._attributes = list(mapping.attributes.items())
        self._constants = {k: v for k, v in mapping.constants.items() if k not in columns}
        self._measures = [
            (columns[name], _build_measure_reader(name, mapping))
            for name in MEASURES
            if name in columns
        ]

    def read_text(self, values: dict[str, str]) -> str:
        """Return the text of a row; empty for one of the placeholders for no text."""
        text = sanitize(values.get(self._text, ""))
        return "" if len(text) < 100 and fold(text) in self._no_text else text

    def read(self, row: IdentifiedRow, collected_at: datetime) -> Feedback:
        """Return the record of a row; raise ``BadRecord``, or ``Skip`` if it holds no feedback."""
        values = row.values
        text = self.read_text(values)
        if not text and not self._textless:
            raise Skip()
        if len(text) > MAX_TEXT_CHARACTERS:
            raise BadRecord(f"reading text: longer than {MAX_TEXT_CHARACTERS:,} characters")
        fields: dict[str, Any] = dict(self._constants)
        attributes = self._read_attributes(values)
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
        native_id = row.identity or collapse_whitespace(values.get(self._id or "", ""))
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
            raise BadRecord(_describe_error(error)) from None

    def _read_attributes(self, values: dict[str, str]) -> dict[str, str]:
        attributes: dict[str, str] = {}
        for name, column in self._attributes:
            value = collapse_whitespace(values.get(column, ""))
            if value:
                if name == SUBMISSION:
                    value = hash_submission(self._dataset, value)
                attributes[name] = value
        return attributes

    def _created_at(self, values: dict[str, str]) -> datetime:
        if self._date is None:
            return self._undated
        cell = values.get(self._date, "")
        if not cell.strip():
            raise BadRecord("reading created_at: the date is missing")
        return self._parse_date(cell)


def _require_score(fields: dict[str, Any], row: IdentifiedRow) -> None:
    """Raise ``Skip`` for a row without a text that has no score, or a redundant one."""
    if not any(name in fields for name in MEASURES):
        raise Skip("no text and no score")
    if row.is_redundant:
        raise Skip(_REDUNDANT)
    fields.pop("question", None)  # nothing answers it


_ReadMeasure = Callable[[str, dict[str, Any], dict[str, str]], None]


def _build_measure_reader(name: str, mapping: Mapping) -> _ReadMeasure:
    """Return a function that reads a cell into ``fields[name]``, or keeps it as an attribute."""
    words = mapping.values.get(name, {})
    not_answered = mapping.not_answered.get(name, frozenset())
    scale = mapping.scales.get(name)
    ends = {} if scale is None else {"worst": scale[0], "best": scale[1]}

    def read(cell: str, fields: dict[str, Any], attributes: dict[str, str]) -> None:
        answer = fold(cell)
        if not answer:
            return
        if answer in not_answered:
            attributes[name] = collapse_whitespace(cell)
            return
        value = words.get(answer)
        if value is None:
            try:
                value = parse_number(answer)
            except ValueError:
                raise BadRecord(f"reading {name}: not a number") from None
        fields[name] = {"value": value, **ends}

    return read


def _describe_error(error: ValidationError) -> str:
    fault = first_fault(error)
    return f"reading {fault.place or 'the row'}: {fault.message}"
