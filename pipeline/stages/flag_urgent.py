"""Stage: passages of a comment that need attention now, by the phrases of a data file.

Users may change the rules; the file's header documents how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are searched, in linear time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import accumulate, chain, islice
from operator import or_
from typing import Final, NamedTuple

from pipeline.stages._phrases import (
    MARK,
    MAX_WORD_LENGTH,
    Phrase,
    PhraseWord,
    Span,
    Start,
    compile_pattern,
    tokens,
)
from pipeline.stages._spelling import SpellingCorrector
from pipeline.stages.spans import merge_spans
from pipeline.stages.urgency_rules import UrgencyRules

_RAW: Final = re.compile(r"\S+")
_MAX_CACHED: Final = 50_000
_MAX_PLAIN: Final = 40  # plain words between two spaces; any further ones are not compared
_MAX_RUN: Final = 120
_OVERLAP: Final = 40  # words; more than any phrase has


class UrgentFinding(NamedTuple):
    """A reason why a comment is urgent, and its half-open character spans, sorted."""

    reason: str
    spans: tuple[Span, ...]


class UrgencyFindings(NamedTuple):
    """Reasons why a comment is urgent, and why it is worth reading."""

    certain: tuple[UrgentFinding, ...] = ()
    maybe: tuple[UrgentFinding, ...] = ()


class _Match(NamedTuple):
    """A phrase in a line of words."""

    span: Span
    is_certain: bool


class PlainPlaces:
    """Places of the plain words of a text, by their numbers."""

    def __init__(
        self, text: str, words: Sequence[PhraseWord], spell: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._raw = list(_RAW.finditer(text))
        self._spell = spell
        self.counts = list(accumulate((len(word.plain) for word in words), initial=0))
        """Numbers of plain words before each word; and of all."""

    def span(self, first: int, end: int) -> Span:
        """Return the characters from the first plain word to the last before ``end``."""
        return self._locate(first)[0], self._locate(end - 1)[1]

    def _locate(self, number: int) -> Span:
        place = bisect_right(self.counts, number) - 1
        raw = self._raw[place]
        within = number - self.counts[place]
        inner = next(islice(tokens(raw[0], self._spell), within, None))[1]
        return raw.start() + inner[0], raw.start() + inner[1]


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
        grammar = self._grammar
        for start in chain(*grammar.index.values(), *grammar.exceptions.values()):
            compile_pattern(start.phrase.pattern)

    def flag(self, text: str) -> tuple[UrgentFinding, ...]:
        """Return the certain findings of a text in the order of the rules; mostly empty."""
        return self.find(text, self.split(text)).certain

    def split(self, text: str) -> list[PhraseWord]:
        """Return the words of a text."""
        cache = self._cache
        return [cache.get(raw) or self._word(raw) for raw in text.split()]

    def find(self, text: str, words: Sequence[PhraseWord]) -> UrgencyFindings:
        """Return what the phrases find in a text, given its words."""
        if not _may_hold_phrase(words):
            return UrgencyFindings()
        certain: dict[str, list[Span]] = defaultdict(list)
        maybe: dict[str, list[Span]] = defaultdict(list)
        places: PlainPlaces | None = None
        for run in _runs(words):
            if not (matches := self._find_phrases(run.words)):
                continue
            places = places or self.locate(text, words)
            before = places.counts[run.first]
            starts = _word_starts(run.words)
            for reason, of_reason in matches.items():
                for (start, stop), is_certain in of_reason:
                    first, end = bisect_left(starts, start), bisect_left(starts, stop)
                    span = places.span(before + first, before + end)
                    (certain if is_certain else maybe)[reason].append(span)
        return UrgencyFindings(self._in_order(certain), self._in_order(maybe))

    def locate(self, text: str, words: Sequence[PhraseWord]) -> PlainPlaces:
        """Return where the plain words of a text stand in it."""
        return PlainPlaces(text, words, self._spell)

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
            if spans := phrase.spans(line):
                matches[phrase.reason] += [_Match(span, phrase.is_certain) for span in spans]
        if not matches:
            return {}
        bits = reduce(or_, [word.holding for word in words])
        doubts = _find_spans(self._grammar.doubts, bits, line)
        for reason, of_reason in matches.items():
            exceptions = _find_spans(self._grammar.exceptions[reason], bits, line)
            of_reason[:] = _doubt(_drop_excepted(of_reason, exceptions), doubts)
        return {reason: of_reason for reason, of_reason in matches.items() if of_reason}

    def _word(self, raw: str) -> PhraseWord:
        grammar = self._grammar
        plain = tuple(word for word, _ in islice(tokens(raw, self._spell), _MAX_PLAIN))
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        starting = tuple(chain.from_iterable(grammar.index[k] for k in keys & grammar.index.keys()))
        word = PhraseWord(
            holding=_union(grammar.word_sets, keys),
            pairing=_union(grammar.partner_sets, keys),
            partners=reduce(or_, (start.partner for start in starting), 0),
            starting=starting,
            plain=plain,
            is_end=plain[-1:] == (MARK,),
            rows=self._find_rows(plain) if self._find_rows else (),
        )
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


def _runs(words: Sequence[PhraseWord]) -> Iterator[_Run]:
    """Yield the sentences, in order.

    No phrase reaches over the end of a sentence, and all words of a long text together would match
    nearly every phrase. Longer sentences come in pieces that overlap.
    """
    begin = 0
    for end in chain((n for n, word in enumerate(words, start=1) if word.is_end), (len(words),)):
        widest = max((len(word.plain) for word in words[begin:end]), default=1) or 1
        size = max(1, _MAX_RUN // widest)
        for first in range(begin, end, max(1, size - _OVERLAP // widest)):
            yield _Run(first, words[first : min(end, first + size)])
            if first + size >= end:
                break
        begin = end


def _may_hold_phrase(words: Sequence[PhraseWord]) -> bool:
    """Return True if there are words of two parts of a phrase, as few texts have."""
    starting = [word.partners for word in words if word.partners]
    if not starting:
        return False
    pairing = 0
    for word in words:
        pairing |= word.pairing
    return any(partners & pairing for partners in starting)


def _possible_phrases(words: Sequence[PhraseWord]) -> list[Phrase]:
    """Return the phrases all of whose parts have a word among the words."""
    pairing = 0
    for word in words:
        pairing |= word.pairing
    starting = [word.starting for word in words if word.partners & pairing]
    if not starting:
        return []
    bits = reduce(or_, [word.holding for word in words])
    phrases = [
        phrase
        for starts in starting
        for needs, partner, phrase in starts
        if partner & pairing and needs & bits == needs
    ]
    return list(dict.fromkeys(phrases))


def _union(sets: Mapping[str, int], keys: set[str]) -> int:
    """Return the bits of the sets that contain one of the words."""
    return reduce(or_, (sets[key] for key in keys & sets.keys()), 0)


def _find_spans(phrases: Iterable[Start], bits: int, line: str) -> list[Span]:
    """Return the spans of phrases in a line, given the sets that contain its words."""
    return [
        span for needs, _, phrase in phrases if needs & bits == needs for span in phrase.spans(line)
    ]


def _doubt(matches: list[_Match], doubts: Sequence[Span]) -> list[_Match]:
    """Return the matches, of which those that begin within a doubt are not certain."""
    return [
        match._replace(is_certain=False)
        if any(start < match.span[0] < end for start, end in doubts)
        else match
        for match in matches
    ]


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
