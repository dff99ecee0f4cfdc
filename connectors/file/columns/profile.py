"""Profile of one column: how full it is, and what kind of values it has. Pure.

Fed with the cells of many rows at once; holds a bounded number of them.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Final

from connectors.file.values.certain_dates import is_time
from connectors.file.values.date_evidence import DateEvidence

MAX_VALUES: Final = 500
"""Distinct cells that are kept of a column. A column with more has neither choices nor scores."""

_MAX_KEPT_CHARACTERS: Final = 300
_MIN_DATE_SHARE: Final = 0.5
_MIN_TEXT_WORDS: Final = 2.5
_MIN_PHRASES: Final = 4
_MIN_PHRASE_WORDS: Final = 1.5
_SMALL_GAPS: Final = 3
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_PHONE: Final = re.compile(r"(?:\+|00|0)[1-9](?:[\s().-]?\d){8,12}")
_ADDRESS: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}", re.I)
_SOCIAL_SECURITY: Final = re.compile(r"\d{3}-\d{2}-\d{4}")
_HEALTH_NUMBER: Final = re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{4}")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Japanese and Chinese."""
_CHARACTERS_PER_WORD: Final = 3
_LIST_SIGN: Final = re.compile(r"\s*[,;|]\s*")
_URL_PARTS: Final = re.compile(r"[/?&=#:;,]+")
_URL: Final = re.compile(r"https?://|www\.", re.IGNORECASE)

CLOSED_ANSWERS: Final = frozenset({
    "yes", "no", "y", "n", "true", "false", "maybe", "other", "complaint", "complaints",
    "compliment", "compliments", "concern", "suggestion", "enquiry", "inquiry", "query", "praise",
    "comment", "positive", "negative", "neutral", "mixed", "open", "closed", "new", "pending",
    "promoter", "passive", "detractor", "male", "female", "ja", "nein", "oui", "non", "si",
})  # fmt: skip
"""Answers that are choices, and no words of the writer's own."""


