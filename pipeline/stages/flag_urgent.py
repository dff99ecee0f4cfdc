"""Stage: passages of a comment that need attention now, by the phrases of a data file.

Users may change the rules; the file's header documents how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are searched, in linear time.
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
    MARK,
    MAX_WORD_LENGTH,
    Phrase,
    PhraseWord,
    Span,
    compile_pattern,
    tokens,
)
from pipeline.stages.spans import merge_spans
from pipeline.stages.urgency_rules import UrgencyRules

_RAW: Final = re.compile(r"\S+")
_MAX_CACHED: Final = 50_000
_MAX_RUN: Final = 120
_OVERLAP: Final = 40  # words; more than any phrase has


class UrgentFinding(NamedTuple):
    """A reason why a comment is urgent, and its half-open character spans, sorted."""

    reason: str
    spans: tuple[Span, ...]


class UrgencyFlagger:
    """Finds urgent passages in texts; safe to call from one thread at a time."""

    def __init__(self, rules: UrgencyRules) -> None:
        self.version = f"{rules.name}-{rules.version}-urgency"
        self._grammar = rules.grammar
        self._cache: dict[str, PhraseWord] = {}

    def warm_up(self) -> None:
        """Compile all patterns, which are otherwise compiled lazily; takes two seconds."""
        for starting in self._grammar.index.values():
            for _, phrase in starting:
                compile_pattern(phrase.pattern)
        for phrase in chain.from_iterable(self._grammar.exceptions.values()):
            compile_pattern(phrase.pattern)

    def flag(self, text: str) -> tuple[UrgentFinding, ...]:
        """Return the findings of a text in the order of the rules; empty for most texts."""
        cache = self._cache
        words = [cache.get(raw) or self._word(raw) for raw in text.split()]
        starting = [place for place, word in enumerate(words) if word.starting]
        if not starting:
            return ()
        findings: dict[str, list[Span]] = defaultdict(list)
        spots: list[Span] = []
        for run in _runs(words, starting):
            for reason, spans in self._find_phrases(run.words).items():
                spots = spots or [match.span() for match in _RAW.finditer(text)]
                begin, end = spots[run.first][0], spots[run.first + len(run.words) - 1][1]
                here = list(tokens(text[begin:end], self._grammar.spellings))
                for start, stop in _to_text_spans(spans, here):
                    findings[reason].append((begin + start, begin + stop))
        reasons = filter(findings.get, self._grammar.exceptions)
        return tuple(UrgentFinding(reason, merge_spans(findings[reason])) for reason in reasons)

    def _find_phrases(self, words: list[PhraseWord]) -> dict[str, list[Span]]:
        """Return the spans of phrases in the line of the words, by reason."""
        if not (possible := _possible_phrases(words)):
            return {}
        plain = chain.from_iterable(word.plain for word in words)
        line = " ".join(("", MARK, *plain, MARK, ""))
        matches: dict[str, list[Span]] = defaultdict(list)
        for phrase in possible:
            matches[phrase.reason] += phrase.spans(line)
        for reason, spans in matches.items():
            unless = self._grammar.exceptions[reason] if spans else ()
            spans[:] = _drop_excepted(spans, chain.from_iterable(p.spans(line) for p in unless))
        return {reason: spans for reason, spans in matches.items() if spans}

    def _word(self, raw: str) -> PhraseWord:
        grammar, plain = self._grammar, self._grammar.plain(raw)
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        bits = reduce(or_, map(grammar.word_sets.__getitem__, keys & grammar.word_sets.keys()), 0)
        starting = map(grammar.index.__getitem__, keys & grammar.index.keys())
        word = PhraseWord(bits, tuple(chain.from_iterable(starting)), plain, plain[-1:] == (MARK,))
        if len(raw) <= MAX_WORD_LENGTH and len(self._cache) < _MAX_CACHED:
            self._cache[raw] = word
        return word


class _Run(NamedTuple):
    """Words that are searched together, and the number of words before them."""

    first: int
    words: list[PhraseWord]


def _runs(words: list[PhraseWord], starting: list[int]) -> Iterator[_Run]:
    """Yield the sentences that hold a word from which a phrase starts, in order.

    No phrase reaches over the end of a sentence, and all words of a long text together would match
    nearly every phrase. Longer sentences come in pieces that overlap.
    """
    ends = [place for place, word in enumerate(words, start=1) if word.is_end]
    done = 0
    for place in starting:
        if place < done:
            continue
        number = bisect_right(ends, place)
        begin = ends[number - 1] if number else 0
        done = ends[number] if number < len(ends) else len(words)
        for first in range(begin, done, _MAX_RUN - _OVERLAP):
            yield _Run(first, words[first : min(done, first + _MAX_RUN)])
            if first + _MAX_RUN >= done:
                break


def _possible_phrases(words: list[PhraseWord]) -> list[Phrase]:
    """Return the phrases all of whose parts have a word in the text."""
    started = [start for word in words if word.starting for start in word.starting]
    bits = reduce(or_, [word.holding for word in words]) if started else 0
    return list(dict.fromkeys(phrase for needs, phrase in started if needs & bits == needs))


def _drop_excepted(spans: list[Span], unless: Iterable[Span]) -> list[Span]:
    """Return the spans that are not wholly inside an exception."""
    exceptions = sorted(unless)
    starts = [start for start, _ in exceptions]
    furthest = [0, *accumulate((end for _, end in exceptions), max)]
    return [span for span in spans if furthest[bisect_right(starts, span[0])] < span[1]]


def _to_text_spans(spans: Iterable[Span], placed: list[tuple[str, Span]]) -> Iterator[Span]:
    """Convert spans of the line of words to spans of the text."""
    # Before the first word the line has a mark with its space.
    starts = list(accumulate((len(word) + 1 for word, _ in placed), initial=len(MARK) + 1))
    for start, end in spans:
        first, last = bisect_left(starts, start), bisect_left(starts, end) - 1
        yield placed[first][1][0], placed[last][1][1]
