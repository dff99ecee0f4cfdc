"""Numbers recognized by a check digit or by a unique form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pipeline.stages._personal.view import Span, View, drop_overlaps

# A number that isn't part of something else, such as the decimals of a price. The look-ahead is
# redundant, but lets the pattern fail at once without a number.
ALONE: Final = r"(?=[\d(])(?<!\w)(?<!\d[.,/:-])"

# A look-ahead leaves what follows the first group to be tried as the first of another number.
_CARD: Final = re.compile(
    rf"{ALONE}(?=[4-6]|2[2-7]|3\d)"
    r"(?=(?:(?P<fours>\d{4}(?:[ .-]{0,3}\d{4}){3})(?P<three>[ .-]{0,3}\d{3})?"
    r"|(?P<other>\d{4}[ .-]{0,3}\d{6}[ .-]{0,3}\d{4,5}))(?!\d))\d{4}"
)
# Visa, Mastercard, Maestro and Discover and UnionPay, American Express, JCB, Diners Club.
_ISSUED: Final = re.compile(
    r"[456]\d{15}(?:\d{3})?|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|35\d{14}|3[0689]\d{12}"
)
_SEPARATORS: Final = str.maketrans("", "", " .-")
_VALUES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))

_IBAN: Final = re.compile(r"(?<![a-z0-9])(?=([a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,29}+))[a-z]{2}\d{2}")
_LETTERS: Final = {ord(letter): str(int(letter, 36)) for letter in "abcdefghijklmnopqrstuvwxyz"}
_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "no", 16: "be", 18: "dk fi fk fo gl nl sd", 19: "mk si",
        20: "at ba ee kz lt lu mn xk", 21: "ch hr li lv", 22: "bg bh cr de gb ge ie me rs va",
        23: "ae gi il iq om so tl", 24: "ad cz es md pk ro sa se sk tn vg", 25: "ly pt st",
        26: "is tr", 27: "bi dj fr gr it mc mr sm", 28: "al az by cy do gt hu lb ni pl sv",
        29: "br eg ps qa ua", 30: "jo kw mu ye", 31: "mt sc", 32: "lc", 33: "ru",
    }.items()
    for country in countries.split()
}  # fmt: skip

_NHS_GROUPED: Final = re.compile(rf"{ALONE}\d{{3}}([ -])\d{{3}}\1\d{{4}}(?!\w)")
_NHS_LABELLED: Final = re.compile(
    r"nhs(?<!\wnhs)(?: ?(?:number|num|no|nr|id)\b\.?| ?#|(?=[ :]{1,2}\d))(?: is| was)?[ :=#(-]{0,4}"
    r"(?P<value>\d{3}[ .-]{0,3}\d{3}[ .-]{0,3}\d{4})(?!\d)"
)
_PHONE_BEFORE: Final = re.compile(
    r"(?:phone|tel|mobile|mob|cell|call|ring|text|contact|fax)\b[^\d\n]{0,16}\Z"
)

_SSN: Final = re.compile(
    rf"(?=[s\d])(?:\b(?:ssn|social security|soc\.? sec\.?)(?: ?(?:number|num|no)\b\.?| ?#)?"
    rf"(?: is| was)?[ :=#(-]{{0,4}}(?=\d{{3}}[ -]?\d\d[ -]?\d{{4}}(?!\d))"
    rf"|{ALONE}(?=\d{{3}}-\d\d-\d{{4}}(?![\w-])))"
    r"(?P<value>(?!000|666|9)\d{3}[ -]?(?!00)\d\d[ -]?(?!0000)\d{4})"
)

# The prefix QQ is never issued: examples use it.
_NI_PREFIX: Final = r"(?:(?!bg|gb|kn|nk|nt|tn|zz)[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z]|qq)"
_NI_NUMBER: Final = re.compile(
    rf"(?<![a-z0-9]){_NI_PREFIX}(?:[ -]?\d\d){{3}}[ -]?[a-d](?![a-z0-9])"
)
_NI_LABELLED: Final = re.compile(
    rf"n(?<!\wn)(?:ational insurance|i(?:no)?)(?: ?(?:number|num|no)\b\.?)?(?: is| was)?"
    rf"[ :=#(-]{{0,4}}(?P<value>{_NI_PREFIX}(?:[ -]?\d\d){{3}}(?:[ -]?[a-d])?)(?![a-z0-9])"
)


def find_cards(view: View) -> list[Span]:
    """Find payment cards of 14 to 19 digits, by issuer, length and Luhn check."""
    spans: list[Span] = []
    done = 0
    for match in _CARD.finditer(view.text):
        start = match.start()
        if start >= done and (written := _card(match)):
            done = start + len(written)
            spans.append((start, done, "card"))
    return spans


def find_ibans(view: View) -> list[Span]:
    """Find bank accounts (IBAN) by country, length and the ISO 7064 remainder of 97."""
    values = set()
    for match in _IBAN.finditer(view.lowered):
        length = _IBAN_LENGTHS.get(match[0][:2])
        compact = match[1].translate(_SEPARATORS)[:length]
        if length == len(compact) and _iban_remainder(compact) == 1:
            end = match.start() + _written_length(match[1], length)
            if not view.lowered[end : end + 1].isalnum():
                values.add((match.start(), end))
    return drop_overlaps(values, "iban")


def find_nhs_numbers(view: View) -> list[Span]:
    """Find NHS numbers that are labelled, or grouped 3-3-4 and not a phone number."""
    values = {
        match.span("value")
        for match in _NHS_LABELLED.finditer(view.lowered)
        if _has_nhs_check_digit(match["value"])
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

    Without a label, text such as "or 12 34 56 a" does not count.
    """
    values = {match.span("value") for match in _NI_LABELLED.finditer(view.lowered)}
    for match in _NI_NUMBER.finditer(view.lowered):
        written = view.text[match.start() : match.end()]
        if written.isupper() or " " not in written:
            values.add(match.span())
    return drop_overlaps(values, "ni_number")


