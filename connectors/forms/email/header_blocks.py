"""Heads of messages in several lines: the header fields that mail programs write above a quote.

They are recognised by an address, a date and where they stand, in any language; the words below
only settle what the structure leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.forms.email.headers import find_address, parse_subject
from connectors.forms.email.quote_heads import Thread, clean_head, has_date, has_time

_LABEL: Final = re.compile(
    r"\s*[*_]{0,2}([^\W\d_][^:：\d@<>\[\]/]{0,24}?)\s?[*_]{0,2}\s?[:：][*_]{0,2}(?:\s+|$|(?<=：))(.*)"
)
_FROM: Final = re.compile(
    r"from|von|de|da|van|od|fra|från|lähettäjä|kimden|gönderen|差出人|送信者|от|发件人|寄件者|feladó"
    r"|από|מאת|من|보낸 ?사람|від|šalje|odosielateľ|oddi wrth|de la|expéditeur",
    re.IGNORECASE,
)
_TO: Final = re.compile(
    r"to|an|à|a|aan|para|do|til|till|komu|kime|alıcı|vastaanottaja|宛先|кому|收件人|címzett|προς|אל|إلى"
    r"|받는 ?사람|at|către",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"subject|betreff|objet|asunto|oggetto|onderwerp|assunto|temat|předmět|emne|ämne|aihe|konu"
    r"|件名|тема|主题|主旨|tárgy|predmet|naslov|θέμα|נושא|الموضوع|제목|pwnc|subiect",
    re.IGNORECASE,
)
_MORE: Final = re.compile(
    r"b?cc|cc[in]|cco|kopi[aeo]?|c[oó]pia|copie|копия|копія|κοιν\.?|抄送|副本|참조|עותק|نسخة"
    r"|reply[- ]to|antwort an|répondre à|importance|wichtigkeit|priority|priorität|sensitivity"
    r"|attachments?|anlagen?|anhänge?|pièces jointes|adjuntos|allegati|bijlagen|bilagor|vedlegg"
    r"|message-id|organi[sz]ation",
    re.IGNORECASE,
)
"""Further fields of a head."""
_COMPLETE_FIELDS: Final = 4
_CONTACT: Final = re.compile(r".{0,10}(?:mail|contact|kontakt|courriel|correo)", re.IGNORECASE)
"""A label of a person's own address, which no mail program writes above a message."""
_MIN_FIELDS: Final = 3
_MAX_LABEL_WORDS: Final = 3
_MAX_FIELD_CHARACTERS: Final = 3_000
_MIN_SUBJECT: Final = 3
_MAX_FIELDS: Final = 12
_MAX_WRAPPED: Final = 6


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The header fields of another message, as mail programs write them above it."""

    fields: tuple[tuple[str, str], ...]
    end: int
    """The line after the last field."""

    @property
    def address(self) -> str:
        """The author's address: programs write the author first, or after the date."""
        return find_address(self.fields[0][1]) or (
            find_address(self.fields[1][1]) if has_date(self.fields[0][1]) else ""
        )

    @property
    def named(self) -> str:
        """The address, or the name if there is none, after a word for "From"."""
        value = next((value for label, value in self.fields if _FROM.fullmatch(label)), "")
        return find_address(value) or value.strip()

    @property
    def author(self) -> str:
        """The author's address, or name if the block has no address of theirs."""
        label, first = self.fields[0]
        is_other = has_date(first) or _TO.fullmatch(label) or _SUBJECT.fullmatch(label)
        return self.address or self.named or ("" if is_other else first)

    @property
    def date(self) -> str:
        """The value that is a date; empty if it has none."""
        dated = [value for _, value in self.fields if has_date(value)]
        return next((value for value in dated if has_time(value)), next(iter(dated), ""))

    @property
    def subject(self) -> str:
        """The subject, with its prefixes; empty if it cannot be recognised."""
        return next((value for label, value in self.fields if _SUBJECT.fullmatch(label)), "")


