"""What to mark in a text that was found: the words' matches, or evidence for the filters.

Spans are starts and ends in characters of the text, in order, none touching another. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipeline.stages.spans import merge_spans

# The marks around a match: private-use characters, which no keyboard writes.
MARK: Final = "\ue000"
UNMARK: Final = "\ue001"

Spans = tuple[tuple[int, int], ...]


def matches(marked_texts: Iterable[str], text: str) -> Spans:
    """Where the marks of any marked copy of the text stand.

    The field and its subfield mark different words (a stem, an exact form): all are taken. None
    are where the text itself holds marks.
    """
    return merge_spans(span for marked in marked_texts for span in _marked(marked, text))


def evidence(found: Any, wanted: Iterable[str], text: str) -> Spans:
    """The spans of a document's ``feedback.evidence`` whose key is wanted.

    A wanted key may hold ``*`` for any characters and matches in any case, as filters do. What
    is no span of the text is passed over: a document may come from anywhere.
    """
    if not isinstance(found, dict):
        return ()
    keys = [re.compile(".*".join(map(re.escape, key.split("*"))), re.IGNORECASE) for key in wanted]
    chosen = [
        spans
        for name, spans in found.items()
        if isinstance(spans, list) and any(key.fullmatch(name) for key in keys)
    ]
    return merge_spans(
        (start, end) for spans in chosen for start, end in _pairs(spans) if start < end <= len(text)
    )


def _pairs(spans: list[Any]) -> Iterator[tuple[int, int]]:
    for span in spans:
        match span:
            case [int(start), int(end)] if start >= 0:
                yield start, end


def _marked(marked: str, text: str) -> Iterator[tuple[int, int]]:
    if marked.replace(MARK, "").replace(UNMARK, "") != text:
        return
    before, *pieces = marked.split(MARK)
    position = len(before)
    for piece in pieces:
        match, _, rest = piece.partition(UNMARK)
        yield position, position + len(match)
        position += len(match) + len(rest)
