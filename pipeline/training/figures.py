"""Quality figures of topics and sentiment, for a model card and `feedback evaluate`.

Topics are evaluated over comments that have at least one of them. Sentiment in three levels is the
sign of the five.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.parameters import LEVELS
from pipeline.training.examples import NO_LEVEL

MIN_EXAMPLES: Final = 25
"""Topics with fewer examples are left out of the figures."""

_NEGATIVE: Final = 1


def topic_figures(
    predicted: NDArray[Any], truth: NDArray[Any], topics: tuple[str, ...]
) -> dict[str, Any]:
    """Return micro, macro and samples F1, and each topic's precision, recall and F1.

    ``predicted`` and ``truth`` are [comments, topics] of 0 and 1.
    """
    metrics = _metrics()
    has = truth.any(axis=1)
    if not has.any():
        return {"micro_f1": None, "macro_f1": None, "samples_f1": None, "n": 0, "topics": {}}
    # scikit-learn takes a single column for classes: an empty column next to it prevents that.
    predicted, truth = (np.pad(part[has], ((0, 0), (0, 1))) for part in (predicted, truth))
    options: dict[str, Any] = {"labels": range(len(topics)), "zero_division": 0}
    scores = {
        f"{average}_f1": round(
            float(metrics.f1_score(truth, predicted, average=average, **options)), 4
        )
        for average in ("micro", "macro", "samples")
    }
    each = metrics.precision_recall_fscore_support(truth, predicted, **options)
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


def sentiment_figures(predicted: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """Return accuracy and macro F1 over five levels, macro F1 over three, F1 of negative.

    Both arguments are levels from 0, very positive, to 4, very negative; comments without a truth
    are left out.
    """
    metrics = _metrics()
    labelled = truth != NO_LEVEL
    predicted, truth = predicted[labelled], truth[labelled]
    if not len(truth):
        return {"accuracy_5": None, "macro_f1_5": None, **_no_three_levels(), "n": 0}
    present = sorted(set(truth.tolist()))
    return {
        "accuracy_5": round(float(metrics.accuracy_score(truth, predicted)), 4),
        "macro_f1_5": round(
            float(
                metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
            ),
            4,
        ),
        **three_level_figures(np.sign(predicted - 2), np.sign(truth - 2)),
        "n": len(truth),
        "confusion_5": metrics.confusion_matrix(truth, predicted, labels=range(LEVELS)).tolist(),
    }


def three_level_figures(predicted: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Return macro F1 and F1 of negative over -1, positive, 0, neutral, and 1, negative."""
    metrics = _metrics()
    present = sorted(set(truth.tolist()))
    macro = metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    negative = metrics.f1_score(truth == _NEGATIVE, predicted == _NEGATIVE, zero_division=0)
    return {"macro_f1_3": round(float(macro), 4), "f1_negative": round(float(negative), 4)}


def label_figures(shares: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """Return accuracy and F1 over three levels, the shares of negatives, and the calibration error.

    ``shares`` are [n, 5] probabilities, ``truth`` [n] levels.
    """
    if not len(truth):
        return {"n": 0}
    labels = np.add.reduceat(shares, (0, 2, 3), axis=1)
    return certain_figures(labels.argmax(axis=1) - 1, labels.max(axis=1), np.sign(truth - 2))


def certain_figures(
    predicted: NDArray[Any], sure: NDArray[Any], truth: NDArray[Any]
) -> dict[str, Any]:
    """Return the same figures for labels -1, 0 and 1, and the probability of each, [n]."""
    return {
        "n": len(truth),
        "accuracy_3": round(float((predicted == truth).mean()), 4),
        **three_level_figures(predicted, truth),
        "negatives": round(float((predicted == _NEGATIVE).mean()), 4),
        "true_negatives": round(float((truth == _NEGATIVE).mean()), 4),
        "calibration_error": _expected_error(sure, predicted == truth),
    }


def vader_figures(compounds: NDArray[Any], truth: NDArray[Any]) -> dict[str, Any]:
    """Return VADER's figures at its authors' thresholds; ``truth`` in five levels."""
    labelled = truth != NO_LEVEL
    if not labelled.any():
        return _no_three_levels()
    compound = compounds[labelled]
    predicted = np.where(compound >= 0.05, -1, np.where(compound <= -0.05, 1, 0))
    return dict(three_level_figures(predicted, np.sign(truth[labelled] - 2)))


def calibration_error(shares: NDArray[Any], truth: NDArray[Any], bins: int = 10) -> float:
    """Return the expected calibration error of the likeliest level (Guo et al., 2017).

    ``shares`` are [n, 5].
    """
    labelled = truth != NO_LEVEL
    chosen = shares[labelled]
    return _expected_error(chosen.max(axis=1), chosen.argmax(axis=1) == truth[labelled], bins)


def _expected_error(sure: NDArray[Any], right: NDArray[Any], bins: int = 10) -> float:
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[places == place].mean() - right[places == place].mean()) * (places == place).mean()
        for place in range(bins)
        if (places == place).any()
    ]
    return round(float(sum(gaps)), 4)


def _no_three_levels() -> dict[str, Any]:
    return {"macro_f1_3": None, "f1_negative": None}


def _metrics() -> Any:
    # scikit-learn is an optional extra, and the figures are imported without it.
    from sklearn import metrics

    return metrics
