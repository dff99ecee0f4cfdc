"""Signatures, banners and disclaimers, which stand around the writer's words.

The rules are conservative: losing a sentence of a comment is worse than keeping a greeting. So a
lone "Thank you," does not end the text, a list with hyphens is a list, and a signature is short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from connectors.forms.email.banners import (
    FIRST_PERSON,
    IS_MESSAGE,
    MESSAGE_WORDS,
    find_banner,
)
from connectors.forms.email.devices import is_device_line
from connectors.forms.email.lines import Line, Mark, count_letters
from connectors.forms.email.quote_heads import is_rule

_REGARDS: Final = re.compile(
    r"(?:(?:kind|kindest|best|warm|warmest|many)?\s?(?:regards|wishes|thanks)"
    r"|yours (?:sincerely|faithfully|truly)|sincerely|(?:mit )?(?:freundlichen|besten|vielen|"
    r"herzlichen) grüßen?|(?:viele|liebe|beste|freundliche) grüße|mfg|(?:bien )?cordialement"
    r"|saludos(?: cordiales)?|atentamente|cordiali saluti|met vriendelijke groet(?:en)?"
    r"|(?:med )?venlig(?:e)? hilsen|(?:med )?vennlig hilsen|(?:med )?vänliga? hälsning(?:ar)?"
    r"|ystävällisin terveisin|s pozdravem|z poważaniem|pozdrawiam|com os melhores cumprimentos"
    r"|atenciosamente|saygılarımla)[,.!]?",
    re.IGNORECASE,
)
_ENDS_SENTENCE: Final = re.compile(r"[.!?…。][\"')]*$")
_POSTSCRIPT: Final = re.compile(r"\s*p\.?\s?s\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+")
_SPOKEN_WORDS: Final = 4
_SIGNATURE_LINES: Final = 8
_SIGNATURE_WIDTH: Final = 60
_SIGNATURE_CHARACTERS: Final = 600
_PARAGRAPH_CHARACTERS: Final = 4_000
_PARAGRAPH_LINES: Final = 40
_DISCLAIMERS: Final = 6

_CONFIDENTIAL: Final = re.compile(
    r"confidential|vertraulich|confidenti?el|confidencial|riservat|vertrouwelijk|konfiden[st]iell"
    r"|конфиденциал|fortrolig|poufn|důvěrn|luottamuksel|gizli|privileged|機密|机密|保密|기밀",
    re.IGNORECASE,
)
_ADDRESSEE: Final = re.compile(
    r"intended (?:solely|only|recipient|for)|addressee|in error|unauthori[sz]ed|(?:copy|disclos"
    r"|distribut|disseminat)\w*|adressat|empfänger|destinatair|destinatari|geadresseerde|mottagare"
    r"|mottaker|modtager|odbiorc|adresat|příjemc|vastaanottaj|alıcı|destinat[áa]rio"
    r"|адресат|получател|收件人|受信|수신",
    re.IGNORECASE,
)
_ABOUT_ITSELF: Final = re.compile(
    r"\b(?:this|these|diese[rs]?|ce|cet|cette|este|esta|esse|essa|questo|questa|dit|deze|detta"
    r"|denna|denne|dette|tato|toto|ta|niniejsz\w{1,4}|bu|tämä)\s(?:\w{1,20}\s){0,2}"
    rf"(?:{MESSAGE_WORDS})\b|\b(?:это|данное|настоящее) (?:сообщени|письм)"
    r"|(?:本|この|此|이 ?|본 ?)(?:電子)?(?:メール|邮件|郵件|메일)"
    r"|\bintended (?:only|solely) for|\bif you (?:are not|have received)",
    re.IGNORECASE,
)
"""What a disclaimer says of the message that it is in."""
_TITLE: Final = re.compile(
    r"\W*(?:(?:confidentiality )?(?:notice|disclaimer)|confidential(?:ity)?|caution|warning"
    r"|haftungsausschluss|avertissement|aviso legal)\W*",
    re.IGNORECASE,
)


class Closing(StrEnum):
    """The kind of a line that is not the writer's words."""

    BANNER = "banner"
    DISCLAIMER = "disclaimer"
    SIGNATURE = "signature"


def find_closings(lines: Sequence[Line], boilerplate: Sequence[str]) -> list[Closing | None]:
    """Return for each line of a stretch of own text what it is, None for the writer's words.

    ``boilerplate`` are beginnings of paragraphs that mail servers add. A disclaimer or a signature
    is kept if no words would be left, unless it is a name or an address and not a sentence.
    """
    kinds: list[Closing | None] = [None] * len(lines)
    texts = [line.text.strip() for line in lines]
    for start, end in _find_boilerplate(texts, boilerplate):
        kinds[start:end] = [Closing.BANNER] * (end - start)
    for number in find_banner(texts, [kind is None for kind in kinds]):
        kinds[number] = Closing.BANNER
    for _ in range(_DISCLAIMERS):
        if not _mark(kinds, texts, _find_disclaimer(texts, kinds), Closing.DISCLAIMER):
            break
    _mark(kinds, texts, _find_signature(lines, kinds), Closing.SIGNATURE)
    for number in _find_device(lines, kinds):
        kinds[number] = Closing.SIGNATURE
    _mark(kinds, texts, _find_regards(lines, kinds), Closing.SIGNATURE)
    return kinds


