"""Recognise the labels of speakers in a transcript, and who of them asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from connectors.file.transcripts.speaker_words import (
    FACTS,
    MODERATOR_INITIALS,
    MODERATORS,
    OPENERS,
    RESPONDENT_INITIALS,
    RESPONDENTS,
    SOUNDS,
)

_MAX_LABEL_CHARACTERS: Final = 60
_MAX_LABEL_WORDS: Final = 6
_MAX_PARTICLES: Final = 2

_TIME: Final = (
    r"(?:[\[(]?\d{1,2}:\d{1,2}(?::\d{1,2})?(?:[.,]\d{1,3})?[\])]?"
    r"|[\[(]\d{1,6}(?:[.,]\d{1,3})?\s?s(?:\s?->\s?\d{1,6}(?:[.,]\d{1,3})?\s?s)?[\])])"
)
_SPAN: Final = rf"(?:\d{{4}}-\d\d-\d\d[ \t]{{1,3}})?{_TIME}(?:\s*(?:-->|-|–|—)\s*{_TIME})?"
_LABEL: Final = rf"[^\W_][^:<>\n\t]{{0,{_MAX_LABEL_CHARACTERS}}}?"
_MARKS: Final = r"[*_]{0,3}"
_SPOKEN: Final = re.compile(
    rf"(?:(?P<before>{_SPAN})\s+)?(?:(?:-|>>+|\d{{1,4}}[.)])\s*)?{_MARKS}\[?(?P<label>{_LABEL})\]?{_MARKS}\s*"
    rf"(?:(?P<after>{_SPAN})\s*)?:{_MARKS}(?:\s+(?P<words>\S.*))?",
    re.DOTALL,
)
"""``Name: words``, ``[00:12] Name: words``, ``[Name]: words`` or ``Name (00:12): words``."""
_HEADING: Final = re.compile(
    rf"\[?(?P<label>{_LABEL})\]?\s+(?P<after>{_SPAN})|(?P<before>{_SPAN})\s+(?:-\s+)?(?P<name>{_LABEL})"
)
"""``Name  00:12``, ``[Name] 00:12`` or ``00:12 Name``, on a line of its own."""
_WEAK: Final = re.compile(
    rf"(?:(?P<before>{_SPAN})\s+)?(?:(?:-|>>+)\s*)?"
    rf"(?:[\[(<](?P<boxed>{_LABEL})[\])>]\s+(?=\S)|{_MARKS}(?P<label>{_LABEL}){_MARKS}"
    r"(?:(?P<colon>\s*:\s+)|\s+[-–—]\s+|(?P<tab>[ ]*\t\s*)"
    r"|\s*\[(?P<after>\d{1,2}:\d\d(?::\d\d)?)\]\s+))"
    r"(?P<words>\S.*)",
    re.DOTALL,
)
"""``name: words``, ``Name - words``, ``Name<tab>words``, ``Name [00:12] words``, ``[Name] words``.

Each also with a time before.
"""
_CHAT: Final = re.compile(r"From\s+(?P<name>\S.*?)(?:\s+to\s+\S.*)?", re.IGNORECASE)
_ONLY_TIME: Final = re.compile(_SPAN)
_MAYBE: Final = re.compile(rf">>|[-–—]\s|\W{{0,3}}{_LABEL}\s?:\s")
_WIDE_COLON: Final = re.compile(r"[：﹕]\s*")
_REMARK: Final = re.compile(
    r".{1,80} (?:started|stopped) transcription|transcribed by https?://\S+"
    r"|meeting ended after [\d:]+.*|this editable transcript was computer generated.*",
    re.IGNORECASE,
)

_MAX_WEAK_WORDS: Final = 3
_NUMBER: Final = re.compile(r"\d+$")
_TITLE: Final = re.compile(
    r"\b(?:Drs?|Mrs?|Ms|Prof|St|Fr|Hr|Mme|Mlle|Sra?|[A-Z])\.\s", re.IGNORECASE
)
_CONTINUED: Final = re.compile(r"\(cont(?:\.|['’]?d\.?|inued)?\)$", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Z]{1,3}\d{1,3}")


class Label(NamedTuple):
    """A speaker's label at the start of a contribution."""

    name: str
    time: str
    """When it was said, as it is written; empty without one."""
    words: str
    """What follows on the same line."""
    is_known: bool = False
    """True if it is a label without others like it: a role with a colon, or "P1"."""


