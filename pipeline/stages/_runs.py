"""Words that are searched together, and the phrases that they can hold, mostly none. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import attrgetter, or_
from typing import Final, NamedTuple

from pipeline.stages._phrases import MAX_PLAIN, Phrase, PhraseWord

_MAX_RUN: Final = 120
_OVERLAP: Final = 40  # words; more than any phrase has
_PLAIN: Final = attrgetter("plain")
_HOLDING: Final = attrgetter("holding")
_PAIRING: Final = attrgetter("pairing")
_PARTNERS: Final = attrgetter("partners")


class Run(NamedTuple):
    """Words that are searched together, and the number of words before them."""

    first: int
    words: Sequence[PhraseWord]


def find_runs(words: Sequence[PhraseWord]) -> Iterator[Run]:
    """Yield the sentences in which a phrase may start, in order.

    No phrase reaches over the end of a sentence, and all words of a long text together would match
    nearly every phrase. Longer sentences come in pieces that overlap.
    """
    starts = [n for n, word in enumerate(words) if word.partners]
    ends = [n for n, word in enumerate(words, start=1) if word.is_end]
    ends.append(len(words))
    begin = end = 0
    for start in starts:
        if start < end:
            continue
        place = bisect_right(ends, start)
        begin, end = ends[place - 1] if place else 0, ends[place]
        yield from _pieces(words, begin, end)


def _pieces(words: Sequence[PhraseWord], begin: int, end: int) -> Iterator[Run]:
    """Yield a sentence, a long one in pieces."""
    if end - begin <= _MAX_RUN // MAX_PLAIN:
        yield Run(begin, words[begin:end])
        return
    widest = max(map(len, map(_PLAIN, words[begin:end]))) or 1
    size = max(1, _MAX_RUN // widest)
    for first in range(begin, end, max(1, size - _OVERLAP // widest)):
        yield Run(first, words[first : min(end, first + size)])
        if first + size >= end:
            break


def may_hold_phrase(words: Sequence[PhraseWord]) -> bool:
    """Return True if there are words of two parts of a phrase, as few texts have."""
    starting = [*filter(None, map(_PARTNERS, words))]
    return bool(starting) and bool(reduce(or_, starting) & reduce(or_, map(_PAIRING, words)))


def possible_phrases(words: Sequence[PhraseWord]) -> list[Phrase]:
    """Return the phrases all of whose parts have a word among the words."""
    pairing = reduce(or_, map(_PAIRING, words))
    starting = [word.starting for word in words if word.partners & pairing]
    if not starting:
        return []
    bits = reduce(or_, map(_HOLDING, words))
    phrases = [
        phrase
        for starts in starting
        for needs, partner, phrase in starts
        if partner & pairing and needs & bits == needs
    ]
    return list(dict.fromkeys(phrases))
