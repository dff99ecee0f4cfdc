"""Parse an answer of a row into a ``Feedback``: last step of the file connector. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from connectors.file.columns.mapping import Mapping, TextColumn, fold
from connectors.file.columns.profile import is_personal_value, names_person
from connectors.file.identity import build_keys
from connectors.file.read_scores import (
    AnswerScales,
    build_score_reader,
    read_answered_score,
    refuse_words,
    require_score,
)
from connectors.file.values.cells import collapse_whitespace, sanitize
from connectors.file.values.certain_dates import join_time
from connectors.file.values.dates import build_date_parser
from connectors.sdk.empty_answers import EMPTY_ANSWER, says_nothing
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.leniency import FIRST_SEEN
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.records import build_record
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import (
    EARLIEST_YEAR,
    MAX_TEXT_CHARACTERS,
    SUBMISSION,
    Family,
    Feedback,
    hash_submission,
)
from schemas.measures import Measure
from schemas.validation import first_fault

ESTIMATED: Final = "estimated"
"""Value of the attribute ``date`` where a cell holds no date, and that of another row is taken."""

_NAMES = ("organization", "site", "service", "language")


class IdentifiedRow(NamedTuple):
    """A row's values by column, its identity, and which of its texts is read."""

    values: dict[str, str]
    identity: str
    text: TextColumn | None
    """None if the row has no text."""
    comment: str = ""
    is_redundant: bool = False
    """True if another record of its submission carries its scores."""
    is_empty_answer: bool = False
    """True if it only says that there is nothing to say."""
    scores: tuple[tuple[str, Measure], ...] = ()
    """Scores that other rows of its submission hold."""
    sheet: str | None = None
    """Title of its sheet, if several are read."""
    earlier: datetime | None = None
    """Date of the row before, which is taken where the row has none."""


