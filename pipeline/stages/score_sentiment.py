"""Stage: how a comment sounds: VADER's scores, and the label that people search and alert on.

The label comes from the trained model where there is one, else from VADER's compound score at its
authors' thresholds. Both know English only; other languages are not scored, which the label says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipeline.stages.vader import Scores
from schemas.feedback import Feedback, Label, Language, Level, Sentiment
from schemas.measures import Measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
MEASURES: Final = ("fft", "stars", "csat", "nps", "ces")
"""In the order in which a rating is looked for."""


def rating_of(record: Feedback) -> int:
    """The rating beside a text from 1, worst, to 5, best; 0 for none.

    The first there is of FFT, stars, CSAT, NPS and CES.
    """
    for name in MEASURES:
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
    return Sentiment.construct_unchecked(
        dict.fromkeys(Sentiment.model_fields) | {"label": Label.NOT_SCORED, "method": method}
    )


def by_thresholds(vader: Scores, method: str) -> Sentiment:
    """The label at VADER's thresholds, where no model was given."""
    return Sentiment.construct_unchecked(
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


class Judgement(NamedTuple):
    """What the model makes of one comment."""

    level: int
    """From 0, very positive, to 4, very negative."""
    level_probability: float
    probability: float
    """Of the label that the level belongs to."""
    opposite: tuple[float, float]
    """How surely the text, without a look at the rating, is positive, and negative."""


def judge(levels: NDArray[Any], unrated: NDArray[Any]) -> list[Judgement]:
    """The likeliest level of each comment.

    Both are [comments, 5], probabilities from very positive to very negative, the second without
    a look at the rating.
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
    return list(map(Judgement, *columns))


def by_model(vader: Scores, method: str, found: Judgement, rating: int) -> Sentiment:
    """The record of a judgement."""
    return Sentiment.construct_unchecked(
        {
            "label": _LABEL_OF[found.level],
            "method": method,
            "probability": found.probability,
            "level": LEVELS[found.level],
            "level_probability": found.level_probability,
            "contradicts_rating": contradicts(found.opposite, rating) if rating else None,
            "compound": vader.compound,
            "positive": vader.positive,
            "neutral": vader.neutral,
            "negative": vader.negative,
        }
    )


def contradicts(alone: tuple[float, float], rating: int) -> bool:
    """Whether the text alone is surely the opposite of a good or a bad rating.

    ``alone`` is how surely it is positive, and negative.
    """
    if rating >= 4:
        return alone[1] >= _CONTRADICTION
    if rating <= 2:
        return alone[0] >= _CONTRADICTION
    return False


def _labels(levels: NDArray[Any]) -> NDArray[Any]:
    """[comments, 3]: positive, neutral and negative from [comments, 5]."""
    import numpy as np

    return np.add.reduceat(levels, (0, 2, 3), axis=1)


def _shares(values: NDArray[Any]) -> list[float]:
    shares: list[float] = values.astype(float).clip(0, 1).round(3).tolist()
    return shares