def _card(match: re.Match[str]) -> str | None:
    if match["other"]:
        return match["other"] if _is_card(match["other"]) else None
    fours, three = match["fours"], match["three"] or ""
    if three and _is_card(fours + three):
        return str(fours + three)
    # Three digits apart may be the card's security code.
    return fours if not three[:1].isdigit() and _is_card(fours) else None


def _is_card(written: str) -> bool:
    digits = written.translate(_SEPARATORS)
    return _ISSUED.fullmatch(digits) is not None and _luhn_sum(digits) % 10 == 0


def _luhn_sum(digits: str) -> int:
    backwards = digits[::-1].encode()
    return sum(backwards[::2].translate(_VALUES)) + sum(backwards[1::2].translate(_DOUBLED))


def _iban_remainder(compact: str) -> int:
    moved = compact[4:] + compact[:4]
    return int(moved.translate(_LETTERS)) % 97


def _written_length(written: str, count: int) -> int:
    """Return the length of the prefix that holds ``count`` letters and digits."""
    for position, character in enumerate(written):
        count -= character.isalnum()
        if count == 0:
            return position + 1
    return len(written)


def _nhs_spans(
    view: View, values: set[tuple[int, int]], accepts: Callable[[re.Match[str]], bool]
) -> list[Span]:
    for match in _NHS_GROUPED.finditer(view.lowered):
        if _has_nhs_check_digit(match[0]) and accepts(match):
            values.add(match.span())
    return drop_overlaps(values, "nhs_number")


def _has_nhs_check_digit(written: str) -> bool:
    digits = written.translate(_SEPARATORS)
    weighted = sum(
        int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)
    )
    return (11 - weighted % 11) % 11 == int(digits[9])


def _is_surely_nhs(match: re.Match[str]) -> bool:
    digits = match[0].translate(_SEPARATORS)
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
