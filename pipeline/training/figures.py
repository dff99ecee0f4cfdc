"""How well topics and sentiment are found: the figures of a model card and of `feedback evaluate`.

Topics are judged over comments that have at least one of them. Sentiment in three levels is judged
by the sign of the five.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.parameters import LEVELS
from pipeline.training.examples import NO_LEVEL

LEAST_EXAMPLES: Final = 25
"""Topics with fewer examples are left out of the figures."""

_NEGATIVE: Final = 1


def topic_figures(
    given: NDArray[Any], truth: NDArray[Any], topics: tuple[str, ...]
) -> dict[str, Any]:
    """Micro, macro and samples F1, and each topic's precision, recall and F1.

    ``given`` and ``truth`` are [comments, topics] of 0 and 1.
    """
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    has = truth.any(axis=1)
    if not has.any():
        return {"micro_f1": None, "macro_f1": None, "samples_f1": None, "n": 0, "topics": {}}
    # scikit-learn takes a single column for classes: an empty one beside it says that it is none.
    given, truth = (np.pad(part[has], ((0, 0), (0, 1))) for part in (given, truth))
    options: dict[str, Any] = {"labels": range(len(topics)), "zero_division": 0}
    scores = {
        f"{average}_f1": round(float(f1_score(truth, given, average=average, **options)), 4)
        for average in ("micro", "macro", "samples")
    }
    each = precision_recall_fscore_support(truth, given, **options)
    by_topic = {
        topic: {
            "precision": round(float(precision), 3),
            "recall": round(float(recall), 3),
            "f1": round(float(f1), 3),
            "n": int(count),
        }
        for topic, precision, recall, f1, count in zip(topics, *each, strict=True)
    }
    return {**scores, "n": int(has.sum()), "topics": by_topic}


def sentiment_figures(given: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """Accuracy and macro F1 over five levels, macro F1 over three, F1 of negative.

    Both are levels from 0, very positive, to 4, very negative; comments without a truth are left
    out.
    """
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

    known = truth != NO_LEVEL
    given, truth = given[known], truth[known]
    if not len(truth):
        return {"accuracy_5": None, "macro_f1_5": None, **_none_of_three(), "n": 0}
    present = sorted(set(truth.tolist()))
    return {
        "accuracy_5": round(float(accuracy_score(truth, given)), 4),
        "macro_f1_5": round(
            float(f1_score(truth, given, labels=present, average="macro", zero_division=0)), 4
        ),
        **three_level_figures(np.sign(given - 2), np.sign(truth - 2)),
        "n": len(truth),
        "confusion_5": confusion_matrix(truth, given, labels=range(LEVELS)).tolist(),
    }


def three_level_figures(given: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Macro F1 and F1 of negative over -1, positive, 0, neutral, and 1, negative."""
    from sklearn.metrics import f1_score

    present = sorted(set(truth.tolist()))
    macro = f1_score(truth, given, labels=present, average="macro", zero_division=0)
    negative = f1_score(truth == _NEGATIVE, given == _NEGATIVE, zero_division=0)
    return {"macro_f1_3": round(float(macro), 4), "f1_negative": round(float(negative), 4)}


def vader_figures(compounds: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """What VADER alone reaches at its authors' thresholds; ``truth`` in five levels."""
    known = truth != NO_LEVEL
    if not known.any():
        return _none_of_three()
    compound = compounds[known]
    given = np.where(compound >= 0.05, -1, np.where(compound <= -0.05, 1, 0))
    return dict(three_level_figures(given, np.sign(truth[known] - 2)))


def calibration_error(shares: NDArray[Any], truth: NDArray[Any], bins: int = 10) -> float:
    """Expected calibration error of the likeliest level (Guo et al., 2017); shares are [n, 5]."""
    known = truth != NO_LEVEL
    sure, right = shares[known].max(axis=1), shares[known].argmax(axis=1) == truth[known]
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[places == place].mean() - right[places == place].mean()) * (places == place).mean()
        for place in range(bins)
        if (places == place).any()
    ]
    return round(float(sum(gaps)), 4)


def _none_of_three() -> dict[str, Any]:
    return {"macro_f1_3": None, "f1_negative": None}
