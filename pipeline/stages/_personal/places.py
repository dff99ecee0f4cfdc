"""Postal codes: postcodes of the United Kingdom, ZIP codes of the United States."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.labelled import COUNTED, find_goods_numbers
from pipeline.stages._personal.view import Span, View, drop_overlaps

# Any two letters that may begin a postcode, also areas not given out, which stand in examples;
# of the areas of one letter only those that exist: "A4 2nd", "C2 4th", "T2" are not places.
_POSTCODE: Final = re.compile(
    r"(?<![\w-])(?:(?:[a-pr-uwyz][a-hk-y]|[beglmnsw])\d\d?|(?:[ew]c|[ns]w|se)\d[a-hjkmnp-y]"
    r"|e1w|n1[cp]|w1[a-hjkmnp-y]|gir|zz99)"
    r"(?: {0,2}|-)(?P<in>\d[abd-hjlnp-uw-z]{2})(?![\w-])"
)
# With letters for digits, and blanks or signs between, where it is named.
_LABELLED_POSTCODE: Final = re.compile(
    r"post ?code(?: is| was)?[ :=\"'(-]{0,4}(?P<value>[a-z] ?(?:[a-z] ?)?[\dilo](?: ?[\da-z])?"
    r"[ ,./_-]{0,4}[\dlo] ?[abd-hjlnp-uw-z] ?[abd-hjlnp-uw-z])(?!\w)"
)
_INWARD: Final = re.compile(r"\d[abd-hjlnp-uw-z]{2}(?![\w-])")
_AREAS: Final = frozenset(
    "ab al ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy ec"  # noqa: SIM905
    " eh en ex fk fy gl gu gy ha hd hg hp hr hs hu hx ig im ip iv je ka kt kw ky la ld le ll ln ls"
    " lu me mk ml ne ng nn np nr nw ol ox pa pe ph pl po pr rg rh rm sa se sg sk sl sm sn so sp sr"
    " ss st sw sy ta td tf tn tq tr ts tw ub wa wc wd wf wn wr ws wv yo ze".split()
)
# "PS4 1TB": what only looks like a postcode, unless the area exists.
_UNITS: Final = re.compile(r"\d[tg]b|1st|2nd|3rd|[04-9]th")
_STORAGE: Final = re.compile(r" ?(?:hard|disk|drive|ssd|storage|memory|card|console|usb)")
# In capitals too: "WARD B2 3RD FLOOR".
_STOREY: Final = re.compile(r" (?:floor|door|bed|bay|room|left|right|year|level)\b")
# In lower case: "E1 2nd", and after a road or a vitamin, "M25 2hr".
_NO_POSTCODE: Final = re.compile(r".*(?:1st|2nd|3rd|[04-9]th)|[a-z]\d.*(?:hr|ft|lb|yr|pt)")

_STATES: Final = (
    r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY]"
)
_ZIP: Final = re.compile(
    r"(?=[\dA-Z])(?:(?<![\w-])(?<!\d[.,/:])(?P<long>\d{5}-\d{4})(?![\w-])"
    rf"|\b(?:{_STATES})[ ,.]{{1,2}}(?P<short>\d{{5}})(?![\w-]))(?!(?i:{COUNTED}))"
)
_LABELLED: Final = re.compile(r"zip(?<!\wzip)(?: ?code)?(?: is| was)?[ :=#(-]{0,3}(\d{5})(?![\w-])")


def find_postcodes(view: View) -> list[Span]:
    """Find full postcodes in either case, but not "M25 2hr", "E1 2nd" or "PS4 1TB"."""
    places = {match.span("value") for match in _LABELLED_POSTCODE.finditer(view.lowered)}
    if _INWARD.search(view.lowered):
        places |= {
            match.span() for match in _POSTCODE.finditer(view.lowered) if _is_postcode(view, match)
        }
    return drop_overlaps(places, "postcode")


def _is_postcode(view: View, match: re.Match[str]) -> bool:
    written = view.text[match.start("in") : match.end("in")]
    if not written.isupper() and _NO_POSTCODE.fullmatch(match[0]):
        return False
    if not _UNITS.fullmatch(match["in"]):
        return True
    if _STOREY.match(view.lowered, match.end()):
        return False
    area = match[0][:2]
    exists = area in _AREAS or not area.isalpha()
    return exists and not _STORAGE.match(view.lowered, match.end())


def find_zip_codes(view: View) -> list[Span]:
    """Find ZIP+4, and five digits after a state's abbreviation or a label."""
    values = {match.span(1) for match in _LABELLED.finditer(view.lowered)}
    values |= {match.span(str(match.lastgroup)) for match in _ZIP.finditer(view.text)}
    if values:
        goods = find_goods_numbers(view.lowered)
        values = {(start, end) for start, end in values if start not in goods}
    return drop_overlaps(values, "zip")
