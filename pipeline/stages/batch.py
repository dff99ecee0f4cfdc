"""A batch of comments, and the sums of their clauses by sentence and by comment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.stages._feature_sums import Bags
from pipeline.stages.features import BAG_POWER, CONTEXT_SIZE, context_features
from pipeline.stages.judge import ROLE_WEIGHTS, Pooled, pool_segments
from pipeline.stages.questions import QuestionKind
from pipeline.stages.sentences import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.stages.vader import Scores


class Comment(NamedTuple):
    """The model's input: one comment."""

    reading: Reading
    kind: QuestionKind
    rating: int
    """From 1, worst, to 5, best; 0 for none."""
    vader: Scores

    @property
    def is_survey(self) -> bool:
        """True with a question or a rating: the survey's head judges, else that of stories."""
        return bool(self.kind or self.rating)


class Batch:
    """The numbers of a batch that several parts of the model need."""

    def __init__(self, comments: Sequence[Comment], bags: Bags) -> None:
        self.comments, self.bags = comments, bags
        self.kinds = np.array([comment.kind for comment in comments], dtype=np.intp)
        self.ratings = np.array([comment.rating for comment in comments], dtype=np.intp)
        self.is_survey = (self.kinds > 0) | (self.ratings > 0)
        readings = [comment.reading for comment in comments]
        roles = np.array([r for reading in readings for r in reading.roles], dtype=np.intp)
        self.role_weights = np.array(ROLE_WEIGHTS, dtype=np.float32)[roles]
        counted = np.array([e for reading in readings for e in reading.ends], dtype=np.intp)
        self._vader = np.array([comment.vader for comment in comments], dtype=np.float32)
        self._vader = self._vader.reshape(len(comments), 4)
        self.of_segment = _repeat(bags.comments)
        self.of_clause = self.of_segment[_repeat(bags.segments)]
        self._segment_lengths = counted - np.where(
            np.isin(np.arange(len(counted)), bags.comments[:-1]), 0, np.roll(counted, 1)
        )
        is_counted = self._segment_lengths * (self.role_weights > 0)
        self.lengths = _add(is_counted, bags.comments)

    def add_up(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Sum up the clauses of each comment."""
        return _add(sums, self.bags.first_clauses())

    def add_up_segments(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Sum up the clauses of each segment."""
        return _add(sums, self.bags.segments)

    def add_up_counted(self, by_segment: NDArray[Any]) -> NDArray[Any]:
        """Sum up the segments of each comment, without those that were set aside."""
        return _add(by_segment * (self.role_weights > 0)[:, None], self.bags.comments)

    def pool(self, shares: NDArray[Any]) -> Pooled:
        """Pool the levels' probabilities of segments."""
        if not self.comments:
            empty = np.zeros(0, dtype=np.float32)
            return Pooled(shares, empty, empty, empty, shares, shares[:, :2])
        return pool_segments(shares, self.role_weights, self.bags.comments[:-1])

    def context(self) -> NDArray[Any]:
        """Return the context features of the comments."""
        if not self.comments:
            return np.zeros((0, CONTEXT_SIZE), dtype=np.float32)
        return context_features(self.kinds, self.ratings, self.lengths, self._vader)

    def segment_context(self) -> NDArray[Any]:
        """Return the context features of the segments: their own length, else the comment's."""
        of = self.of_segment
        return context_features(
            self.kinds[of], self.ratings[of], self._segment_lengths, self._vader[of]
        )

    def clause_context(self) -> NDArray[Any]:
        """Return the context features of the clauses: those of their segments."""
        context: NDArray[Any] = self.segment_context()[_repeat(self.bags.segments)]
        return context


def divide(sums: NDArray[Any]) -> NDArray[Any]:
    """Divide a part's sums, [units, outputs + 1], by the size of the bag in the last column."""
    divisors = np.maximum(sums[:, -1:], 1.0) ** np.float32(BAG_POWER)
    divided: NDArray[Any] = sums[:, :-1] / divisors
    return divided


def _add(values: NDArray[Any], starts: NDArray[Any]) -> NDArray[Any]:
    """Sum up runs of values; ``starts`` has one more at the end."""
    if len(starts) == 1:
        return values[:0]
    sums: NDArray[Any] = np.add.reduceat(values, starts[:-1], axis=0)
    return sums


def _repeat(starts: NDArray[Any]) -> NDArray[Any]:
    """Return the number of the run that each item is in."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))
