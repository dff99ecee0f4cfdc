"""Stage: how a comment sounds: VADER's scores, and the label that people search and alert on.

The label comes from the trained model where there is one, else from VADER's compound score at its
authors' thresholds. Both know English only; other languages are not scored, which the label says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.stages.vader import Scores
from schemas.feedback import Feedback, Label, Language, Level, Measure, Sentiment

SCORED_LANGUAGES: Final = frozenset({"en", "und"})
LEVELS: Final = tuple(Level)
_THRESHOLD: Final = 0.05  # VADER's authors' own, on the compound score
_CONTRADICTION: Final = 0.7
"""How sure the text alone must be of the opposite before it is said to contradict the rating."""
_LABEL_OF: Final = (
    Label.POSITIVE,
    Label.POSITIVE,
    Label.NEUTRAL,
    Label.NEGATIVE,
    Label.NEGATIVE,
)
_GROUPS: Final = {
    Label.POSITIVE: slice(0, 2),
    Label.NEUTRAL: slice(2, 3),
    Label.NEGATIVE: slice(3, 5),
}
_MEASURES: Final = ("fft", "stars", "csat", "nps", "ces")


def rating_of(record: Feedback) -> int:
    """The rating beside a text from 1, worst, to 5, best; 0 for none.

    The first there is of FFT, stars, CSAT, NPS and CES.
    """
    for name in _MEASURES:
        measure: Measure | None = getattr(record, name)
        if measure is not None:
            score = measure.score
            if score is not None:
                return 1 + round(score * 4)
    return 0


def label_of(compound: float) -> Label:
    """Three levels of a compound score."""
    if compound >= _THRESHOLD:
        return Label.POSITIVE
    if compound <= -_THRESHOLD:
        return Label.NEGATIVE
    return Label.NEUTRAL


def is_scored(text: str, language: Language) -> bool:
    """Whether a text is in a language that can be judged, and says anything at all."""
    return language.code in SCORED_LANGUAGES and not text.isspace() and text != ""


def not_scored(method: str) -> Sentiment:
    """What stands on a record that could not be judged."""
    return Sentiment.trusted(
        dict.fromkeys(Sentiment.model_fields) | {"label": Label.NOT_SCORED, "method": method}
    )


def by_thresholds(vader: Scores, method: str) -> Sentiment:
    """The label at VADER's thresholds, where no model was given."""
    return Sentiment.trusted(
        {
            "label": label_of(vader.compound),
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


def by_model(
    vader: Scores,
    method: str,
    levels: Sequence[float],
    unrated: Sequence[float],
    rating: int,
) -> Sentiment:
    """The likeliest of five levels, and the label it belongs to.

    ``levels`` are the probabilities from very positive to very negative, ``unrated`` the same
    without a look at the rating.
    """
    likeliest = max(levels)
    level = levels.index(likeliest)
    label = _LABEL_OF[level]
    return Sentiment.trusted(
        {
            "label": label,
            "method": method,
            "probability": round(min(1.0, sum(levels[_GROUPS[label]])), 3),
            "level": LEVELS[level],
            "level_probability": round(likeliest, 3),
            "contradicts_rating": contradicts(unrated, rating) if rating else None,
            "compound": vader.compound,
            "positive": vader.positive,
            "neutral": vader.neutral,
            "negative": vader.negative,
        }
    )


def contradicts(unrated: Sequence[float], rating: int) -> bool:
    """Whether the text alone is surely the opposite of a good or a bad rating."""
    if rating >= 4:
        return unrated[3] + unrated[4] >= _CONTRADICTION
    if rating <= 2:
        return unrated[0] + unrated[1] >= _CONTRADICTION
    return False
