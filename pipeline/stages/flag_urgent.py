"""Stage: passages of a comment that need attention now, by the phrases of a data file.

Users may change the rules; the file's header documents how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are searched, in linear time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import accumulate, chain, islice
from operator import attrgetter, or_
from typing import Final, NamedTuple

from pipeline.stages._phrases import (
    MARK,
    MAX_PLAIN,
    MAX_WORD_LENGTH,
    PhraseWord,
    Span,
    Start,
    compile_pattern,
    tokens,
)
from pipeline.stages._plain_places import PlainPlaces
from pipeline.stages._runs import find_runs, may_hold_phrase, possible_phrases
from pipeline.stages._spelling import SpellingCorrector
from pipeline.stages.spans import merge_spans
from pipeline.stages.urgency_rules import UrgencyRules

_PLAIN: Final = attrgetter("plain")
_HOLDING: Final = attrgetter("holding")
_ROWS: Final = attrgetter("rows")
_MAX_CACHED: Final = 50_000


class UrgentFinding(NamedTuple):
    """A reason why a comment is urgent, and its half-open character spans, sorted."""

    reason: str
    spans: tuple[Span, ...]


class UrgencyFindings(NamedTuple):
    """Reasons why a comment is urgent, and why it is worth reading."""

    certain: tuple[UrgentFinding, ...] = ()
    maybe: tuple[UrgentFinding, ...] = ()


_NOTHING: Final = UrgencyFindings()


class _Match(NamedTuple):
    """A phrase in a line of words."""

    span: Span
    is_certain: bool


class _Cache(dict[str, PhraseWord]):
    """Words by the text between two spaces; the first ones of usual length are kept."""

    def __init__(self, read: Callable[[str], PhraseWord]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, raw: str) -> PhraseWord:
        word = self._read(raw)
        if len(raw) <= MAX_WORD_LENGTH and len(self) < _MAX_CACHED:
            self[raw] = word
        return word


class UrgencyFlagger:
    """Finds urgent passages in texts; safe to call from one thread at a time."""

    def __init__(
        self,
        rules: UrgencyRules,
        corrector: SpellingCorrector | None = None,
        find_rows: Callable[[Iterable[str]], tuple[int, ...]] | None = None,
        find_doubted: Callable[[Sequence[int]], Sequence[bool]] | None = None,
    ) -> None:
        """Without a corrector, misspelt words are found only where the rules list them.

        ``find_rows`` returns the rows of plain words in a model that reads the same words, and
        ``find_doubted`` whether the sentence of each of such words may only sound urgent.
        """
        self.version = f"{rules.name}-{rules.version}-urgency"
        self._grammar = rules.grammar
        self._corrector = corrector
        self._find_rows = find_rows
        self._find_doubted = find_doubted
        self._cache = _Cache(self._word)

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
        return [*map(self._cache.__getitem__, text.split())]

    def find(
        self, text: str, words: Sequence[PhraseWord], *, is_readable: bool = True
    ) -> UrgencyFindings:
        """Return what the phrases find in a text, given its words.

        The model's doubts count if it can read the text.
        """
        if not may_hold_phrase(words):
            return _NOTHING
        certain: dict[str, list[Span]] = defaultdict(list)
        maybe: dict[str, list[Span]] = defaultdict(list)
        places: PlainPlaces | None = None
        for run in find_runs(words):
            if not (matches := self._find_phrases(run.words)):
                continue
            places = places or self.locate(text, words)
            before = places.counts[run.first]
            starts = _word_starts(run.words)
            is_any_certain = any(m.is_certain for each in matches.values() for m in each)
            doubted = self._doubted(run.words) if is_readable and is_any_certain else None
            for reason, of_reason in matches.items():
                for (start, stop), is_certain in of_reason:
                    first, end = bisect_left(starts, start), bisect_left(starts, stop)
                    span = places.span(before + first, before + end)
                    is_sure = is_certain and not (doubted and doubted[first])
                    (certain if is_sure else maybe)[reason].append(span)
        if places is None:
            return _NOTHING
        return UrgencyFindings(self._in_order(certain), self._in_order(maybe))

    def locate(self, text: str, words: Sequence[PhraseWord]) -> PlainPlaces:
        """Return where the plain words of a text stand in it."""
        return PlainPlaces(text, words, self._spell)

    def _doubted(self, words: Sequence[PhraseWord]) -> Sequence[bool] | None:
        if self._find_doubted is None:
            return None
        return self._find_doubted([*chain.from_iterable(map(_ROWS, words))])

    def _in_order(self, spans: dict[str, list[Span]]) -> tuple[UrgentFinding, ...]:
        reasons = filter(spans.get, self._grammar.exceptions)
        return tuple(UrgentFinding(reason, merge_spans(spans[reason])) for reason in reasons)

    def _find_phrases(self, words: Sequence[PhraseWord]) -> dict[str, list[_Match]]:
        """Return the phrases in the line of the words, by reason."""
        if not (possible := possible_phrases(words)):
            return {}
        plain = chain.from_iterable(map(_PLAIN, words))
        line = " ".join(("", MARK, *plain, MARK, ""))
        matches: dict[str, list[_Match]] = defaultdict(list)
        for phrase in possible:
            if spans := phrase.spans(line):
                matches[phrase.reason] += [_Match(span, phrase.is_certain) for span in spans]
        if not matches:
            return {}
        bits = reduce(or_, map(_HOLDING, words))
        doubts = _find_spans(self._grammar.doubts, bits, line)
        for reason, of_reason in matches.items():
            exceptions = _find_spans(self._grammar.exceptions[reason], bits, line)
            of_reason[:] = _doubt(_drop_excepted(of_reason, exceptions), doubts)
        return {reason: of_reason for reason, of_reason in matches.items() if of_reason}

    def _word(self, raw: str) -> PhraseWord:
        grammar = self._grammar
        plain = tuple(word for word, _ in islice(tokens(raw, self._spell), MAX_PLAIN))
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        starting = tuple(chain.from_iterable(grammar.index[k] for k in keys & grammar.index.keys()))
        return PhraseWord(
            holding=_union(grammar.word_sets, keys),
            pairing=_union(grammar.partner_sets, keys),
            partners=reduce(or_, (start.partner for start in starting), 0),
            starting=starting,
            plain=plain,
            is_end=plain[-1:] == (MARK,),
            rows=self._find_rows(plain) if self._find_rows else (),
        )

    def _spell(self, word: str) -> tuple[str, ...]:
        """Return the plain words that a word stands for; a misspelt one is corrected once."""
        plain = self._grammar.spell(word)
        if self._corrector is None or len(plain) > 1:
            return plain
        is_name = word[:1].isupper() and not word.isupper()
        corrected = self._corrector.correct(plain[0], is_name=is_name)
        return (corrected,) if corrected else plain


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
