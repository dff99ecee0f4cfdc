"""Phone numbers: candidates by their form, validated by Google's rules (``phonenumbers``).

The rules take some 50 to 100 µs per candidate, so candidates are few: those with an international
or a trunk prefix, a North American form, or a label such as "call me on" before them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import phonenumbers

from pipeline.stages._personal.labelled import COUNTED, find_goods_numbers
from pipeline.stages._personal.numbers import ALONE
from pipeline.stages._personal.view import Span, View

MAX_VALIDATED: Final = 50
"""Candidates per text that are validated; any further ones are hidden without validation."""

_BETWEEN: Final = r"[ .()-]{0,5}"
_PLUS: Final = r"(?<![\d+])\+[ (]{0,2}[1-9](?:[ .()/-]{0,3}\d){6,15}"
_TRUNK: Final = rf"\(?0(?:{_BETWEEN}\d){{8,17}}|0\d{{2,4}} ?[/,] ?\d(?:{_BETWEEN}\d){{4,8}}"
# "home01632960123": a word and no code.
_AFTER_WORD: Final = r"(?<=[a-z]{3})0\d{9,10}"
_AMERICAN: Final = (
    r"(?:1[ .-]{1,3})?(?:\([2-9]\d\d\) ?-? ?|[2-9]\d\d[ .-]{1,3})"
    r"[2-9]\d\d[ .-]{0,3}\d{4}"
)
_BRITISH_WITHOUT_PLUS: Final = r"44[ -]?7\d{3}[ -]?\d{3}[ -]?\d{3}"
# France's pairs, Spain's and Poland's threes: used where a region's numbers have no prefix.
_GROUPED: Final = r"[1-9]\d{0,3}(?:[ .-]\d{2,4}){2,4}"
_LABEL: Final = re.compile(
    r"\b(?=[a-z])(?:(?:tele)?phone|tel|mobile|mob|cell(?:phone)?|landline|fax|whats ?app|contact"
    r"|call|phoning|ring|text|dial|sms|reach"
    r"|my (?:new )?(?:number|no\.?|num)(?: is|[ :]{1,2}(?=[1-9]\d{9}(?!\d))))(?![a-z])"
    r"(?: ?\b(?:me|us|him|her|them|back|on|at|is|was|number|num|no|nr|my|his|our|the|please|to"
    r"|mobile|cell|phone|home|work|or|by|text|call|ring)\b|[ .:=#,-]){0,10}+"
    r"(?P<value>\(?\d(?:[ ()-]{0,3}\d){5,15})(?!\d)"
)
_EXTENSION: Final = re.compile(r"[ ,]{0,2}(?:ext(?:ension|n)?\.?|x)[ :]{0,2}\d{1,6}(?!\w)")
_GROUP: Final = re.compile(r"\d+")

_DATE_FIRST: Final = re.compile(
    r"[0-3]?\d[ ./-][01]?\d[ ./-](?:(?:19|20)\d\d(?!\d)|\d\d(?![ ./-]?\d))"
)
# Six digits as one or two groups, or more with three in a row: not "24 7 365", not a date.
_IS_NUMBER: Final = re.compile(
    rf"(?!{_DATE_FIRST.pattern})(?:\d{{6}}|\d{{3}}[ -]\d{{3}}|(?=.*\d{{3}})(?=(?:\D*\d){{7}}).*)"
)
_COUNTED: Final = re.compile(COUNTED)
# Doses and steps: "250 500 1000".
_AMOUNTS: Final = re.compile(r"[1-9][05]0[ -][1-9][05]0[ -][1-9][05]00")
# Two times of day, which "call" may precede; and helplines, which are not personal.
_NO_NUMBER: Final = re.compile(
    r"(?:[01]\d|2[0-3])[0-5]\d[ -]{1,3}(?:[01]\d|2[0-3])[0-5]\d|0800 ?1111|116 ?\d{3}"
)

# Numbers that Ofcom keeps for drama and the rules don't know; they know the other such.
_FICTION: Final = re.compile(r"(?:7700900|1632960)\d{3}")
_BRITISH: Final = re.compile(
    r"\(?0[1-357-9](?:\d\)?[ -]{1,3}\d{4}|\d\d\)?[ -]{1,3}\d{3}|\d{3}\)?[ -]{1,3}\d{3})[ -]?"
    r"(?:\d{4}|\d{3})|447\d{9}|44[ -]7[ \d-]{9,11}"
)
_MIN_DIGITS: Final = 7
_MAX_DIGITS: Final = 12
_MAX_DIGITS_PREFIXED: Final = 17
_MIN_DIGITS_LABELLED: Final = 6
_AMERICAN_REGIONS: Final = frozenset({"US", "CA"})


class PhoneFinder:
    """Finds phone numbers of any country with a ``+``, and of some regions without.

    ``regions`` are two-letter codes of ISO 3166-1, such as ``("GB", "US")``. Raises
    ``ValueError`` for a region without phone numbers.
    """

    def __init__(self, regions: Sequence[str]) -> None:
        if unknown := sorted(set(regions) - set(phonenumbers.SUPPORTED_REGIONS)):
            raise ValueError(f"there is no region of phone numbers {', '.join(unknown)}")
        self._regions = tuple(regions)
        forms = [_TRUNK]
        if "GB" in regions:
            forms.append(_BRITISH_WITHOUT_PLUS)
        if _AMERICAN_REGIONS & set(regions):
            forms.append(_AMERICAN)
        if set(regions) - _AMERICAN_REGIONS - {"GB"}:
            forms.append(_GROUPED)
        self._form = re.compile(
            rf"(?=[+(\d])(?:{_PLUS}|{ALONE}(?:{'|'.join(forms)})|{_AFTER_WORD})(?!\d)"
        )

    def find(self, view: View) -> list[Span]:
        """Find numbers with a prefix or in the form of their region."""
        spans: list[Span] = []
        match = self._form.search(view.text)
        if match is None:
            return spans
        goods = find_goods_numbers(view.lowered)
        rules = _Validator(self._regions)
        while match:
            start, written = match.start(), match[0]
            if written[0] == "(" and ")" not in written:  # around it, not around its area code
                start, written = start + 1, written[1:]
            if _is_other(written, start in goods) or not (end := rules.find_end(written)):
                position = start + _first_end(written)
            else:
                position = _with_extension(view.lowered, start + end)
                spans.append((start, position, "phone"))
            match = self._form.search(view.text, position)
        return spans

    def find_labelled(self, view: View) -> list[Span]:
        """Find numbers after "call me on", "tel" and the like, even without an area code."""
        spans: list[Span] = []
        rules = _Validator(self._regions)
        for match in _LABEL.finditer(view.lowered):
            start, written = match.start("value"), match["value"]
            if _NO_NUMBER.match(written) or not _IS_NUMBER.fullmatch(written):
                continue
            if _COUNTED.match(view.lowered, match.end("value")):
                continue
            if end := rules.find_end(written, labelled=True):
                spans.append((start, _with_extension(view.lowered, start + end), "phone"))
        return spans


class _Validator:
    """Validates the candidates of one text."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions
        self._left = MAX_VALIDATED

    def find_end(self, written: str, *, labelled: bool = False) -> int:
        """Return the end of the longest number that starts here, or 0 if there is none."""
        if self._left == 0:
            return len(written)
        decide = self._is_possible if labelled else self._is_number
        for end in _ends(written, _MIN_DIGITS_LABELLED if labelled else _MIN_DIGITS):
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
            possible = phonenumbers.ValidationResult.IS_POSSIBLE
            return bool(number and phonenumbers.is_possible_number_with_reason(number) == possible)
        if "GB" in self._regions and _BRITISH.fullmatch(written):
            return True  # newer than the rules, or kept for fiction, and written as one
        written = written.replace(",", " ")
        return any(
            number and (phonenumbers.is_valid_number(number) or _is_fiction(number))
            for number in (self._parse(written, region) for region in self._regions)
        )

    def _is_possible(self, written: str) -> bool:
        return any(
            number and phonenumbers.is_possible_number(number)
            for number in (self._parse(written, region) for region in self._regions)
        )

    def _parse(self, written: str, region: str | None) -> Any:
        if written.startswith("(00"):
            written = written.replace("(", "").replace(")", "")
        try:
            return phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            return None


def _ends(written: str, min_digits: int) -> list[int]:
    """Return the ends of groups of digits within a number's possible length, longest first."""
    prefixed = written.startswith(("+", "00", "(00", "011"))
    max_digits = _MAX_DIGITS_PREFIXED if prefixed else _MAX_DIGITS
    ends, digits = [], 0
    for group in _GROUP.finditer(written):
        digits += len(group[0])
        if min_digits <= digits <= max_digits:
            ends.append(group.end())
    return ends[::-1]


def _first_end(written: str) -> int:
    group = _GROUP.search(written)
    return group.end() if group else len(written)


def _is_fiction(number: Any) -> bool:
    national = _FICTION.fullmatch(str(number.national_number))
    return number.country_code == 44 and national is not None


def _is_other(written: str, is_of_goods: bool) -> bool:
    """True for a date, amounts, or an order number that is not written like a phone number."""
    if is_of_goods and (written.isdigit() or not written.startswith(("0", "+", "("))):
        return True
    return _DATE_FIRST.match(written) is not None or _AMOUNTS.fullmatch(written) is not None


def _with_extension(lowered: str, end: int) -> int:
    match = _EXTENSION.match(lowered, end)
    return match.end() if match else end
