"""The trained model: topics with probabilities, sentiment in five levels.

Linear parts over bags of features (``features``) give every output at once: a score for each topic
(linear support vector machines, calibrated after Platt 1999), and the five levels of each clause,
sentence and comment (multinomial logistic regressions), by a head for surveys and one for texts
alone. What the comment's sentences come to is judged by ``judge``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from pipeline.stages._feature_sums import BagReader, Bags
from pipeline.stages._table_weights import TableWeights
from pipeline.stages.batch import Batch, Comment, divide
from pipeline.stages.judge import Pooled, judge, story_inputs, survey_inputs
from pipeline.stages.parameters import (
    DEFAULT,
    LEVELS,
    Card,
    Parameters,
    Part,
    WordVectors,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


MIN_BEST_PROBABILITY: Final = 0.15
"""A comment below all topics' thresholds gets its likeliest topic from this probability on."""


_PLAIN_SHARE: Final = 0.8
"""Of the judge's head that was fitted on all comments alike; the other finds rare levels."""


class Predictions(NamedTuple):
    """The model's output for a batch."""

    scores: NDArray[Any]
    """[comments, topics]: the margin over each topic's threshold."""
    probabilities: NDArray[Any]
    """[comments, topics]."""
    by_words: NDArray[Any]
    """[comments, topics]: the part of the words in the scores."""
    levels: NDArray[Any]
    """[comments, 5]: probabilities from very positive to very negative."""
    unrated: NDArray[Any]
    """[comments, 5]: the same without the rating as input."""
    mixed: NDArray[Any]
    """[comments]: True where both praise and blame are sure."""
    clauses: NDArray[Any]
    """[clauses, 5]: the levels' probabilities by each clause alone, without the rating."""
    segments: NDArray[Any]
    """[segments, 5]: the same by segment."""
    hits: NDArray[Any]
    """[comments, groups]: terms of topics that the model does not know."""
    bags: Bags


