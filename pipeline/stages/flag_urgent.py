"""Stage: passages of a comment that need attention now, by the phrases of a data file.

Users may change the rules; the file's header documents how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are searched, in linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from pipeline.stages._spelling import SpellingCorrector
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


class UrgencyFindings(NamedTuple):
    """What makes a comment urgent, and what makes it worth reading, each by reason."""

    certain: tuple[UrgentFinding, ...] = ()
    maybe: tuple[UrgentFinding, ...] = ()


class _Match(NamedTuple):
    """A phrase in a line of words."""

    span: Span
    is_certain: bool


class UrgencyFlagger:
    """Finds urgent passages in texts; safe to call from one thread at a time."""

    def __init__(
        self,
        rules: UrgencyRules,
        corrector: SpellingCorrector | None = None,
        find_rows: Callable[[Iterable[str]], tuple[int, ...]] | None = None,
    ) -> None:
        """Without a corrector, misspelt words are found only where the rules list them.

        ``find_rows`` returns the rows of plain words in a model that reads the same words.
        """
        self.version = f"{rules.name}-{rules.version}-urgency"
        self._grammar = rules.grammar
        self._corrector = corrector
        self._find_rows = find_rows
        self._cache: dict[str, PhraseWord] = {}

    def warm_up(self) -> None:
        """Compile all patterns, which are otherwise compiled lazily; takes two seconds."""
        for starting in self._grammar.index.values():
            for start in starting:
                compile_pattern(start.phrase.pattern)
        for phrase in chain.from_iterable(self._grammar.exceptions.values()):
            compile_pattern(phrase.pattern)

    def flag(self, text: str) -> tuple[UrgentFinding, ...]:
        """Return the certain findings of a text in the order of the rules; mostly empty."""
        return self.find(text, self.split(text)).certain

    def split(self, text: str) -> list[PhraseWord]:
        """Return the words of a text."""
        cache = self._cache
        return [cache.get(raw) or self._word(raw) for raw in text.split()]

    def find(self, text: str, words: Sequence[PhraseWord]) -> UrgencyFindings:
        """Return what the phrases find in a text, given its words."""
        starting = _possible_starts(words)
        if not starting:
            return UrgencyFindings()
        certain: dict[str, list[Span]] = defaultdict(list)
        maybe: dict[str, list[Span]] = defaultdict(list)
        spots: list[Span] = []
        for run in _runs(words, starting):
            if not (matches := self._find_phrases(run.words)):
                continue
            spots = spots or [match.span() for match in _RAW.finditer(text)]
            begin, end = spots[run.first][0], spots[run.first + len(run.words) - 1][1]
            placed = [span for _, span in tokens(text[begin:end], self._spell)]
            starts = _word_starts(run.words)
            for reason, of_reason in matches.items():
                for (start, stop), is_certain in of_reason:
                    first, last = bisect_left(starts, start), bisect_left(starts, stop) - 1
                    span = (begin + placed[first][0], begin + placed[last][1])
                    (certain if is_certain else maybe)[reason].append(span)
        return UrgencyFindings(self._in_order(certain), self._in_order(maybe))

    def locate(self, text: str) -> list[Span]:
        """Return the span of each plain word and mark of a text."""
        return [
            (raw.start() + begin, raw.start() + end)
            for raw in _RAW.finditer(text)
            for _, (begin, end) in tokens(raw[0], self._spell)
        ]

    def _in_order(self, spans: dict[str, list[Span]]) -> tuple[UrgentFinding, ...]:
        reasons = filter(spans.get, self._grammar.exceptions)
        return tuple(UrgentFinding(reason, merge_spans(spans[reason])) for reason in reasons)

    def _find_phrases(self, words: Sequence[PhraseWord]) -> dict[str, list[_Match]]:
        """Return the phrases in the line of the words, by reason."""
        if not (possible := _possible_phrases(words)):
            return {}
        plain = chain.from_iterable(word.plain for word in words)
        line = " ".join(("", MARK, *plain, MARK, ""))
        matches: dict[str, list[_Match]] = defaultdict(list)
        for phrase in possible:
            matches[phrase.reason] += [_Match(s, phrase.is_certain) for s in phrase.spans(line)]
        for reason, of_reason in matches.items():
            unless = self._grammar.exceptions[reason] if of_reason else ()
            exceptions = chain.from_iterable(phrase.spans(line) for phrase in unless)
            of_reason[:] = _drop_excepted(of_reason, exceptions)
        return {reason: of_reason for reason, of_reason in matches.items() if of_reason}

    def _word(self, raw: str) -> PhraseWord:
        grammar = self._grammar
        plain = tuple(word for word, _ in tokens(raw, self._spell))
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        bits = reduce(or_, map(grammar.word_sets.__getitem__, keys & grammar.word_sets.keys()), 0)
        starting = tuple(
            chain.from_iterable(map(grammar.index.__getitem__, keys & grammar.index.keys()))
        )
        partners = reduce(or_, (start.partner for start in starting), 0)
        rows = self._find_rows(plain) if self._find_rows else ()
        word = PhraseWord(bits, partners, starting, plain, plain[-1:] == (MARK,), rows)
        if len(raw) <= MAX_WORD_LENGTH and len(self._cache) < _MAX_CACHED:
            self._cache[raw] = word
        return word

    def _spell(self, word: str) -> tuple[str, ...]:
        """Return the plain words that a word stands for; a misspelt one is corrected once."""
        plain = self._grammar.spell(word)
        if self._corrector is None or len(plain) > 1:
            return plain
        is_name = word[:1].isupper() and not word.isupper()
        corrected = self._corrector.correct(plain[0], is_name=is_name)
        return (corrected,) if corrected else plain


class _Run(NamedTuple):
    """Words that are searched together, and the number of words before them."""

    first: int
    words: Sequence[PhraseWord]


def _runs(words: Sequence[PhraseWord], starting: list[int]) -> Iterator[_Run]:
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


def _possible_starts(words: Sequence[PhraseWord]) -> list[int]:
    """Return the places of words that start a phrase all of whose parts have a word in the text."""
    if not (starting := [place for place, word in enumerate(words) if word.partners]):
        return []
    bits = 0
    for word in words:
        bits |= word.holding
    places = []
    for place in starting:
        if words[place].partners & bits:
            for needs, partner, _ in words[place].starting:
                if partner & bits and needs & bits == needs:
                    places.append(place)
                    break
    return places


def _possible_phrases(words: Sequence[PhraseWord]) -> list[Phrase]:
    """Return the phrases all of whose parts have a word among the words."""
    bits = reduce(or_, [word.holding for word in words])
    started = [start for word in words if word.partners & bits for start in word.starting]
    return list(
        dict.fromkeys(
            phrase for needs, partner, phrase in started if partner & bits and needs & bits == needs
        )
    )


def _drop_excepted(matches: list[_Match], unless: Iterable[Span]) -> list[_Match]:
    """Return the matches that are not wholly inside an exception."""
    exceptions = sorted(unless)
    starts = [start for start, _ in exceptions]
    furthest = [0, *accumulate((end for _, end in exceptions), max)]
    return [m for m in matches if furthest[bisect_right(starts, m.span[0])] < m.span[1]]


def _word_starts(words: Sequence[PhraseWord]) -> list[int]:
    """Return where each plain word starts in the line of the words, and where the last ends."""
    lengths = (len(plain) + 1 for word in words for plain in word.plain)
    # Before the first word the line has a mark with its space.
    return list(accumulate(lengths, initial=len(MARK) + 1))
