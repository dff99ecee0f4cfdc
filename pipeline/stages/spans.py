"""Ranges of characters."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.feedback import Span


def merge_spans(spans: Iterable[Span], *, gap: int = 0) -> tuple[Span, ...]:
    """Return spans in order, merging those with at most ``gap`` characters between them."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
