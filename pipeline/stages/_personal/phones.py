"""Telephone numbers: candidates by their form, decided by Google's rules (``phonenumbers``).

The rules take some 50 to 100 µs a candidate, so candidates are few: what has an international or
a trunk prefix, a North American form, or a word before it such as "call me on".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from pipeline.stages._personal.labelled import numbers_of_goods
from pipeline.stages._personal.numbers import ALONE
from pipeline.stages._personal.view import Span, View

MOST_DECIDED: Final = 50
"""Candidates of one text that the rules decide; any further ones are hidden undecided."""

_BETWEEN: Final = r"[ .()-]{0,3}"
_PLUS: Final = rf"(?<![\d+])\+[ (]{{0,2}}[1-9](?:{_BETWEEN}\d){{6,15}}"
_TRUNK: Final = rf"\(?0(?:{_BETWEEN}\d){{8,17}}"
_AMERICAN: Final = (
    r"(?:1[ .-]{1,3})?(?:\([2-9]\d\d\) ?-? ?|[2-9]\d\d[ .-]{1,3})"
    r"[2-9]\d\d[ .-]{0,3}\d{4}"
)
_BRITISH_WITHOUT_PLUS: Final = r"44[ -]?7\d{3}[ -]?\d{3}[ -]?\d{3}"
# France's pairs, Spain's and Poland's threes: used where a region's numbers have no prefix.
_GROUPED: Final = r"[1-9]\d{0,3}(?:[ .-]\d{2,4}){2,4}"
_LABEL: Final = re.compile(
    r"\b(?=[a-z])(?:(?:tele)?phone|tel|mobile|mob|cell(?:phone)?|landline|fax|whats ?app|contact"
    r"|call|phoning|ring|text|dial|sms|reach|my (?:new )?(?:number|no\.?|num) is)(?![a-z])"
    r"(?: ?\b(?:me|us|him|her|them|back|on|at|is|was|number|num|no|nr|my|his|our|the|please|to"
    r"|mobile|cell|phone|home|work|or|by|text|call|ring)\b|[ .:=#,-]){0,10}+"
    r"(?P<value>\(?\d(?:[ ()-]{0,3}\d){5,15})(?!\d)"
)
_EXTENSION: Final = re.compile(r"[ ,]{0,2}(?:ext(?:ension|n)?\.?|x)[ :]{0,2}\d{1,6}(?!\w)")
_GROUP: Final = re.compile(r"\d+")

_DATE_FIRST: Final = re.compile(
    r"[0-3]?\d[ .-][01]?\d[ .-](?:(?:19|20)\d\d(?!\d)|\d\d(?![ .-]?\d))"
)
# Six digits as one or two groups, or more with three in a row: no "24 7 365", no date.
_IS_NUMBER: Final = re.compile(
    rf"(?!{_DATE_FIRST.pattern})(?:\d{{6}}|\d{{3}}[ -]\d{{3}}|(?=.*\d{{3}})(?=(?:\D*\d){{7}}).*)"
)
# Two times of day, which "call" may precede; and lines for those in need, nobody's own.
_NO_NUMBER: Final = re.compile(
    r"(?:[01]\d|2[0-3])[0-5]\d[ -]{1,3}(?:[01]\d|2[0-3])[0-5]\d|0800 ?1111|116 ?\d{3}"
)

# Numbers that Ofcom keeps for drama and the rules don't know; they know the other such.
_FICTION: Final = re.compile(r"(?:7700900|1632960)\d{3}")
_BRITISH: Final = re.compile(
    r"\(?0[1-357-9](?:\d\)?[ -]{1,3}\d{4}|\d\d\)?[ -]{1,3}\d{3}|\d{3}\)?[ -]{1,3}\d{3})[ -]?"
    r"(?:\d{4}|\d{3})|447\d{9}|44[ -]7[ \d-]{9,11}"
)
_LEAST_DIGITS: Final = 7
_MOST_DIGITS: Final = 12
_MOST_DIGITS_PREFIXED: Final = 17
_LEAST_DIGITS_LABELLED: Final = 6
_AMERICAN_REGIONS: Final = frozenset({"US", "CA"})


class Phones:
    """Finds telephone numbers of any country with a ``+``, and of some regions without.

    ``regions`` are two-letter codes of ISO 3166-1, such as ``("GB", "US")``. Raises
    ``ValueError`` for one that has no telephone numbers.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        import phonenumbers

        if unknown := sorted(set(regions) - set(phonenumbers.SUPPORTED_REGIONS)):
            raise ValueError(f"reading regions of telephone numbers: unknown {', '.join(unknown)}")
        self._library: Any = phonenumbers
        self._regions = tuple(regions)
        forms = [_TRUNK]
        if "GB" in regions:
            forms.append(_BRITISH_WITHOUT_PLUS)
        if _AMERICAN_REGIONS & set(regions):
            forms.append(_AMERICAN)
        if set(regions) - _AMERICAN_REGIONS - {"GB"}:
            forms.append(_GROUPED)
        self._form = re.compile(rf"(?=[+(\d])(?:{_PLUS}|{ALONE}(?:{'|'.join(forms)}))(?!\d)")

    def find(self, view: View) -> list[Span]:
        """Numbers with a prefix or in the form of their region."""
        spans: list[Span] = []
        match = self._form.search(view.text)
        if match is None:
            return spans
        goods = numbers_of_goods(view.lowered)
        rules = _Rules(self._library, self._regions)
        while match:
            start, written = match.start(), match[0]
            if written[0] == "(" and ")" not in written:  # around it, not around its area code
                start, written = start + 1, written[1:]
            if _is_other(written, start in goods) or not (end := rules.end_of(written)):
                position = start + _first_end(written)
            else:
                position = _with_extension(view.lowered, start + end)
                spans.append((start, position, "phone"))
            match = self._form.search(view.text, position)
        return spans

    def find_labelled(self, view: View) -> list[Span]:
        """Numbers after "call me on", "tel" and the like, also those without an area code."""
        spans: list[Span] = []
        rules = _Rules(self._library, self._regions)
        for match in _LABEL.finditer(view.lowered):
            start, written = match.start("value"), match["value"]
            if _NO_NUMBER.match(written) or not _IS_NUMBER.fullmatch(written):
                continue
            if end := rules.end_of(written, labelled=True):
                spans.append((start, _with_extension(view.lowered, start + end), "phone"))
        return spans


