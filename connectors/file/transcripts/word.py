"""Paragraphs of a Word document, those of its tables too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from connectors.file.transcripts.speakers import is_time
from connectors.sdk.errors import Fatal

if TYPE_CHECKING:
    from docx.table import Table

_SPEAKER_NAMES: Final = frozenset({
    "speaker", "speakers", "speaker name", "name", "who", "sprecher", "sprecherin", "person",
    "locuteur", "interlocuteur", "hablante", "parlante", "spreker", "talare", "siaradwr",
})  # fmt: skip
_NUMBER: Final = re.compile(r"\d{1,5}[.)]?")


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
    name_at: int | None = None
    for number, row in enumerate(table.rows):
        # Cells that are merged are the same element, once for each of their columns.
        unique = {id(cell._tc): cell for cell in row.cells}.values()
        cells = [" ".join(cell.text.split()) for cell in unique]
        if number == 0:
            name_at = _find_name_column(cells)
            if name_at is not None:
                continue
        if name_at is not None and name_at < len(cells):
            cells = [cells[name_at], *cells[:name_at], *cells[name_at + 1 :]]
            name, *words = [cells[0], *_drop_positions(cells[1:])]
        else:
            name, *words = _drop_positions(cells) or [""]
        said = " ".join(words)
        yield f"{name.rstrip(':')}: {said}" if name and said else name or said


def _find_name_column(cells: list[str]) -> int | None:
    """Return the place of the column that a table's first row calls that of the speaker."""
    for at, cell in enumerate(cells):
        if cell.casefold().rstrip(":") in _SPEAKER_NAMES:
            return at
    return None


def _drop_positions(cells: list[str]) -> list[str]:
    """Return cells without times and, before others, the number of the row."""
    kept = [cell for cell in cells if cell and not is_time(cell)]
    if len(kept) == 1 and len(cells) == 2 and cells[0] == kept[0] and cells[1]:
        return cells  # a time is the answer
    return kept[1:] if len(kept) > 2 and _NUMBER.fullmatch(kept[0]) else kept
