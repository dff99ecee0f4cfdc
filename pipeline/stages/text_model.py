"""The trained model: topics with probabilities, sentiment in five levels.

One linear model over a bag of features (``features``) gives every output at once: a score for each
topic (linear support vector machines, calibrated after Platt 1999), and three times the five
levels (multinomial logistic regressions: two that are averaged, one of them with classes weighted
equally, and one without the rating as input).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from pipeline.stages._feature_sums import BagReader, Bags
from pipeline.stages.features import CONTEXT_SIZE, VECTOR_VALUE, context_features
from pipeline.stages.parameters import DEFAULT, LEVELS, Card, Parameters, WordVectors
from pipeline.stages.questions import QuestionKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.stages.vader import Scores


MIN_BEST_PROBABILITY: Final = 0.1
"""A comment below all topics' thresholds gets its likeliest topic from this probability on."""

_HEADS: Final = 3


class Comment(NamedTuple):
    """The model's input: one comment."""

    tokens: Sequence[str]
    kind: QuestionKind
    rating: int
    """From 1, worst, to 5, best; 0 for none."""
    vader: Scores


class Predictions(NamedTuple):
    """The model's output for a batch."""

    scores: NDArray[Any]
    """[comments, topics]: the margin over each topic's threshold."""
    probabilities: NDArray[Any]
    """[comments, topics]."""
    levels: NDArray[Any]
    """[comments, 5]: probabilities from very positive to very negative."""
    unrated: NDArray[Any]
    """[comments, 5]: the same without the rating as input."""
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
        self.has_levels = bool(parameters.context_weights[:, len(card.topics) :].any())
        """True if it was trained on sentiment too."""
        self.parameters = parameters
        further = {n: terms for n, terms in (groups or {}).items() if n not in card.topics}
        self.bag = BagReader(_Weights(parameters, card, vectors), further)

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
        kinds = [comment.kind for comment in comments]
        bags = self.bag.read([comment.tokens for comment in comments], kinds)
        beside = context_matrix(comments)
        outputs = bags.scores + self.context_outputs(beside)
        topics = len(self.topics)
        margins = outputs[:, :topics] - self.parameters.thresholds
        slopes, shifts = self.parameters.calibration.T
        probabilities = logistic(outputs[:, :topics] * slopes + shifts)
        levels, unrated = level_shares(outputs[:, topics:])
        return Predictions(margins, probabilities, levels, unrated, bags.hits, bags)

    def context_outputs(self, beside: NDArray[Any]) -> NDArray[Any]:
        """Return the context's part of the outputs."""
        added: NDArray[Any] = beside @ self.parameters.context_weights + self.parameters.intercepts
        return added


def context_matrix(comments: Sequence[Comment]) -> NDArray[Any]:
    """Return the context features of comments, ``[comments, CONTEXT_SIZE]``."""
    if not comments:
        return np.zeros((0, CONTEXT_SIZE), dtype=np.float32)
    return context_features(
        np.array([comment.kind for comment in comments]),
        np.array([comment.rating for comment in comments]),
        np.array([len(comment.tokens) for comment in comments]),
        np.array([comment.vader for comment in comments], dtype=np.float32),
    )


def level_shares(outputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the levels' probabilities, and those without the rating as input; both [comments, 5].

    ``outputs`` are those of the three heads, side by side.
    """
    heads = softmax(outputs.reshape(-1, _HEADS, LEVELS))
    return (heads[:, 0] + heads[:, 1]) / 2, heads[:, 2]


def logistic(scores: NDArray[Any]) -> NDArray[Any]:
    """Return the probabilities of scores; those beyond ±30 are practically certain."""
    shares: NDArray[Any] = 1 / (1 + np.exp(-scores.clip(-30, 30)))
    return shares


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Return probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: NDArray[Any] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


class _Weights:
    """The weights of named features and of word vectors, for :class:`BagReader`."""

    def __init__(self, parameters: Parameters, card: Card, vectors: WordVectors) -> None:
        self.outputs = parameters.weights.shape[1]
        self.terms = card.terms
        self.phrases = card.phrases
        self._place = {name: place for place, name in enumerate(parameters.names)}
        self._weights = parameters.weights.astype(np.float32)
        self._squares = parameters.squares
        self._words = vectors.place
        by_word = vectors.vectors @ parameters.vector_weights
        self._by_word = by_word * (parameters.rareness[:, None] * np.float32(VECTOR_VALUE))

    def lookup(self, names: Sequence[str]) -> tuple[NDArray[Any], float] | None:
        place = self._place
        places = [place[name] for name in names if name in place]
        if not places:
            return None
        return self._weights[places].sum(axis=0), float(self._squares[places].sum())

    def vector_weights(self, word: str) -> NDArray[Any] | None:
        place = self._words.get(word)
        return None if place is None else self._by_word[place]


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
