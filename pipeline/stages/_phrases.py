"""Language of phrases in the urgency rules, and its compilation to patterns over words.

The header of the rules file documents the language for its authors.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from itertools import chain
from operator import or_
from typing import Final, NamedTuple

Span = tuple[int, int]

MAX_WORD_LENGTH: Final = 40
"""Letters; any further ones are not compared."""

MAX_PLAIN: Final = 40
"""Plain words between two spaces; any further ones are not compared."""

MARK: Final = "."
"""Marks the end of a sentence in a line of words."""

# A combining accent belongs to its letter and an apostrophe to its word; a full stop within a
# number does not end a sentence. No run is scanned twice, so that long ones stay linear.
_TOKEN: Final = re.compile(
    r"([^\W_](?:[^\W_]|[\u0300-\u036f]|['’‘`´](?=[^\W_]))*)"
    r"|(?<![.!?…])[.!?…]++(?=[\s\"'”’)\]A-Z]|$)"
)
_PIECE: Final = re.compile(r"<\w*>|[{}\[\]|^$]|[^\s{}\[\]|^$]+")
_GAP: Final = re.compile(r"\*(1[0-2]|[1-9])?")  # wider ones would find chance, and take long
_ALIKE: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ł": "l", "ø": "o"})

compile_pattern: Final = cache(re.compile)
"""Patterns are compiled lazily: a single run needs few of them."""


class Phrase(NamedTuple):
    """A pattern to find in a line: each word follows a space, and a space follows the last."""

    reason: str
    pattern: str
    is_certain: bool = True

    def spans(self, line: str) -> list[Span]:
        """Return the spans of the phrase in a line."""
        return [match.span() for match in compile_pattern(self.pattern).finditer(line)]


class Start(NamedTuple):
    """A phrase, kept by the words of its rarest part. Sets of words are bits."""

    needs: int  # the sets of which the phrase has a word each
    partner: int  # the set of its second rarest part; a phrase of one part has that again
    phrase: Phrase


class PhraseWord(NamedTuple):
    """The text between two spaces, as the phrases see it. Sets of words are bits."""

    holding: int  # the sets that contain it
    pairing: int  # of these, the ones that are a phrase's partner: fewer bits, and quicker
    partners: int  # the partners of the phrases that it starts
    starting: tuple[Start, ...]
    plain: tuple[str, ...]
    is_end: bool  # of a sentence
    rows: tuple[int, ...]  # of the plain words in the model of the second level


class _Part(NamedTuple):
    """A part of a phrase: its pattern, and sets of words; it holds one word of each."""

    pattern: str
    needs: tuple[frozenset[str], ...]


class Grammar:
    """Compiles phrases; raises ``ValueError`` with a message for the author of the file."""

    def __init__(
        self,
        *,
        spellings: Mapping[str, Sequence[str]],
        everyday: Sequence[str],
        lists: Mapping[str, str],
        phrases: Mapping[str, Sequence[str]],
        hints: Mapping[str, Sequence[str]],
        exceptions: Mapping[str, Sequence[str]],
        doubts: Sequence[str] = (),
    ) -> None:
        """Compile the phrases, weaker phrases and exceptions, each by reason.

        ``spellings`` are the variants of a word, ``everyday`` words by their frequency, ``lists``
        the named parts of phrases, ``doubts`` what makes any phrase after it less than certain.
        """
        self.spellings: dict[str, tuple[str, ...]] = {}
        for right, variants in spellings.items():
            self.spellings |= dict.fromkeys(map(_fold, variants), tuple(_fold(right).split()))
        self._ranks = {word: rank for rank, word in enumerate(everyday, start=1)}
        self._lists: dict[str, _Part] = {}
        for name, source in lists.items():
            self._lists[name] = self._parse(source, f"list {name}")
        self.word_sets: dict[str, int] = defaultdict(int)  # by word, or beginning with a *
        self.partner_sets: dict[str, int] = defaultdict(int)
        self.index: dict[str, list[Start]] = defaultdict(list)
        self.exceptions: dict[str, list[Start]] = {}
        bits: dict[frozenset[str], int] = {}
        partners: dict[frozenset[str], int] = {}
        for name, sources in phrases.items():
            for source in sources:
                self._compile_phrase(source, name, bits, partners)
            for source in hints.get(name, ()):
                self._compile_phrase(source, name, bits, partners, is_certain=False)
            self.exceptions[name] = [
                self._compile_exception(source, name, bits) for source in exceptions.get(name, ())
            ]
        self.doubts = [self._compile_doubt(source, bits) for source in doubts]

    def plain(self, raw: str) -> tuple[str, ...]:
        """Return the plain words and marks of the text between two spaces."""
        return tuple(word for word, _ in tokens(raw, self.spell))

    def spell(self, word: str) -> tuple[str, ...]:
        """Return the plain words that a word stands for."""
        folded = _fold(word)
        bare = folded.replace("'", "")
        return self.spellings.get(folded) or self.spellings.get(bare) or (bare,)

    def _compile_phrase(
        self,
        source: str,
        reason: str,
        bits: dict[frozenset[str], int],
        partners: dict[frozenset[str], int],
        *,
        is_certain: bool = True,
    ) -> None:
        place = f'reason {reason}: phrase "{source}"'
        part = self._parse(source, place)
        if not part.needs:
            raise ValueError(f"{place}: it needs a word that is always there")
        needed = self._add_needs(part, bits)
        rarest = sorted(part.needs, key=self._frequency)
        second = rarest[min(1, len(rarest) - 1)]
        partner = partners.setdefault(second, 1 << len(partners))
        for word in second:
            self.partner_sets[word] |= partner
        for word in rarest[0]:
            self.index[word].append(
                Start(needed, partner, Phrase(reason, part.pattern, is_certain))
            )

    def _compile_exception(
        self, source: str, reason: str, bits: dict[frozenset[str], int]
    ) -> Start:
        place = f'reason {reason}: unless "{source}"' if reason else f'doubt "{source}"'
        part = self._parse(source, place)
        # A phrase ends as soon as it can, to show little; an exception holds all it can.
        phrase = Phrase(reason, part.pattern.replace("}?", "}"))
        return Start(self._add_needs(part, bits), 0, phrase)

    def _compile_doubt(self, source: str, bits: dict[frozenset[str], int]) -> Start:
        doubt = self._compile_exception(source, "", bits)
        if source.startswith("*"):
            # A letter more before it: so also what begins with it begins within it.
            return doubt._replace(phrase=Phrase("", f".?{doubt.phrase.pattern}"))
        return doubt

    def _add_needs(self, part: _Part, bits: dict[frozenset[str], int]) -> int:
        """Return the sets of words that a part needs; new ones get bits of their own."""
        for need in part.needs:
            for word in need:
                self.word_sets[word] |= bits.setdefault(need, 1 << len(bits))
        return reduce(or_, (bits[need] for need in part.needs), 0)

    def _parse(self, source: str, place: str) -> _Part:
        try:
            part = self._parse_alternatives(iter([*_PIECE.findall(source), ""]), "")
            return part._replace(pattern=part.pattern + "(?= )")
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None

    def _parse_alternatives(self, pieces: Iterator[str], end: str) -> _Part:
        rows: list[list[_Part]] = [[]]
        while (piece := next(pieces)) != end:
            if piece == "|":
                rows.append([])
            else:
                rows[-1].append(self._parse_part(piece, pieces))
        if not all(rows):
            raise ValueError("there are no words between two marks")
        patterns = ("".join(part.pattern for part in row) for row in rows)
        needs = [list(chain.from_iterable(part.needs for part in row)) for row in rows]
        if len(rows) == 1:
            return _Part(f"(?:{next(patterns)})", tuple(needs[0]))
        # The rarest word of each alternative; if one needs no word, neither does the choice.
        rarest = (min(row, key=self._frequency) for row in needs if row)
        either = (frozenset(chain.from_iterable(rarest)),) if all(needs) else ()
        return _Part(f"(?:{'|'.join(patterns)})", either)

    def _parse_part(self, piece: str, pieces: Iterator[str]) -> _Part:
        if piece == "{":
            return self._parse_alternatives(pieces, "}")
        if piece == "[":
            return _Part(f"{self._parse_alternatives(pieces, ']').pattern}?", ())
        if piece in {"^", "$"}:
            return _Part(r"(?<= \.)" if piece == "^" else r"(?= \.)", ())
        if piece in {"", "}", "]"}:
            raise ValueError(f"{piece} stands alone" if piece else "a { or [ is never closed")
        if piece.startswith("<"):
            if piece[1:-1] not in self._lists:
                raise ValueError(f"there is no list {piece[1:-1]} above it")
            return self._lists[piece[1:-1]]
        if gap := _GAP.fullmatch(piece):
            return _Part(f"(?: [^ .]+){{0,{gap[1] or 1}}}?", ())
        return self._parse_words(piece)

    def _parse_words(self, piece: str) -> _Part:
        words = self.plain(piece)
        if not words or MARK in words or "*" in piece[:-1]:
            raise ValueError(
                f"{piece} is not a word, a beginning with a * at its end, or *1 to *12"
            )
        pattern = "".join(f" {word}" for word in words)
        if piece.endswith("*"):
            return _Part(f"{pattern}[^ .]*", (frozenset({f"{words[-1]}*"}),))
        return _Part(pattern, tuple(frozenset({word}) for word in words))

    def english_words(self, vocabulary: Mapping[str, object]) -> list[str]:
        """Return the words of the phrases that are in a vocabulary, the most frequent first."""
        words = [word for word in self.word_sets if word in vocabulary]
        stems = tuple(word[:-1] for word in self.word_sets if word.endswith("*") and len(word) > 4)
        words += [word for word in vocabulary if word.startswith(stems)]
        return sorted(words, key=lambda word: self._ranks.get(word, len(self._ranks)))

    def _frequency(self, words: frozenset[str]) -> float:
        """Estimate how often a text holds one of the words, by Zipf's law."""
        return sum(1 / self._ranks.get(word.rstrip("*"), 2_000) for word in words)


def tokens(text: str, spell: Callable[[str], tuple[str, ...]]) -> Iterator[tuple[str, Span]]:
    """Yield the plain words of a text and the marks between its sentences, with their spans."""
    for match in _TOKEN.finditer(text):
        if not match[1]:
            yield MARK, match.span()
            continue
        for word in spell(match[1][:MAX_WORD_LENGTH]):
            yield word, match.span()


def _fold(word: str) -> str:
    """Lower the case and remove accents; keep apostrophes, which tell I'll from ill."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold().translate(_ALIKE))
    return "".join(letter for letter in letters if letter.isalnum() or letter in "' ")
