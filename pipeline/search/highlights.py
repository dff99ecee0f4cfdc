"""Highlights of a hit: matches of the words, or evidence for the filters. Pure.

Spans are (start, end) offsets in characters, in order, not touching each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipeline.stages.spans import merge_spans

# The marks around a match: private-use characters, which keyboards do not produce.
MARK: Final = "\ue000"
UNMARK: Final = "\ue001"

Spans = tuple[tuple[int, int], ...]


def match_spans(marked_texts: Iterable[str], text: str) -> Spans:
    """Return the spans that are marked in any of the marked copies of the text.

    The field and its subfield mark different words (a stem, an exact form); all of them count.
    Empty if the text itself contains marks.
    """
    return merge_spans(span for marked in marked_texts for span in _marked_spans(marked, text))


def evidence_spans(evidence: Any, wanted: Iterable[str], text: str) -> Spans:
    """Return the spans of a document's ``feedback.evidence`` whose key is wanted.

    A wanted key may contain ``*`` for any characters; case does not matter, as in filters. Spans
    outside the text are ignored, as other programs may write documents.
    """
    if not isinstance(evidence, dict):
        return ()
    keys = [value_pattern(key) for key in wanted]
    selected = [
        spans for name, spans in evidence.items() if any(key.fullmatch(name) for key in keys)
    ]
    return merge_spans(pair for spans in selected for pair in pair_spans(spans, text))


def value_pattern(value: str) -> re.Pattern[str]:
    """Return the pattern of a filter's value: in any case, ``*`` for any characters."""
    return re.compile(".*".join(map(re.escape, value.split("*"))), re.IGNORECASE)


def pair_spans(spans: Any, text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans within the text of a document's list; other programs may write documents."""
    for start, end in _pairs(spans if isinstance(spans, list) else []):
        if start < end <= len(text):
            yield start, end


def _pairs(spans: list[Any]) -> Iterator[tuple[int, int]]:
    for span in spans:
        match span:
            case [int(start), int(end)] if start >= 0:
                yield start, end


def _marked_spans(marked: str, text: str) -> Iterator[tuple[int, int]]:
    if marked.replace(MARK, "").replace(UNMARK, "") != text:
        return
    before, *pieces = marked.split(MARK)
    position = len(before)
    for piece in pieces:
        match, _, rest = piece.partition(UNMARK)
        yield position, position + len(match)
        position += len(match) + len(rest)
