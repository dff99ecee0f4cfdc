"""Topics that move a score: answers that praise or blame a topic against the others, in two ways.

- the difference of the two scores, with its interval: simple, but a topic shares the blame of
  topics that occur with it.
- a ridge regression (Hoerl and Kennard, 1970) of each answer's weight on the presence of all
  topics at once: what a topic adds if the others are equal. Its penalty is as if one more answer
  for each topic had shown no effect. Intervals are from the heteroscedasticity-robust covariance
  HC1 (White, 1980; MacKinnon and White, 1985), since the answers' spread differs between topics.

A topic counts by its own sentiment: praise and blame of it are two mentions. Comments that were not
scored mention nothing, and those whose translation was judged are left out.

Both show association, not causation. Topics about everything, which belong to no theme ("negative
experience"), are left out: they would only repeat the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.scores.estimates import Change, Estimate, compute_change, estimate
from pipeline.scores.intervals import Interval, Z
from pipeline.scores.measures import Measure, Weight, answer_weight
from pipeline.scores.own_sentiment import (
    BY_TRANSLATION,
    LABEL_FIELD,
    TOPICS_FIELD,
    label_about,
    topic_labels,
)
from schemas.documents import TOPIC_LISTS
from schemas.feedback import SUBMISSION, Label
from schemas.score import MIN_ANSWERS, Period

MAX_ANSWERS: Final = 50_000
"""Answers analysed, the newest ones: more would only narrow intervals that are narrow already."""

_PAGE: Final = 5_000
_SENTIMENTS: Final = (Label.POSITIVE, Label.NEGATIVE)
_MIN_MENTIONS: Final = 10
_PENALTY: Final = 1.0


class Mention(NamedTuple):
    """A topic, with its own sentiment: positive or negative."""

    topic: str
    label: Label


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's weight, and the mentions of all comments that came with it."""

    weight: Weight
    mentions: frozenset[Mention]


@dataclass(frozen=True, slots=True)
class Driver:
    """Praise or blame of a topic: the scores with and without it, and its effect.

    The effect is what it adds if the other mentions are equal.
    """

    topic: str
    label: Label
    mentions: int
    share: float
    """Of the answers, 0 to 1."""
    with_topic: Estimate
    without: Estimate
    difference: Change
    effect: float
    effect_interval: Interval

    @property
    def impact(self) -> float:
        """The topic's part of the total score: its effect times its share."""
        return self.effect * self.share

    @property
    def distinguishable(self) -> bool:
        """True if chance alone is an unlikely explanation of the effect."""
        low, high = self.effect_interval
        return low > 0 or high < 0


def answers_query(
    measure: Measure,
    query: Mapping[str, Any],
    within: Period,
    after: Sequence[Any] | None,
) -> dict[str, Any]:
    """Build the search for the next page of answers with their topics, newest first."""
    field = _field_name(measure)
    during = {"gte": within.start.isoformat(), "lt": within.end.isoformat()}
    body: dict[str, Any] = {
        "size": _PAGE,
        "track_total_hits": False,
        "query": {
            "bool": {
                "filter": [
                    query,
                    {"range": {"@timestamp": during}},
                    {"bool": {"must_not": [BY_TRANSLATION]}},
                    {"exists": {"field": field if measure.answered is None else f"{field}.value"}},
                ]
            }
        },
        "_source": [
            TOPICS_FIELD, *TOPIC_LISTS.values(), LABEL_FIELD, field,
            f"feedback.attributes.{SUBMISSION}", "event.dataset",
        ],
        "sort": [{"@timestamp": "desc"}, {"event.id": "asc"}],
    }  # fmt: skip
    if after is not None:
        body["search_after"] = list(after)
    return body


def next_cursor(response: Mapping[str, Any]) -> list[Any] | None:
    """Return the ``after`` of the next :func:`answers_query`, or None on the last page."""
    hits = response["hits"]["hits"]
    return list(hits[-1]["sort"]) if len(hits) == _PAGE else None


