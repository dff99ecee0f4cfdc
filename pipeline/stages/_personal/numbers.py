"""Payment cards and bank accounts (IBAN), recognized by their check digits."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.view import Span, View, drop_overlaps

# A number that isn't part of something else, such as the decimals of a price. The look-ahead is
# redundant, but lets the pattern fail at once without a number.
ALONE: Final = r"(?=[\d(])(?<!\w)(?<!\d[.,/:-])"

# A look-ahead leaves what follows the first group to be tried as the first of another number.
_BETWEEN: Final = r"[ .,/-]{0,3}"
_CARD: Final = re.compile(
    r"(?=\d)(?<!\d)(?<!\d[.,/:-])(?=[4-6]|2[2-7]|3\d)"
    rf"(?=(?:(?P<fours>\d{{4}}(?:{_BETWEEN}\d{{4}}){{3}})(?P<three>{_BETWEEN}\d{{3}})?"
    rf"|(?P<other>\d{{4}}{_BETWEEN}\d{{6}}{_BETWEEN}\d{{4,5}}))(?!\d))\d{{4}}"
)
# However it is divided, where a card is named.
_DIVIDED: Final = re.compile(r"(?<![\d.])[2-6](?:[ .,/-]{0,5}\d){13,}+")
_CARD_WORD: Final = re.compile(r"card|visa|amex|debit|credit|maestro")
_LENGTHS: Final = (16, 15, 14, 19)
# Visa, Mastercard, Maestro and Discover and UnionPay, American Express, JCB, Diners Club.
_ISSUED: Final = re.compile(
    r"[456]\d{15}(?:\d{3})?|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|35\d{14}|3[0689]\d{12}"
)
_SEPARATORS: Final = str.maketrans("", "", " .,/-")
_VALUES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))

_IBAN: Final = re.compile(
    r"(?:(?<![a-z0-9])|(?<=iban))"
    r"(?=([a-z]{2} ?\d{2}(?:[ ./-]{0,2}[a-z0-9]){11,29}+))[a-z]{2} ?\d{2}"
)
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


def find_cards(view: View) -> list[Span]:
    """Find payment cards of 14 to 19 digits, by issuer, length and Luhn check."""
    spans: list[Span] = []
    done = 0
    for match in _CARD.finditer(view.text):
        start = match.start()
        if start >= done and (written := _card(match)):
            done = start + len(written)
            spans.append((start, done, "card"))
    return spans or _find_divided_cards(view)


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


def _find_divided_cards(view: View) -> list[Span]:
    if not _CARD_WORD.search(view.lowered):
        return []
    return [
        (match.start(), match.start() + length, "card")
        for match in _DIVIDED.finditer(view.text)
        if (length := _card_length(match[0]))
    ]


def _card_length(written: str) -> int:
    """Return the length of the card number that a text begins with, or 0."""
    compact = written.translate(_SEPARATORS)
    for count in _LENGTHS:
        if len(compact) >= count and _is_card(compact[:count]):
            length = _written_length(written, count)
            if not written[length : length + 1].isdigit():
                return length
    return 0


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
