"""Stage: the sentiment of a comment: VADER's scores, and the label for searches and alerts.

The label comes from the trained model if there is one, else from VADER's compound score at its
authors' thresholds. Both know English only; other languages are labelled as not scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipeline.stages.vader import Scores
from schemas.feedback import Feedback, Label, Language, Level, Sentiment
from schemas.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORED_LANGUAGES: Final = frozenset({"en", "und"})
LEVELS: Final = tuple(Level)
_THRESHOLD: Final = 0.05  # VADER's authors' own, on the compound score
_CONTRADICTION: Final = 0.7
"""Minimum probability of the opposite, by the text alone, to contradict a rating."""
_LABEL_BY_LEVEL: Final = (
    Label.POSITIVE,
    Label.POSITIVE,
    Label.NEUTRAL,
    Label.NEGATIVE,
    Label.NEGATIVE,
)
MEASURES: Final = ("fft", "stars", "csat", "nps", "ces")
"""In the order of preference for a rating."""


def get_rating(record: Feedback) -> int:
    """Return the rating next to a text from 1, worst, to 5, best; 0 for none.

    The first one present of FFT, stars, CSAT, NPS and CES.
    """
    for name in MEASURES:
        measure: Measure | None = getattr(record, name)
        if measure is not None:
            score = measure.score
            if score is not None:
                return 1 + round(score * 4)
    return 0


def label_from_compound(compound: float) -> Label:
    """Return the label for a compound score."""
    if compound >= _THRESHOLD:
        return Label.POSITIVE
    if compound <= -_THRESHOLD:
        return Label.NEGATIVE
    return Label.NEUTRAL


def is_scored(text: str, language: Language) -> bool:
    """True if a text is in a supported language and not blank."""
    return language.code in SCORED_LANGUAGES and not text.isspace() and text != ""


def unscored_sentiment(method: str) -> Sentiment:
    """Return the sentiment of a record that cannot be scored."""
    return Sentiment.construct_unchecked(
        dict.fromkeys(Sentiment.model_fields) | {"label": Label.NOT_SCORED, "method": method}
    )


def sentiment_from_thresholds(vader: Scores, method: str) -> Sentiment:
    """Return the sentiment at VADER's thresholds, without a model."""
    return Sentiment.construct_unchecked(
        {
            "label": label_from_compound(vader.compound),
            "method": method,
            "probability": None,
            "level": None,
            "level_probability": None,
            "contradicts_rating": None,
            "compound": vader.compound,
            "positive": vader.positive,
            "neutral": vader.neutral,
            "negative": vader.negative,
        }
    )


class SentimentPrediction(NamedTuple):
    """The model's prediction for one comment."""

    level: int
    """From 0, very positive, to 4, very negative."""
    level_probability: float
    probability: float
    """Of the label that the level belongs to."""
    opposite: tuple[float, float]
    """Probabilities that the text, without the rating, is positive, and negative."""


def predict_sentiment(levels: NDArray[Any], unrated: NDArray[Any]) -> list[SentimentPrediction]:
    """Return the likeliest level of each comment.

    Both arguments are [comments, 5], probabilities from very positive to very negative, ``unrated``
    without the rating as input.
    """
    level = levels.argmax(axis=1)
    of_label = _labels(levels)[range(len(level)), (level >= 2).astype(int) + (level >= 3)]
    alone = _labels(unrated)[:, [0, 2]]
    columns = (
        level.tolist(),
        _shares(levels.max(axis=1)),
        _shares(of_label),
        map(tuple, alone.tolist()),
    )
    return list(map(SentimentPrediction, *columns))


def sentiment_from_model(
    vader: Scores, method: str, prediction: SentimentPrediction, rating: int
) -> Sentiment:
    """Return the sentiment for a prediction."""
    return Sentiment.construct_unchecked(
        {
            "label": _LABEL_BY_LEVEL[prediction.level],
            "method": method,
            "probability": prediction.probability,
            "level": LEVELS[prediction.level],
            "level_probability": prediction.level_probability,
            "contradicts_rating": contradicts_rating(prediction.opposite, rating)
            if rating
            else None,
            "compound": vader.compound,
            "positive": vader.positive,
            "neutral": vader.neutral,
            "negative": vader.negative,
        }
    )


def contradicts_rating(alone: tuple[float, float], rating: int) -> bool:
    """True if the text alone is very likely the opposite of a good or a bad rating.

    ``alone`` holds the probabilities that the text alone is positive, and negative.
    """
    if rating >= 4:
        return alone[1] >= _CONTRADICTION
    if rating <= 2:
        return alone[0] >= _CONTRADICTION
    return False


def _labels(levels: NDArray[Any]) -> NDArray[Any]:
    """Sum [comments, 5] to [comments, 3]: positive, neutral and negative."""
    return np.add.reduceat(levels, (0, 2, 3), axis=1)


def _shares(values: NDArray[Any]) -> list[float]:
    shares: list[float] = values.astype(float).clip(0, 1).round(3).tolist()
    return shares
