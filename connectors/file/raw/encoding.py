"""Detect an encoding by the letters that it makes of a file's lines. Pure.

A statistical guess on a few words is often one code page off. In the right one accented letters
are inside words of one language, capital letters begin words, and quotes and dashes are where
they belong.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from connectors.file.raw.letters import weigh_scripts

_SAMPLE_BYTES: Final = 16_384
_MULTIBYTE: Final = ["cp932", "gb18030", "big5", "cp949", "euc_jp"]
_LATIN: Final = {
    "western": (
        "äöüß àâæçéèêëîïôœùûü áéíñóúü ãõáâàçéêíóôúü àèéìíòóù åäöéü æøåéóòô ëéïóöü áðéíóúýþæö "
        "áâéêíóôúŵŷ"
    ),
    "central": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž äöüß ăâîșțşţ",
    "baltic": "āčēģīķļņšūž ąčęėįšųūž äöõüšž",
    "turkish": "çğıöşüâî",
}
_CODECS: Final = (
    ("cp1252", _LATIN["western"]),
    ("cp1250", _LATIN["central"]),
    ("mac_roman", _LATIN["western"]),
    ("iso8859_2", _LATIN["central"]),
    ("cp1254", _LATIN["turkish"]),
    ("cp1257", _LATIN["baltic"]),
    ("cp850", _LATIN["western"]),
    ("cp852", _LATIN["central"]),
    ("mac_latin2", _LATIN["central"]),
    ("iso8859_15", _LATIN["western"]),
)  # fmt: skip
"""Latin code pages by how usual they are, and the letters of the languages that use them."""
_BAD: Final = 2.0
_MAX_WEIGHED_BYTES: Final = 4_096
_LATIN_PRIOR: Final = 3.0
"""Logarithm of how much more likely a Latin code page is before a sign beyond ASCII is read."""
_LETTER: Final = -2.7
_STRAY: Final = -8.0
_PAIR: Final = -2.5
"""Logarithms of how likely a letter with an accent is, one out of place, and two side by side."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file, and that of lines which are in another."""

    name: str
    other: str | None


def detect_encoding(sample: bytes) -> Encoding:
    """Return the encoding of lines beyond ASCII, by Python's names.

    A line that is valid UTF-8 is UTF-8: by chance that is next to impossible. So a file of one
    code page, or of files in several that were joined, is read line by line as UTF-8 or else as
    the code page that explains the other lines best.
    """
    lines = sample.splitlines()
    invalid = [line for line in lines if not _is_decodable(line, "utf-8")]
    if not invalid:
        return Encoding("utf-8", "cp1252")
    other = detect_code_page(b"\n".join(invalid))
    is_mixed = 2 * len(invalid) <= len(lines)
    if is_mixed or (other not in _MULTIBYTE and len(invalid) < len(lines)):
        return Encoding("utf-8", other)
    return Encoding(other, "cp1252" if other != "cp1252" else "mac_roman")


def detect_code_page(sample: bytes) -> str:
    """Return the code page of lines that are not UTF-8."""
    sample = sample[:_SAMPLE_BYTES]
    shares = {
        codec: max(_rate(sample, codec, alphabets.split(" "))) for codec, alphabets in _CODECS
    }
    latin = max(shares, key=lambda codec: round(shares[codec], 3))
    lines = sample[:_MAX_WEIGHED_BYTES].rpartition(b"\n")[0] or sample[:_MAX_WEIGHED_BYTES]
    weights = weigh_scripts(lines)
    other = max(weights, key=lambda codec: weights[codec])
    own = _weigh_latin(lines, latin, shares[latin]) + _LATIN_PRIOR
    return latin if own >= weights[other] else other


def _weigh_latin(sample: bytes, codec: str, share: float) -> float:
    """Return the logarithm of how likely a sample is in a Latin code page.

    In Latin texts, letters with accents are few and apart.
    """
    text = sample.decode(codec, "replace")
    total = sum(sign > "\x7f" for sign in text)
    stray = total * (1 - share) / (1 + _BAD)
    pairs = sum(
        first > "\x7f" and second > "\x7f" and first.isalpha() and second.isalpha()
        for first, second in pairwise(text)
    )
    marks = sum(
        sign > "\x7f" and not sign.isalpha() and sign not in "’‘“”–—…£€\xa0" for sign in text
    )
    return _LETTER * (total - stray) + _STRAY * stray + _PAIR * (pairs + marks)


def _rate(sample: bytes, codec: str, alphabets: Sequence[str]) -> list[float]:
    """Return the share of signs beyond ASCII that are where they belong, for each alphabet."""
    text = f" {sample.decode(codec, 'replace')} "
    good = bad = 0.0
    letters: dict[str, float] = {}
    total = 0
    for at in range(1, len(text) - 1):
        sign = text[at]
        if sign <= "\x7f":
            continue
        total += 1
        before, after = text[at - 1], text[at + 1]
        if sign.isalpha() or unicodedata.category(sign) == "Mn":
            if _is_misplaced(before, sign, after) or _is_foreign(before, sign, after):
                bad += 1
            else:
                lower = sign.lower()
                letters[lower] = letters.get(lower, 0) + 1
        else:
            value = _rate_mark(before, sign, after)
            good += max(value, 0)
            bad -= min(value, 0)
    if not total:
        return [1.0]
    every = sum(letters.values())
    shares = []
    for alphabet in alphabets:
        own = sum(count for letter, count in letters.items() if letter in alphabet)
        shares.append((good + own - _BAD * (bad + every - own)) / total)
    return shares


def _is_misplaced(before: str, sign: str, after: str) -> bool:
    """Return True for a capital letter after a small one, or alone."""
    if not sign.isupper():
        return not (before.isalpha() or after.isalpha()) and sign not in "àéèóòíáúùýąœæøåößäüîâêô"
    return before.islower() or not (before.isalpha() or after.isalpha() or sign in "ÀÉÈÁÓÍÚÖÅÂÊÔÎ")


def _is_foreign(before: str, sign: str, after: str) -> bool:
    """Return True for a letter that the language with it never has beside these letters.

    A Greek letter beside a Latin one; in Portuguese, õ but before e, and ã within a word.
    """
    if sign >= "\u0370":
        return (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    if sign in "õÕ":
        return after not in "eE"
    return sign in "ãÃ" and after.isalpha() and after not in "oesiOESI"


def _rate_mark(before: str, mark: str, after: str) -> float:
    """Return 1 for a sign in its place, 0.5 where that is not known, negative for a stray one."""
    inside = before.isalpha() and after.isalpha()
    if mark in "’ʼ":
        value = 1.0 if before.isalpha() else 0.5
    elif mark in "“„«‘‚":
        value = 1.0 if not before.isalnum() else -1.0
    elif mark in "”»‹›":
        value = 1.0 if not before.isspace() or mark in "»‹›" else -0.5
    elif mark in "–—…":
        value = 1.0
    elif mark in "£€":
        value = 1.0 if (before + after).strip(" .,")[:1].isdigit() or not inside else -1.0
    elif mark in "°½¼¾²³":
        value = -1.0 if inside else 0.9
    elif mark in "\xa0•·®™©§¿¡×´¨":
        value = -1.0 if inside and mark != "·" else 0.7
    elif unicodedata.category(mark) in {"Cc", "Cn", "Co"} or mark == "\ufffd":
        value = -2.0
    else:
        value = -1.0 if inside else -0.2
    return value


def _is_decodable(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
