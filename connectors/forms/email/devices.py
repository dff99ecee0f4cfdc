"""Lines that mail programs write below each message: "Sent from my iPhone"."""

from __future__ import annotations

import re
from typing import Final

_PRODUCT: Final = (
    r"(?:iphon|ipad|ios|android|galaxy|samsung|huawei|xiaomi|redmi|nokia|blackberry|outlook"
    r"|windows|yahoo|gmail|gmx|web\.de|proton ?mail|tutanota|tuta|fastmail|aol"
    r"|spark|airmail|bluemail|em client|mailbird|thunderbird|k-9|mail\.ru|яндекс|vodafone|o2 "
    r"|orange|free mail|laposte|libero|virgilio|seznam|onet|mobile|handy|smartphone"
    r"|smarttelefon|telefon|téléphone)"
)
_SENT: Final = (
    r"(?:sent|gesendet|versendet|geschickt|envoyé|enviad[oa]|inviat[oa]|verzonden|verstuurd|sendt"
    r"|skickat|odesláno|poslan[oé]|wysłan[oe]|trimis|отправлено|надіслано|στάλθηκε|anfonwyd)"
)
_FROM: Final = (
    r"(?:from|with|via|using|mit|von|vom|über|per|de(?:puis|sde|l)?|do|da(?:l|lla)?|[aà] partir"
    r"|vanaf|met|fra|med|från|ze?|с|из)"
)
_BEGINS: Final = re.compile(
    rf"{_SENT} {_FROM}\b.{{0,40}}?{_PRODUCT}.{{0,60}}|sent (?:from my|via) .{{1,60}}"
    r"|(?:diese (?:e-?mail|nachricht) wurde )?von meinem .{1,60} gesendet",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(
    rf".{{0,25}}{_PRODUCT}.{{0,12}}(?:から送信|で送信|에서 보냄|gönderildi|lähetetty|küldve)"
    r"|lähetetty \S{1,30}|发自.{1,40}",
    re.IGNORECASE,
)
_ADVERTISES: Final = re.compile(
    r".{0,30}\boutlook\b.{0,20}\b(?:ios|android)\b.{0,20}"
    r"|.{0,20}\b(?:ios|android)\b.{0,20}outlook.{0,20}"
    r"|(?:virus-?free|virenfrei|sans virus|libre de virus|virusvrij|virusfri)\b.{0,60}"
    r"|this e-?mail has been (?:checked|scanned) for viruses.{0,80}",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(r"\b(?:I|we|ich|wir|je|nous|yo)\b", re.IGNORECASE)
_MAX_CHARACTERS: Final = 120
_MAX_WORDS: Final = 12
_ENDS_SENTENCE: Final = re.compile(r"[!?]$|(?<!secure email)(?<!gesendet)[.]$", re.IGNORECASE)


def is_device_line(text: str) -> bool:
    """Return True for a line in which a mail program names itself or its device."""
    if len(text) > _MAX_CHARACTERS or len(text.split()) > _MAX_WORDS or _ENDS_SENTENCE.search(text):
        return False
    text = text.strip("-–— .")
    is_advertisement = _ADVERTISES.fullmatch(text) and not _PERSON.search(text)
    return bool(is_advertisement or _BEGINS.fullmatch(text) or _ENDS.fullmatch(text))