def read_label(line: str) -> Label | None:
    """Return the label that a line begins with, or None."""
    line = _WIDE_COLON.sub(": ", line, count=1)
    heading = _HEADING.fullmatch(line)
    if heading is not None:
        name = _strip_name(heading["label"] or heading["name"])
        if is_name(name):
            return Label(name, (heading["before"] or heading["after"]).strip("[]()"), "")
    spoken = _SPOKEN.fullmatch(line)
    if spoken is None:
        return None
    name = _strip_name(spoken["label"])
    time = (spoken["before"] or spoken["after"] or "").strip("[]()")
    chat = _CHAT.fullmatch(name) if time else None
    if chat is not None:
        return Label(_strip_name(chat["name"]), time, spoken["words"] or "")
    return Label(name, time, spoken["words"] or "") if is_name(name) else None


def read_weak_label(line: str) -> Label | None:
    """Return what may be the label of a line, or None: it is one if others begin with it too.

    It is in lower case, has a title with a point, or no colon after it.
    """
    weak = _WEAK.fullmatch(_WIDE_COLON.sub(": ", line, count=1))
    if weak is None:
        return None
    name = _strip_name(weak["label"] or weak["boxed"])
    words = re.findall(r"\w+", fold_name(name))
    if not words or len(name.split()) > _MAX_WEAK_WORDS or not OPENERS.isdisjoint(words):
        return None
    if re.search(r"[?!;/\\,]", name):
        return None
    time = weak["before"] or weak["after"] or ""
    if not SOUNDS.isdisjoint(words):
        return None
    is_known = _is_role(words) if weak["colon"] or weak["boxed"] else False
    # What a tabulator separates may be the cells of a table.
    is_known = is_known or (not weak["tab"] and _CODE.fullmatch(name) is not None)
    return Label(name, time.strip("[]()"), weak["words"], is_known)


def may_be_labelled(line: str) -> bool:
    """Return True for a line that may be another speaker's, though its label is not known."""
    return _MAYBE.match(line) is not None


def is_fact(label: Label) -> bool:
    """Return True for what the lines above a conversation state: a date, a place."""
    return fold_name(label.name) in FACTS


def is_remark(line: str) -> bool:
    """Return True for a line of the tool that recorded the conversation."""
    return _REMARK.fullmatch(line) is not None


def is_time(line: str) -> bool:
    """Return True for a line that holds nothing but a time, or a span of time."""
    return _ONLY_TIME.fullmatch(line) is not None


def is_span(line: str) -> bool:
    """Return True for a line that holds nothing but a span of time, as captions have it."""
    return "-->" in line and is_time(line)


def find_moderators(names: Collection[str], stated: Collection[str]) -> frozenset[str]:
    """Return those of the speakers who ask: interviewers, and not participants.

    They are the ``stated`` ones; if none of these speaks, those whose label says so:
    "Interviewer", "Moderator 2", "Facilitator (day)", and "I" or "Q" beside "R", "A" or "P".
    """
    wanted = {fold_name(name) for name in stated}
    chosen = frozenset(name for name in names if fold_name(name) in wanted)
    if chosen:
        return chosen
    initials = {_NUMBER.sub("", fold_name(name)) for name in names}
    are_initials = bool(initials & RESPONDENT_INITIALS)
    return frozenset(name for name in names if _asks(name, are_initials=are_initials))


def fold_name(name: str) -> str:
    """Return a speaker's name for comparison."""
    return " ".join(name.split()).strip(".:").casefold()


def _asks(name: str, *, are_initials: bool) -> bool:
    folded = fold_name(name)
    if are_initials and _NUMBER.sub("", folded) in MODERATOR_INITIALS:
        return True
    # Letters of some scripts are in two parts, of which the second isn't a letter.
    words = [*re.findall(r"\w+", folded), *folded.split()]
    return any(_NUMBER.sub("", word) in MODERATORS for word in words)


def is_name(name: str) -> bool:
    """Return True for a few words that each begin with a capital letter or a digit."""
    words = name.split()
    bare = _TITLE.sub("", name)
    if not words or len(words) > _MAX_LABEL_WORDS or re.search(r"[?!;/\\]|\.\s", bare):
        return False
    parts = re.findall(r"\w+", name.casefold())
    if len(words) <= 2 and not OPENERS.isdisjoint(parts) and not _is_role(parts):
        return False
    first, *others = (word.lstrip("([{\"'") for word in words)
    if not first[:1].isalnum() or first[:1].islower():
        return len(words) == 1 and _NUMBER.search(name) is not None  # p1, speaker2
    # Particles, as in "van der Berg", are written small, but not at the end.
    small = sum(word[:1].islower() for word in others)
    return small <= _MAX_PARTICLES and not words[-1][:1].islower()


def _strip_name(name: str) -> str:
    return _CONTINUED.sub("", name.strip(" *_-–—,[]")).strip()


def _is_role(words: list[str]) -> bool:
    bare = {_NUMBER.sub("", word) for word in words}
    single = MODERATOR_INITIALS | RESPONDENT_INITIALS
    known = MODERATORS | RESPONDENTS | (single if len(words) == 1 else frozenset())
    return not known.isdisjoint(bare)