class TextModel:
    """Predicts batches of comments; one thread at a time."""

    def __init__(
        self,
        parameters: Parameters,
        card: Card,
        vectors: WordVectors,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Set up; of ``groups``, terms by topic, only topics unknown to the model are used."""
        self.card = card
        self.version = card.version
        self.topics = card.topics
        self.has_levels = bool(parameters.survey.context_weights.any())
        """True if it was trained on sentiment too."""
        self.parameters = parameters
        further = {n: terms for n, terms in (groups or {}).items() if n not in card.topics}
        weights = TableWeights(parameters, card, vectors)
        self.columns = weights.columns
        """The columns of the table, and of the bags' sums, that hold each part's outputs."""
        self.bag = BagReader(weights, further)

    @classmethod
    def load(
        cls, folder: Path | None = None, groups: Mapping[str, Sequence[str]] | None = None
    ) -> Self:
        """Read a model's folder; by default the packaged one.

        Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``.
        """
        parameters, card = Parameters.load(folder or DEFAULT)
        return cls(parameters, card, WordVectors.load(), groups)

    def read(self, comments: Sequence[Comment]) -> Predictions:
        """Predict a batch."""
        bags = self.bag.read([c.reading for c in comments], [c.kind for c in comments])
        batch = Batch(comments, bags)
        by_words = divide(batch.add_up(self.sums_of(bags, "topics")))
        topics = self.parameters.topics
        scores = by_words + topics.intercepts + batch.context() @ topics.context_weights
        slopes, shifts = self.parameters.calibration.T
        judged = self._judge(batch)
        return Predictions(
            scores - self.parameters.thresholds,
            logistic(scores * slopes + shifts),
            by_words,
            judged.levels,
            judged.unrated,
            judged.mixed,
            judged.clauses,
            judged.segments,
            batch.add_up(bags.sums[:, self.bag.first_group :]),
            bags,
        )

    def level_column(self, comment: Comment, level: int) -> int:
        """Return the column of the table that speaks for a level of a comment."""
        columns: slice = self.columns["survey" if comment.is_survey else "story"]
        return int(columns.start) + level

    def sums_of(self, bags: Bags, part: str) -> NDArray[Any]:
        """Return the columns of a part, [clauses, outputs + 1], its sums of squares last."""
        columns = self.columns[part]
        sums: NDArray[Any] = bags.sums[:, columns.start : columns.stop + 1]
        return sums

    def outputs_of(
        self, part: str, sums: NDArray[Any], context: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Return the outputs of units, given their sums and their context features."""
        weights: Part = getattr(self.parameters, part)
        outputs: NDArray[Any] = divide(sums) + weights.intercepts
        if context is not None:
            outputs += context @ weights.context_weights
        return outputs

    def _judge(self, batch: Batch) -> _Judged:
        """Return what each head says of its comments."""
        survey, story = self.sums_of(batch.bags, "survey"), self.sums_of(batch.bags, "story")
        count = len(batch.comments)
        empty = np.zeros((count, LEVELS), dtype=np.float32)
        judged = _Judged(
            empty,
            empty.copy(),
            np.zeros(count, dtype=bool),
            np.zeros((len(batch.of_segment), LEVELS), dtype=np.float32),
            np.zeros((len(batch.of_clause), LEVELS), dtype=np.float32),
        )
        segments = softmax(self.outputs_of("story", batch.add_up_segments(story), None))
        pooled = batch.pool(segments)
        levels = softmax(judge(story_inputs(pooled), self.parameters.story_judge))
        judged.fill(~batch.is_survey, batch, levels, levels, pooled.mixed, segments)
        judged.clauses[:] = softmax(self.outputs_of("story", story, None))
        if batch.is_survey.any():
            self._judge_survey(batch, survey, pooled, judged)
        return judged

    def _judge_survey(
        self,
        batch: Batch,
        sums: NDArray[Any],
        story: Pooled,
        judged: _Judged,
    ) -> None:
        by_segment = batch.add_up_segments(sums)
        context = batch.segment_context()
        segments = split_heads(self.outputs_of("survey", by_segment, context))
        whole = split_heads(
            self.outputs_of("survey", batch.add_up_counted(by_segment), batch.context())
        )
        pooled = [batch.pool(shares) for shares in segments]
        # Thanks that were set aside are a topic, and still no praise of the care.
        by_topic = batch.add_up_counted(batch.add_up_segments(self.sums_of(batch.bags, "topics")))
        spoken = self.outputs_of("topics", by_topic, batch.context())
        inputs = survey_inputs(
            pooled, whole, story, batch.kinds, batch.ratings, batch.lengths, spoken
        )
        plain, balanced = split_heads(judge(inputs, self.parameters.survey_judge))
        alone = (whole[2] + pooled[2].mean) / 2
        judged.fill(
            batch.is_survey, batch, average(plain, balanced), alone, pooled[2].mixed, segments[2]
        )
        clauses = split_heads(self.outputs_of("survey", sums, batch.clause_context()))[2]
        asked = batch.is_survey[batch.of_clause]
        # A question colours every clause of an answer; the clause's own words count as much.
        judged.clauses[asked] = (clauses[asked] + judged.clauses[asked]) / 2


class _Judged(NamedTuple):
    """Levels of comments, their segments and clauses; see :class:`Predictions`."""

    levels: NDArray[Any]
    unrated: NDArray[Any]
    mixed: NDArray[Any]
    segments: NDArray[Any]
    clauses: NDArray[Any]

    def fill(
        self,
        where: NDArray[Any],
        batch: Batch,
        levels: NDArray[Any],
        unrated: NDArray[Any],
        mixed: NDArray[Any],
        segments: NDArray[Any],
    ) -> None:
        """Take the results of one head for its comments, [comments] of bool."""
        self.levels[where], self.unrated[where] = levels[where], unrated[where]
        self.mixed[where] = mixed[where]
        of_head = where[batch.of_segment]
        self.segments[of_head] = segments[of_head]


def average(plain: NDArray[Any], balanced: NDArray[Any]) -> NDArray[Any]:
    """Return the levels' probabilities of the judge's two heads together."""
    averaged: NDArray[Any] = _PLAIN_SHARE * plain + (1 - _PLAIN_SHARE) * balanced
    return averaged


def split_heads(outputs: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the levels' probabilities, [units, 5], of heads whose outputs are side by side."""
    heads = softmax(outputs.reshape(len(outputs), -1, LEVELS))
    return [heads[:, head] for head in range(heads.shape[1])]


def logistic(scores: NDArray[Any]) -> NDArray[Any]:
    """Return the probabilities of scores; those beyond ±30 are practically certain."""
    shares: NDArray[Any] = 1 / (1 + np.exp(-scores.clip(-30, 30)))
    return shares


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Return probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: NDArray[Any] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def load_text_model(
    folder: Path | None, taxonomy: str, groups: Mapping[str, Sequence[str]]
) -> TextModel | None:
    """Read a model for a taxonomy; by default the packaged one, None if it is of another taxonomy.

    Raises ``OSError``, ``ValueError`` or ``pydantic.ValidationError``.
    """
    if folder is None and taxonomy != DEFAULT.name:
        return None
    model = TextModel.load(folder, groups)
    if model.card.name != taxonomy:
        raise ValueError(
            f"the model was trained for the taxonomy {model.card.name}, not {taxonomy}"
        )
    return model
