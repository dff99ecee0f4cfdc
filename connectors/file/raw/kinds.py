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
    (b"ARROW1", "an Arrow file; export it as CSV"),
    (b"FEA1", "a Feather file; export it as CSV"),
    (b"Obj\x01", "an Avro file; export it as CSV or JSON"),
    (b"ORC", "an ORC file; export it as CSV"),
    (b"\x89HDF", "an HDF5 file; export it as CSV"),
    (b"RDX3\n", "an R file; export it as CSV"),
    (b"RDX2\n", "an R file; export it as CSV"),
    (b"\x80\x04\x95", "a Python pickle; export it as CSV"),
    (bytes(12) + b"\xc2\xea\x81\x60", "a SAS file; export it as CSV"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"PK\x07\x08", "a part of a zip archive"),
    (b"\x04\x22\x4d\x18", "an lz4 archive; unpack it"),
    (b"\x09\x08\x08\x00\x00\x05", f"an Excel workbook of version 5; {_SAVE}"),
    (b"\x09\x08\x10\x00\x00\x06", f"a part of an old Excel workbook; {_SAVE}"),
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
            rb"^(?:<!--(?:[^-]|-(?!->))*+-->\s*+)*+<(!doctype html|(html|head|meta|body|table"
            rb"|style|script|div|p|span|title|center|font|br|h[1-6]|link|base)\b)",
            re.I | re.S,
        ),
        f"a web page (HTML), whatever its name; {_SAVE}",
    ),
    (re.compile(rb"^<\?xml.{0,2000}<html", re.I | re.S), f"a web page (HTML); {_SAVE}"),
    (
        re.compile(rb"^<(\?xml|rss|feed|svg|[a-z][\w:.-]*(\s[^<>]*)?>\s*<[a-z])", re.I),
        "XML; export it as CSV, JSON or .xlsx",
    ),
    (re.compile(rb"^%PDF-"), "a PDF"),
    (re.compile(rb"^ID;P[^\r\n]*[\r\n]+[A-Z];"), f"a SYLK spreadsheet (.slk); {_SAVE}"),
    (re.compile(rb"^TABLE\s*[\r\n]+0,1\s*[\r\n]"), f"a DIF spreadsheet; {_SAVE}"),
    (
        re.compile(
            rb"^(?:(?:--[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/;?|SET [^\n]*;|USE [^\n]*;)\s*+)*+"
            rb"(INSERT INTO|CREATE TABLE|DROP TABLE|LOCK TABLES|COPY \S+ \()"
        ),
        "a dump of a database (SQL); export the table as CSV",
    ),
    (
        re.compile(rb"^(---\s*\n)?- [\w\"' ]{1,60}: [^\n]*\n  [\w\"' ]{1,60}: "),
        "YAML; export it as JSON or CSV",
    ),
    (re.compile(rb"^version https://git-lfs"), "a pointer of Git LFS; fetch the file itself"),
    (re.compile(rb"^\{\\rtf"), "a Word file (RTF); copy its table to a spreadsheet"),
    (
        re.compile(
            rb"^(From: [^\n]*\n([\w-]+: [^\n]*\n|[ \t][^\n]*\n)*(To|Subject|Date|MIME-Version|"
            rb"Snapshot-Content-Location): |From \S+ \w{3} \w{3} |(MIME-Version|Received"
            rb"|Return-Path|Delivered-To|Message-ID): )",
            re.I,
        ),
        "an e-mail or a saved web page",
    ),
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
    if head[257:262] == b"ustar":
        return "an archive (tar); unpack it"
    start = head[:4_000].lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c")
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
