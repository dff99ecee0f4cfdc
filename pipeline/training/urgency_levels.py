"""Levels of urgency of cross-validated texts: what is certain, what is in the queue; figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.flag_urgent import UrgencyFindings, UrgentFinding
from pipeline.training.urgency_texts import Texts

MAX_QUEUE: Final = 0.0125
"""Share of ordinary comments that the queue may hold: below 0.02, for other writers differ."""

KEPT_CERTAIN: Final = 0.95
"""Share of rightly certain sentences that stay so; the model doubts the others with what only
sounds urgent, and they are in the queue."""


class Levels(NamedTuple):
    """Levels of cross-validated texts, and the outputs from which they begin."""

    certain: list[tuple[str, ...]]
    certain_from: float
    queued: NDArray[Any]
    """[texts, reasons]"""
    threshold: float


def find_levels(
    texts: Texts,
    findings: Sequence[UrgencyFindings],
    outputs: NDArray[Any],
    owner: NDArray[Any],
    reasons: Sequence[str],
) -> Levels:
    """Return the levels of texts, given the phrases' findings and the outputs of sentences."""
    scores = np.full((len(texts.texts), len(reasons)), -np.inf)
    np.maximum.at(scores, owner, outputs[:, :-2] + outputs[:, -2:-1])
    sureness = np.full(len(texts.texts), -np.inf)
    np.maximum.at(sureness, owner, outputs[:, -1])
    phrased = np.array(
        [[r in {f.reason for f in each.certain} for r in reasons] for each in findings]
    )
    labels = np.array([[r in of_text for r in reasons] for of_text in texts.reasons])
    certain_from = float(np.quantile(sureness[(phrased & labels).any(axis=1)], 1 - KEPT_CERTAIN))
    is_sure = phrased & (sureness >= certain_from)[:, None]
    # The rules' hints, and their phrases that the model doubts, are in the queue too.
    hinted = np.array([_has(each.maybe, reasons) for each in findings])
    scores[hinted | (phrased & ~is_sure)] = np.inf
    best = scores[np.array(texts.is_real) & ~is_sure.any(axis=1)].max(axis=1)
    threshold = float(np.quantile(best, 1 - MAX_QUEUE))
    certain = [tuple(r for r, sure in zip(reasons, row, strict=True) if sure) for row in is_sure]
    return Levels(certain, certain_from, scores >= threshold, threshold)


def _has(found: Sequence[UrgentFinding], reasons: Sequence[str]) -> list[bool]:
    names = {finding.reason for finding in found}
    return [reason in names for reason in reasons]


def figures(
    texts: Texts,
    certain: Sequence[tuple[str, ...]],
    queued: NDArray[Any],
    reasons: Sequence[str],
) -> dict[str, Any]:
    """Return shares found by the rules, and by rules and model, of texts not trained on."""
    urgent = [n for n, of_text in enumerate(texts.reasons) if of_text]
    either = [bool(certain[n]) or bool(queued[n].any()) for n in range(len(texts.texts))]
    ordinary = [n for n, is_real in enumerate(texts.is_real) if is_real]
    alike = [
        n for n, of_text in enumerate(texts.reasons) if not of_text and not texts.is_ordinary[n]
    ]
    return {
        "found": {
            reason: _interval([either[n] for n in urgent if reason in texts.reasons[n]])
            for reason in reasons
        }
        | {"any reason": _interval([either[n] for n in urgent])},
        "certain": _interval([bool(certain[n]) for n in urgent]),
        "near misses certain": _interval([bool(certain[n]) for n in alike]),
        "near misses in the queue": _interval([either[n] and not certain[n] for n in alike]),
        "ordinary comments certain": _interval([bool(certain[n]) for n in ordinary]),
        "ordinary comments in the queue": _interval(
            [either[n] and not certain[n] for n in ordinary]
        ),
    }


def _interval(hits: Sequence[bool]) -> dict[str, float | int]:
    """Return a share with Wilson's 95 % interval."""
    size, share, z = len(hits), float(np.mean(hits)) if hits else 0.0, 1.96
    if not size:
        return {"of": 0}
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * np.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return {
        "share": round(share, 3),
        "from": round(float(middle - half), 3),
        "to": round(float(middle + half), 3),
        "of": size,
    }
