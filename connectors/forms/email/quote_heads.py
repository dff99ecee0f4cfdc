"""Heads of quoted messages in one line, which names the author, and lines that are drawn.

They are recognised by their structure, an address, a date and where they stand, so that they need
no list of words for each language. The words in the lists below only settle what the structure
leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.forms.email.headers import find_address

_CONTROLS: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_COLON: Final = re.compile(r"[:：]\s*$")
_TIME: Final = re.compile(r"\d{1,2}\s?[:.hH时時点시]\s?\d{2}(?!\d)")
_DATE: Final = re.compile(
    r"\b(?:19|20|25)\d{2}(?!\d)|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|[٠-٩۰-۹]{4}|\d{1,2}月\d{1,2}日"
)
_WROTE: Final = re.compile(
    r"(?:wrote|schrieb(?:\s.{0,120})?|a écrit|escribió|ha scritto|schreef(?:\s.{0,120})?|escreveu"
    r"|napisał\(?a?\)?|skrev(?:\s.{0,120})?|kirjoitti|napsal\(?a?\)?|yazdı|írta|a scris|пишет"
    r"|написал\(?а?\)?|έγραψε|ysgrifennodd|のメール|写道|寫道|작성)\s?[:：]$",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(
    r"\s*(?:on|am|le|el|il|op|em|w dniu|dnia|den|på|dne|ma|la|pe|в|στις|ar)\s", re.IGNORECASE
)
_DRAWN: Final = ("-", "_", "=", "*", "—", "–")
_DIVIDER: Final = re.compile(r"\s*[-_=*—–]{2,}\s?([^-_=*—–\s].{2,60}?)\s?[-_=*—–]{2,}\s*")
_ORIGINAL: Final = re.compile(
    r"original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio "
    r"originale|oorspronkelijk bericht|mensagem original|oprindelig meddelelse|opprinnelig melding"
    r"|ursprungligt meddelande|alkuperäinen viesti|původní zpráva|wiadomość oryginalna"
    r"|oryginalna wiadomość|orijinal ileti|özgün ileti|元のメッセージ|исходное сообщение|原始邮件",
    re.IGNORECASE,
)
_FORWARDED: Final = re.compile(
    r"forwarded (?:message|by)|weitergeleitete nachricht|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|videresendt (?:meddelelse"
    r"|besked|melding)|vidarebefordrat (?:meddelande|brev)|välitetty viesti|přeposlaná zpráva"
    r"|(?:wiadomość przekazana|przekazana wiadomość|przekazana dalej)|iletilmiş|yönlendirilen"
    r"|転送|转发|轉寄|пересылаемое|переадресован|réexpédi|inoltrat|doorgestuurd|weitergeleitet",
    re.IGNORECASE,
)
_ENDS_SENTENCE: Final = re.compile(r"[.!?…。]\s*$")
_MAX_HEAD_LINES: Final = 3
_MAX_HEAD_CHARACTERS: Final = 300
_RULE_CHARACTERS: Final = 10


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation that a message belongs to, by its header."""

    is_reply: bool
    is_forward: bool
    subject: str
    """Without prefixes."""
    sender: str
    """The author's address, in lower case."""


def clean_head(text: str) -> str:
    """Return a line without the invisible characters that programs put around addresses."""
    return _CONTROLS.sub("", text).strip()


def has_date(text: str) -> bool:
    """Return True if a text has a year or a day of a month in figures."""
    return _DATE.search(text) is not None


def has_time(text: str) -> bool:
    """Return True if a text has a time of day."""
    return _TIME.search(text) is not None


def may_be_head(text: str) -> bool:
    """Return True for a line with a colon or a drawn line, which every head of a message has."""
    return ":" in text or "：" in text or text.lstrip().startswith(_DRAWN)


def is_rule(text: str) -> bool:
    """Return True for a line that is drawn."""
    text = text.strip()
    return len(text) >= _RULE_CHARACTERS and set(text) <= {"_", "-", "=", "*", "—"}


def is_divider(text: str) -> bool:
    """Return True for a line of words between hyphens or the like."""
    return len(text) <= _MAX_HEAD_CHARACTERS and _DIVIDER.fullmatch(text) is not None


def is_known_divider(text: str) -> bool:
    """Return True for a divider in the words of a mail program."""
    return is_divider(text) and bool(_ORIGINAL.search(text) or _FORWARDED.search(text))


def announces_forward(text: str) -> bool:
    """Return True for the line with which mail programs begin a forwarded message."""
    text = clean_head(text)
    is_short = len(text) <= _MAX_HEAD_CHARACTERS
    return is_short and bool(_FORWARDED.search(text)) and (is_divider(text) or text[-1:] in ":：")


def find_attribution(
    texts: Sequence[str], last: int, thread: Thread, *, marked: bool, needs_time: bool = False
) -> int | None:
    """Return the first line of an attribution ("On … wrote:") that ends at ``last``, if any.

    Above lines that are marked as quotes, a date with a time or an address is sufficient; without
    a colon, both. Without marks all that follows would be cut, so only in a reply, and with
    another's address and a date. ``needs_time``: an address alone is not sufficient.
    """
    text = clean_head(texts[last]) if len(texts[last]) <= _MAX_HEAD_CHARACTERS else ""
    has_colon = _COLON.search(text) is not None
    if not text or not (has_colon or (marked and not needs_time and find_address(text))):
        return None
    first = _find_first_line(texts, last)
    head = clean_head(" ".join(texts[first : last + 1]))
    if len(head) > _MAX_HEAD_CHARACTERS:
        return None
    address, is_dated = find_address(head), has_date(head)
    is_timed = is_dated and (has_time(head) or _WROTE.search(head) is not None)
    if not marked:
        proof = bool(thread.is_reply and address and address != thread.sender and is_dated)
    elif not has_colon:
        proof = bool(address) and is_dated and not _ENDS_SENTENCE.search(head)
    elif needs_time:
        proof = is_timed and has_time(head) and _WROTE.search(head) is not None
    else:
        proof = bool(address) or is_timed
    return first if proof else None


def _find_first_line(texts: Sequence[str], last: int) -> int:
    first = last
    for number in range(last, max(-1, last - _MAX_HEAD_LINES), -1):
        text = clean_head(texts[number])
        if not text or len(text) > _MAX_HEAD_CHARACTERS:
            break
        if number < last and (_ENDS_SENTENCE.search(text) or _COLON.search(text)):
            break
        if number == last and find_address(text) and has_date(text):
            return last  # complete
        if _OPENS.match(text) and (number == last or has_date(text) or find_address(text)):
            return number
        if find_address(text) or (has_date(text) and has_time(text)):
            first = number
    return first
