"""Detect a file's dialect from its beginning: encoding, delimiter, quoting.

A wrong guess must not break a plain file: the header decides first, and a stated option is never
overridden.
"""

from __future__ import annotations

import io
import re
from itertools import islice

from charset_normalizer import from_bytes

from connectors.file.byte_source import HEAD_BYTES
from connectors.file.rows import SINGLE_COLUMN, Dialect, Row, read_rows

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 200
_CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932",
    "gb18030", "big5", "cp949",
]  # fmt: skip
# Signs between letters: in another code page they are letters.
_UNWESTERN = re.compile(r"[a-zA-Z][¹²³¿¡¼¾¥¤¦ªº±][a-z]")


def detect_encoding(sample: bytes) -> str:
    """Return the encoding of lines beyond ASCII, by Python's name.

    UTF-8 if most lines are valid; otherwise Windows-1252 if plausible, since spreadsheets save it.
    """
    lines = sample.splitlines()
    valid = sum(_is_decodable(line, "utf-8") for line in lines)
    if valid * 2 >= len(lines):
        return "utf-8"
    if _is_western(sample):
        return "cp1252"
    best = from_bytes(sample[:65_536], cp_isolation=_CODE_PAGES).best()
    return "cp1252" if best is None else best.encoding


def _is_western(sample: bytes) -> bool:
    """Return True if the bytes are plausible Windows-1252: Latin words with a few accents.

    A statistical guess on a few words is often one code page off, and most spreadsheets of western
    Europe and America save this one.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    letters = sum(map(str.isalpha, text))
    accented = sum(character > "\x7f" and character.isalpha() for character in text)
    return 2 * accented <= letters and _UNWESTERN.search(text) is None


def _is_decodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def is_json_lines(head: bytes) -> bool:
    """Return True if the first line starts a JSON object."""
    return head.lstrip()[:1] == b"{"


def detect_dialect(
    head: bytes,
    encoding: str,
    *,
    delimiter: str | None,
    header: bool,
    known_names: frozenset[str],
) -> Dialect:
    """Return the dialect with the most known column names and the most rows of its width."""
    if is_json_lines(head):
        return Dialect(encoding, SINGLE_COLUMN, json_lines=True)
    best: tuple[tuple[float, ...], Dialect] | None = None
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        # Tab-separated exports often have no quoting: a quote is then a plain character.
        for quotes in (True, False) if candidate == "\t" else (True,):
            attempt = Dialect(encoding, candidate, quotes=quotes, header=header)
            score = _score(head, attempt, known_names)
            if score is not None and (best is None or score > best[0]):
                best = score, attempt
    if best is not None:
        return best[1]
    return Dialect(encoding, delimiter or SINGLE_COLUMN, header=header)


def _score(
    head: bytes, dialect: Dialect, known_names: frozenset[str]
) -> tuple[float, float, float, float] | None:
    names, rows = read_sample(head, dialect)
    if len(names) < 2:
        return None
    known = len({name.casefold() for name in names} & known_names)
    whole = sum(row.error is None for row in rows) / len(rows) if rows else 1.0
    if not known and whole < 0.5:
        return None  # a sentence with a comma in it, rather than a header
    return (known, round(whole, 1), dialect.quotes, len(names))


def read_sample(head: bytes, dialect: Dialect) -> tuple[list[str], list[Row]]:
    """Return column names and the first rows, without the last line if the head is cut off."""
    if len(head) >= HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    names, rows = read_rows(io.BytesIO(head), dialect)
    return names, list(islice(rows, SAMPLE_ROWS))
