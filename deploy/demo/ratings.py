"""Ratings: stars and survey scores that fit the comment's tone."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final, TypeVar

from deploy.demo.phrasebook import Tone
from schemas.measures import Ces, Csat, Fft, Nps, Stars

_Weights = dict[Tone, dict[int, float]]

_FIVE: Final[_Weights] = {
    "positive": {5: 7, 4: 3}, "neutral": {3: 8, 4: 2}, "negative": {1: 6, 2: 4},
}  # fmt: skip
_FFT: Final[_Weights] = {
    "positive": {1: 7, 2: 3}, "neutral": {3: 6, 2: 3, 6: 1}, "negative": {5: 5, 4: 5},
}  # fmt: skip
_NPS: Final[_Weights] = {
    "positive": {10: 5, 9: 4, 8: 1}, "neutral": {8: 4, 7: 5, 6: 1},
    "negative": {0: 3, 1: 1, 2: 2, 3: 2, 4: 1, 5: 1},
}  # fmt: skip
_CES: Final[_Weights] = {
    "positive": {7: 5, 6: 5}, "neutral": {5: 4, 4: 6}, "negative": {3: 2, 2: 4, 1: 4},
}  # fmt: skip
_SURVEYS: Final = {
    "fft": 6.0,
    "nps": 1.2,
    "csat": 1.2,
    "ces": 0.8,
    "fft and csat": 0.5,
    "none": 0.8,
}

_T = TypeVar("_T")


def pick(rng: Random, weights: Mapping[_T, float]) -> _T:
    """Return a random key by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def review_rating(rng: Random, tone: Tone) -> dict[str, Any]:
    """Return the stars of a review as a field of ``Feedback``."""
    return {"stars": Stars(value=pick(rng, _FIVE[tone]))}


def survey_rating(rng: Random, tone: Tone) -> dict[str, Any]:
    """Return the ratings of a form as fields of ``Feedback``; some forms have none."""
    survey = pick(rng, _SURVEYS)
    fields: dict[str, Any] = {}
    if "fft" in survey:
        fields["fft"] = Fft(value=pick(rng, _FFT[tone]))
    if "csat" in survey:
        fields["csat"] = Csat(value=pick(rng, _FIVE[tone]))
    if survey == "nps":
        fields["nps"] = Nps(value=pick(rng, _NPS[tone]))
    if survey == "ces":
        fields["ces"] = Ces(value=pick(rng, _CES[tone]))
    return fields
