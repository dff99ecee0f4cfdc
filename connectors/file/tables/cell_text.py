"""A workbook's cells as the text that a CSV export would hold. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any, Final

_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
_MIN_DAYS: Final = 31_412  # 1990
_MAX_DAYS: Final = 71_588  # 2100
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def to_text(value: Any) -> str:
    """Return a cell's value as text; dates as ISO 8601."""
    match value:
        case None:
            return ""
        case str():
            return "" if value in _ERRORS else _ESCAPED.sub(_unescape, value)
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _describe_duration(value)
    return str(value)


def _unescape(match: re.Match[str]) -> str:
    """Return the character that Excel writes as its number, such as ``_x000D_``."""
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code < 0xE000 else chr(code)


def to_percent(value: float) -> str:
    """Return a share as a percentage, as a sheet shows it: 0.8 as 80%."""
    return f"{to_text(round(float(value) * 100, 6))}%"


def is_percent_format(number_format: str) -> bool:
    """Return True for a number format that shows percents; quoted signs do not count."""
    return "%" in number_format and "%" in _LITERAL.sub("", number_format)


def count_from_1904(cell: str) -> str:
    """Return the date of a number of days since 1904; other cells as they are."""
    try:
        days = float(cell)
    except ValueError:
        return cell
    if not _MIN_DAYS <= days < _MAX_DAYS:
        return cell
    moment = datetime(1904, 1, 1) + timedelta(seconds=round(days * 86_400))
    return to_text(moment)


def trim_cells(cells: list[str]) -> list[str]:
    """Remove empty cells at the end of a row, and return it."""
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _describe_duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
