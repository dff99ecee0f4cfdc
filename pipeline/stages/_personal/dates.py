"""Dates of birth: dates next to a word such as "born"."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.view import Span, View

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_YEAR: Final = r"'?(?:(?:18|19|20)\d\d|\d\d)(?!\d)"
_DAY: Final = r"(?:the )?\d{1,2} ?(?:st|nd|rd|th)?"
_DATE: Final = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d)"
    rf"|\d{{1,2}} ?[-/.] ?\d{{1,2}} ?[-/.] ?{_YEAR}|\d{{1,2}} \d{{1,2}} {_YEAR}"
    rf"|\d{{1,2}}/\d{{1,2}}(?![\d/])|\d{{8}}(?!\d)|(?<=[: ])\d{{6}}(?!\d)"
    rf"|{_DAY}[ -]?(?:day )?(?:of )?[ -]?{_MONTH}(?:[ ,-]{{0,3}}{_YEAR})?"
    rf"|{_MONTH}[ -]?{_DAY}(?!\d)(?:[ ,-]{{1,3}}{_YEAR})?)"
)
# "date of birth", "gave birth", "birthday", "birth date" and "birth:" all hold "birth". The look
# behind follows the first letter, which lets the search skip all others.
_LABEL: Final = r"(?:b(?<!\wb)(?:irth(?:day| ?date)?|orn)\b|d(?<!\wd)\.? ?o\.? ?b\b\.?)"
_PLACE: Final = r"(?: (?:at|in) [a-z][a-z' ]{1,24}(?= on ))?"
_GAP: Final = (
    r"(?:[ :;=,(\"-]|\b(?:is|was|on|the|in|as|here|it|given|my|falls|of"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b){0,10}+"
)
_BORN: Final = re.compile(rf"{_LABEL}(?P<after>{_PLACE}{_GAP}(?P<date>(?<!\d){_DATE}))?")
_BEFORE: Final = re.compile(
    rf"(?<![\d.,/:-])(?P<date>(?!\d{{6}}){_DATE})(?: ?\(| is | was |, )(?:my |his |her |the )?"
    r"(?:date of )?\Z"
)
_JOINTS: Final = ("(", " is ", " was ", ", ", " my ", " his ", " her ", " the ", " of ")
_DIGIT: Final = re.compile(r"\d")
_MAX_BEFORE: Final = 60


def find_dates_of_birth(view: View) -> list[Span]:
    """Find dates after "born", "DOB" and the like, or right before "is my date of birth"."""
    lowered, spans = view.lowered, []
    done = 0
    for match in _BORN.finditer(lowered):
        if match["date"]:
            start, end = match.span("date")
        else:
            first = max(done, match.start() - _MAX_BEFORE)
            before = lowered[first : match.start()]
            if not before.endswith(_JOINTS) or not _DIGIT.search(before):
                continue
            date = _BEFORE.search(before)
            if date is None:
                continue
            start, end = (first + place for place in date.span("date"))
        spans.append((start, end, "date_of_birth"))
        done = end
    return spans