def is_field(text: str) -> bool:
    """Return True for a "word: value" line."""
    match = _LABEL.fullmatch(clean_head(text)) if len(text) <= _MAX_FIELD_CHARACTERS else None
    return match is not None and len(match[1].split()) <= _MAX_LABEL_WORDS


def read_header_block(texts: Sequence[str], start: int) -> HeaderBlock | None:
    """Return the "word: value" lines from a line on, or None if there is not one.

    An empty line ends them, unless there is one between the first two. Without one, as in HTML, a
    line that no mail program writes after the others ends them: it can be the message's first.
    """
    fields: list[tuple[str, str]] = []
    number = end = start
    wrapped = 0
    is_table = is_spaced = False  # with each value in a cell, or below an empty line
    while number < len(texts) and len(fields) < _MAX_FIELDS:
        text = clean_head(texts[number])
        match = _LABEL.fullmatch(text) if is_field(text) else None
        if match:
            label, value = match[1].strip(" *_"), match[2].strip()
            if not _may_follow(fields, label, value):
                break
            is_spaced |= len(fields) == 1 and number > end
            is_table |= not fields and not value
            fields.append((label, value))
        elif fields and text and wrapped < _MAX_WRAPPED:
            last_label, last_value = fields[-1]
            is_cell = is_table and number == end and not last_value
            if not is_cell and not _continues(text, last_value):
                break
            wrapped += 1
            fields[-1] = (last_label, f"{last_value} {text}")
        elif text or not fields or number > end or (len(fields) > 1 and not is_spaced):
            break
        else:
            number += 1
            continue
        number = end = number + 1
    if len(fields) > 1 and is_remark(texts[start]) and find_address(fields[1][1]):
        return None  # a line above the head
    return HeaderBlock(tuple(fields), end) if fields else None


def is_remark(text: str) -> bool:
    """Return True for a "word: value" line that can be a sentence: without address and date."""
    match = _LABEL.fullmatch(clean_head(text)) if is_field(text) else None
    if match is None or find_address(match[2]) or has_date(match[2]) or not match[2].strip():
        return False
    return not any(label.fullmatch(match[1].strip(" *_")) for label in (_FROM, _TO, _SUBJECT))


def _may_follow(fields: Sequence[tuple[str, str]], label: str, value: str) -> bool:
    """Return True if a field can be one of the head that begins with these."""
    labels = {other.casefold() for other, _ in fields}
    if label.casefold() in labels:
        return False
    is_dated = any(has_date(other) for _, other in fields)
    has_subject = any(_SUBJECT.fullmatch(other) for other in labels)
    if not is_dated or not (has_subject or len(fields) >= _COMPLETE_FIELDS):
        return True
    patterns = (_FROM, _TO, _SUBJECT, _MORE)
    return bool(find_address(value)) or any(pattern.fullmatch(label) for pattern in patterns)


def _continues(text: str, value: str) -> bool:
    """Return True if a line continues a list of people."""
    return bool(find_address(text)) and (value.endswith((";", ",")) or not find_address(value))


def is_message_head(block: HeaderBlock | None, thread: Thread) -> bool:
    """Return True if a block certainly is the head of another message.

    That is one with a date, and with another's address in its first line, or with the subject of
    this conversation, or that begins as mail programs do and has a time or an address.
    """
    if block is None or len(block.fields) < _MIN_FIELDS or not block.date:
        return False
    if any(_CONTACT.fullmatch(label) for label, _ in block.fields[:2]):
        return False
    if _TO.fullmatch(block.fields[0][0]) or (thread.sender and block.named == thread.sender):
        return False  # the head of the writer's own letter
    if block.address and block.address != thread.sender:
        return True
    values = [value for _, value in block.fields]
    subjects = {parse_subject(value).text.casefold() for value in values}
    if len(thread.subject) >= _MIN_SUBJECT and thread.subject.casefold() in subjects:
        return True
    proof = has_time(block.date) or any(find_address(value) for value in values)
    return proof and _FROM.fullmatch(block.fields[0][0]) is not None and bool(block.subject)
