"""From the probabilities of a comment's sentences to those of the comment.

A small regression judges the mean of the sentences, how sure the surest praise and blame among
them are, and in surveys the whole comment, the question and the rating: a sentence of praise next
to one of blame makes a comment that readers call neutral. Surveys and texts alone have one each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipeline.stages.sentences import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROLE_WEIGHTS: Final = {Role.PLAIN: 1.0, Role.CONCEDED: 0.7, Role.DECISIVE: 1.3, Role.ASIDE: 0.0}
ROLE_WEIGHTS: Final = tuple(_ROLE_WEIGHTS[role] for role in Role)
"""Of a segment in the mean, by its role."""

_SMALL: Final = 1e-3
_MIN_WEIGHT: Final = 0.05
_SURE_FROM: Final = 0.6
"""Probability of praise or blame from which a segment counts as such."""

MIXED_FROM: Final = 0.7
"""Probability of praise in one segment, and of blame in another, that makes a comment mixed."""


class Pooled(NamedTuple):
    """The segments of each comment, in a few numbers."""

    mean: NDArray[Any]
    """[comments, 5]."""
    praise: NDArray[Any]
    """[comments]: the highest probability that a segment is positive."""
    blame: NDArray[Any]
    """[comments]: the highest probability that a segment is negative."""
    lengths: NDArray[Any]
    """[comments]: number of segments that count."""
    tilt: NDArray[Any]
    """[comments, 5]: the logarithms added up, by the square root of the length: much weak
    evidence for one level is strong evidence."""
    sure: NDArray[Any]
    """[comments, 2]: number of segments of sure praise, and of sure blame."""

    def take(self, places: NDArray[Any]) -> Pooled:
        """Return some of the comments."""
        return Pooled(*(values[places] for values in self))

    @property
    def mixed(self) -> NDArray[Any]:
        """[comments]: True where both praise and blame are sure."""
        sure: NDArray[Any] = np.minimum(self.praise, self.blame) >= MIXED_FROM
        return sure


def pool_segments(shares: NDArray[Any], weights: NDArray[Any], starts: NDArray[Any]) -> Pooled:
    """Pool the levels' probabilities, [segments, 5], by comment; each has a segment.

    A segment counts by how sure its praise or blame is, so that what a story tells of an illness
    does not outvote what it says of the care. ``weights`` are those of the segments' roles,
    ``starts`` each comment's first segment.
    """
    good, bad = shares[:, 0] + shares[:, 1], shares[:, 3] + shares[:, 4]
    sure = weights * ((1 + _MIN_WEIGHT - shares[:, 2]) * np.abs(good - bad) + _SMALL)
    total = np.maximum(np.add.reduceat(sure, starts), _SMALL * _SMALL)
    mean = np.add.reduceat(shares * sure[:, None], starts) / total[:, None]
    counted = weights > 0
    praise = np.maximum.reduceat(good * counted, starts)
    blame = np.maximum.reduceat(bad * counted, starts)
    logs = np.log(shares + _SMALL * _SMALL)
    tilts = (logs - logs.mean(axis=1, keepdims=True)) * weights[:, None]
    size = np.sqrt(np.maximum(np.add.reduceat(weights, starts), 1.0))
    both = np.column_stack([good, bad]) > _SURE_FROM
    return Pooled(
        mean,
        praise,
        blame,
        np.add.reduceat(counted.astype(np.float32), starts),
        np.add.reduceat(tilts, starts) / size[:, None],
        np.add.reduceat((both & counted[:, None]).astype(np.float32), starts),
    )


def survey_inputs(
    pooled: Sequence[Pooled],
    whole: Sequence[NDArray[Any]],
    story: Pooled,
    kinds: NDArray[Any],
    ratings: NDArray[Any],
    lengths: NDArray[Any],
    topics: NDArray[Any],
) -> NDArray[Any]:
    """Return the judge's inputs for comments with a question or a rating, [comments, inputs].

    ``whole`` and ``pooled`` hold the levels' probabilities by the whole comment and by its
    segments, of each head, ``story`` those of the segments by the other part, and ``topics`` the
    scores of topics.
    """
    columns = [np.log(shares + _SMALL) for shares in whole]
    columns += [np.log(part.mean + _SMALL) for part in (*pooled, story)]
    return np.column_stack(
        [
            *columns,
            *_contrasts(pooled[-1]),
            kinds[:, None] == np.arange(6),
            ratings[:, None] == np.arange(6),
            np.log(np.maximum(lengths, 1)),
            1 / (1 + np.exp(-2 * topics.clip(-10, 10))),
        ]
    ).astype(np.float32)


def story_inputs(pooled: Pooled) -> NDArray[Any]:
    """Return the judge's inputs for texts alone, [comments, inputs]."""
    means, length = np.log(pooled.mean + _SMALL), np.log(pooled.lengths + 1)[:, None]
    columns = [
        means,
        means * length,
        *_contrasts(pooled),
        pooled.tilt,
        pooled.sure / np.maximum(pooled.lengths, 1)[:, None],
        np.log1p(pooled.sure),
    ]
    return np.column_stack(columns).astype(np.float32)


def judge(inputs: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Return the outputs for inputs; the last row of ``weights`` holds the intercepts."""
    outputs: NDArray[Any] = inputs @ weights[:-1] + weights[-1]
    return outputs


def _contrasts(pooled: Pooled) -> tuple[NDArray[Any], ...]:
    both = np.minimum(pooled.praise, pooled.blame)
    return both, pooled.praise, pooled.blame, np.log(pooled.lengths + 1)
