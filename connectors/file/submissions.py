"""Select the rows with a score and no text that are kept.

A form's submission may be several rows, one per question, which all carry its scores. If one of
them has a text, a record without one would add nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from connectors.file.columns.mapping import MEASURES, Mapping
from connectors.file.reader import IdentifiedRow, RowReader
from connectors.file.tables.rows import Row
from connectors.sdk.errors import BadRecord, Skip
from schemas.feedback import SUBMISSION, Feedback
from schemas.measures import Measure


class Submissions:
    """The scores that each submission's records carry, in about a hundred bytes per submission.

    Rows of one submission may be apart. So all rows are read once before; :meth:`is_redundant` is
    then called in their order.
    """

    def __init__(
        self, reader: RowReader, rows: Iterable[Row], *, estimates_dates: bool = False
    ) -> None:
        """``rows`` are all rows of the file; unreadable dates of them may be estimated."""
        self._reader = reader
        self._carried: dict[str, int] = {}
        earlier = datetime.now(UTC) if estimates_dates else None
        for row in rows:
            if row.error is None and reader.has_text(row.values):
                self._add_scores(IdentifiedRow(row.values, "", None, earlier=earlier))

    def is_redundant(self, row: IdentifiedRow) -> bool:
        """Return True if a row has no text, and a record carries its scores already.

        Otherwise its scores count as carried from now on: the row becomes a record.
        """
        return not self._reader.has_text(row.values) and not self._add_scores(row)

    def _add_scores(self, row: IdentifiedRow) -> bool:
        """Return True if a row has a score that no earlier row of its submission has."""
        try:
            record = self._reader.read(row, datetime.now(UTC))
        except (BadRecord, Skip):
            return True  # not a record: parsing it reports the reason
        submission = record.attributes.get(SUBMISSION)
        if submission is None:
            return True
        before = self._carried.get(submission, 0)
        self._carried[submission] = after = before | _scores(record)
        return after > before


class AnsweredScores:
    """The scores that rows answer questions with, by submission: they go to its comments."""

    def __init__(self, reader: RowReader, mapping: Mapping, rows: Iterable[Row]) -> None:
        """``rows`` are all rows of the file."""
        self._reader = reader
        self._text = mapping.texts[0]
        self._column = mapping.attributes[SUBMISSION]
        self._scores: dict[str, tuple[tuple[str, Measure], ...]] = {}
        self._spoken: set[str] = set()
        for row in rows:
            submission = row.values.get(self._column, "").strip()
            if row.error is not None or not submission:
                continue
            score = reader.read_answered_score(row.values, self._text)
            if score is not None:
                self._scores[submission] = (*self._scores.get(submission, ()), score)
            elif reader.has_text(row.values):
                self._spoken.add(submission)

    def carry(self, row: IdentifiedRow) -> IdentifiedRow:
        """Return a row with its submission's scores; one that a comment carries is redundant."""
        submission = row.values.get(self._column, "").strip()
        if self._reader.read_answered_score(row.values, self._text) is not None:
            return row._replace(is_redundant=submission in self._spoken)
        return row._replace(scores=self._scores.get(submission, ()))


def _scores(record: Feedback) -> int:
    """Return the measures that were answered, as bits."""
    return sum(1 << bit for bit, name in enumerate(MEASURES) if getattr(record, name) is not None)
