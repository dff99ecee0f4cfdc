"""Stage: what in a comment cannot wait, by the phrases of a data file.

The rules are the users' to change; the file's header explains how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are looked for, in linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import accumulate, chain
from operator import or_
from typing import Final, NamedTuple

from pipeline.stages._phrases import (
    LONGEST_WORD,
    MARK,
    Phrase,
    Span,
    Word,
    compiled,
    tokens,
)
from pipeline.stages.spans import joined
from pipeline.stages.urgency_rules import UrgencyRules

_RAW: Final = re.compile(r"\S+")
_MOST_REMEMBERED: Final = 50_000
_LONGEST_RUN: Final = 120
_OVERLAP: Final = 40  # words; more than any phrase has


class UrgentFinding(NamedTuple):
    """Why a comment cannot wait, and the half-open ranges of characters that say so, sorted."""

    reason: str
    spans: tuple[Span, ...]


class UrgencyFlagger:
    """Finds what cannot wait in texts; safe to call from one thread at a time."""

    def __init__(self, rules: UrgencyRules) -> None:
        self.version = f"{rules.name}-{rules.version}-urgency"
        self._grammar = rules.grammar
        self._known: dict[str, Word] = {}

    def prepare(self) -> None:
        """Make ready what is else made when first needed: two seconds, for who reads millions."""
        for starting in self._grammar.index.values():
            for _, phrase in starting:
                compiled(phrase.pattern)
        for phrase in chain.from_iterable(self._grammar.exceptions.values()):
            compiled(phrase.pattern)

    def flag(self, text: str) -> tuple[UrgentFinding, ...]:
        """What is urgent in a text, in the order of the rules; empty for most texts."""
        known = self._known
        words = [known.get(raw) or self._word(raw) for raw in text.split()]
        starting = [place for place, word in enumerate(words) if word.starting]
        if not starting:
            return ()
        found: dict[str, list[Span]] = defaultdict(list)
        spots: list[Span] = []
        for run in _runs(words, starting):
            for reason, spans in self._found(run.words).items():
                spots = spots or [match.span() for match in _RAW.finditer(text)]
                begin, end = spots[run.first][0], spots[run.first + len(run.words) - 1][1]
                here = list(tokens(text[begin:end], self._grammar.spellings))
                for start, stop in _placed(spans, here):
                    found[reason].append((begin + start, begin + stop))
        reasons = filter(found.get, self._grammar.exceptions)
        return tuple(UrgentFinding(reason, joined(found[reason])) for reason in reasons)

    def _found(self, words: list[Word]) -> dict[str, list[Span]]:
        """By reason, where its phrases stand in the line of the words."""
        if not (possible := _possible(words)):
            return {}
        plain = chain.from_iterable(word.plain for word in words)
        line = " ".join(("", MARK, *plain, MARK, ""))
        found: dict[str, list[Span]] = defaultdict(list)
        for phrase in possible:
            found[phrase.reason] += phrase.spans(line)
        for reason, spans in found.items():
            unless = self._grammar.exceptions[reason] if spans else ()
            spans[:] = _outside(spans, chain.from_iterable(p.spans(line) for p in unless))
        return {reason: spans for reason, spans in found.items() if spans}

    def _word(self, raw: str) -> Word:
        grammar, plain = self._grammar, self._grammar.plain(raw)
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        bits = reduce(or_, map(grammar.word_sets.__getitem__, keys & grammar.word_sets.keys()), 0)
        starting = map(grammar.index.__getitem__, keys & grammar.index.keys())
        word = Word(bits, tuple(chain.from_iterable(starting)), plain, plain[-1:] == (MARK,))
        if len(raw) <= LONGEST_WORD and len(self._known) < _MOST_REMEMBERED:
            self._known[raw] = word
        return word


class _Run(NamedTuple):
    """Words that are looked at together, and how many stand before them."""

    first: int
    words: list[Word]


def _runs(words: list[Word], starting: list[int]) -> Iterator[_Run]:
    """The sentences that hold a word from which a phrase starts, by their places.

    No phrase reaches over the end of a sentence, and all words of a long text together would have
    nearly every phrase looked for. Longer sentences come in pieces that overlap.
    """
    ends = [place for place, word in enumerate(words, start=1) if word.is_end]
    done = 0
    for place in starting:
        if place < done:
            continue
        number = bisect_right(ends, place)
        begin = ends[number - 1] if number else 0
        done = ends[number] if number < len(ends) else len(words)
        for first in range(begin, done, _LONGEST_RUN - _OVERLAP):
            yield _Run(first, words[first : min(done, first + _LONGEST_RUN)])
            if first + _LONGEST_RUN >= done:
                break


def _possible(words: list[Word]) -> list[Phrase]:
    """The phrases all of whose parts have a word in the text."""
    started = [start for word in words if word.starting for start in word.starting]
    bits = reduce(or_, [word.holding for word in words]) if started else 0
    return list(dict.fromkeys(phrase for needs, phrase in started if needs & bits == needs))


def _outside(found: list[Span], unless: Iterable[Span]) -> list[Span]:
    """What is found wholly inside none of the exceptions."""
    exceptions = sorted(unless)
    starts = [start for start, _ in exceptions]
    furthest = [0, *accumulate((end for _, end in exceptions), max)]
    return [span for span in found if furthest[bisect_right(starts, span[0])] < span[1]]


def _placed(spans: Iterable[Span], placed: list[tuple[str, Span]]) -> Iterator[Span]:
    """The ranges of a text for ranges of the line of its words."""
    # Before the first word the line has a mark with its space.
    starts = list(accumulate((len(word) + 1 for word, _ in placed), initial=len(MARK) + 1))
    for start, end in spans:
        first, last = bisect_left(starts, start), bisect_left(starts, end) - 1
        yield placed[first][1][0], placed[last][1][1]
