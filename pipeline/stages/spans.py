"""Ranges of characters."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.feedback import Span


def joined(spans: Iterable[Span], *, gap: int = 0) -> tuple[Span, ...]:
    """Spans in order, those that overlap, meet or leave at most ``gap`` characters as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + gap:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
