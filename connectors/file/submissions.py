"""Rows without a text that bring a score: which of them are kept.

A form's submission may be several rows, one for each question, which all carry its scores. Where
one of them has a text, a record without any would say nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from connectors.file.mapping import MEASURES
from connectors.file.reader import Identified, RowReader
from connectors.file.rows import Row
from connectors.sdk.errors import BadRecord, Skip
from schemas.feedback import SUBMISSION, Feedback


class Submissions:
    """The scores that records of each submission carry; some hundred bytes for each.

    Rows of one submission need not follow each other: whoever asks :meth:`carries` has read all
    rows once before, and asks in their order.
    """

    def __init__(self, reader: RowReader, rows: Iterable[Row]) -> None:
        """``rows`` are all there are, from the first."""
        self._reader = reader
        self._carried: dict[str, int] = {}
        for row in rows:
            if row.fault is None and reader.text_of(row.values):
                self._take(Identified(row.values, None))

    def carries(self, row: Identified) -> bool:
        """Whether the scores of a row without a text stand on a record already.

        Where they do not, they do from now on: the row becomes a record.
        """
        return not self._reader.text_of(row.values) and not self._take(row)

    def _take(self, row: Identified) -> bool:
        """Whether a row brings its submission a score that none before has brought."""
        try:
            record = self._reader.read(row, datetime.now(UTC))
        except (BadRecord, Skip):
            return True  # no record: whoever parses it says why
        submission = record.attributes.get(SUBMISSION)
        if submission is None:
            return True
        before = self._carried.get(submission, 0)
        self._carried[submission] = after = before | _scores(record)
        return after > before


def _scores(record: Feedback) -> int:
    """The measures that were answered, as bits."""
    return sum(1 << bit for bit, name in enumerate(MEASURES) if getattr(record, name) is not None)
