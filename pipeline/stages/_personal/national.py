"""Numbers that a state gives to a person: NHS, CHI, social security and national insurance."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pipeline.stages._personal.labelled import find_goods_numbers
from pipeline.stages._personal.numbers import ALONE
from pipeline.stages._personal.view import Span, View, drop_overlaps

GAP: Final = r"[ :=#(\"'-]{0,5}"
"""What may stand between a label and its value, in prose and in JSON."""

_NUMBER: Final = r"(?:[ _-]?(?:number|num|no|nr|id)(?![a-z])\.?| ?#)"
_SEPARATORS: Final = str.maketrans("", "", " .,/-")

_NHS_GROUPED: Final = re.compile(rf"{ALONE}\d{{3}}([ -])\d{{3}}\1\d{{4}}(?!\w)")
_NHS_ANY: Final = re.compile(
    r"(?=\d)(?<![\d+])(?<!\d[.,/:-])(?P<value>\d{3}[ ./-]{0,3}\d{3}[ ./-]{0,3}\d{4})(?!\d)"
)
# As in the boxes of a form.
_NHS_SPACED: Final = re.compile(
    r"(?=\d)(?<![\d+])(?<!\d[ .,/:-])"
    r"(?P<value>\d(?: {1,2}\d){9}|\d\d(?: \d\d){4}|\d{3},\d{3},\d{4})(?![ .,/:-]?\d)"
)
_NHS_WORD: Final = re.compile(r"nhs(?![a-z]{2}\b)|n\.h\.s|\bn h s\b")
_CHI: Final = re.compile(
    rf"\b(?:chi|h ?(?:&|and) ?c){_NUMBER}?(?: is| was)?{GAP}"
    r"(?P<value>\d{6}[ -]?\d{4}|\d{3}[ -]\d{3}[ -]\d{4})(?!\d)"
)
_PHONE_BEFORE: Final = re.compile(
    r"(?:phone|tel|mobile|mob|cell|call|ring|text|contact|fax)\b[^\d\n]{0,16}\Z"
)

_SSN: Final = re.compile(
    r"(?=[s\d])(?:\b(?:ss[n#]|social security|soc(?:ial)?\.? sec\.?"
    r"|social(?= is| was|[ :=\"'#]{1,4}\d))"
    rf"{_NUMBER}?(?: is| was)?{GAP}"
    rf"(?=\d{{3}}[ .-]?\d\d[ .-]?\d{{4}}(?!\d))"
    rf"|{ALONE}(?=\d{{3}}-\d\d-\d{{4}}(?![\w-])))"
    r"(?P<value>(?!000|666|9)\d{3}[ .-]?(?!00)\d\d[ .-]?(?!0000)\d{4})"
)

# The prefix QQ is never issued: examples use it.
_NI_PREFIX: Final = r"(?:(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z]|qq)"
_NI_NUMBER: Final = re.compile(
    rf"(?<![a-z0-9]){_NI_PREFIX}(?:[ .-]{{0,2}}\d\d){{3}}[ .-]{{0,2}}[a-d](?![a-z0-9])"
)
_NI_LABELLED: Final = re.compile(
    rf"n(?<!\wn)(?:at(?:ional)?\.? ins(?:urance)?\.?|i(?:no)?){_NUMBER}?(?: is| was)?"
    rf"{GAP}(?P<value>{_NI_PREFIX}(?:[ .-]{{0,2}}\d){{6}}(?:[ .-]{{0,2}}[a-d])?)(?![a-z0-9])"
)
_NI_WORD: Final = re.compile(r"\bnino\b|national ins|nat\.? ins|\bni n(?:o|umber)\b")


def find_nhs_numbers(view: View) -> list[Span]:
    """Find NHS numbers in a text that names the NHS, or grouped 3-3-4 and not a phone number.

    CHI and H&C numbers, their kin in Scotland and Northern Ireland, need a label.
    """
    values = {match.span("value") for match in _CHI.finditer(view.lowered)}
    if _NHS_WORD.search(view.lowered):
        values |= {
            match.span("value")
            for pattern in (_NHS_ANY, _NHS_SPACED)
            for match in pattern.finditer(view.lowered)
            if _has_nhs_check_digit(match["value"])
            and (not match["value"].startswith("0") or _is_nhs_range(_compact(match["value"])))
        }
    return _nhs_spans(view, values, _is_surely_nhs)


def find_doubtful_nhs_numbers(view: View) -> list[Span]:
    """Find NHS numbers that could have been North American phone numbers."""
    return _nhs_spans(view, set(), lambda match: True)


def find_ssns(view: View) -> list[Span]:
    """Find United States social security numbers, with a label or with dashes."""
    if "-" not in view.text and "ss" not in view.lowered and "soc" not in view.lowered:
        return []
    return [(*match.span("value"), "ssn") for match in _SSN.finditer(view.lowered)]


def find_ni_numbers(view: View) -> list[Span]:
    """Find United Kingdom national insurance numbers.

    Without a label anywhere, text such as "or 12 34 56 a" does not count.
    """
    values = {match.span("value") for match in _NI_LABELLED.finditer(view.lowered)}
    is_named = _NI_WORD.search(view.lowered) is not None
    for match in _NI_NUMBER.finditer(view.lowered):
        written = view.text[match.start() : match.end()]
        if is_named or written.isupper() or " " not in written:
            values.add(match.span())
    if values:
        goods = find_goods_numbers(view.lowered)
        values = {(start, end) for start, end in values if start not in goods}
    return drop_overlaps(values, "ni_number")


def _nhs_spans(
    view: View, values: set[tuple[int, int]], accepts: Callable[[re.Match[str]], bool]
) -> list[Span]:
    for match in _NHS_GROUPED.finditer(view.lowered):
        if _has_nhs_check_digit(match[0]) and accepts(match):
            values.add(match.span())
    return drop_overlaps(values, "nhs_number")


def _compact(written: str) -> str:
    return written.translate(_SEPARATORS)


def _has_nhs_check_digit(written: str) -> bool:
    digits = _compact(written)
    weighted = sum(
        int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)
    )
    return (11 - weighted % 11) % 11 == int(digits[9])


def _is_surely_nhs(match: re.Match[str]) -> bool:
    digits = _compact(match[0])
    if _PHONE_BEFORE.search(match.string[max(0, match.start() - 40) : match.start()]):
        return False
    is_american = digits[0] not in "01" and digits[1] != "9" and digits[3] not in "01"
    return not is_american or (match[1] == " " and _is_nhs_range(digits))


def _is_nhs_range(digits: str) -> bool:
    """True in the ranges of England, Wales, Northern Ireland and Scotland, and in the test range.

    Scottish numbers begin with a date.
    """
    if digits[0] in "4679" or "32" <= digits[:2] <= "39":
        return True
    return 1 <= int(digits[:2]) <= 31 and 1 <= int(digits[2:4]) <= 12
