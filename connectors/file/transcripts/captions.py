"""Split captions, WebVTT or SubRip, into the lines of each voice. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import pairwise
from typing import Final, NamedTuple

from webvtt import WebVTT
from webvtt.errors import MalformedCaptionError, MalformedFileError

_CLOCK: Final = r"(?:\d{1,9}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,9})?"
_TIMING: Final = re.compile(rf"\s*({_CLOCK})\s*-->\s*({_CLOCK})")
_CAPTIONS: Final = re.compile(r"\ufeff?\s*(?:\d+\s*\n)?\s*(?:\d+:)?\d{1,2}:\d{1,2}[,.]\d+\s*-->")
_HEADER: Final = "WEBVTT"
_ASIDE: Final = re.compile(r"(?:NOTE|STYLE|REGION)\b")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]{0,200})?\s([^<>]{1,200})>|</v>")
_NAMED: Final = re.compile(r"\d+ \"(?P<name>[^\"]{1,200})\" \(\d+\)")
"""Identifier of a caption with the name of who speaks, as Zoom writes it."""
_SETTING: Final = re.compile(r"\w{1,20}:\S*")
_TAG: Final = re.compile(r"</?(?:[cibuv]|ruby|rt|lang|font)(?=[\s.>])[^<>]*>|<[\d:.]+>")
"""Tags of the two formats; what else is in angles was said, or is how it was said."""
_MIN_ROLLING: Final = 3
_MIN_ROLLING_SHARE: Final = 0.3
"""Share of captions that repeat a line of the one before, for all to be seen as rolling."""


class CaptionLine(NamedTuple):
    """A line of a caption, and who says it."""

    number: int
    """Number of the caption."""
    time: str
    voice: str | None
    """The name in its voice span; None without one."""
    words: str


def is_captions(text: str) -> bool:
    """Return True for captions: WebVTT or SubRip."""
    return text.lstrip("\ufeff \r\n").startswith(_HEADER) or _CAPTIONS.match(text) is not None


def read_captions(text: str) -> tuple[list[CaptionLine], list[int]]:
    """Return the lines of captions, and the numbers of those with a line that only rolls on.

    Raises ``ValueError`` if they are damaged.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff \n")
    try:
        captions = WebVTT.from_buffer(StringIO("\n".join(_mend(text.split("\n")))), "vtt").captions
    except (MalformedFileError, MalformedCaptionError):
        raise ValueError("its captions are damaged") from None
    cues = [
        [
            CaptionLine(number, caption.start, voice, words)
            for voice, words in _split_voices(caption.raw_text)
        ]
        for number, caption in enumerate(captions, start=1)
    ]
    return _drop_rolling(cues)


def _mend(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as WebVTT, whose parser leaves out every block that is not well-formed.

    Missing and superfluous blank lines, and times that are written otherwise, cost no words.
    """
    timings = {at: timing for at, line in enumerate(lines) if (timing := _TIMING.match(line))}
    yield _HEADER
    yield ""
    is_aside = bool(lines) and lines[0].startswith(_HEADER)
    for at, line in enumerate(lines):
        is_after_blank = at == 0 or not lines[at - 1].strip()
        if at in timings:
            is_aside = False
            yield from _begin_caption(line, timings[at], lines[at - 1] if at else "")
        elif is_after_blank and _ASIDE.match(line):
            is_aside = True
        elif not line.strip():
            is_aside = False
        elif is_aside or (at + 1 in timings and _is_identifier(line, is_after_blank)):
            continue
        else:
            yield line.replace("-->", "→")


def _is_identifier(line: str, is_after_blank: bool) -> bool:
    """Return True for a line that stands above the time of a caption, and is not said."""
    words = line.split()
    return words[0].isdecimal() if len(words) > 1 else is_after_blank or words[0].isdecimal()


def _begin_caption(line: str, timing: re.Match[str], identifier: str) -> Iterator[str]:
    yield ""
    yield " --> ".join(_write_clock(clock) for clock in timing.groups())
    named = _NAMED.fullmatch(identifier.strip())
    if named is not None:
        yield f"<v {html.escape(named['name'])}>"
    words = line[timing.end() :].strip()
    if not all(map(_SETTING.fullmatch, words.split())):
        yield words.replace("-->", "→")


def _write_clock(clock: str) -> str:
    whole, _, fraction = clock.replace(",", ".").partition(".")
    *hours, minutes, seconds = (int(part) for part in whole.split(":"))
    total = ((hours[0] if hours else 0) * 60 + minutes) * 60 + seconds
    return f"{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}.{fraction[:3]:0<3}"


def _split_voices(text: str) -> Iterator[tuple[str | None, str]]:
    """Yield the lines of each voice of a caption, with None for words without one."""
    pieces = _VOICE.split(text)
    voices: list[str | None] = [None, *pieces[1::2]]  # None after the end of one, too
    for voice, piece in zip(voices, pieces[0::2], strict=True):
        name = None if voice is None else " ".join(html.unescape(voice).split())
        for line in piece.split("\n"):
            words = " ".join(html.unescape(_TAG.sub("", line)).split())
            if words:
                yield name, words


def _drop_rolling(cues: list[list[CaptionLine]]) -> tuple[list[CaptionLine], list[int]]:
    """Return the lines of captions without those that are shown again while the next appears."""
    repeated = []
    for before, cue in pairwise(cues):
        shown = {line.words for line in before}
        if any(line.words in shown for line in cue):
            repeated.append(cue[0].number)
    if len(repeated) < max(_MIN_ROLLING, _MIN_ROLLING_SHARE * len(cues)):
        return [line for cue in cues for line in cue], []
    kept = list(cues[0])
    for before, cue in pairwise(cues):
        shown = {line.words for line in before}
        kept += [line for line in cue if line.words not in shown]
    return kept, repeated
