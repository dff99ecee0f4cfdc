"""Dates of birth: dates next to a word such as "born"."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.view import Span, View

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_ONES: Final = "one|two|three|four|five|six|seven|eight|nine"
_TEENS: Final = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS: Final = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_SPELLED_YEAR: Final = (
    rf"(?:{_TEENS}|{_TENS}|two thousand)\b"
    rf"(?:[ -](?:and|hundred|oh?|{_ONES}|{_TEENS}|{_TENS})\b){{0,4}}"
)
_ORDINAL: Final = (
    r"(?:(?:(?:twenty|thirty)[ -]?)?"
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
_YEAR: Final = r"'?(?:(?:18|19|20)\d\d|\d\d)(?!\d)"
_DAY: Final = rf"(?:the )?(?:\d{{1,2}} ?(?:st|nd|rd|th)?|{_ORDINAL})"
_NAMED_YEAR: Final = rf"(?:[ ,-]{{1,3}}(?:in )?(?:{_SPELLED_YEAR}|{_YEAR}))?"
_DATE: Final = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d)"
    rf"|\d{{1,2}} ?[-/.] ?\d{{1,2}} ?[-/.] ?{_YEAR}|\d{{1,2}} \d{{1,2}} {_YEAR}"
    rf"|\d{{1,2}}/\d{{1,2}}(?![\d/]| (?:weeks?|days?|months?|hours?|an) )"
    rf"|\d{{8}}(?!\d)|(?<=[^\w/.-])\d{{6}}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th) (?:of )?the \d{{1,2}}(?:st|nd|rd|th)(?:[ ,]{{1,3}}{_YEAR})?"
    rf"|{_DAY}[ -]?(?:day )?(?:of )?[ -]?{_MONTH}(?:{_YEAR}|{_NAMED_YEAR})"
    rf"|{_MONTH}[ -]?{_DAY}(?!\d){_NAMED_YEAR})"
)
# "date of birth", "gave birth", "birthday", "birth date" and "birth:" all hold "birth". The look
# behind follows the first letter, which lets the search skip all others.
_LABEL: Final = (
    r"(?:b(?:(?<!\wb)|(?<=ofb))(?:irth(?:day|[ _]?date)?|orn|-?day)(?![a-z])"
    r"|d(?<!\wd)\.? ?o\.? ?b(?![a-z])\.?)"
)
_PLACE: Final = r"(?: (?:at|in) [a-z][a-z' ]{1,24}(?= on ))?"
_GAP: Final = (
    r"(?:'s\b|[ :;=,(\"'-]|[\U0001f300-\U0001faff]|\bdd?[/. -]?mm?[/. -]?yy(?:yy)?\b\)?"
    r"|\b(?:is|was|which|on|the|in|as|here|it|given|my|falls|of"
    r"|(?:18|19|20)\d\d(?= on )"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b){0,10}+"
)
_BORN: Final = re.compile(rf"{_LABEL}(?P<after>{_PLACE}{_GAP}(?P<date>(?<!\d){_DATE}))?")
_BEFORE: Final = re.compile(
    rf"(?<![\d.,/:-])(?P<date>(?!\d{{6}}){_DATE})(?: ?\(| is | was |, )(?:my |his |her |the )?"
    r"(?:date of )?\Z"
)
_JOINTS: Final = ("(", " is ", " was ", ", ", " my ", " his ", " her ", " the ", " of ")
_DAY_OR_MONTH: Final = re.compile(rf"\d|{_MONTH}")
_MAX_BEFORE: Final = 60

_FOREIGN_PARTICIPLE: Final = (
    r"geboren|geb\.|née?\b|nacid[oa]\b|nat[oa]\b|nascid[oa]\b|urodz\w{0,8}|född|født|született"
    r"|narozen\w?|născut\w?|syntynyt|doğum\w{0,4}|рожд\w{0,5}|родил\w{0,3}|г\. ?р\."
)
_FOREIGN_DATE: Final = re.compile(
    r"(?=\d)(?<!\d)(?:\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:(?:18|19|20)\d\d|\d\d)(?!\d)"
    r"|\d{4}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}\d{1,2}(?!\d)"
    r"|\d{1,2}\.?º? ?(?:de |d')?[^\W\d_]{3,12}\.? (?:del? )?(?:18|19|20)\d\d(?!\d))"
)
_FOREIGN_AFTER: Final = re.compile(
    rf"(?<!\w)(?:{_FOREIGN_PARTICIPLE}|geburts(?:datum|tag)|geboortedatum|naissance|nacimiento|nací"
    r"|nascita|nascimento|ur\.|fødselsdato|födelsedatum|szül\.)"
    r"(?: (?:am|le|el|il|op|den|em|dia|día|dnia|na|er|est|ist|es|é|è)\b|[ :=(\"',-]){0,6}\Z"
)
_FOREIGN_BEFORE: Final = re.compile(rf"[ ,(]{{1,3}}(?:{_FOREIGN_PARTICIPLE})")
_MAX_FOREIGN_LABEL: Final = 30


def find_dates_of_birth(view: View) -> list[Span]:
    """Find dates after "born", "DOB" and the like, or right before "is my date of birth"."""
    lowered = view.lowered
    spans: list[Span] = []
    if not _may_name_birth(lowered):
        return spans
    done = 0
    for match in _BORN.finditer(lowered):
        if match["date"]:
            if _is_score(match):
                continue
            start, end = match.span("date")
        else:
            first = max(done, match.start() - _MAX_BEFORE)
            before = lowered[first : match.start()]
            if not before.endswith(_JOINTS) or not _DAY_OR_MONTH.search(before):
                continue
            date = _BEFORE.search(before)
            if date is None:
                continue
            start, end = (first + place for place in date.span("date"))
        spans.append((start, end, "date_of_birth"))
        done = end
    return spans


def find_foreign_dates_of_birth(view: View) -> list[Span]:
    """Find dates next to "geboren", "né le", "nacida el" and the like."""
    text = view.lowered
    return [
        (*match.span(), "date_of_birth")
        for match in _FOREIGN_DATE.finditer(text)
        if _FOREIGN_BEFORE.match(text, match.end())
        or _FOREIGN_AFTER.search(text, max(0, match.start() - _MAX_FOREIGN_LABEL), match.start())
    ]


def _is_score(match: re.Match[str]) -> bool:
    """True for "giving birth 10/10"; "date of birth 8/10" is a date."""
    if not match["date"].endswith("/10") or not match[0].startswith("birth "):
        return False
    return not match.string[: match.start()].endswith("of ")


def _may_name_birth(lowered: str) -> bool:
    return (
        "birth" in lowered
        or "born" in lowered
        or "dob" in lowered
        or "d.o" in lowered
        or "d o b" in lowered
        or "d. o" in lowered
        or "bday" in lowered
        or "b-day" in lowered
    )
