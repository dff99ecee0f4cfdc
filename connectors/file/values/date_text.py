"""Write the text of a date in one way, whatever the script, marks and words around it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_MAX_CHARACTERS: Final = 120
_INVISIBLE: Final = dict.fromkeys(
    map(ord, "\x00\x01\x02\x1b\x1f\x7f"
             "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"
             "\u2066\u2067\u2068\u2069"),
    "",
)  # fmt: skip
_SIGNS: Final = str.maketrans({
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"), **dict.fromkeys("⁄∕／", "/"), "．": ".", "：": ":",
    "，": ",",
    **dict.fromkeys("時时시", ":"), **dict.fromkeys("秒초", " "), "（": "(", "）": ")",
})  # fmt: skip
_MINUTE: Final = re.compile(r":\s?(\d{1,2})\s?[分분]\s?(?=(\d)?)")
_ERAS: Final = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA: Final = re.compile(rf"({'|'.join(_ERAS)})\s?(\d+|元)\s?年")
_MORNING: Final = r"午前|上午|오전|π\.?μ\.?|ص|vorm\.?|dop\.?|öö|ÖÖ"
_EVENING: Final = r"午後|下午|오후|μ\.?μ\.?|م|nachm\.?|odp\.?|ös|ÖS"
_HALF_FIRST: Final = re.compile(rf"(?:({_MORNING})|({_EVENING}))\s?(\d{{1,2}}(?::\d{{2}}){{0,2}})")
_HALF_LAST: Final = re.compile(rf"(?<=\d)\s?(?:({_MORNING})|({_EVENING}))(?!\w)")
_CALL: Final = re.compile(
    r"(?:[\w.]*\b(?:datetime|date|timestamp|isodate)|/date)\(\s*['\"]?(.*?)['\"]?\s*\)/?", re.I
)
_ARGUMENTS: Final = re.compile(r"(\d{4}), ?(\d{1,2}), ?(\d{1,2})(?:, ?(\d{1,2}), ?(\d{1,2}))?.*")
_TICKS: Final = re.compile(r"(-?\d{10,13})[+-]\d{4}")
_LABEL: Final = re.compile(
    r"(?:(?:reviewed|posted|published|submitted|written|created|received|updated)\b[^\d:]*?"
    r"(?:\bon\b|:|(?=\s\w+\.? \d)|(?=\s\d))|date\s*:|datum\s*:|(?:on|am|le|el|il|op|dnia|dydd)\b)"
    r"\s*(?=\w)",
    re.IGNORECASE,
)


def normalize_date(cell: str) -> str:
    """Return the text of a date with ASCII digits, plain signs, and nothing around it."""
    if (
        cell.isascii()
        and cell[:1].isdecimal()
        and cell[-1:].isdecimal()
        and cell.isprintable()
        and ("  " not in cell)
    ):
        return cell  # the usual date
    text = " ".join(cell.split())
    if not text or len(text) > _MAX_CHARACTERS:
        return text
    if not (text.isascii() and text.isprintable()):
        text = _to_plain_signs(text)
    text = _HALF_LAST.sub(lambda half: " pm" if half[2] else " am", text)
    if not text[:1].isdecimal() or text[-1] in "\"'])}/;,.":
        text = _unwrap(text)
    return text


def _to_plain_signs(text: str) -> str:
    text = text.translate(_INVISIBLE)
    text = "".join(
        str(unicodedata.decimal(sign)) if sign > "\x7f" and sign.isdecimal() else sign
        for sign in text
    ).translate(_SIGNS)
    text = _ERA.sub(lambda era: f"{_ERAS[era[1]] + (1 if era[2] == '元' else int(era[2]))}年", text)
    text = _MINUTE.sub(lambda minute: f":{int(minute[1]):02}{':' if minute[2] else ' '}", text)
    text = _HALF_FIRST.sub(lambda half: f"{half[3]} {'pm' if half[2] else 'am'}", text)
    return " ".join(text.split())


def _unwrap(text: str) -> str:
    """Return a date without quotes, brackets, a function's name, or the words before it."""
    text = text.strip("\"'`;, ")
    if match := _CALL.fullmatch(text):
        text = match[1]
        if parts := _ARGUMENTS.fullmatch(text):
            year, month, day, hour, minute = parts.groups(default="0")
            text = f"{year}-{int(month):02}-{int(day):02} {int(hour):02}:{int(minute):02}"
        elif ticks := _TICKS.fullmatch(text):
            text = ticks[1]
    if text[:1] in "([{" and text[-1:] in ")]}":
        text = text[1:-1].strip()
    if match := _LABEL.match(text):
        text = text[match.end() :]
    return text.strip()
