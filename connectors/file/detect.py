"""How a file is written, found out from its beginning: encoding, delimiter, quoting.

A wrong guess must not ruin a plain file: the header's width decides before all else, and what
the caller states is never guessed.
"""

from __future__ import annotations

import io
import re
from itertools import islice

from connectors.file.byte_source import HEAD_BYTES
from connectors.file.rows import SINGLE_COLUMN, Dialect, Row, read_rows

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 200
_CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932",
    "gb18030", "big5", "cp949",
]  # fmt: skip
# Signs inside a word, where another code page has letters.
_UNWESTERN = re.compile(r"[a-zA-Z][¹²³¿¡¼¾¥¤¦ªº±][a-z]")


def encoding_of(sample: bytes) -> str:
    """The encoding of lines beyond ASCII, as Python names it.

    UTF-8 wherever most lines are; then Windows-1252 where it is as likely as any other, since
    it is what spreadsheets save.
    """
    lines = sample.splitlines()
    valid = sum(_decodes(line, "utf-8") for line in lines)
    if valid * 2 >= len(lines):
        return "utf-8"
    if _is_western(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample[:65_536], cp_isolation=_CODE_PAGES).best()
    return "cp1252" if best is None else best.encoding


def _is_western(sample: bytes) -> bool:
    """Whether the bytes make sense as Windows-1252: Latin words with an accent here and there.

    A statistical guess on a few words is often one code page off, and this one is what most
    spreadsheets of western Europe and America save.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    letters = sum(map(str.isalpha, text))
    accented = sum(character > "\x7f" and character.isalpha() for character in text)
    return 2 * accented <= letters and _UNWESTERN.search(text) is None


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def is_json_lines(head: bytes) -> bool:
    """Whether the first line is a JSON object."""
    return head.lstrip()[:1] == b"{"


def dialect_of(
    head: bytes,
    encoding: str,
    *,
    delimiter: str | None,
    header: bool,
    known_names: frozenset[str],
) -> Dialect:
    """The dialect in which the header is widest known and most rows are as wide as it."""
    if is_json_lines(head):
        return Dialect(encoding, SINGLE_COLUMN, json_lines=True)
    best: tuple[tuple[float, ...], Dialect] | None = None
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        # Tab-separated exports often know no quoting: there a quote is a plain character.
        for quotes in (True, False) if candidate == "\t" else (True,):
            tried = Dialect(encoding, candidate, quotes=quotes, header=header)
            score = _score(head, tried, known_names)
            if score is not None and (best is None or score > best[0]):
                best = score, tried
    if best is not None:
        return best[1]
    return Dialect(encoding, delimiter or SINGLE_COLUMN, header=header)


def _score(
    head: bytes, dialect: Dialect, known_names: frozenset[str]
) -> tuple[float, float, float, float] | None:
    names, rows = sample_rows(head, dialect)
    if len(names) < 2:
        return None
    known = len({name.casefold() for name in names} & known_names)
    whole = sum(row.fault is None for row in rows) / len(rows) if rows else 1.0
    if not known and whole < 0.5:
        return None  # a sentence with a comma in it, rather than a header
    return (known, round(whole, 1), dialect.quotes, len(names))


def sample_rows(head: bytes, dialect: Dialect) -> tuple[list[str], list[Row]]:
    """The columns and the first rows; not the last line of a head that was cut."""
    if len(head) >= HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    names, rows = read_rows(io.BytesIO(head), dialect)
    return names, list(islice(rows, SAMPLE_ROWS))
