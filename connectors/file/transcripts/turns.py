"""Split a transcript into turns: who says what, and when. Pure."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final, NamedTuple

from webvtt import WebVTT
from webvtt.errors import MalformedCaptionError, MalformedFileError

from connectors.file.transcripts.speakers import fold_name, is_time, read_label

_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG: Final = re.compile(r"</?[a-zA-Z0-9:.][^<>]*>")
_CAPTIONS: Final = re.compile(r"\ufeff?\s*(?:\d+\s*\n)?\s*\d+:\d{1,2}:\d{1,2}[,.]\d+\s*-->")
_HEADER: Final = "WEBVTT"
_MAX_SPEAKERS: Final = 60
_MIN_TURNS: Final = 4
_MIN_LABELLED: Final = 0.3
"""Share of the lines of a plain text that begin a turn, for it to be seen as a transcript."""


@dataclass(slots=True)
class Turn:
    """Words that one speaker says without another in between."""

    line: int
    speaker: str
    time: str
    parts: list[str]
    """Its words, line by line."""

    @property
    def text(self) -> str:
        """Its words, in one line."""
        return " ".join(filter(None, self.parts))


class Speech(NamedTuple):
    """The turns of a transcript, and what precedes the first."""

    turns: list[Turn]
    heading: list[int]
    """Lines above the first label: a title, a date, who was there."""


def is_captions(text: str) -> bool:
    """Return True for captions: WebVTT or SubRip."""
    return text.lstrip("\ufeff \r\n").startswith(_HEADER) or _CAPTIONS.match(text) is not None


def parse_captions(text: str) -> Speech:
    """Return the turns of captions; raise ``ValueError`` if they are damaged.

    A voice span names its speaker, or a label at the beginning of a caption.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff \n")
    form = "vtt" if text.startswith(_HEADER) else "srt"
    try:
        captions = WebVTT.from_buffer(StringIO(text + "\n"), form).captions
    except (MalformedFileError, MalformedCaptionError):
        raise ValueError("its captions are damaged") from None
    parts = (
        (number, caption.start, *part)
        for number, caption in enumerate(captions, start=1)
        for part in _split_voices(caption.raw_text)
    )
    return _join_captions(parts)


def _split_voices(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield the voices of a caption, None for words without one."""
    pieces = _VOICE.split(text)
    voices: list[str | None] = [None, *pieces[1::2]]
    for voice, piece in zip(voices, pieces[0::2], strict=True):
        words = " ".join(html.unescape(_TAG.sub("", piece)).split())
        if words:
            yield voice, words


def _join_captions(parts: Iterable[tuple[int, str, str | None, str]]) -> Speech:
    lines: list[tuple[int, str]] = []
    times: dict[int, str] = {}
    for number, time, voice, words in parts:
        # A line that starts with a label is what the other formats have.
        lines.append((number, f"{' '.join(voice.split())}: {words}" if voice else words))
        times.setdefault(number, time)
    voices = _join_lines(lines)
    for turn in voices.turns:
        turn.time = turn.time or times.get(turn.line, "")
    return voices


def parse_lines(lines: Iterable[str]) -> Speech:
    """Return the turns of lines, or paragraphs, that begin with the label of who speaks."""
    return _join_lines([(number, line.strip()) for number, line in enumerate(lines, start=1)])


def _join_lines(lines: Iterable[tuple[int, str]]) -> Speech:
    turns: list[Turn] = []
    heading: list[int] = []
    for number, line in lines:
        if not line or is_time(line):
            continue
        label = read_label(line)
        if label is not None:
            _add_turn(turns, Turn(number, label.name, label.time, [label.words]))
        elif turns:
            turns[-1].parts.append(line)
        else:
            heading.append(number)
    return Speech([turn for turn in turns if any(turn.parts)], heading)


def _add_turn(turns: list[Turn], turn: Turn) -> None:
    """Add a turn; of one speaker, two in a row are one."""
    if turns and fold_name(turns[-1].speaker) == fold_name(turn.speaker):
        turns[-1].parts += turn.parts
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
