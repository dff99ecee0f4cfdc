"""Split a transcript into turns: who says what, and when. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from connectors.file.transcripts.captions import read_captions
from connectors.file.transcripts.speakers import (
    Label,
    fold_name,
    is_fact,
    is_name,
    is_remark,
    is_span,
    is_time,
    may_be_labelled,
    read_label,
    read_weak_label,
)

_STAMP: Final = re.compile(r"#\d{1,2}:\d\d:\d\d(?:[-.,]\d{1,3})?#")
"""The time at the end of a paragraph, as programs for transcribing by hand write it."""
_SPACES: Final = re.compile(r"\s{2,}")
_MAX_SPEAKERS: Final = 60
_MIN_TURNS: Final = 4
_MIN_LABELLED: Final = 0.3
"""Share of the lines of a plain text that begin a turn, for it to be seen as a transcript."""
_MAX_HEADING_LINES: Final = 30
_MAX_FACT_WORDS: Final = 8
_MIN_WEAK: Final = 2
"""Lines that begin with what may be a label, for it to be one."""


@dataclass(slots=True)
class Turn:
    """Words that one speaker says without another in between."""

    line: int
    speaker: str
    time: str
    parts: list[str]
    """Its words, line by line."""
    clock: str = ""
    """A time below its label: what it says if nothing else follows."""
    unsure: list[int] = field(default_factory=list)
    """Lines of it that another speaker may have said."""

    @property
    def text(self) -> str:
        """Its words, in one line."""
        return " ".join(filter(None, self.parts))


@dataclass(frozen=True, slots=True)
class Speech:
    """The turns of a transcript, and what belongs to none."""

    turns: list[Turn]
    heading: list[int]
    """Lines above the first label: a title, a date, who was there."""
    remarks: list[int] = field(default_factory=list)
    """Lines of the tool that recorded it."""
    rolling: list[int] = field(default_factory=list)
    """Captions with a line of the one before."""


class _Line(NamedTuple):
    number: int
    words: str
    label: Label | None = None


def parse_captions(text: str) -> Speech:
    """Return the turns of captions; raise ``ValueError`` if they are damaged.

    A voice span names its speaker, or a label at the beginning of a line.
    """
    captions, rolling = read_captions(text)
    has_voices = any(line.voice for line in captions)
    lines = [
        _Line(each.number, each.words, Label(each.voice, each.time, each.words))
        if each.voice
        else _Line(each.number, each.words)
        for each in captions
    ]
    speech = _join_lines(lines, has_voices=has_voices)
    times = {each.number: each.time for each in reversed(captions)}
    for turn in speech.turns:
        turn.time = turn.time or times.get(turn.line, "")
    speech.rolling.extend(rolling)
    return speech


def parse_lines(lines: Iterable[str], *, loosely: bool = True) -> Speech:
    """Return the turns of lines, or paragraphs, that begin with the label of who speaks.

    ``loosely``: what may be a label is one if it recurs.
    """
    numbered = [
        _Line(number, _SPACES.sub(_shorten, _STAMP.sub(" ", line).strip()))
        for number, line in enumerate(lines, start=1)
    ]
    return _join_lines(_join_headings(numbered), loosely=loosely)


def _shorten(spaces: re.Match[str]) -> str:
    """Return the one space, or tabulator, that a run of them is, so that work stays linear."""
    return "\t" if "\t" in spaces[0] else " "


def _join_headings(lines: Sequence[_Line]) -> list[_Line]:
    """Return lines with the name below a span of time as the label that it is."""
    kept = [line for line in lines if line.words]
    below = [
        fold_name(after.words)
        for line, after in pairwise(kept)
        if is_span(line.words) and is_name(after.words)
    ]
    names = {name for name, count in Counter(below).items() if count >= _MIN_WEAK}
    joined: list[_Line] = []
    for line in kept:
        before = joined[-1].words if joined else ""
        if is_span(before) and fold_name(line.words) in names:
            line = line._replace(label=Label(line.words, before.strip("[]()"), ""))
        joined.append(line)
    return joined


def _join_lines(
    lines: Sequence[_Line], *, loosely: bool = True, has_voices: bool = False
) -> Speech:
    speech = Speech([], [])
    turns = speech.turns
    weak = _count_weak(lines)
    for number, words, voice in lines:
        label = voice or _choose_label(words, weak, loosely=loosely)
        if label is not None and is_fact(label) and _is_above(number, turns):
            speech.heading.extend([turn.line for turn in turns] + [number])
            turns.clear()
        elif label is not None:
            _add_turn(turns, Turn(number, label.name, label.time, [label.words]))
        elif is_time(words):
            if turns and not any(turns[-1].parts):
                turns[-1].clock = words
        elif is_remark(words):
            speech.remarks.append(number)
        elif turns:
            turns[-1].parts.append(words)
            if has_voices or may_be_labelled(words):
                turns[-1].unsure.append(number)
        else:
            speech.heading.append(number)
    for turn in turns:
        turn.parts = turn.parts if any(turn.parts) else [turn.clock]
    turns[:] = [turn for turn in turns if turn.text]
    return speech


def _choose_label(words: str, weak: Counter[str], *, loosely: bool) -> Label | None:
    label = read_label(words)
    if label is not None:
        return label
    label = read_weak_label(words)
    if label is None or label.is_known:
        return label
    return label if loosely and weak[fold_name(label.name)] >= _MIN_WEAK else None


def _is_above(number: int, turns: Sequence[Turn]) -> bool:
    """Return True if a line is among those above the conversation, with few words in each."""
    return number <= _MAX_HEADING_LINES and all(
        len(turn.text.split()) <= _MAX_FACT_WORDS for turn in turns
    )


def _count_weak(lines: Sequence[_Line]) -> Counter[str]:
    labels = (read_weak_label(line.words) for line in lines if line.label is None)
    return Counter(fold_name(label.name) for label in labels if label is not None)


def _add_turn(turns: list[Turn], turn: Turn) -> None:
    """Add a turn; of one speaker, two in a row are one."""
    if turns and fold_name(turns[-1].speaker) == fold_name(turn.speaker):
        turns[-1].parts += turn.parts
        turns[-1].clock = ""
    else:
        turns.append(turn)


def is_conversation(speech: Speech, lines: int) -> bool:
    """Return True if plain text of so many lines is a transcript by its shape."""
    speakers = Counter(fold_name(turn.speaker) for turn in speech.turns)
    repeated = sum(count for count in speakers.values() if count > 1)
    return (
        2 <= len(speakers) <= _MAX_SPEAKERS
        and len(speech.turns) >= max(_MIN_TURNS, _MIN_LABELLED * lines)
        and repeated >= len(speech.turns) / 2
    )