def read_answers(
    measure: Measure, hits: Iterable[Mapping[str, Any]], topics: Sequence[str] = ()
) -> list[Answer]:
    """Return the answers of documents; one per submission, with the mentions of all its records.

    ``topics`` are those of the scope: the share of negative comments is about them.
    """
    answers: dict[Any, Answer] = {}
    for number, hit in enumerate(hits):
        feedback = hit["_source"]["feedback"]
        weight = _weight(measure, feedback, topics)
        if weight is None:
            continue
        submission = feedback.get("attributes", {}).get(SUBMISSION)
        key: Any = number
        if submission is not None and measure.answered is not None:
            key = (hit["_source"].get("event", {}).get("dataset"), submission, weight)
        labels = topic_labels(feedback)
        mentions = frozenset(Mention(*each) for each in labels.items() if each[1] in _SENTIMENTS)
        earlier = answers.get(key)
        answers[key] = Answer(weight, mentions | earlier.mentions if earlier else mentions)
    return list(answers.values())


def drivers(
    measure: Measure, answers: Sequence[Answer], candidates: Iterable[str]
) -> tuple[Driver, ...]:
    """Return what is mentioned often enough of the candidate topics, by decreasing impact."""
    named = Counter(mention for answer in answers for mention in answer.mentions)
    topics = frozenset(candidates)
    mentions = [
        mention
        for mention in sorted(named)
        if mention.topic in topics
        and named[mention] >= _MIN_MENTIONS
        and len(answers) - named[mention] >= MIN_ANSWERS
    ]
    if not mentions or len(answers) < 2 * len(mentions) + _MIN_MENTIONS:
        return ()
    presence = np.array(
        [[each in answer.mentions for each in mentions] for answer in answers], float
    )
    weights = np.array([float(answer.weight) for answer in answers])
    effects, errors = ridge(presence, weights)
    result = []
    for mention, effect, error in zip(mentions, effects.tolist(), errors.tolist(), strict=True):
        with_topic, without = _split_by_mention(measure, answers, mention)
        difference = compute_change(with_topic, without)
        if difference is not None:
            around = (effect - Z * error, effect + Z * error)
            n = with_topic.n
            share = n / len(answers)
            result.append(
                Driver(*mention, n, share, with_topic, without, difference, effect, around)
            )
    return tuple(sorted(result, key=lambda driver: -abs(driver.impact)))


def ridge(
    presence: NDArray[np.float64], weights: NDArray[np.float64], *, penalty: float = _PENALTY
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients and their HC1 standard errors, both [topics].

    The intercept is not penalised. ``presence`` is [answers, topics] of 0 and 1, ``weights``
    [answers].
    """
    centred = presence - presence.mean(axis=0)
    n, columns = centred.shape
    around = np.linalg.inv(centred.T @ centred + penalty * np.eye(columns))
    effects = around @ centred.T @ (weights - weights.mean())
    left = weights - weights.mean() - centred @ effects
    spread = centred * left[:, None]
    covariance = around @ (spread.T @ spread) @ around * (n / (n - columns - 1))
    return effects, np.sqrt(np.diag(covariance))


def _split_by_mention(
    measure: Measure, answers: Sequence[Answer], mention: Mention
) -> tuple[Estimate, Estimate]:
    with_topic = Counter(answer.weight for answer in answers if mention in answer.mentions)
    without = Counter(answer.weight for answer in answers if mention not in answer.mentions)
    return estimate(measure, with_topic), estimate(measure, without)


def _field_name(measure: Measure) -> str:
    if measure.answered is None:
        return LABEL_FIELD
    return f"feedback.measures.{measure.field}"


def _weight(measure: Measure, feedback: Mapping[str, Any], topics: Sequence[str]) -> Weight | None:
    if measure.answered is None:
        return answer_weight(measure, label_about(feedback, topics), None)
    answered = feedback["measures"][measure.field]
    return answer_weight(measure, answered["value"], answered.get("score"))