class _Rules:
    """Decides on the candidates of one text."""

    def __init__(self, library: Any, regions: tuple[str, ...]) -> None:
        self._library = library
        self._regions = regions
        self._left = MOST_DECIDED

    def end_of(self, written: str, *, labelled: bool = False) -> int:
        """Where the longest number that begins here ends, 0 where there is none."""
        if self._left == 0:
            return len(written)
        decide = self._is_possible if labelled else self._is_number
        for end in _ends(written, _LEAST_DIGITS_LABELLED if labelled else _LEAST_DIGITS):
            if self._left == 0:
                return len(written)
            self._left -= 1
            if decide(written[:end]):
                return end
        return 0

    def _is_number(self, written: str) -> bool:
        if written.startswith("+"):
            number = self._parse(written, None)
            # New ranges, and those kept for fiction, are possible and not valid.
            possible = self._library.ValidationResult.IS_POSSIBLE
            return bool(number and self._library.is_possible_number_with_reason(number) == possible)
        if "GB" in self._regions and _BRITISH.fullmatch(written):
            return True  # newer than the rules, or kept for fiction, and written as one
        return any(
            number and (self._library.is_valid_number(number) or _is_fiction(number))
            for number in (self._parse(written, region) for region in self._regions)
        )

    def _is_possible(self, written: str) -> bool:
        return any(
            number and self._library.is_possible_number(number)
            for number in (self._parse(written, region) for region in self._regions)
        )

    def _parse(self, written: str, region: str | None) -> Any:
        try:
            return self._library.parse(written, region)
        except self._library.NumberParseException:
            return None


def _ends(written: str, least: int) -> list[int]:
    """Where groups of digits end, longest first, as far as a number can be so long."""
    prefixed = written.startswith(("+", "00", "011"))
    most = _MOST_DIGITS_PREFIXED if prefixed else _MOST_DIGITS
    ends, digits = [], 0
    for group in _GROUP.finditer(written):
        digits += len(group[0])
        if least <= digits <= most:
            ends.append(group.end())
    return ends[::-1]


def _first_end(written: str) -> int:
    group = _GROUP.search(written)
    return group.end() if group else len(written)


def _is_fiction(number: Any) -> bool:
    national = _FICTION.fullmatch(str(number.national_number))
    return number.country_code == 44 and national is not None


def _is_other(written: str, is_of_goods: bool) -> bool:
    """Whether it begins with a date, or is an order's number not written as a telephone's."""
    if is_of_goods and (written.isdigit() or not written.startswith(("0", "+", "("))):
        return True
    return _DATE_FIRST.match(written) is not None


def _with_extension(lowered: str, end: int) -> int:
    match = _EXTENSION.match(lowered, end)
    return match.end() if match else end
