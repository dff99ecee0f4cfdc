"""The measures: the weight of an answer, the scale of the value, and which way is better.

A weight is a number in the measure's own scale, and the score is the mean of its answers:
a promoter has weight 100, a detractor -100; a satisfied person 100, another 0; four stars 0.75.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.feedback import Label
from schemas.measures import Ces, Csat, Fft, Nps, Stars
from schemas.measures import Measure as Answered
from schemas.score import MeasureName

Weight = float
"""Contribution of one answer; ``estimates`` sums exactly, so their order does not matter."""

_HALF_FLOAT_ERROR: Final = 2.0**-12
_EVEN: Final = 1e-9  # 0.75 of a scale may come out slightly below
_COMMON_SCALES: Final[tuple[tuple[float, float], ...]] = (
    (1, 5), (0, 10), (1, 7), (1, 10), (0, 5), (1, 4), (1, 3), (0, 1), (0, 100), (1, 100),
)  # fmt: skip
"""Scales, worst and best, tried to restore the index's rounded scores."""


class IntervalKind(StrEnum):
    """Method to compute a score's interval."""

    SHARE = "share"
    NET = "net"
    MEAN = "mean"


class CommentShare(StrEnum):
    """A share of comments that a report shows beside its scores, in percent."""

    MIXED = "mixed"
    """Those that both praise and blame, of those whose own text was scored."""
    NEGATIVE_BY_TRANSLATION = "negative_by_translation"
    """Negative ones, of those whose translation was scored: they are in no score."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: ``lowest`` to ``highest`` is its scale."""

    name: MeasureName
    title: str
    unit: str
    definition: str
    interval: str
    kind: IntervalKind
    higher_is_better: bool
    lowest: float
    highest: float
    answered: type[Answered] | None
    field: str
    weigh: Callable[[float], Weight]
    """The weight of an answer from its place between 0, worst, and 1, best; the Friends and Family
    Test's from its number."""

    @property
    def span(self) -> float:
        """Length of the scale."""
        return self.highest - self.lowest

    def is_better(self, difference: float) -> bool:
        """Return True if a value that is higher by ``difference`` is better."""
        return (difference > 0) == self.higher_is_better


def _weigh_net(score: float) -> Weight:
    if score >= 0.9 - _EVEN:
        return Weight(100)
    return Weight(-100 if score <= 0.6 + _EVEN else 0)


def _weigh_from(minimum: float) -> Callable[[float], Weight]:
    return lambda score: Weight(100 if score >= minimum - _EVEN else 0)


def _weigh_fft(value: float) -> Weight:
    return Weight(100 if value in (1, 2) else 0)


_WILSON: Final = "Wilson's interval of a share"

MEASURES: Final = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            Measure(
                MeasureName.FFT_POSITIVE, "FFT positive", "%",
                "share of Friends and Family Test answers that are very good or good; "
                "“don't know” counts as an answer",
                _WILSON, IntervalKind.SHARE, True, 0, 100, Fft, "fft", _weigh_fft,
            ),
            Measure(
                MeasureName.NPS, "NPS", "points",
                "share of 9 and 10 less share of 0 to 6, on the scale from 0 to 10",
                "score interval of the difference of two multinomial shares",
                IntervalKind.NET, True, -100, 100, Nps, "nps", _weigh_net,
            ),
            Measure(
                MeasureName.CSAT, "CSAT", "%",
                "share of the top two of five; on other scales, of answers in the top quarter",
                _WILSON, IntervalKind.SHARE, True, 0, 100, Csat, "csat", _weigh_from(0.75),
            ),
            Measure(
                MeasureName.CES, "CES easy", "%",
                "share who found it easy: 5 to 7 of seven; on other scales, answers in the top "
                "third",
                _WILSON, IntervalKind.SHARE, True, 0, 100, Ces, "ces", _weigh_from(2 / 3),
            ),
            Measure(
                MeasureName.STARS, "Stars", "of 1",
                "mean rating brought to 0, worst, to 1, best: four of five stars are 0.75",
                "Student's t interval of a mean", IntervalKind.MEAN, True, 0, 1, Stars, "stars",
                Weight,
            ),
            Measure(
                MeasureName.SHARE_NEGATIVE, "Negative comments", "%",
                "share of comments that sound negative, of those whose sentiment was scored, and "
                "not by translation; by topic or theme, of those that are negative about it",
                _WILSON, IntervalKind.SHARE, False, 0, 100, None, "sentiment",
                lambda negative: Weight(100 if negative else 0),
            ),
        )
    }
)  # fmt: skip
"""Every measure, in the order of a report."""


def answer_weight(measure: Measure, value: float | str, held: float | None) -> Weight | None:
    """Return the weight of an answer; None if it does not count (a comment that was not scored).

    ``value`` is the answer as collected, ``held`` its place from 0 to 1 as stored in the index. The
    share of negative comments takes the sentiment's label for ``value``.
    """
    if measure.answered is None:
        return None if value == Label.NOT_SCORED else measure.weigh(value == Label.NEGATIVE)
    number = float(value)
    if measure.answered is Fft:
        return measure.weigh(number)
    return None if held is None else measure.weigh(_restore_score(measure.answered, number, held))


def _restore_score(answered: type[Answered], value: float, held: float) -> float:
    """Return the place from 0 to 1 before the index rounded it to a half-precision float.

    The scale itself is not in the index. The first of the common ones that fits is used: others
    that fit too give the same place up to the rounding.
    """
    own = (answered.model_fields["worst"].default, answered.model_fields["best"].default)
    for worst, best in (own, *_COMMON_SCALES, *((best, worst) for worst, best in _COMMON_SCALES)):
        place = (value - worst) / (best - worst)
        if abs(place - held) <= _HALF_FLOAT_ERROR:
            return float(place)
    return held
