"""Detect an encoding by the letters that it makes of a file's lines. Pure.

A statistical guess on a few words is often one code page off. In the right one accented letters
are inside words of one language, capital letters begin words, and quotes and dashes are where
they belong.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

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
    ("cp1251", "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґѝ ђјљњћџ"),
    ("koi8_u", "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ"),
    ("mac_cyrillic", "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ"),
    ("cp866", "абвгдежзийклмнопрстуфхцчшщъыьэюяё"),
    ("iso8859_5", "абвгдежзийклмнопрстуфхцчшщъыьэюяё"),
    ("cp1253", "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώςϊϋΐΰ"),
    ("cp1255", "".join(map(chr, range(0x5D0, 0x5EB)))),
    ("cp1256", "".join(map(chr, range(0x621, 0x64B))) + "پچژگکی"),
    ("cp874", "".join(map(chr, range(0xE01, 0xE5C)))),
)  # fmt: skip
"""Code pages by how usual they are, and the letters of the languages that use them."""
_NOT_LATIN: Final = [codec for codec, _ in _CODECS[10:]]
_VOICED: Final = [codec for codec, _ in _CODECS[10:16]]
_VOWELS: Final = frozenset("аеёиоуыэюяіїєαεηιουωάέήίόύώϊϋΐΰ")
_MIN_BYTES_BEYOND: Final = 12
_MIN_VOWELS: Final = 0.3
_MIN_SHARE: Final = 0.75
_BAD: Final = 2.0


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
    best = max(shares, key=lambda codec: round(shares[codec], 3))
    if shares[best] >= _MIN_SHARE and best not in _NOT_LATIN:
        return best
    # Without Latin letters beside them, all letters of some code pages are in their place.
    equal = [codec for codec in _NOT_LATIN if shares[codec] > shares[best] - 0.05]
    vowels = {codec: _count_vowels(sample.decode(codec, "replace")) for codec in equal}
    voiced = [codec for codec, share in vowels.items() if share >= _MIN_VOWELS]
    if voiced and shares[best] >= _MIN_SHARE:
        return max(voiced, key=lambda codec: (round(shares[codec], 2), round(vowels[codec], 1)))
    if not _may_be_multibyte(sample):
        return best
    others = [codec for codec in equal if codec not in _VOICED]
    guess = from_bytes(sample, cp_isolation=[*_MULTIBYTE, *others, best]).best()
    return best if guess is None else guess.encoding


def _may_be_multibyte(sample: bytes) -> bool:
    """Return True if most letters are beyond ASCII, and there are some: two bytes may be one."""
    beyond = sum(byte > 0x7F for byte in sample)
    plain = sum(bytes((byte,)).isalnum() for byte in sample)
    return beyond >= _MIN_BYTES_BEYOND and beyond > plain


def _count_vowels(text: str) -> float:
    """Return the share of vowels among the Greek or Cyrillic letters."""
    letters = [sign for sign in text.lower() if sign > "\x7f" and sign.isalpha()]
    return sum(sign in _VOWELS for sign in letters) / max(1, len(letters))


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
