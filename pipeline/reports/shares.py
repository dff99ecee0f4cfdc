"""The shares of comments that a report shows beside its scores, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.scores.measures import CommentShare
from pipeline.scores.report import Row


def share_sentences(row: Row) -> Iterator[str]:
    """Yield the share of mixed comments, and what was judged by translation and is in no score."""
    mixed = row.shares.get(CommentShare.MIXED)
    if mixed is not None and mixed.value is not None:
        yield f"Mixed, praise and blame at once: {mixed.value:.1f} % of {mixed.n:,} comments."
    translated = row.shares.get(CommentShare.NEGATIVE_BY_TRANSLATION)
    if translated is not None and translated.n:
        count = "1 comment" if translated.n == 1 else f"{translated.n:,} comments"
        value = translated.value
        negative = "" if value is None else f", {value:.1f} % of them negative"
        yield f"Judged by translation, and in no share of negative comments: {count}{negative}."
