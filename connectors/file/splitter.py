"""Split a row into the answers that become records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from connectors.file.columns.mapping import fold
from connectors.file.identity import RowIdentifier
from connectors.file.plan import ReadPlan
from connectors.file.reader import IdentifiedRow, RowReader
from connectors.file.submissions import AnsweredScores, Submissions
from connectors.file.tables.rows import Row
from connectors.sdk.errors import BadRecord, Skip

Answer = IdentifiedRow | BadRecord | Skip


class RowSplitter:
    """Splits the rows of one file, in their order."""

    def __init__(
        self,
        plan: ReadPlan,
        reader: RowReader,
        submissions: Submissions | None,
        scores: AnsweredScores | None,
        *,
        key: bytes = b"",
    ) -> None:
        """``submissions`` are None if no row belongs to another one's.

        ``scores`` are None if no row answers its question with a score. ``key`` keys the ids.
        """
        self.empty_answers = 0
        """Answers that say nothing, whose row became a record by its score."""
        self._mapping = plan.mapping
        self._reader = reader
        self._submissions = submissions
        self._scores = scores
        self._identifier = RowIdentifier(plan.mapping, key, plan.look.list_repeated())
        self._estimates = plan.estimates_dates
        texts = plan.mapping.texts
        self._has_one_text = (
            len(texts) == 1 and not texts[0].measures and submissions is None and scores is None
        )
        self._earlier = plan.find_first_date() if plan.estimates_dates else None

    def split(self, row: Row, now: datetime) -> Iterator[Answer]:
        """Yield the row once for each of its comments, or once for its scores alone."""
        if row.error is not None:
            yield BadRecord(row.error)
            return
        values = row.values
        for column, dropped in self._mapping.drop.items():
            if fold(values.get(column, "")) in dropped:
                yield Skip("a test or preview of the survey")
                return
        earlier = self._read_earlier(values, now) if self._estimates else None
        identity = self._identifier.identify(values)
        if self._has_one_text and (comment := self._read_one_text(values)):
            text = self._mapping.texts[0]
            yield IdentifiedRow(values, identity, text, comment, sheet=row.sheet, earlier=earlier)
            return
        if row.doubt is not None and not self._reader.has_text(values) and _holds_words(values):
            yield BadRecord(row.doubt)  # they may be the text that its column lacks
            return
        whole = IdentifiedRow(values, identity, None, sheet=row.sheet, earlier=earlier)
        if self._scores is not None:
            whole = self._scores.carry(whole)
        for answer in self._split_answers(whole):
            redundant = self._submissions is not None and self._submissions.is_redundant(answer)
            yield answer._replace(is_redundant=True) if redundant else answer

    def _read_one_text(self, values: dict[str, str]) -> str:
        """Return the comment of the usual row; empty if it has none that says something."""
        text = self._mapping.texts[0]
        comment = self._reader.read_text(values, text)
        return "" if self._reader.is_empty_answer(values, text, comment) else comment

    def _split_answers(self, whole: IdentifiedRow) -> Iterator[IdentifiedRow]:
        texts, empty = self._sort_texts(whole)
        is_left = bool(texts) and all(answer.text and answer.text.measures for answer in texts)
        if (is_left or (empty and not texts)) and self._reader.has_score(whole.values):
            yield whole
            if not texts:
                # Its answers that say nothing do not become records.
                self.empty_answers += len(empty)
                return
        yield from texts
        yield from empty
        if not texts and not empty:
            yield whole

    def _sort_texts(self, row: IdentifiedRow) -> tuple[list[IdentifiedRow], list[IdentifiedRow]]:
        """Return the answers that become records, and those that say nothing."""
        texts, empty = [], []
        for text in self._mapping.texts:
            comment = self._reader.read_text(row.values, text)
            if not comment:
                if text.measures and self._reader.has_score(row.values, text):
                    texts.append(row._replace(text=text))
            elif self._reader.is_empty_answer(row.values, text, comment):
                empty.append(row._replace(text=text, is_empty_answer=True))
            else:
                texts.append(
                    IdentifiedRow(
                        row.values,
                        row.identity,
                        text,
                        comment,
                        scores=row.scores,
                        is_redundant=row.is_redundant,
                        sheet=row.sheet,
                        earlier=row.earlier,
                    )
                )
        return texts, empty

    def _read_earlier(self, values: dict[str, str], now: datetime) -> datetime | None:
        """Return the last readable date, which is the row's own if it has one."""
        with suppress(BadRecord):
            self._earlier = self._reader.read_date(values, now)
        return self._earlier


def _holds_words(values: dict[str, str]) -> bool:
    return any(map(str.isalpha, "".join(values.values())))
