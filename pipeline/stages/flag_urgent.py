"""Stage: what in a comment cannot wait, by the phrases of a data file.

The rules are the users' to change; the file's header explains how phrases are written. A comment's
words tell which phrases it can hold, mostly none, and only these are looked for, in linear time.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, reduce
from itertools import accumulate, chain
from operator import or_
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

_DEFAULT: Final = Path(__file__).parent.parent / "urgency" / "healthcare.toml"
_MOST_REMEMBERED: Final = 50_000
_LONGEST_WORD: Final = 40  # what is beyond is not compared
_MARK: Final = "."  # stands in a line of words where a sentence ends
# An accent of its own belongs to its letter and an apostrophe to its word; a full stop within a
# number ends no sentence. No run is looked at twice, so that long ones stay linear.
_TOKEN: Final = re.compile(
    r"([^\W_](?:[^\W_]|[\u0300-\u036f]|['’‘`´](?=[^\W_]))*)"
    r"|(?<![.!?…])[.!?…]++(?=[\s\"'”’)\]A-Z]|$)"
)
_PIECE: Final = re.compile(r"<\w*>|[{}\[\]|^$]|[^\s{}\[\]|^$]+")
_GAP: Final = re.compile(r"\*(1[0-2]|[1-9])?")  # wider ones would find chance, and take long
_ALIKE: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ł": "l", "ø": "o"})

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Span = tuple[int, int]


class UrgentFinding(NamedTuple):
    """Why a comment cannot wait, and the half-open ranges of characters that say so, sorted."""

    reason: str
    spans: tuple[Span, ...]


class Reason(BaseModel):
    """One reason why a comment cannot wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    priority: int = Field(ge=1, description="1 is read first.")
    phrases: tuple[str, ...] = Field(min_length=1, description="What people write.")
    unless: tuple[str, ...] = Field((), description="What is wholly inside these does not count.")


