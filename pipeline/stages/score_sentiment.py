"""Stage: the sentiment of a comment: VADER's scores, and the label for searches and alerts.

The label comes from the trained model if there is one, else from VADER's compound score at its
authors' thresholds. Both know English only; other languages are labelled as not scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipeline.stages.vader import Scores
from schemas.empty_answers import ALWAYS_EMPTY, fold_answer, has_sign
from schemas.feedback import Feedback, Label, Level, Sentiment
from schemas.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORED_LANGUAGES: Final = frozenset({"en", "und"})
LEVELS: Final = tuple(Level)
LABELS: Final = (Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE)
_MAX_EMPTY: Final = 40
"""Characters of the longest answer that says nothing."""

_THRESHOLD: Final = 0.05  # VADER's authors' own, on the compound score
_CONTRADICTION: Final = 0.7
"""Minimum probability of the opposite, by the text alone, to contradict a rating."""
LABEL_BY_LEVEL: Final = (
    Label.POSITIVE,
    Label.POSITIVE,
    Label.NEUTRAL,
    Label.NEGATIVE,
    Label.NEGATIVE,
)
_EMPTY: Final[dict[str, Any]] = {
    **dict.fromkeys(Sentiment.model_fields),
    "mixed": False,
    "by_translation": False,
}
_OF_LABEL: Final = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]], dtype=bool)
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


def why_not_scored(text: str) -> str | None:
    """Return the reason why a text in English is not scored, or None if it is."""
    if len(text) <= _MAX_EMPTY:
        words = fold_answer(text)
        if not words:
            return None if has_sign(text) else "no_words"
        if words in ALWAYS_EMPTY:
            return "no_opinion"
    elif text.isspace():
        return "no_words"
    return None


def unscored_sentiment(method: str, reason: str | None = None) -> Sentiment:
    """Return the sentiment of a record that is not scored, for a reason."""
    return _build(label=Label.NOT_SCORED, method=method, not_scored=reason)


def sentiment_from_thresholds(vader: Scores, method: str) -> Sentiment:
    """Return the sentiment at VADER's thresholds, without a model."""
    return _build(label=label_from_compound(vader.compound), method=method, **vader._asdict())


def _build(**fields: Any) -> Sentiment:
    return Sentiment.construct_unchecked(_EMPTY | fields)


def choose_levels(levels: NDArray[Any]) -> NDArray[Any]:
    """Return the likeliest level of each comment's likeliest label.

    ``levels`` are [comments, 5], probabilities from very positive to very negative. Two levels
    share a label, so that the likeliest level alone may belong to another.
    """
    label = label_shares(levels).argmax(axis=1)
    within = np.where(_OF_LABEL[label], levels, -1.0)
    chosen: NDArray[Any] = within.argmax(axis=1)
    return chosen


class SentimentPrediction(NamedTuple):
    """The model's prediction for one comment."""

    level: int
    """From 0, very positive, to 4, very negative."""
    level_probability: float
    probability: float
    """Of the label that the level belongs to."""
    opposite: tuple[float, float]
    """Probabilities that the text, without the rating, is positive, and negative."""
    mixed: bool
    """True if praise and blame are both sure."""


def predict_sentiment(
    levels: NDArray[Any], unrated: NDArray[Any], mixed: NDArray[Any]
) -> list[SentimentPrediction]:
    """Return the likeliest label of each comment, and its likeliest level of that label.

    The first two arguments are [comments, 5], probabilities from very positive to very negative,
    ``unrated`` without the rating as input; ``mixed`` is [comments] of bool.
    """
    level = choose_levels(levels)
    alone = label_shares(unrated)[:, [0, 2]]
    columns = (
        level.tolist(),
        _shares(levels[range(len(level)), level]),
        _shares(label_shares(levels).max(axis=1)),
        map(tuple, alone.tolist()),
        mixed.tolist(),
    )
    return list(map(SentimentPrediction, *columns))


def sentiment_from_model(
    vader: Scores, method: str, prediction: SentimentPrediction, rating: int, head: str
) -> Sentiment:
    """Return the sentiment for a prediction by the model's ``head``."""
    return _build(
        label=LABEL_BY_LEVEL[prediction.level],
        method=method,
        probability=prediction.probability,
        level=LEVELS[prediction.level],
        level_probability=prediction.level_probability,
        contradicts_rating=contradicts_rating(prediction.opposite, rating) if rating else None,
        mixed=prediction.mixed,
        head=head,
        **vader._asdict(),
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


def label_shares(levels: NDArray[Any]) -> NDArray[Any]:
    """Sum [comments, 5] to [comments, 3]: positive, neutral and negative."""
    return np.add.reduceat(levels, (0, 2, 3), axis=1)


def _shares(values: NDArray[Any]) -> list[float]:
    shares: list[float] = values.astype(float).clip(0, 1).round(3).tolist()
    return shares
