"""Recognise a transcript, and read its contributions as rows.

An alternative to the tables: each contribution of a participant is a row, with what was asked
before it. Who asks is left out, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from connectors.file.raw.archive import is_word_document
from connectors.file.raw.byte_source import FileSource
from connectors.file.raw.encoding import Encoding
from connectors.file.tables.findings import Oddities
from connectors.file.tables.rows import Row
from connectors.file.transcripts.captions import is_captions
from connectors.file.transcripts.speakers import find_moderators, fold_name
from connectors.file.transcripts.turns import (
    Speech,
    Turn,
    is_conversation,
    parse_captions,
    parse_lines,
)
from connectors.file.transcripts.word import read_paragraphs
from connectors.sdk.errors import Fatal

SPEAKER, WORDS, ASKED, TIME = COLUMNS = ("Speaker", "Contribution", "Asked before", "Said at")

MODERATORS: Final = "contributions of those who ask, left out"
HEADING: Final = "lines above the first speaker, left out"
UNSURE: Final = "lines below one who asks that another speaker may have said, left out"
KEPT: Final = "lines that another speaker may have said, kept with those before them"
ABSENT: Final = "stated moderators who do not speak in it"
REMARKS: Final = "remarks of the tool that recorded it, left out"
ROLLING: Final = "captions with a line of the one before, left out"

_MAX_BYTES: Final = 20_000_000
_MAX_LINES: Final = 500_000
_SAMPLE_BYTES: Final = 200_000
_MAX_QUESTION_CHARACTERS: Final = 2_000
_SUFFIXES: Final = (".txt", ".text", ".md")
_NO_SPEAKERS: Final = (
    "it names no speakers; a transcript has the name and a colon before each contribution"
)


@dataclass(frozen=True)
class Transcript:
    """The turns of a transcript, and who of its speakers asks."""

    kind: str
    """``captions``, ``Word`` or ``text``."""
    encoding: str
    speech: Speech = field(repr=False)
    moderators: frozenset[str] = field(repr=False)
    absent: tuple[int, ...] = ()
    """Numbers of the stated moderators who say nothing."""

    @property
    def participants(self) -> int:
        """Number of speakers, those who ask not counted."""
        return len({turn.speaker for turn in self.speech.turns} - self.moderators)

    def read_rows(self, oddities: Oddities) -> Iterator[Row]:
        """Yield a row per contribution of a participant."""
        asked = ""
        speech = self.speech
        for kind, lines in (
            (HEADING, speech.heading),
            (REMARKS, speech.remarks),
            (ROLLING, speech.rolling),
        ):
            for line in lines:
                oddities.add(kind, f"line {line}")
        for number in self.absent:
            oddities.add(ABSENT, f"--moderator {number}")
        for turn in speech.turns:
            asks = turn.speaker in self.moderators
            for line in turn.unsure:
                oddities.add(UNSURE if asks else KEPT, f"line {line}")
            if asks:
                oddities.add(MODERATORS, f"line {turn.line}")
                asked = turn.text[:_MAX_QUESTION_CHARACTERS]
            else:
                yield _build_row(turn, asked)


def _build_row(turn: Turn, asked: str) -> Row:
    text = turn.text
    values = dict(zip(COLUMNS, (turn.speaker, text, asked, turn.time), strict=True))
    return Row(turn.line, f"{turn.speaker}: {text}".encode("utf-8", "replace"), values)


def read_transcript(
    source: FileSource, encoding: Encoding, moderators: tuple[str, ...], *, is_stated: bool
) -> Transcript | None:
    """Return the transcript that captions or plain text are, or None.

    ``is_stated``: the user says that it is one. Raises ``Fatal`` if it is one without speakers, or
    too large.
    """
    start = source.head[:4_000].decode(encoding.name, "replace")
    captions = is_captions(start)
    is_text = source.path is not None and source.path.name.lower().endswith(_SUFFIXES)
    if not (captions or is_stated or is_text):
        return None
    if not (captions or is_stated or _seems_conversation(source, encoding)):
        return None
    text = _read_text(source, encoding)
    if captions:
        try:
            return _build(source, "captions", encoding.name, parse_captions(text), moderators)
        except ValueError as error:
            raise Fatal(f"reading {source.name}: {error}") from None
    return _build(source, "text", encoding.name, parse_lines(text.splitlines()), moderators)


def _seems_conversation(source: FileSource, encoding: Encoding) -> bool:
    lines = source.head[:_SAMPLE_BYTES].decode(encoding.name, "replace").splitlines()
    return is_conversation(
        parse_lines(lines, loosely=False), sum(bool(line.strip()) for line in lines)
    )


def read_word_transcript(
    source: FileSource, moderators: tuple[str, ...], *, is_stated: bool
) -> Transcript | None:
    """Return the transcript that a Word document is, or None for another kind of archive.

    ``is_stated``: the user says that it is one, be it with a single speaker.

    Raises ``Fatal`` if the document names no speakers, or is too large.
    """
    with source.open_workbook() as file:
        if not is_word_document(file, source.name):
            return None
        paragraphs = read_paragraphs(file, source.name)
    speech = parse_lines(paragraphs)
    if len({turn.speaker for turn in speech.turns}) < (1 if is_stated else 2):
        raise Fatal(
            f"reading {source.name}: it is a Word file (.docx), and {_NO_SPEAKERS}; copy a table "
            "to a spreadsheet, or --preset transcript reads the words of a single speaker"
        )
    return _build(source, "Word", "utf-8", speech, moderators)


def _build(
    source: FileSource, kind: str, encoding: str, speech: Speech, stated: tuple[str, ...]
) -> Transcript:
    if not speech.turns:
        raise Fatal(f"reading {source.name}: {_NO_SPEAKERS}")
    names = {turn.speaker for turn in speech.turns}
    moderators = find_moderators(names, stated)
    if names <= moderators:
        raise Fatal(f"reading {source.name}: all who speak in it are moderators")
    spoken = {fold_name(name) for name in names}
    absent = tuple(n for n, name in enumerate(stated, start=1) if fold_name(name) not in spoken)
    return Transcript(kind, encoding, speech, moderators, absent)


def _read_text(source: FileSource, encoding: Encoding) -> str:
    with source.open_unpacked() as (stream, _):
        content = stream.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise Fatal(f"reading {source.name}: a transcript has {_MAX_BYTES:,} bytes at the most")
    if max(content.count(b"\n"), content.count(b"\r")) > _MAX_LINES:
        raise Fatal(f"reading {source.name}: a transcript has {_MAX_LINES:,} lines at the most")
    return content.decode(encoding.name, "replace")