class RowReader:
    """Reads rows under one mapping."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        source: str,
        namespace: str,
        dataset: str,
        family: Family,
        zone: tzinfo,
        author_key: bytes,
        content_key: bytes,
        undated: datetime,
        textless: bool = False,
        backfill: bool = False,
        redated: bool = False,
        keep_empty_answers: bool = False,
        marks: dict[str, str] | None = None,
        answer_scales: AnswerScales | None = None,
    ) -> None:
        """``undated`` is the time of rows without a readable date, with none before them.

        ``dataset`` keeps submissions of different files apart if there is no ``namespace``.
        ``content_key`` keys what names people where there is no ``author_key``. ``textless`` keeps
        rows with a score and no text; ``backfill`` marks all as history, ``redated`` as records
        whose date an earlier import may have read differently; ``keep_empty_answers`` keeps answers
        that say nothing. ``marks`` are attributes of every record, ``answer_scales`` the scales of
        the questions that scores answer.
        """
        columns = mapping.columns
        self._answer_scales = answer_scales or {}
        self._mapping = mapping
        self._source, self._family = source, family
        self._prefix = f"{namespace}/" if namespace else ""
        self._submissions = namespace or dataset
        self._author_key = author_key
        self._submission_key = author_key or content_key
        self._undated = undated
        self._keep_empty_answers = keep_empty_answers
        self._marks = marks or {}
        self._textless, self._backfill, self._redated = textless, backfill, redated
        self._parse_date = build_date_parser(mapping.date_format, zone)
        self._no_text = mapping.no_text
        self._keys = build_keys(mapping.texts)
        self._date, self._author = columns.get("created_at"), columns.get("author")
        self._time, self._question = columns.get("time"), columns.get("question")
        self._is_simply_dated = not (self._time or mapping.no_date or mapping.other_dates)
        self._plain = [
            (name, columns[name], collapse_whitespace) for name in _NAMES if name in columns
        ]
        self._plain += [
            (name, columns[name], sanitize) for name in ("question", "url") if name in columns
        ]
        self._attributes = list(mapping.attributes.items())
        self._constants = {k: v for k, v in mapping.constants.items() if k not in columns}
        readers = {name: build_score_reader(name, mapping) for name in mapping.scales}
        self._measures = [(columns[name], readers[name]) for name in readers]
        self._own_measures = {
            text.column: [
                (text.measures.get(name, columns[name]), readers[name]) for name in readers
            ]
            for text in mapping.texts
            if text.measures
        }

    def read_text(self, values: dict[str, str], text: TextColumn) -> str:
        """Return a text of a row; empty for one of the placeholders for no text."""
        cell = sanitize(values.get(text.column, ""))
        return "" if len(cell) < 100 and fold(cell) in self._no_text else cell

    def is_empty_answer(self, values: dict[str, str], text: TextColumn, comment: str) -> bool:
        """Return True if a comment says no more than that there is nothing to say."""
        if self._keep_empty_answers:
            return False
        return says_nothing(comment, self._ask(values, text))

    def read_answered_score(
        self, values: dict[str, str], text: TextColumn
    ) -> tuple[str, Measure] | None:
        """Return the score that a row answers its question with, instead of a comment."""
        if not self._answer_scales:
            return None
        question = self._ask(values, text) or ""
        return read_answered_score(question, values.get(text.column, ""), self._answer_scales)

    def has_score(self, values: dict[str, str], text: TextColumn | None = None) -> bool:
        """Return True if a row, or one of its texts that has its own, has a readable score."""
        fields: dict[str, Any] = {}
        own = None if text is None else self._own_measures.get(text.column, [])
        for column, measure in self._measures if own is None else own:
            measure(values.get(column, ""), fields, {})
        return bool(fields) and self._textless

    def has_text(self, values: dict[str, str]) -> bool:
        """Return True if a row has a comment."""
        return any(
            (comment := self.read_text(values, text))
            and not self.is_empty_answer(values, text, comment)
            and self.read_answered_score(values, text) is None
            for text in self._mapping.texts
        )

    def _ask(self, values: dict[str, str], text: TextColumn) -> str | None:
        if self._question is not None and values.get(self._question, "").strip():
            return sanitize(values[self._question])
        return text.question

    def read(self, row: IdentifiedRow, collected_at: datetime) -> Feedback:
        """Return the record of a row; raise ``BadRecord``, or ``Skip`` if it holds no feedback."""
        values = row.values
        fields: dict[str, Any] = dict(self._constants)
        attributes = self._read_attributes(row)
        text = self._read_answer(row, fields)
        if not text:
            refuse_words(values, self._mapping)
            if not self._textless:
                raise Skip()
        if len(text) > MAX_TEXT_CHARACTERS:
            raise BadRecord(f"reading text: longer than {MAX_TEXT_CHARACTERS:,} characters")
        self._read_fields(row, fields, attributes)
        if not text:
            require_score(fields, is_redundant=row.is_redundant)
        author = values.get(self._author, "") if self._author is not None else ""
        key = "" if row.text is None else self._keys[row.text.column]
        try:
            created_at = self.read_date(values, collected_at)
        except BadRecord:
            if row.earlier is None and not text:
                raise  # a score counts for its month
            # A comment is worth more than its date.
            attributes["date"] = FIRST_SEEN if row.earlier is None else ESTIMATED
            created_at = self._undated if row.earlier is None else row.earlier
        try:
            return build_record(
                source=self._source,
                family=self._family,
                native_id=f"{self._prefix}{row.identity}{key}",
                collected_at=collected_at,
                author=pseudonym(self._author_key, author),
                fields={
                    **fields,
                    "created_at": created_at,
                    # A later import replaces an earlier one, also if it reads another date.
                    "revision": unix_ms(collected_at),
                    "redated": self._redated or "date" in attributes,
                    "backfill": self._backfill,
                    "text": text,
                    "attributes": attributes,
                },
            )
        except ValidationError as error:
            fault = first_fault(error)
            raise BadRecord(f"reading {fault.place or 'the row'}: {fault.message}") from None

    def _read_fields(
        self, row: IdentifiedRow, fields: dict[str, Any], attributes: dict[str, str]
    ) -> None:
        for name, column, read in self._plain:
            value = read(row.values.get(column, ""))
            is_personal = name == "url" and (
                column in self._mapping.unhashed or names_person(value)
            )
            if value and not is_personal:
                fields[name] = value
        if row.text is not None and "question" not in fields and row.text.question:
            fields["question"] = row.text.question
        own = None if row.text is None else self._own_measures.get(row.text.column)
        for column, measure in own or self._measures:
            measure(row.values.get(column, ""), fields, attributes)
        for name, score in row.scores:
            fields.setdefault(name, score)

    def _read_answer(self, row: IdentifiedRow, fields: dict[str, Any]) -> str:
        """Return the comment; an answer that is a score goes to the fields."""
        if row.text is None:
            return ""
        if row.is_empty_answer:
            refuse_words(row.values, self._mapping)
            raise Skip(EMPTY_ANSWER)
        score = self.read_answered_score(row.values, row.text)
        if score is None:
            return row.comment
        fields[score[0]] = score[1]
        return ""

    def _read_attributes(self, row: IdentifiedRow) -> dict[str, str]:
        attributes: dict[str, str] = {} if row.sheet is None else {"sheet": row.sheet}
        for name, column in self._attributes:
            value = collapse_whitespace(row.values.get(column, ""))
            if not value:
                continue
            if name == SUBMISSION:
                value = self._hash_submission(value, column)
            attributes[name] = value
        if SUBMISSION not in attributes and self._mapping.has_several_texts:
            # Texts that have scores of their own are submissions of their own.
            key = self._keys[row.text.column] if row.text and row.text.measures else ""
            attributes[SUBMISSION] = hash_submission(self._submissions, row.identity + key)
        attributes.update(self._marks)
        return attributes

    def _hash_submission(self, value: str, column: str) -> str:
        if column in self._mapping.unhashed or is_personal_value(value):
            return hash_submission(pseudonym(self._submission_key, value) or "")
        return hash_submission(self._submissions, value)

    def read_date(self, values: dict[str, str], collected_at: datetime) -> datetime:
        """Return the date of a row; raise ``BadRecord``."""
        if self._date is None:
            return self._undated
        cell = values.get(self._date, "")
        if self._is_simply_dated and cell:
            return _check_date(self._parse_date(cell), collected_at)
        if self._time is not None and cell.strip():
            cell = join_time(cell, values.get(self._time, ""))
        error = BadRecord("reading created_at: the date is missing")
        for each in (cell, *(values.get(name, "") for name in self._mapping.other_dates)):
            if not each.strip() or each.startswith(self._mapping.no_date or "\0"):
                continue
            try:
                return _check_date(self._parse_date(each), collected_at)
            except BadRecord as caught:
                error = caught
        raise error


def _check_date(moment: datetime, collected_at: datetime) -> datetime:
    if moment.year < EARLIEST_YEAR:
        raise BadRecord(f"reading the row: created_at is before {EARLIEST_YEAR}")
    if moment - collected_at >= timedelta(days=1):
        raise BadRecord("reading the row: created_at is more than a day after collected_at")
    return moment
