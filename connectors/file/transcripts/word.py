"""Paragraphs of a Word document, those of its tables too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from connectors.file.transcripts.speakers import is_time
from connectors.sdk.errors import Fatal

if TYPE_CHECKING:
    from docx.table import Table


def read_paragraphs(file: BinaryIO, where: str) -> list[str]:
    """Return the paragraphs, and the rows of tables as ``name: words``; raise ``Fatal``.

    The archive has been checked.
    """
    # A wheel that only transcripts need, and slow to import.
    try:
        from docx import Document
    except ImportError:
        raise Fatal(
            f"reading {where}: it is a Word file (.docx); a transcript needs python-docx: "
            "pip install 'feedback-pipeline[transcripts]'"
        ) from None
    try:
        paragraphs: list[str] = []
        for block in Document(file).iter_inner_content():
            text: str | None = getattr(block, "text", None)
            if text is None:  # a table
                paragraphs += _read_rows(cast("Table", block))
            else:
                # A line break within a paragraph stands between name and words.
                paragraphs += text.split("\n")
    except Exception as error:  # whatever lxml and the package make of a damaged part
        raise Fatal(f"reading {where}: it is a Word file (.docx), and damaged") from error
    return paragraphs


def _read_rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells = [" ".join(cell.text.split()) for cell in row.cells]
        cells = [cell for cell in dict.fromkeys(cells) if cell and not is_time(cell)]
        name, *words = cells or [""]
        yield f"{name.rstrip(':')}: {' '.join(words)}" if words else name
