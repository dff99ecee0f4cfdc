"""Select the rows with a score and no text that are kept.

A form's submission may be several rows, one per question, which all carry its scores. If one of
them has a text, a record without one would add nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from connectors.file.mapping import MEASURES
from connectors.file.reader import IdentifiedRow, RowReader
from connectors.file.rows import Row
from connectors.sdk.errors import BadRecord, Skip
from schemas.feedback import SUBMISSION, Feedback


class Submissions:
    """The scores that each submission's records carry, in about a hundred bytes per submission.

    Rows of one submission may be apart. So all rows are read once before; :meth:`is_redundant` is
    then called in their order.
    """

    def __init__(self, reader: RowReader, rows: Iterable[Row]) -> None:
        """``rows`` are all rows of the file."""
        self._reader = reader
        self._carried: dict[str, int] = {}
        for row in rows:
            if row.error is None and reader.read_text(row.values):
                self._add_scores(IdentifiedRow(row.values, None))

    def is_redundant(self, row: IdentifiedRow) -> bool:
        """Return True if a row has no text, and a record carries its scores already.

        Otherwise its scores count as carried from now on: the row becomes a record.
        """
        return not self._reader.read_text(row.values) and not self._add_scores(row)

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


def _scores(record: Feedback) -> int:
    """Return the measures that were answered, as bits."""
    return sum(1 << bit for bit, name in enumerate(MEASURES) if getattr(record, name) is not None)
