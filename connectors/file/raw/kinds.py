"""Name a file that is not a table of text, and say how to save it as one. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0"
"""Old Excel workbooks, old Word files, and workbooks with a password."""

_SAVE: Final = "open it in Excel or LibreOffice and save it as .xlsx or CSV"
_MAGIC: Final = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a recording or a picture"),
    (b"SQLite format 3", "a database; export it as CSV"),
    (b"\x00\x01\x00\x00Standard", "an Access database; export it as CSV"),
    (b"PAR1", "a Parquet file; export it as CSV"),
    (b"$FL2", "an SPSS file; export it as CSV"),
    (b"<stata_dta>", "a Stata file; export it as CSV"),
    (b"7z\xbc\xaf", "an archive; unpack it"),
    (b"Rar!", "an archive; unpack it"),
    (b"BZh9", "a bzip2 archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
    (b"\xfd7zXZ", "an xz archive; unpack it"),
    (GZIP, "compressed twice; unpack it once"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (OLE, f"an old Office file; {_SAVE}"),
)
_TEXTS: Final = (
    (
        re.compile(rb"^<.*urn:schemas-microsoft-com:office:spreadsheet", re.S),
        f"an Excel 2003 XML spreadsheet (SpreadsheetML); {_SAVE}",
    ),
    (
        re.compile(rb"^<.*(office:document[^>]*opendocument|<office:document)", re.S),
        f"a flat OpenDocument file; {_SAVE}",
    ),
    (
        re.compile(
            rb"^(<!--.*?-->\s*)*(<!doctype html|<html|<head|<meta|<body|<table)", re.I | re.S
        ),
        f"a web page (HTML), whatever its name; {_SAVE}",
    ),
    (re.compile(rb"^<\?xml.{0,2000}<html", re.I | re.S), f"a web page (HTML); {_SAVE}"),
    (re.compile(rb"^<(\?xml|rss|feed|svg)\b", re.I), "XML; export it as CSV, JSON or .xlsx"),
    (re.compile(rb"^\{\\rtf"), "a Word file (RTF); copy its table to a spreadsheet"),
    (re.compile(rb"^(MIME-Version|Received|Return-Path): "), "an e-mail or a saved web page"),
    (re.compile(rb"^BEGIN:V(CARD|CALENDAR)", re.I), "contacts or a calendar"),
)  # fmt: skip
_PACKAGES: Final = (
    ("word/", "a Word file (.docx); copy its table to a spreadsheet"),
    ("ppt/", "a PowerPoint file (.pptx)"),
    ("visio/", "a Visio file"),
    ("Index/", "an Apple Numbers or Pages file; export it as CSV or .xlsx"),
    ("META-INF/container.xml", "an e-book"),
)  # fmt: skip
_OPEN_DOCUMENTS: Final = {
    "text": "a LibreOffice text (.odt); copy its table to a spreadsheet",
    "presentation": "a LibreOffice presentation (.odp)",
    "graphics": "a LibreOffice drawing (.odg)",
    "database": "a LibreOffice database (.odb); export it as CSV",
}


def name_kind(head: bytes) -> str | None:
    """Return what a file is by its first bytes; None if it may be a table of text."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    start = head[:4_000].lstrip()
    return next((kind for pattern, kind in _TEXTS if pattern.search(start)), None)


def name_package(members: Collection[str], mimetype: str) -> str | None:
    """Return what a zip archive is by its members; None if it may be a workbook.

    ``mimetype`` is the content of the member of that name, as OpenDocument files have it.
    """
    kind = mimetype.strip().removeprefix("application/vnd.oasis.opendocument.")
    if kind in {"spreadsheet", "spreadsheet-template"}:
        return None
    if kind != mimetype.strip():
        return _OPEN_DOCUMENTS.get(kind.removesuffix("-template"), "an OpenDocument file")
    if any(name.startswith("xl/") for name in members):
        return None
    for prefix, name in _PACKAGES:
        if any(member.startswith(prefix) for member in members):
            return name
    if "[Content_Types].xml" in members:
        return None
    return "a zip archive but not an Excel workbook; unpack it"
