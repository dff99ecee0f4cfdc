"""Reading of a comment: words, sentences, the clauses of a contrast, and what is denied.

A negator or a wish reaches to the end of its clause: the words in its scope are marked, so that
"not friendly" and "would have been nice" are other words to the model than "friendly" and "nice".
Courtesies at the end are set aside. One pass over the words, in linear time.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from pipeline.stages.courtesies import COURTESY_WORDS, set_courtesies_aside
from pipeline.stages.tokens import DENIED, MAX_TOKENS, find_pieces, split_words, token_spans


class Role(IntEnum):
    """Part that a segment plays in its comment."""

    PLAIN = 0
    CONCEDED = 1
    """What a contrast concedes, as before "but"."""
    DECISIVE = 2
    """What a contrast comes to, as after "but"."""
    ASIDE = 3
    """A courtesy or a signature at the end: it says nothing about care."""


class Reading(NamedTuple):
    """A comment as words in segments, which are sentences or the clauses of a contrast."""

    tokens: Sequence[str]
    """Words in lower case, emoji, exclamation and question marks; denied ones are marked."""
    ends: Sequence[int]
    """The end of each segment in ``tokens``; at least one."""
    roles: Sequence[Role]
    """Of each segment."""
    clauses: Sequence[int] = (0,)
    """The end of each clause in ``tokens``: those of the segments, and at commas and "and"."""


EMPTY: Final = Reading((), (0,), (Role.PLAIN,))

_MIN_CLAUSE: Final = 3
"""Words on either side of a comma or an "and" that parts two clauses."""

_MAX_SCOPE: Final = 12
"""Words that a negator reaches at most."""

_MAX_SEGMENTS: Final = 200

_NO_PRONOUNS: Final = " ".join(f"no{rest}" for rest in ("body", "one", "thing", "where", "1"))
_END, _PAUSE, _NOT, _BUT, _THOUGH, _AND, _HAVE, _BE, _LIKE, _WISH, _USED, _FAR = range(1, 13)

_CODES: Final[dict[str, int]] = {
    word: code
    for code, words in (
        (
            _NOT,
            f"not no never {_NO_PRONOUNS} none neither nor without cannot hardly "
            "barely scarcely lack lacks lacked lacking don't doesn't didn't isn't wasn't weren't "
            "aren't won't can't couldn't wouldn't shouldn't haven't hasn't hadn't ain't mustn't "
            "dont doesnt didnt isnt wasnt werent arent wont cant couldnt wouldnt shouldnt havent "
            "hasnt hadnt aint",
        ),
        (_END, ". … ! ? \n"),
        (_PAUSE, ", ; : ( ) - – — -- –"),
        (_BUT, "but however unfortunately whereas shame nevertheless sadly"),
        (_THOUGH, "although though despite whilst tho"),
        (_AND, "and because so & then"),
        (_HAVE, "have of"),
        (_BE, "be"),
        (_LIKE, "like love prefer"),
        (_WISH, "wish supposed meant could've would've should've couldve wouldve shouldve"),
        (_USED, "used"),
        (_FAR, "far"),
    )
    for word in words.split(" ")
}
_OPERATORS: Final = frozenset(_CODES)
_ONE_PLAIN: Final = (Role.PLAIN,)
_MODALS: Final = split_words(
    "would could should might i'd we'd couldn't wouldn't shouldn't couldnt wouldnt shouldnt"
)
_BETWEEN_MODAL_AND_VERB: Final = split_words("not also still really just only maybe perhaps")
_WISHED: Final = split_words(
    "nice good great better helpful useful lovely ideal appreciated best improved quicker"
)
_THANKED: Final = split_words(
    "thank say commend express recommend praise compliment give add mention send pass"
)
_NO_NEGATION_BEFORE: Final = split_words(
    "only just least merely simply doubt wonder mention hesitation exception end"
)
_UNMARKED: Final = split_words(
    "a an the to of in on at for with i we you he she it they me us him her them my our "
    "your his their its is was were are be been being am have has had do does did that "
    "this these those there any or as from by about than if when who which what"
)
_ABBREVIATIONS: Final = split_words("dr mr mrs ms prof st e g i p m approx etc vs")


def read_sentences(text: str) -> Reading:
    """Read a text."""
    pieces = find_pieces(text)
    may_be_courteous = not COURTESY_WORDS.isdisjoint(pieces)
    if not may_be_courteous and len(pieces) <= MAX_TOKENS and _OPERATORS.isdisjoint(pieces):
        ends = (len(pieces),)  # a short answer, as most are
        return Reading(pieces, ends, _ONE_PLAIN, ends)
    reader = _Reader(pieces)
    reader.read()
    return reader.finish(may_be_courteous)


def cut_asides(text: str, reading: Reading) -> str:
    """Return a text without the courtesies that were set aside at its end."""
    if Role.ASIDE not in reading.roles:
        return text
    first = reading.roles.index(Role.ASIDE)
    spans = token_spans(text, reading.tokens)
    return text[: spans[reading.ends[first - 1]][0]] if first else text


class _Reader:
    """One pass over the pieces of a text."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self.tokens: list[str] = []
        self._ends: list[int] = []
        self._roles: list[Role] = []
        self._role = Role.PLAIN
        self._start = 0
        self._denied = False
        self._scope = 0
        self._is_ending = False
        self._concedes = False
        self._cuts: list[int] = []

    def read(self) -> None:
        """Read all pieces: runs of words, and what is between them."""
        pieces, done = self._pieces, 0
        for place, code in enumerate(map(_CODES.get, pieces)):
            if code is None:
                continue
            if done < place:
                self._add(pieces[done:place])
            done = place + 1
            if code <= _PAUSE:
                self._stop(pieces[place], code)
            else:
                if self._is_ending:
                    self._close(Role.PLAIN)
                self._operate(pieces[place], code, place)
        if done < len(pieces):
            self._add(pieces[done:])

    def _add(self, words: Sequence[str]) -> None:
        """Add words that change nothing."""
        if self._is_ending:
            self._close(Role.PLAIN)
        if not self._denied:
            self.tokens += words
            return
        for word in words:
            self.tokens.append(self._mark(word) if self._denied else word)

    def finish(self, may_be_courteous: bool) -> Reading:
        """Return the reading."""
        tokens = self.tokens
        if len(tokens) > MAX_TOKENS:
            del tokens[MAX_TOKENS:]
        ends = [end for end in self._ends if end < len(tokens)]
        roles = self._roles[: len(ends)]
        ends.append(len(tokens))
        roles.append(self._role)
        if may_be_courteous and len(tokens) > 1:
            ends, places = set_courtesies_aside(tokens, ends)
            if places:
                roles = [
                    Role.ASIDE if aside else roles[min(n, len(roles) - 1)]
                    for n, aside in enumerate(places)
                ]
        return Reading(tokens, ends, roles, self._clauses(ends) if self._cuts else ends)

    def _clauses(self, ends: list[int]) -> list[int]:
        """Return the ends of the clauses: those of the segments, and the cuts between them."""
        clauses: list[int] = []
        cuts = iter((*self._cuts, MAX_TOKENS + 1))
        cut, start = next(cuts), 0
        for end in ends:
            while cut < end:
                if cut - start >= _MIN_CLAUSE and end - cut >= _MIN_CLAUSE:
                    clauses.append(cut)
                    start = cut
                cut = next(cuts)
            clauses.append(end)
            start = end
        return clauses

    def _mark(self, word: str) -> str:
        reached = len(self.tokens) - self._scope
        if reached > _MAX_SCOPE or (reached == 0 and word in _NO_NEGATION_BEFORE):
            self._denied = False
            return word
        return word if word in _UNMARKED or not word[0].isalnum() else DENIED + word

    def _close(self, role: Role) -> None:
        """End the segment, unless it has no words; the next one has the role."""
        self._is_ending = self._concedes = self._denied = False
        if len(self.tokens) > self._start and len(self._ends) < _MAX_SEGMENTS:
            self._ends.append(len(self.tokens))
            self._roles.append(self._role)
            self._start = len(self.tokens)
        self._role = role

    def _stop(self, piece: str, code: int) -> None:
        self._denied = False
        if code == _PAUSE:
            self._cuts.append(len(self.tokens))
            if self._concedes:
                self._close(Role.DECISIVE)
        elif piece != "." or not self.tokens or self.tokens[-1] not in _ABBREVIATIONS:
            if piece in "!?":
                self.tokens.append(piece)
            self._is_ending = len(self.tokens) > self._start

    def _operate(self, piece: str, code: int, place: int) -> None:
        """Read a word that changes how those after it are read."""
        before = self.tokens[-1].lstrip(DENIED) if self.tokens else ""
        after = self._pieces[place + 1] if place + 1 < len(self._pieces) else ""
        if code == _NOT:
            self._toggle()
        elif code == _AND:
            self._denied = False
            self._cuts.append(len(self.tokens))
        elif code == _BUT:
            self._contrast(piece, before, place)
        elif code == _THOUGH:
            if before != "as":
                self._concede()
        elif code == _FAR:
            if after == "from":
                self._toggle()
        elif self._is_wish(code, before, after, place):
            self._toggle()
        self.tokens.append(piece)

    def _toggle(self) -> None:
        self._denied = not self._denied
        self._scope = len(self.tokens) + 1

    def _contrast(self, piece: str, before: str, place: int) -> None:
        if piece == "but" and before in {"nothing", "all", "none", "no"}:
            self._denied = False
        elif piece == "but" and before == "anything":
            self._denied = True
            self._scope = len(self.tokens) + 1
        elif piece != "shame" or place == 0 or _CODES.get(self._pieces[place - 1], 99) <= _PAUSE:
            self._denied = False
            if len(self.tokens) > self._start:
                self._role = Role.CONCEDED
                self._close(Role.DECISIVE)
            else:  # the contrast is with the sentence before
                if self._roles:
                    self._roles[-1] = Role.CONCEDED
                self._role = Role.DECISIVE

    def _concede(self) -> None:
        if len(self.tokens) > self._start:
            self._role = Role.DECISIVE
            self._close(Role.CONCEDED)
        else:
            self._role, self._concedes = Role.CONCEDED, True

    def _is_wish(self, code: int, before: str, after: str, place: int) -> bool:
        if code == _USED:
            return after == "to" and before not in {"be", "get", "got", "getting", "is", "are"}
        if code == _WISH:
            return after not in {"you", "them", "him", "her", "everyone"}
        if before in _BETWEEN_MODAL_AND_VERB and len(self.tokens) > 1:
            before = self.tokens[-2].lstrip(DENIED)
        if before not in _MODALS:
            return False
        if code == _BE:
            return not before.startswith(("would", "i'd", "we'd")) or after in _WISHED
        if code == _LIKE:
            following = self._pieces[place + 2] if place + 2 < len(self._pieces) else ""
            return after != "to" or following not in _THANKED
        return True
