"""Postal codes: postcodes of the United Kingdom, ZIP codes of the United States."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.labelled import find_goods_numbers
from pipeline.stages._personal.view import Span, View, drop_overlaps

# Any two letters that may begin a postcode, also areas not given out, which stand in examples;
# of the areas of one letter only those that exist: "A4 2nd", "C2 4th", "T2" are not places.
_POSTCODE: Final = re.compile(
    r"(?<![\w-])(?:(?:[a-pr-uwyz][a-hk-y]|[beglmnsw])\d\d?|(?:[ew]c|[ns]w|se)\d[a-hjkmnp-y]"
    r"|e1w|n1[cp]|w1[a-hjkmnp-y]|gir)"
    r" {0,2}(?P<in>\d[abd-hjlnp-uw-z]{2})(?![\w-])"
)
# In lower case: "E1 2nd", and after a road or a vitamin, "M25 2hr".
_NO_POSTCODE: Final = re.compile(r".*(?:1st|2nd|3rd|[04-9]th)|[a-z]\d.*(?:hr|ft|lb|yr|pt)")

_STATES: Final = (
    r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY]"
)
_ZIP: Final = re.compile(
    r"(?=[\dA-Z])(?:(?<![\w-])(?<!\d[.,/:])(?P<long>\d{5}-\d{4})(?![\w-])"
    rf"|\b(?:{_STATES})[ ,.]{{1,2}}(?P<short>\d{{5}})(?![\w-]))"
)
_LABELLED: Final = re.compile(r"zip(?<!\wzip)(?: ?code)?(?: is| was)?[ :=#(-]{0,3}(\d{5})(?![\w-])")


def find_postcodes(view: View) -> list[Span]:
    """Find full postcodes in either case, but not "M25 2hr" or "E1 2nd"."""
    spans: list[Span] = []
    for match in _POSTCODE.finditer(view.lowered):
        written = view.text[match.start("in") : match.end("in")]
        if written.isupper() or not _NO_POSTCODE.fullmatch(match[0]):
            spans.append((*match.span(), "postcode"))
    return spans


def find_zip_codes(view: View) -> list[Span]:
    """Find ZIP+4, and five digits after a state's abbreviation or a label."""
    values = {match.span(1) for match in _LABELLED.finditer(view.lowered)}
    values |= {match.span(str(match.lastgroup)) for match in _ZIP.finditer(view.text)}
    if values:
        goods = find_goods_numbers(view.lowered)
        values = {(start, end) for start, end in values if start not in goods}
    return drop_overlaps(values, "zip")