class Column:
    """The cells of one column."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.filled = 0
        self.words = 0
        self.characters = 0
        self.values: Counter[str] = Counter()
        self.is_open = False
        """True if there are more distinct cells than are kept."""
        self.dates: DateEvidence | None = None
        self.times = 0
        self.hashes = array("q")
        """One hash per row, of columns that may hold ids."""
        self._has_dates: bool | None = None
        self._last_number: int | None = None
        self._counted = 0
        self._largest = 0
        self._is_numbering = True

    def add(self, cells: Sequence[str]) -> None:
        """Add the cells of some rows."""
        filled = list(filter(str.strip, cells))
        if not filled:
            return
        self.filled += len(filled)
        self.characters += sum(map(len, filled))
        self.words += sum(map(str.count, filled, repeat(" "))) + len(filled)
        if not all(map(str.isascii, filled)):
            self.words += sum(_count_unspaced(cell) for cell in filled if not cell.isascii())
        if not self.is_open:
            self.values.update(cell[:_MAX_KEPT_CHARACTERS] for cell in filled)
            if len(self.values) > MAX_VALUES:
                self.is_open = True
                self.values = Counter(dict(list(self.values.items())[:MAX_VALUES]))
        if self._has_dates is not False:
            self._add_dates(filled)
        if self._is_numbering:
            self._add_numbers(filled)

    def require_dates(self) -> None:
        """Read the cells as dates whatever they look like: the operator has named the column."""
        self._has_dates, self.dates = True, DateEvidence()

    def _add_dates(self, cells: Sequence[str]) -> None:
        evidence = self.dates or DateEvidence()
        evidence.add_all(cells)
        if self._has_dates is None:
            self._has_dates = evidence.readable >= _MIN_DATE_SHARE * len(cells)
            if not self._has_dates:
                self.times += sum(map(is_time, cells))
        if self._has_dates:
            self.dates = evidence

    def _add_numbers(self, cells: Sequence[str]) -> None:
        last = self._last_number
        for cell in cells:
            if not cell.strip().isdecimal() or len(cell) > 9:
                self._is_numbering = False
                return
            number = int(cell.strip())
            if last is not None and not (number > last or number <= 1):
                self._is_numbering = False
                return
            last = number
            self._largest = max(self._largest, number)
            self._counted += 1
        self._last_number = last

    @property
    def is_numbering(self) -> bool:
        """True for small whole numbers counting up: they number rows, and identify nothing."""
        return (
            self._is_numbering and self.filled > 0
            and self._largest <= _SMALL_GAPS * self._counted + 10
        )  # fmt: skip

    @property
    def is_date(self) -> bool:
        """True if at least half of the cells are dates."""
        return self.dates is not None and self.dates.readable >= _MIN_DATE_SHARE * self.filled

    @property
    def is_time(self) -> bool:
        """True if the cells are times of day."""
        cells = [cell for cell in self.values if cell.strip()]
        return bool(cells) and 2 * sum(map(is_time, cells)) > len(cells)

    @property
    def is_number(self) -> bool:
        """True if all cells that are kept are numbers."""
        return all(_is_number(cell) for cell in self.values)

    @property
    def is_link(self) -> bool:
        """True if most cells are addresses of web pages."""
        return self._share(_URL.match) > 0.5

    @property
    def is_personal(self) -> bool:
        """True if cells are addresses or numbers of people or of their devices."""
        if self._share(_EMAIL.fullmatch) > 0.02 and self.words < 2 * self.filled:
            return True
        if self._share(_SOCIAL_SECURITY.fullmatch) > 0.5 or self._share(_ADDRESS.fullmatch) > 0.5:
            return True
        if self._share(_PHONE.fullmatch) > 0.5 or self._share(is_health_number) > 0.3:
            return True
        return self.is_link and self._share(names_person) > 0.1

    @property
    def is_closed(self) -> bool:
        """True if the cells are choices of a few: yes or no, a kind, a wording that repeats."""
        if self.is_open or not self.values:
            return False
        folded = {cell.strip(" .!").casefold() for cell in self.values}
        if self.has_choices or self._repeats_phrases():
            return True
        return self.filled >= 8 and len(folded) <= max(2, self.filled // 4) and max(
            cell.count(" ") for cell in folded
        ) <= 6  # fmt: skip

    def _repeats_phrases(self) -> bool:
        """Return True if every cell is there again, in as many words: "Thank you card"."""
        is_phrase = self.words >= _MIN_PHRASE_WORDS * self.filled
        return self.filled >= _MIN_PHRASES and is_phrase and min(self.values.values()) > 1

    @property
    def is_list(self) -> bool:
        """True if most cells are lists of the same few choices: "X-ray, Pharmacy"."""
        if self.is_open or not self.values:
            return False
        lists = [_LIST_SIGN.split(cell.strip(" ;,")) for cell in self.values]
        parts = Counter(part.strip().casefold() for each in lists for part in each)
        list_count = sum(len(each) > 1 for each in lists)
        if 2 * list_count < len(lists) or max(part.count(" ") for part in parts) > 3:
            return False
        return sum(count for count in parts.values() if count > 1) >= 0.4 * parts.total()

    @property
    def has_choices(self) -> bool:
        """True if every cell is yes, no, or a kind of feedback."""
        if self.is_open or not self.values:
            return False
        return {cell.strip(" .!").casefold() for cell in self.values} <= CLOSED_ANSWERS

    @property
    def is_text(self) -> bool:
        """True if the cells are long and differ, as comments do."""
        if not self.filled or self.is_closed or self.is_date or self.is_number or self.is_link:
            return False
        differs = self.is_open or len(self.values) > 0.5 * self.filled
        return differs and self.words >= _MIN_TEXT_WORDS * self.filled and not self.is_personal

    def fill(self, rows: int) -> float:
        """Return the share of the rows that have a cell."""
        return self.filled / rows if rows else 0.0

    def _share(self, matches: object) -> float:
        if not self.values or not callable(matches):
            return 0.0
        return sum(bool(matches(cell.strip())) for cell in self.values) / len(self.values)


def _count_unspaced(cell: str) -> int:
    """Return about how many words there are between which no blanks are written."""
    return len(_UNSPACED.findall(cell)) // _CHARACTERS_PER_WORD


def is_health_number(cell: str) -> bool:
    """Return True for a number of 10 digits whose last is the NHS's check digit."""
    if _HEALTH_NUMBER.fullmatch(cell) is None:
        return False
    digits = [int(character) for character in cell if character.isdecimal()]
    check = (
        11
        - sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
        % 11
    )
    return check % 11 == digits[9]


def is_personal_value(cell: str) -> bool:
    """Return True for a value that is by itself a person's address or number."""
    cell = cell.strip()
    if "@" in cell and _EMAIL.search(cell):
        return True
    return bool(_SOCIAL_SECURITY.fullmatch(cell) or is_health_number(cell))


def names_person(url: str) -> bool:
    """Return True if a part of an address of a web page is a person's address or number."""
    return any(is_personal_value(part) for part in _URL_PARTS.split(url) if len(part) > 5)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
