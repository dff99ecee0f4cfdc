"""Numbers that are personal by the words before them: of records, accounts, documents."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.view import Span, View, drop_overlaps

_NUMBER: Final = r"(?:number(?!s)|№|num\b\.?|nos?(?![a-z])\.?|nr\b\.?|id\b|identifier|code\b|#)"
_KEEPERS: Final = (
    r"hospital|patient|medical(?: records?)?|health(?: ?care)?(?: card)?|clinic|chart|unit|case"
    r"|complaint|incident|claim|policy|member(?:ship)?|insurance|insurer|appointment|booking"
    r"|admission|referral|subscriber|medicare|medicaid|nhs|chi|x-?ray|sample|specimen"
    r"|prescription|rx|pals|datix|file|records?"
)
# Their numbers need no word for "number" if they are written like one: "case 2024-8871".
_FILES: Final = "case|complaint|claim|incident|referral|datix|pals|enquiry|file|admission"
_LABEL: Final = re.compile(
    rf"\b(?=[a-z])(?:(?P<account>(?:bank )?(?:account|acct|acc|a/c)(?:,?[ _]?{_NUMBER})?"
    rf"|sort[ _]?code|sort(?= \d\d-\d\d)|s/c(?=:? \d\d-\d\d-))"
    rf"|(?P<passport>pass?port(?:,?[ _]?{_NUMBER})?)"
    rf"|(?P<driving_licence>(?:driving|driver'?s?'?) licen[cs]e(?:,? ?{_NUMBER})?)"
    rf"|(?P<record_number>(?:{_KEEPERS})[ _-]?(?:ref(?:erence)?\.?[ _]?)?{_NUMBER}"
    rf"|(?:{_KEEPERS})[ _]ref(?:erence)?\b\.?"
    rf"|m\.?r\.?n\b\.?(?: ?{_NUMBER})?|mrn(?=\d)|ubrn|(?:hosp|pt)\.? ?{_NUMBER}"
    rf"|(?:utr|unique tax(?:payer)? reference)(?: ?{_NUMBER})?"
    rf"|(?P<file>(?:{_FILES})(?= [a-z\d]))"
    rf"|(?P<weak>ref(?:erence)?\b\.?(?: ?{_NUMBER})?)))"
    r"(?: (?:is|was)\b)?[ :=#(\"'-]{0,5}(?=[a-z]{0,5}[ /-]?\d)"
)
_VALUE: Final = re.compile(
    r"(?:[A-Z]{1,5}[ /-]?|[a-z]{1,5}[/-]?|[a-z] )?\d[\dA-Za-z]{0,24}"
    r"(?:[/-][\dA-Za-z]{1,16}|[ ]\d{2,10}(?![\dA-Za-z:.,/-]\d)(?![A-Za-z])){0,5}"
)
_MIN_DIGITS: Final = {"record_number": 4, "account": 6, "passport": 6, "driving_licence": 4}
_FILE_NUMBER: Final = re.compile(
    r"(?:[A-Za-z]{1,4}[ -]?)?(?:(?:19|20)\d\d[-/](?!(?:19|20)\d\d(?!\d))\d{4,7}"
    r"|\d\d[-/]\d{4,7})|[A-Za-z]{1,4}-?\d{5,9}"
)
_MIN_DIGITS_WEAK: Final = 5
_NO_VALUE: Final = re.compile(r"\d{1,2}[-/ ]\d{1,2}[-/ ]\d{2,4}|\d{4}-\d{4}")
_LABEL_OF_GOODS: Final = re.compile(
    r"\b(?:order|invoice|tracking|serial|batch|lot|item|product|part|model|barcode|parcel|receipt"
    r"|voucher|ticket|delivery)(?: (?:number|num|no|nr|id|ref(?:erence)?)\b\.?){0,2}"
    r"(?: is| was)?[ :=#(-]{0,4}(?=[a-z]{0,5}[ /-]?\d)"
)

# After these a number is an amount.
COUNTED: Final = (
    r" ?(?:patients|people|staff|pounds|quid|times|calls|visits|units|steps|calories|kcal|m?cg|m?g"
    r"|mls?|in the queue)\b"
)
# Surname, date of birth and initials in sixteen characters.
_LICENCE: Final = re.compile(
    r"(?<!\w)[A-Z9]{5} ?\d[0156]\d[0-3]\d\d ?[A-Z9]{2}[\dA-Z][A-Z]{2}(?!\w)"
)
_VEHICLE_LABEL: Final = re.compile(
    r"\b(?:reg(?:istration)?\b\.?|number ?plate|licen[cs]e plate|plate)"
    rf"(?: ?{_NUMBER})?(?: is| was)?[ :=#(\"'-]{{0,5}}"
    r"(?P<value>[a-z]{2}\d\d ?[a-z]{3}|[a-z]\d{1,3} ?[a-z]{3})(?!\w)"
)
_VEHICLE: Final = re.compile(
    r"(?<!\w)[A-Z]{2}(?:0[2-9]|[1267]\d|5[1-9]) ?[A-Z]{3}(?<!BAY)(?<!BED)(?!\w)"
)
_VEHICLE_END: Final = re.compile(r"\d(?<=[a-z]\d|\d\d) ?[a-z]{3}(?!\w)")
_VEHICLE_WORD: Final = re.compile(r"\b(?:car|van|vehicle|clamp|plate|reg|parked)")
_BANK_DETAILS: Final = re.compile(r"(?<![\w-])\d\d-\d\d-\d\d[ ,/]{1,3}\d{8}(?!\w)")


def find_goods_numbers(lowered: str) -> frozenset[int]:
    """Return the offsets at which numbers of orders, invoices and goods start."""
    return frozenset(match.end() for match in _LABEL_OF_GOODS.finditer(lowered))


def find_labelled(view: View) -> list[Span]:
    """Find labelled numbers of records, accounts, passports and licences."""
    spans: list[Span] = []
    goods: frozenset[int] | None = None
    done = 0
    for match in _LABEL.finditer(view.lowered):
        value = _VALUE.match(view.text, match.end())
        if value is None or match.start() < done:
            continue
        kind = str(match.lastgroup)
        if match["file"]:
            if not _FILE_NUMBER.fullmatch(value[0]):
                continue
        elif not _is_value(value[0], kind, is_weak=bool(match["weak"])):
            continue
        if match["weak"]:
            goods = find_goods_numbers(view.lowered) if goods is None else goods
            if value.start() in goods:
                continue
        spans.append((*value.span(), kind))
        done = value.end()
    return spans


def find_driving_licences(view: View) -> list[Span]:
    """Find driver numbers of Great Britain, which need no label."""
    text = view.text.upper() if "licen" in view.lowered else view.text
    if len(text) != len(view.text):  # a letter that grows, such as "ß"
        text = view.text
    return [(*match.span(), "driving_licence") for match in _LICENCE.finditer(text)]


def find_vehicles(view: View) -> list[Span]:
    """Find vehicle registrations of the United Kingdom after a label, or near a car."""
    if not _may_name_vehicle(view.lowered) or not _VEHICLE_END.search(view.lowered):
        return []
    places = {match.span("value") for match in _VEHICLE_LABEL.finditer(view.lowered)}
    if _VEHICLE_WORD.search(view.lowered) and not view.text.isupper():
        places |= {match.span() for match in _VEHICLE.finditer(view.text)}
    return drop_overlaps(places, "vehicle")


def _may_name_vehicle(lowered: str) -> bool:
    return (
        "reg" in lowered
        or "plate" in lowered
        or " car" in lowered
        or " van" in lowered
        or "vehicle" in lowered
        or "clamp" in lowered
        or "parked" in lowered
    )


def find_bank_details(view: View) -> list[Span]:
    """Find a sort code followed by an account number."""
    if "-" not in view.text:
        return []
    return [(*match.span(), "account") for match in _BANK_DETAILS.finditer(view.text)]


def _is_value(value: str, kind: str, *, is_weak: bool) -> bool:
    digits = sum(map(str.isdigit, value))
    if not is_weak:
        return digits >= _MIN_DIGITS[kind]
    return digits >= _MIN_DIGITS_WEAK and _NO_VALUE.fullmatch(value) is None