class UrgencyRules(BaseModel):
    """Reasons and their phrases, as the TOML file holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Identifier
    version: str
    everyday: tuple[str, ...] = Field((), description="Words by their frequency.")
    spellings: dict[str, tuple[str, ...]] = Field({}, description="Words, and what is read so.")
    lists: dict[Identifier, str] = Field({}, description="Named parts of phrases.")
    reasons: dict[Identifier, Reason] = Field(min_length=1)
    _grammar: _Grammar = PrivateAttr()

    @model_validator(mode="after")
    def _phrases_can_be_read(self) -> Self:
        self._grammar = _Grammar(self)
        return self

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a rules file; None for the one of healthcare in the package.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or _DEFAULT).open("rb") as file:
            return cls.model_validate(tomllib.load(file))


class UrgencyFlagger:
    """Finds what cannot wait in texts; safe to call from one thread at a time."""

    def __init__(self, rules: UrgencyRules) -> None:
        self.version = f"{rules.name}-{rules.version}-urgency"
        self._grammar = rules._grammar
        self._known: dict[str, _Word] = {}

    def flag(self, text: str) -> tuple[UrgentFinding, ...]:
        """What is urgent in a text, in the order of the rules; empty for most texts."""
        known = self._known
        words = [known.get(raw) or self._word(raw) for raw in text.split()]
        if not (possible := _possible(words)):
            return ()
        plain = chain.from_iterable(word.plain for word in words)
        line = " ".join(("", _MARK, *plain, _MARK, ""))
        found: dict[str, list[Span]] = defaultdict(list)
        for phrase in possible:
            found[phrase.reason] += phrase.spans(line)
        for reason, spans in found.items():
            unless = self._grammar.unless[reason] if spans else ()
            spans[:] = _outside(spans, chain.from_iterable(p.spans(line) for p in unless))
        if not any(found.values()):
            return ()
        placed = list(_tokens(text, self._grammar.spelt))
        reasons = filter(found.get, self._grammar.unless)
        return tuple(UrgentFinding(reason, _merged(found[reason], placed)) for reason in reasons)

    def _word(self, raw: str) -> _Word:
        grammar, plain = self._grammar, self._grammar.plain(raw)
        keys = {*plain, *(f"{word[:end]}*" for word in plain for end in range(1, len(word) + 1))}
        bits = reduce(or_, map(grammar.holding.__getitem__, keys & grammar.holding.keys()), 0)
        starting = map(grammar.starting.__getitem__, keys & grammar.starting.keys())
        word = _Word(bits, tuple(chain.from_iterable(starting)), plain)
        if len(raw) <= _LONGEST_WORD and len(self._known) < _MOST_REMEMBERED:
            self._known[raw] = word
        return word


def _possible(words: list[_Word]) -> list[_Phrase]:
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


def _merged(spans: Iterable[Span], placed: list[tuple[str, Span]]) -> tuple[Span, ...]:
    """The ranges of a text for ranges of the line of its words, sorted and merged."""
    # Before the first word the line has a mark with its space.
    starts = list(accumulate((len(word) + 1 for word, _ in placed), initial=len(_MARK) + 1))
    merged: list[Span] = []
    for start, end in sorted(spans):
        begin = placed[bisect_left(starts, start)][1][0]
        until = placed[bisect_left(starts, end) - 1][1][1]
        if merged and begin <= merged[-1][1]:
            begin, until = merged[-1][0], max(until, merged.pop()[1])
        merged.append((begin, until))
    return tuple(merged)


_compiled: Final = cache(re.compile)


class _Phrase(NamedTuple):
    """What to look for in a line: each word follows a space, and a space follows the last."""

    reason: str
    pattern: str

    def spans(self, line: str) -> list[Span]:
        return [match.span() for match in _compiled(self.pattern).finditer(line)]


class _Word(NamedTuple):
    """What stands between two spaces, as the phrases see it. Sets of words are bits."""

    holding: int  # the sets that hold it
    starting: tuple[tuple[int, _Phrase], ...]  # what starts from it, and the sets that this needs
    plain: tuple[str, ...]


class _Part(NamedTuple):
    """A part of a phrase: its pattern, and sets of words of each of which it holds one."""

    pattern: str
    needs: tuple[frozenset[str], ...]


class _Grammar:
    """Reads phrases; raises ``ValueError`` with a sentence for who edits the file."""

    def __init__(self, rules: UrgencyRules) -> None:
        self.spelt: dict[str, tuple[str, ...]] = {}
        for right, variants in rules.spellings.items():
            self.spelt |= dict.fromkeys(map(_folded, variants), tuple(_folded(right).split()))
        self._ranks = {word: rank for rank, word in enumerate(rules.everyday, start=1)}
        self._lists: dict[str, _Part] = {}
        for name, source in rules.lists.items():
            self._lists[name] = self._read(source, f"list {name}")
        self.holding: dict[str, int] = defaultdict(int)  # by word, or beginning with a *
        self.starting: dict[str, list[tuple[int, _Phrase]]] = defaultdict(list)
        self.unless: dict[str, list[_Phrase]] = {}
        bits: dict[frozenset[str], int] = {}
        for name, reason in rules.reasons.items():
            for source in reason.phrases:
                self._add(source, name, bits)
            # A phrase ends as soon as it can, to show little; an exception holds all it can.
            wide = (self._read(s, f'reason {name}: unless "{s}"').pattern for s in reason.unless)
            self.unless[name] = [_Phrase(name, pattern.replace("}?", "}")) for pattern in wide]

    def plain(self, raw: str) -> tuple[str, ...]:
        """The plain words, and marks, of what stands between two spaces."""
        return tuple(word for word, _ in _tokens(raw, self.spelt))

    def _add(self, source: str, reason: str, bits: dict[frozenset[str], int]) -> None:
        place = f'reason {reason}: phrase "{source}"'
        part = self._read(source, place)
        if not part.needs:
            raise ValueError(f"{place}: it needs a word that is always there")
        for need in part.needs:
            for word in need:
                self.holding[word] |= bits.setdefault(need, 1 << len(bits))
        needed = reduce(or_, (bits[need] for need in part.needs))
        for word in min(part.needs, key=self._frequency):
            self.starting[word].append((needed, _Phrase(reason, part.pattern)))

    def _read(self, source: str, place: str) -> _Part:
        try:
            part = self._choice(iter([*_PIECE.findall(source), ""]), "")
            return part._replace(pattern=part.pattern + "(?= )")
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None

    def _choice(self, pieces: Iterator[str], end: str) -> _Part:
        rows: list[list[_Part]] = [[]]
        while (piece := next(pieces)) != end:
            if piece == "|":
                rows.append([])
            else:
                rows[-1].append(self._part(piece, pieces))
        if not all(rows):
            raise ValueError("there are no words between two marks")
        patterns = ("".join(part.pattern for part in row) for row in rows)
        needs = [list(chain.from_iterable(part.needs for part in row)) for row in rows]
        if len(rows) == 1:
            return _Part(f"(?:{next(patterns)})", tuple(needs[0]))
        # Of each alternative its rarest word; where one needs none, neither does the choice.
        rarest = (min(row, key=self._frequency) for row in needs if row)
        either = (frozenset(chain.from_iterable(rarest)),) if all(needs) else ()
        return _Part(f"(?:{'|'.join(patterns)})", either)

    def _part(self, piece: str, pieces: Iterator[str]) -> _Part:
        if piece == "{":
            return self._choice(pieces, "}")
        if piece == "[":
            return _Part(f"{self._choice(pieces, ']').pattern}?", ())
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
        return self._words(piece)

    def _words(self, piece: str) -> _Part:
        words = self.plain(piece)
        if not words or _MARK in words or "*" in piece[:-1]:
            raise ValueError(f"{piece} is no word, no beginning with a * at its end, no *1 to *12")
        pattern = "".join(f" {word}" for word in words)
        if piece.endswith("*"):
            return _Part(f"{pattern}[^ .]*", (frozenset({f"{words[-1]}*"}),))
        return _Part(pattern, tuple(frozenset({word}) for word in words))

    def _frequency(self, words: frozenset[str]) -> float:
        """How often a text holds one of the words, by Zipf's law."""
        return sum(1 / self._ranks.get(word.rstrip("*"), 2_000) for word in words)


def _tokens(text: str, spelt: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, Span]]:
    """The plain words of a text and the marks between its sentences, with their places."""
    for match in _TOKEN.finditer(text):
        if not match[1]:
            yield _MARK, match.span()
            continue
        folded = _folded(match[1][:_LONGEST_WORD])
        bare = folded.replace("'", "")
        for word in spelt.get(folded) or spelt.get(bare) or (bare,):
            yield word, match.span()


def _folded(word: str) -> str:
    """Small letters without accents; apostrophes, which tell I'll from ill, are kept."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold().translate(_ALIKE))
    return "".join(letter for letter in letters if letter.isalnum() or letter in "' ")
