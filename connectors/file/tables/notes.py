"""Tell rows of totals, averages and remarks from rows of a table. Pure."""

from __future__ import annotations

import re
from typing import Final

from connectors.file.tables.header import fold_cell, is_structured

_TOTALS: Final = frozenset(
    f"{word}{end}"
    for word in (
        "total", "totals", "grand total", "overall total", "subtotal", "sub-total", "sub total",
        "sum", "summe", "gesamt", "gesamtsumme", "gesamtergebnis", "total général", "total general",
        "somme", "suma", "razem", "totale", "totaal", "eindtotaal", "celkem", "yhteensä", "totalt",
        "итого", "összesen",
    )
    for end in ("", ":")
)  # fmt: skip
_AVERAGE: Final = re.compile(
    r"(overall )?(average|mean|avg\.?|median|durchschnitt|mittelwert|moyenne|promedio|media"
    r"|gemiddelde|średnia|ortalama|średnio|medel|gennemsnit)( (rating|score|value|stars))?:?",
    re.IGNORECASE,
)
_NOTE: Final = re.compile(
    r"(grand |sub-?)?total( (number|no\.?|count)?( of)?)?( [\w ]{1,30})?\s*[:=]?\s*[\d.,]+"
    r"|(this )?(report |data |file |list )?(was |is )?"
    r"(generated|exported|printed|created|downloaded|produced|extracted)( (on|at|by|from)\b.*|:.*)"
    r"|(end of (report|file|data|list|export)|page \d+( of \d+)?)\W*"
    r"|[\d.,]+ (rows?|records?|responses?|results?|comments?|entries)( (in total|selected))?\W*"
    r"|source:.*|\(c\) .*|© .*|#.*",
    re.IGNORECASE,
)
_MAX_REMARK: Final = 200


def is_remark(cell: str) -> bool:
    """Return True for a cell that tells of the export: its total, its end, when it was made."""
    return len(cell) < _MAX_REMARK and _NOTE.fullmatch(cell.strip()) is not None


def is_total(cells: list[str]) -> bool:
    """Return True for a word for the total, with numbers beside it and nothing else."""
    word = cells[0] or next((cell for cell in cells if cell.strip()), "")
    if len(word) > 18 or fold_cell(word) not in _TOTALS:
        return False
    rest = [cell for cell in cells if cell.strip() and cell is not word]
    return bool(rest) and all(map(is_structured, rest))


def is_average(cells: list[str], text_column: int | None) -> bool:
    """Return True for a word for the average, in another column than the texts, and numbers."""
    at = next((at for at, cell in enumerate(cells) if cell.strip()), 0)
    if at == text_column or _AVERAGE.fullmatch(cells[at].strip()) is None:
        return False
    rest = [cell for cell in cells[at + 1 :] if cell.strip()]
    return bool(rest) and all(map(is_structured, rest))