def _mark(
    kinds: list[Closing | None], texts: Sequence[str], lines: Sequence[int], kind: Closing
) -> bool:
    """Mark lines, unless that leaves no words although they are sentences."""
    chosen = set(lines)
    rest = sum(
        count_letters(text)
        for number, text in enumerate(texts)
        if kinds[number] is None and number not in chosen
    )
    if not chosen or (not rest and any(_is_spoken(texts[number]) for number in chosen)):
        return False
    for number in chosen:
        kinds[number] = kind
    return True


def _is_spoken(text: str) -> bool:
    """Return True for a sentence, and not a name, a title or an address."""
    words = _WORD.findall(text)
    lower = sum(word[0].islower() for word in words)
    return bool(
        _POSTSCRIPT.match(text)
        or (_ENDS_SENTENCE.search(text) and len(words) > 1)
        or (len(words) >= _SPOKEN_WORDS and 2 * lower > len(words))
    )


def _find_boilerplate(texts: Sequence[str], beginnings: Sequence[str]) -> Iterator[tuple[int, int]]:
    wanted = tuple(" ".join(text.casefold().split()) for text in beginnings if text.strip())
    number = 0
    while wanted and number < len(texts):
        end = number + 1
        if " ".join(texts[number].casefold().split()).startswith(wanted):
            while end < len(texts) and texts[end] and not _ENDS_SENTENCE.search(texts[end - 1]):
                end += 1
            yield number, end
        number = end


def _find_disclaimer(texts: Sequence[str], kinds: Sequence[Closing | None]) -> list[int]:
    """Return the lines of the last paragraph if it is about the message and its recipient."""
    rest = [number for number, kind in enumerate(kinds) if kind is None]
    below: list[int] = []
    while rest and (not texts[rest[-1]] or is_rule(texts[rest[-1]])):
        below.append(rest.pop())
    paragraph: list[int] = []
    while rest and texts[rest[-1]] and len(paragraph) < _PARAGRAPH_LINES:
        paragraph.insert(0, rest.pop())
        if _is_disclaimer(" ".join(texts[number] for number in paragraph)):
            break
    else:
        return []
    while rest and _continues_disclaimer(texts, rest[-1]):
        paragraph.insert(0, rest.pop())
    return [*paragraph, *below]


def _continues_disclaimer(texts: Sequence[str], number: int) -> bool:
    """Return True if a line above is a title, a rule, or continues in the line below."""
    text = texts[number]
    is_broken = bool(text) and not _ENDS_SENTENCE.search(text) and len(text) > _SIGNATURE_WIDTH
    return bool(_TITLE.fullmatch(text)) or is_rule(text) or (is_broken and _is_about(text))


def _is_about(text: str) -> bool:
    return bool(IS_MESSAGE.search(text) or _CONFIDENTIAL.search(text) or _ADDRESSEE.search(text))


def _is_disclaimer(paragraph: str) -> bool:
    if len(paragraph) > _PARAGRAPH_CHARACTERS or FIRST_PERSON.search(paragraph):
        return False
    if not _ABOUT_ITSELF.search(paragraph):
        return False
    addressed = {match.casefold()[:7] for match in _ADDRESSEE.findall(paragraph)}
    is_confidential = _CONFIDENTIAL.search(paragraph) is not None
    return bool(IS_MESSAGE.search(paragraph)) and len(addressed) + 2 * is_confidential >= 3


def _own_numbers(kinds: Sequence[Closing | None]) -> list[int]:
    return [number for number, kind in enumerate(kinds) if kind is None]


def _find_signature(lines: Sequence[Line], kinds: Sequence[Closing | None]) -> list[int]:
    """Return the lines below the last "-- " (RFC 3676), or those that HTML marks, if short."""
    own = _own_numbers(kinds)
    marked = [number for number in own if lines[number].mark is Mark.SIGNATURE]
    below: list[int] = []
    for place in range(len(own) - 1, -1, -1):
        if lines[own[place]].text in ("-- ", "--\u00a0"):
            below = own[place:]
            break
    return [number for part in (below, marked) if _is_short(lines, part) for number in part]


def _is_short(lines: Sequence[Line], numbers: Sequence[int]) -> bool:
    texts = [lines[number].text for number in numbers if lines[number].text.strip()]
    return len(texts) <= _SIGNATURE_LINES + 2 and sum(map(len, texts)) <= _SIGNATURE_CHARACTERS


def _find_device(lines: Sequence[Line], kinds: Sequence[Closing | None]) -> list[int]:
    """Return the last line if a mail program writes it below each message."""
    own = [number for number in _own_numbers(kinds) if lines[number].text.strip()]
    return own[-1:] if own and is_device_line(lines[own[-1]].text.strip()) else []


def _find_regards(lines: Sequence[Line], kinds: Sequence[Closing | None]) -> list[int]:
    """Return a closing formula and the name below it, unless sentences follow."""
    own = _own_numbers(kinds)
    for place in range(len(own) - 1, -1, -1):
        if _REGARDS.fullmatch(lines[own[place]].text.strip()):
            texts = [text for number in own[place + 1 :] if (text := lines[number].text.strip())]
            short = all(len(text) <= _SIGNATURE_WIDTH for text in texts)
            spoken = any(map(_is_spoken, texts))
            return own[place:] if len(texts) <= _SIGNATURE_LINES and short and not spoken else []
    return []
