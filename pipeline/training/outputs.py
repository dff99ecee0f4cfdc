"""Outputs of fitted parts for comments that they were not fitted on, as the stage computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pipeline.stages.judge import (
    ROLE_WEIGHTS,
    Pooled,
    pool_segments,
    survey_inputs,
)
from pipeline.stages.sentences import Role
from pipeline.stages.text_model import split_heads
from pipeline.training.fit import Fit, Units
from pipeline.training.task import LevelTask, context_of, counted_lengths


def topic_outputs(units: Units, fits: dict[int, Fit], rows: NDArray[Any]) -> NDArray[Any]:
    """Return the held-out scores, [rows, topics]."""
    scores = np.zeros((len(rows), units.truth.shape[1]))
    for fold, fitted in fits.items():
        here = np.flatnonzero(units.folds[rows] == fold)
        scores[here] = fitted.outputs(units.counts, units.context, rows[here], units.vectors)
    return scores


def segment_outputs(task: LevelTask, fits: dict[int, Fit]) -> NDArray[Any]:
    """Return the held-out outputs of all segments that are in a fold, [segments, D]."""
    units = task.units
    outputs = np.zeros((len(task.of), len(fits[0].intercepts)), dtype=np.float32)
    for fold, fitted in fits.items():
        rows = np.flatnonzero(units.folds == fold)
        outputs[rows] = fitted.outputs(units.counts, units.context, rows, units.vectors)
    return outputs


def whole_outputs(task: LevelTask, fits: dict[int, Fit]) -> NDArray[Any]:
    """Return the held-out outputs of whole comments, without what was set aside, [comments, D]."""
    counted = (task.roles != Role.ASIDE).astype(np.float32)
    shape = (len(task.comments), len(task.of))
    by = sp.csr_array((counted, (task.of, np.arange(len(task.of)))), shape=shape)
    counts, context = task.units.counts.merge(by), context_of(task.comments)
    outputs = np.zeros((len(task.comments), len(fits[0].intercepts)), dtype=np.float32)
    for fold, fitted in fits.items():
        rows = np.flatnonzero(task.comments.folds == fold)
        outputs[rows] = fitted.outputs(counts, context, rows, task.units.vectors)
    return outputs


def pool(task: LevelTask, shares: NDArray[Any]) -> Pooled:
    """Pool the segments' probabilities, [segments, 5], by comment."""
    weights = np.array(ROLE_WEIGHTS, dtype=np.float32)[task.roles]
    starts = np.searchsorted(task.of, np.arange(len(task.comments)))
    return pool_segments(shares, weights, starts)


def judge_inputs(
    task: LevelTask,
    by_segment: NDArray[Any],
    whole: NDArray[Any],
    story: Pooled,
    topics: NDArray[Any],
) -> NDArray[Any]:
    """Return the inputs of the survey's judge, [comments, inputs]."""
    comments = task.comments.comments
    return survey_inputs(
        [pool(task, shares) for shares in split_heads(by_segment[: len(task.of)])],
        split_heads(whole[: len(comments)]),
        story,
        np.array([comment.kind for comment in comments]),
        np.array([comment.rating for comment in comments]),
        counted_lengths(comments),
        topics,
    )
