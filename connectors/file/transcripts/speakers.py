"""Recognise the labels of speakers in a transcript, and who of them asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

_MAX_LABEL_CHARACTERS: Final = 60
_MAX_LABEL_WORDS: Final = 6
_MAX_PARTICLES: Final = 2

_TIME: Final = r"[\[(]?\d{1,2}:\d{1,2}(?::\d{1,2})?(?:[.,]\d{1,3})?[\])]?"
_SPAN: Final = rf"{_TIME}(?:\s*(?:-->|-|–|—)\s*{_TIME})?"
_LABEL: Final = rf"[^\W_][^:<>\n]{{0,{_MAX_LABEL_CHARACTERS}}}?"
_SPOKEN: Final = re.compile(
    rf"(?:(?P<before>{_SPAN})\s+)?(?:-\s+)?\**(?P<label>{_LABEL})\**\s*"
    rf"(?:(?P<after>{_SPAN})\s*)?:\**(?:\s+(?P<words>\S.*))?",
    re.DOTALL,
)
"""``Name: words``, ``[00:12] Name: words`` or ``Name (00:12): words``."""
_HEADING: Final = re.compile(
    rf"(?P<label>{_LABEL})\s+(?P<after>{_SPAN})|(?P<before>{_SPAN})\s+(?P<name>{_LABEL})"
)
"""``Name  00:12`` or ``00:12 Name``, on a line of its own."""
_ONLY_TIME: Final = re.compile(_SPAN)

_MODERATORS: Final = frozenset({
    "interviewer", "interviewerin", "interviewers", "interviewster", "moderator", "moderatorin",
    "moderators", "moderatorka", "facilitator", "facilitators", "researcher", "researchers",
    "int", "mod", "fac", "host",
    "enquêteur", "enquêtrice", "intervieweur", "intervieweuse", "animateur", "animatrice",
    "entrevistador", "entrevistadora", "moderador", "moderadora", "facilitador", "facilitadora",
    "intervistatore", "intervistatrice", "moderatore", "moderatrice", "moderatör", "intervjuare",
    "intervjuer", "haastattelija", "cyfwelydd", "hwylusydd", "ankieter", "ankieterka",
    "prowadzący", "prowadząca", "görüşmeci",
})  # fmt: skip
_MODERATOR_INITIALS: Final = frozenset({"i", "q", "m"})
_RESPONDENT_INITIALS: Final = frozenset({"r", "a", "p"})
_NUMBER: Final = re.compile(r"\d+$")


class Label(NamedTuple):
    """A speaker's label at the start of a contribution."""

    name: str
    time: str
    """When it was said, as it is written; empty without one."""
    words: str
    """What follows on the same line."""


def read_label(line: str) -> Label | None:
    """Return the label that a line begins with, or None."""
    heading = _HEADING.fullmatch(line)
    if heading is not None:
        name = (heading["label"] or heading["name"]).strip(" *-–—,")
        if _is_name(name):
            return Label(name, (heading["before"] or heading["after"]).strip("[]()"), "")
    spoken = _SPOKEN.fullmatch(line)
    if spoken is None:
        return None
    name = spoken["label"].strip(" *-–—,")
    time = (spoken["before"] or spoken["after"] or "").strip("[]()")
    return Label(name, time, spoken["words"] or "") if _is_name(name) else None


def is_time(line: str) -> bool:
    """Return True for a line that holds nothing but a time, or a span of time."""
    return _ONLY_TIME.fullmatch(line) is not None


def find_moderators(names: Collection[str], stated: Collection[str]) -> frozenset[str]:
    """Return those of the speakers who ask: interviewers, and not participants.

    They are the ``stated`` ones, or else those whose label says so: "Interviewer", "Moderator 2",
    "Facilitator (day)", and "I" or "Q" beside "R", "A" or "P".
    """
    if stated:
        wanted = {fold_name(name) for name in stated}
        return frozenset(name for name in names if fold_name(name) in wanted)
    initials = {_NUMBER.sub("", fold_name(name)) for name in names}
    are_initials = bool(initials & _RESPONDENT_INITIALS)
    return frozenset(name for name in names if _asks(name, are_initials=are_initials))


def fold_name(name: str) -> str:
    """Return a speaker's name for comparison."""
    return " ".join(name.split()).strip(".:").casefold()


def _asks(name: str, *, are_initials: bool) -> bool:
    folded = fold_name(name)
    if are_initials and _NUMBER.sub("", folded) in _MODERATOR_INITIALS:
        return True
    return any(_NUMBER.sub("", word) in _MODERATORS for word in re.findall(r"\w+", folded))


def _is_name(name: str) -> bool:
    """Return True for a few words that each begin with a capital letter or a digit."""
    words = name.split()
    if not words or len(words) > _MAX_LABEL_WORDS or re.search(r"[?!;/\\]|\.\s", name):
        return False
    first, *others = (word.lstrip("([{\"'") for word in words)
    if not first[:1].isalnum() or first[:1].islower():
        return len(words) == 1 and _NUMBER.search(name) is not None  # p1, speaker2
    # Particles, as in "van der Berg", are written small, but not at the end.
    small = sum(word[:1].islower() for word in others)
    return small <= _MAX_PARTICLES and not words[-1][:1].islower()
