"""Subjects that mail servers write: of automatic replies, receipts and failures.

Each is a prefix that ends in a colon, and made of the few words that every language has for it.
"""

from __future__ import annotations

import re
from typing import Final

_AUTO: Final = (
    r"\w{0,12}(?:auto|awto|otomat|αυτόμ|автом|автоо|自动|自動|자동|אוטומט|تلقائي|tự động"
    r"|อัตโนมัติ)\w{0,12}"
)
_ANSWER: Final = (
    r"\w{0,12}(?:r[eé]pl|r[eé]pon|respon|respost|respuest|rispost|antw|svar|vastau|vastus|odpov"
    r"|odpow|odgovor|válasz|ответ|отговор|відпов|απάντ|yanıt|cevap|応答|返信|答复|答覆|回复|回覆|회신"
    r"|응답|답장|رد|תשוב|מענה|r[aă]spuns|ymateb|abwesenheit|trả lời|ตอบ)\w{0,12}"
)
_ENDS: Final = r"(?:\s?[:：]|\s(?=(?:re|aw|sv|fwd?|wg)\s?:))"
_RESPONSE: Final = re.compile(
    rf"\s*(?:out of (?:the )?office )?(?:{_AUTO}[ -]?{_ANSWER}|{_ANSWER} {_AUTO}"
    rf"|autosvar|автоответ){_ENDS}",
    re.IGNORECASE,
)
_ABSENCE: Final = re.compile(
    r"\s*(?:out of (?:the )?office|abwesen(?:d|heit)\w{0,16}|(?:message d')?absen(?:ce|t)(?:\(e\))?"
    r"(?: du bureau)?|fuera de (?:la )?oficina|fuori (?:sede|ufficio)|afwezig\w{0,20}"
    r"|frånvar\w{0,12}|fravær\w{0,12}|ikke til stede|poissa\w{0,12}|mimo kancelář|poza biurem"
    r"|ausência|ausente|házon kívül|ofis dışında|нет на месте|вне офиса|不在|外出|부재중)"
    rf"(?:{_ENDS}|$)",
    re.IGNORECASE,
)
_RECEIPT: Final = re.compile(
    r"\s*(?:(?:not )?read|(?:un)?gelesen(?: gelöscht)?|nicht gelesen|(?:non )?lu|(?:no )?leído"
    r"|(?:non )?letto|(?:niet )?gelezen|(?:ikke )?l[eæä]st|luettu|přečteno|przeczytan[eo]|lid[ao]"
    rf"|okundu|прочтено|прочитано|已读|已讀|開封済み|읽음){_ENDS}",
    re.IGNORECASE,
)
_FAILURE: Final = re.compile(
    r"\s*(?:undeliver|un?zustellbar|mail delivery|delivery (?:status|failure|has failed"
    r"|(?:is )?delayed)"
    r"|returned mail|failure notice|mail (?:system )?error|non remis|no se puede entregar"
    r"|non recapitabil|onbestelbaar|não (?:entregue|é possível entregar)|kan ikke leveres"
    r"|olevererbar|niedostarcz|nedoruč|kézbesíthetetlen|teslim edile|недоставл"
    r"|не удается доставить)",
    re.IGNORECASE,
)


def is_response(subject: str) -> bool:
    """Return True for "Automatic reply:" in any language: no person begins so."""
    return _RESPONSE.match(subject) is not None


def is_absence(subject: str) -> bool:
    """Return True for "Out of office:", which a person can write too: "… no reply for days"."""
    return _ABSENCE.match(subject) is not None


def is_receipt(subject: str) -> bool:
    """Return True for "Read:" and "Not read:", which a person can write too."""
    return _RECEIPT.match(subject) is not None


def is_failure(subject: str) -> bool:
    """Return True for the beginning of a failure's subject, which a person can write too."""
    return _FAILURE.match(subject) is not None
