"""A quick test that most comments pass: nothing in them can be personal data."""

from __future__ import annotations

import re
from typing import Final

from pipeline.stages._personal.decoding import may_be_spelled
from pipeline.stages._personal.online import may_name_network
from pipeline.stages.tokens import lowercase

_DIGITS: Final = b"0123456789"
# Without one of these a text can only hold a value that is spelled out.
_SIGNS: Final = _DIGITS + b"@/&:_)]}>"
# With no more close together, only codes, accounts and dates of birth are possible.
_MAX_FEW_DIGITS: Final = 3
_RUN: Final = re.compile(r"\d(?:[ .,/()\[\]\s_-]{0,5}[A-Za-z]{0,2}\d){3}")
_CODE: Final = re.compile(r"\d(?:(?<=[a-z]\d)|(?<=[a-z][._]\d))")
_OTHER_SIGN: Final = re.compile(r"[\d＠﹫]")
_PATH: Final = re.compile(r"\.\]?[A-Za-z]{2}")
_DISGUISED_AT: Final = re.compile(r"[\])}>](?i:(?<=at.)|(?<=at .)|(?<=\(a.))")
_MIN_SPELLED: Final = 15  # characters

_SPOT: Final = re.compile(r"[\d@＠﹫/][\d@＠﹫/]*+")
# Each with a literal that it holds: most texts hold few, and a search for one takes no time.
_WORD_SPOTS: Final = tuple(
    (literal, re.compile(pattern))
    for literal, pattern in (
        *((word, re.escape(word)) for word in ("www.", " dot ", "_at_", "birth", "born", "dob")),
        *((word, word) for word in ("oh ", "&commat", r"d.o.b", "post")),
        *((word, word) for word in ("zero", "nought", "seven", "eight", "double")),
        ("(a)", r"\(a\)"),
        ("at", r"[\[({<] ?at\b"),
        (" at ", r" at (?=\w{1,40}\.)"),
        ("ig", r"ig\b(?<!\wig)"),
        *(
            (network, rf"{network}(?<!\w{network})")
            for network in ("insta", "snap", "tik", "skype", "telegram", "discord", "twitter")
        ),
    )
)
_FOLDED: Final = (("\u0130", "i"), ("\u0131", "i"), ("\u017f", "s"))
"""Letters that look like those of the words."""


def may_hold_value(text: str) -> bool:
    """Return False for a text without digits or signs of a value."""
    # Deleting bytes is several times faster than a search per sign, a regular expression or a set.
    is_ascii = text.isascii()
    coded = text.encode() if is_ascii else text.encode(errors="replace")
    digits = 0
    if len(rest := coded.translate(None, _SIGNS)) < len(coded):
        digits = len(coded) - len(coded.translate(None, _DIGITS))
        if digits > _MAX_FEW_DIGITS and _RUN.search(text):
            return True
        if len(coded) - len(rest) > digits and _has_sign(text):
            return True
    if not is_ascii and _OTHER_SIGN.search(text):
        return True
    if digits > 0:
        return _may_hold_few_digits(text.lower())
    return len(text) >= _MIN_SPELLED and may_be_spelled(text.lower())


def find_spots(text: str) -> list[tuple[int, int]]:
    """Return the places around which values are possible, in order."""
    spots = [match.span() for match in _SPOT.finditer(text)]
    folded = text
    if not text.isascii():
        for letter, plain in _FOLDED:
            folded = folded.replace(letter, plain)
    folded = lowercase(folded)
    spots += (
        match.span()
        for literal, pattern in _WORD_SPOTS
        if literal in folded
        for match in pattern.finditer(folded)
    )
    spots.sort()
    return spots


def _has_sign(text: str) -> bool:
    return (
        "@" in text
        or "_" in text
        or ("/" in text and (":" in text or _PATH.search(text) is not None))
        or ("&" in text and (";" in text or "&#" in text))
        or "::" in text
        or (":" in text and may_name_network(text.lower()))
        or _DISGUISED_AT.search(text) is not None
    )


def _may_hold_few_digits(lowered: str) -> bool:
    """True for a code, such as a postcode, a date next to "DOB", or what is spelled out."""
    return (
        may_be_spelled(lowered)
        or _CODE.search(lowered) is not None
        or "dob" in lowered
        or "d.o" in lowered
        or "d o b" in lowered
        or "bday" in lowered
        or "postc" in lowered
        or "post c" in lowered
    )
