"""Warnings about outside senders that mail servers write above a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.forms.email.quote_heads import is_rule

MESSAGE_WORDS: Final = (
    r"e-?mails?|e-?post\w*|messages?|communication|transmission|nachricht|courriel|correo|mensaje"
    r"|mensagem|messaggio|bericht|meddelande\w*|meddelelse|melding|viesti|sähköposti\w*|zpráv[ay]"
    r"|wiadomość|ileti|сообщени\w*|письм\w*"
)
IS_MESSAGE: Final = re.compile(rf"\b(?:{MESSAGE_WORDS})\b|メール|邮件|郵件|메일", re.IGNORECASE)
FIRST_PERSON: Final = re.compile(
    r"\bI(?:'m|'ve)?\b|\b(?:[Mm]y|me|mine)\b|\b(?:ich|mir|mich)\b"
    r"|\b(?:[Yy]our|[Ii]hre[mnrs]?|[Ee]ure|[Vv]otre|[Vv]os|[Ss]u|[Uu]w) (?:\w{1,20} )?"
    rf"(?:{MESSAGE_WORDS})\b"
)
"""Words of a person about themselves or about the reader's message."""
_OUTSIDE: Final = re.compile(
    r"\b(?:outside|external|externally|au(?:ß|ss)erhalb|extern(?:e[rns]?|o|a|t)?|l'extérieur|fuera"
    r"|esterna|esterno|buiten|utanför|udefra|utenfra|ulkopuol\w*|zewnątrz|spoza|mimo|fora|dışından)\b",
    re.IGNORECASE,
)
_CAUTION: Final = re.compile(
    r"\b(?:links?|linków|länk\w*|odkaz\w*|attachments?|sender|anhänge|anhang|absender|liens?"
    r"|pièces? jointes?|expéditeur|enlaces?|adjuntos|remitente|allegati|mittente|bijlagen|afzender"
    r"|bilagor|avsändare|vedhæft\w*|vedlegg|avsender|afsender|liitte\w*|lähettäjä\w*|załącznik\w*"
    r"|nadawc\w*|přílo\w*|odesílatel\w*|anexos|ekler\w*)\b",
    re.IGNORECASE,
)
_LABEL_WORDS: Final = frozenset(
    {"external", "extern", "externe", "externer", "externes", "externo", "externa", "esterno"}
    | {"esterna", "outside", "source", "email", "e", "mail", "mails", "message", "sender", "use"}
    | {"caution", "warning", "this", "is", "an", "a", "the", "from", "attention", "achtung"}
    | {"nachricht", "absender", "expéditeur", "mensaje", "remitente", "messaggio", "mittente"}
    | {"bericht", "afzender"}
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_UNKNOWN_SENDER: Final = re.compile(
    r"(?:you|some people who received this message) don['’]t often get e-?mail from\b"
    r"|\berh(?:alten|ältst|ält) (?:nicht (?:oft|häufig)|selten) e-?mails? von\b"
    r"|\b(?:n['’]obtenez|ne recevez) pas souvent\b.{0,20}e-?mails?\b|\bno suele[ns]? recibir correo"
    r"|\bnon ricev\w+ spesso\b.{0,30}mail|\bontvangt? niet vaak e-?mail"
    r"|LearnAboutSenderIdentification",
    re.IGNORECASE,
)
"""Outlook's tip above the first message of a sender."""
_ENDS_SENTENCE: Final = re.compile(r"[.!?…。][\"')]*$")
_MAX_LINES: Final = 6
_MAX_CHARACTERS: Final = 4_000
_MAX_LABEL_WORDS: Final = 9


def find_banner(texts: Sequence[str], is_own: Sequence[bool]) -> list[int]:
    """Return the lines of a warning about an outside sender at the very top."""
    top: list[int] = []
    number = 0
    while number < len(texts):
        text = texts[number]
        if not is_own[number] or (not text and not top) or is_rule(text):
            number += 1
            continue
        if not text or len(top) == _MAX_LINES:
            break
        top.append(number)
        paragraph = " ".join(texts[each] for each in top)
        if len(paragraph) > _MAX_CHARACTERS:
            break
        if _is_banner(paragraph):
            while _goes_on(texts, top[-1]):
                top.append(top[-1] + 1)
            return top
        number += 1
    return []


def _goes_on(texts: Sequence[str], number: int) -> bool:
    """Return True if a sentence is continued below a line, and was only wrapped."""
    following = texts[number + 1] if number + 1 < len(texts) else ""
    return following[:1].islower() and not _ENDS_SENTENCE.search(texts[number])


def _is_banner(paragraph: str) -> bool:
    if _UNKNOWN_SENDER.search(paragraph) or _is_label(paragraph):
        return True
    signs = (IS_MESSAGE, _OUTSIDE, _CAUTION)
    return all(sign.search(paragraph) for sign in signs) and not FIRST_PERSON.search(paragraph)


def _is_label(text: str) -> bool:
    """Return True for "[EXTERNAL]", "External e-mail – use caution" and the like."""
    words = [word.casefold() for word in _WORD.findall(text)]
    is_short = 0 < len(words) <= _MAX_LABEL_WORDS
    is_outside = any(word.startswith(("extern", "estern", "outside")) for word in words)
    return is_short and is_outside and all(word in _LABEL_WORDS for word in words)
