"""Text from bytes: by the declared charset as browsers read its label, and by detection."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import webencodings
from charset_normalizer import from_bytes

_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7", "mbcs"}
)
"""Python's text codecs that are none of a mail, or that hide what a person sees."""
_ASCII: Final = frozenset({"", "us-ascii", "ascii", "us", "ansi_x3.4-1968", "iso646-us", "646"})
"""Labels that say nothing about bytes above ASCII."""
_SHIFTS: Final = re.compile(rb"\x1b\$[@B(]")
_MULTIBYTE: Final = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
_LATIN: Final = (
    ("cp1252", "äöüßÄÖÜ"),
    ("cp1252", "éèàçêâôîûëïùœÉÀÇ"),
    ("cp1252", "áéíóúñü¿¡ÁÉÍÓÚÑ"),
    ("cp1252", "ãáçéêíóôõúàâÁÉ"),
    ("cp1252", "åäöæøéÅÄÖÆØ"),
    ("cp1250", "ąęłćńśźżóŁŚŻĆ"),
    ("cp1250", "ěščřžýáíéůúóďťňŠČŘŽÚ"),
    ("cp1250", "áéíóöőúüűÁÉÍÓÖŐ"),
    ("cp1254", "ıüşğçöİÜŞÇÖâî"),
)
_OTHER: Final = (
    ("cp1251", "оеаинтслвркмдпуяызьбгчйхжшюцщэфёіїєў"),
    ("koi8_r", "оеаинтслвркмдпуяызьбгчйхжшюцщэфё"),
    ("cp1253", "αοιετσνηυρπκμλςωδγχθφβξζψάέίόύήώ"),
    ("cp1255", "יוהלאתרבמשנםחקדעפגטצכןסזךףץ"),
    ("cp1256", "اليمنوتربسعدكفقحجهةشصخطضذثغزىءظأإآئؤ،"),
    ("cp874", "านรกอเงมยลวดทตสต่้ปะคัิีไหขชพบจแซ"),
)
"""Code pages with the letters of a language beyond ASCII, the most frequent first."""
_PUNCTUATION: Final = frozenset("’‘“”„–—…‘£€°«»§´")
_MAX_ACCENTED: Final = 25
"""Of a language in Latin letters; their order says little."""
_HALF_WIDTH: Final = re.compile("[\uff61-\uff9f]{3}")
"""Katakana that are not typed today: text of another code page."""
_FOREIGN_SHARE: Final = 0.4
"""Of the letters; more bytes above ASCII than this are not a language in Latin letters."""
_SAMPLE_BYTES: Final = 4_000
_MAX_REPLACED_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and the charset if it was not the declared one."""

    text: str
    guessed: str = ""


def decode_bytes(raw: bytes, label: str, hints: Iterable[str] = ()) -> Decoded:
    """Return bytes as text. ``hints`` are labels that stand elsewhere in the message.

    A byte that no charset explains becomes U+FFFD: it costs one letter, never the text.
    """
    declared = None if label.strip().casefold() in _ASCII else find_codec(label)
    if raw.isascii() and b"\x1b" not in raw and (not declared or not _is_stateful(declared)):
        return Decoded(raw.decode("ascii"))
    if declared and (text := _decode_declared(raw, declared)) is not None:
        return text
    if _SHIFTS.search(raw) and (text_or_none := _try_decode(raw, "iso2022_jp_ext")) is not None:
        return Decoded(text_or_none, "iso2022_jp")
    if (text_or_none := _try_decode(raw, "utf-8-sig")) is not None:
        return Decoded(text_or_none, "utf-8")
    for hint in hints:
        codec = find_codec(hint)
        if codec and (text_or_none := _try_decode(raw, codec)) is not None:
            return Decoded(text_or_none, codec)
    if _is_nearly_utf8(raw):
        return Decoded(raw.decode("utf-8", "replace"), "utf-8")
    codec = detect_codec(raw)
    return Decoded(raw.decode(codec, "replace"), codec)


def find_codec(label: str) -> str | None:
    """Return Python's codec of a charset's label, as browsers understand it, if there is one."""
    label = label.strip(" \t\"'").casefold()
    encoding = webencodings.lookup(label) if label.isascii() else None
    if encoding is not None and encoding.name not in {"replacement", "x-user-defined"}:
        return "gb18030" if encoding.name in {"gbk", "gb18030"} else encoding.codec_info.name
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):  # ValueError: a NUL in the label
        return None
    is_charset = getattr(info, "_is_text_encoding", True) and info.name not in _NOT_CHARSETS
    return info.name if is_charset else None


def detect_codec(raw: bytes) -> str:
    """Return the codec that gives the most plausible text: Windows-1252 without evidence."""
    sample = raw[:_SAMPLE_BYTES]
    high = sum(byte >= 0x80 for byte in sample)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    if high <= _FOREIGN_SHARE * (high + letters):
        return _select_plausible(sample, _LATIN)
    matches = from_bytes(sample, cp_isolation=[*_MULTIBYTE, *(codec for codec, _ in _OTHER)])
    best = matches.best()
    if best is not None and best.encoding in _MULTIBYTE and not _HALF_WIDTH.search(str(best)):
        return str(best.encoding)
    return _select_plausible(sample, _OTHER)


def _decode_declared(raw: bytes, codec: str) -> Decoded | None:
    """Return the text in the declared charset, or None if that is certainly wrong."""
    text = _try_decode(raw, codec)
    is_single_byte = text is not None and len(text) == len(raw)
    if text is None or not is_single_byte or codec in {"utf-8", "ascii"}:
        return None if text is None else Decoded(text.removeprefix("\ufeff"))
    # several bytes that are valid UTF-8 are hardly ever anything else
    as_utf8 = _try_decode(raw, "utf-8")
    return Decoded(as_utf8, "utf-8") if as_utf8 is not None else Decoded(text)


def _is_stateful(codec: str) -> bool:
    """Return True if bytes below 0x80 can be other characters than ASCII's."""
    return codec.startswith(("iso2022", "hz", "utf-16", "utf-32", "utf_16", "utf_32"))


def _try_decode(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except ValueError:
        return None


def _is_nearly_utf8(raw: bytes) -> bool:
    """Return True for UTF-8 with some damage, such as a last character that was cut."""
    text = raw.decode("utf-8", "replace")
    replaced = text.count("\ufffd")
    valid = sum(character > "\x7f" for character in text) - replaced
    return replaced <= max(1, _MAX_REPLACED_SHARE * len(text)) and valid >= 2 * replaced


def _select_plausible(raw: bytes, languages: Sequence[tuple[str, str]]) -> str:
    texts = {codec: raw.decode(codec, "replace") for codec, _ in languages}
    codec, _ = max(languages, key=lambda entry: _plausibility(texts[entry[0]], entry[1]))
    return codec


def _plausibility(text: str, frequent: str) -> float:
    """Return how well the letters beyond ASCII fit a language's frequent ones."""
    step = 1 / len(frequent) if len(frequent) > _MAX_ACCENTED else 0
    weights = {letter: 1 - rank * step for rank, letter in enumerate(frequent)}
    weights |= dict.fromkeys(_PUNCTUATION, 1.0)
    score = 0.0
    for before, letter in zip(" " + text, text, strict=False):
        if letter > "\x7f":
            is_capital_inside = letter.isupper() and before.islower()
            weight = weights.get(letter, weights.get(letter.lower(), -1.0))
            score += -1.0 if is_capital_inside else weight
    return score
