"""Text from bytes: by the declared charset as browsers read its label, and by detection."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import webencodings
from charset_normalizer import from_bytes

_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs"}
)
"""Python's text codecs that are none of a mail."""
_UTF_7: Final = frozenset(
    {"utf-7", "unicode-1-1-utf-7", "unicode-2-0-utf-7", "x-unicode-2-0-utf-7"}
)
_BYTE_ORDER_MARKS: Final = (
    *((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32")),
    *((codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16")),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer ones before those that they begin with."""
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
    ("iso8859_2", "ąęłćńśźżóŁŚŻĆ"),
    ("iso8859_2", "ěščřžýáíéůúóďťňŠČŘŽÚ"),
)
_OTHER: Final = (
    ("cp1251", "оеаинтслвркмдпуяызьбгчйхжшюцщэфёіїєў"),
    ("koi8_r", "оеаинтслвркмдпуяызьбгчйхжшюцщэфё"),
    ("cp1253", "αοιετσνηυρπκμλςωδγχθφβξζψάέίόύήώ"),
    ("iso8859_7", "αοιετσνηυρπκμλςωδγχθφβξζψάέίόύήώ"),
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
_MIN_MISLABELLED_LETTERS: Final = 6
"""Beyond ASCII; fewer do not refute a label."""
_LATIN_LABELS: Final = frozenset({"cp1252", "iso8859-1", "iso8859-15", "cp1250", "cp1254"})
_CYRILLIC_LABELS: Final = frozenset({"cp1251", "koi8-r", "koi8-u", "iso8859-5"})
_SYMBOL_IN_WORD: Final = re.compile(r"(?<=[^\W\d_])[¡-©«-³¶¸¹»-¿×÷](?=[^\W\d_])")
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
    if (evident := _decode_evident(raw, declared)) is not None:
        return evident
    if raw.isascii() and b"\x1b" not in raw and (not declared or not _is_stateful(declared)):
        return Decoded(raw.decode("ascii"))
    if declared and (text := _decode_declared(raw, declared)) is not None:
        return text
    if (text_or_none := _try_decode(raw, "utf-8")) is not None:
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
    if label in _UTF_7:
        return "utf-7"
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
    if not _is_foreign(sample):
        return _select_plausible(sample, _LATIN)
    matches = from_bytes(sample, cp_isolation=[*_MULTIBYTE, *(codec for codec, _ in _OTHER)])
    best = matches.best()
    if best is not None and best.encoding in _MULTIBYTE and not _HALF_WIDTH.search(str(best)):
        return str(best.encoding)
    return _select_plausible(sample, _OTHER)


def _decode_evident(raw: bytes, declared: str | None) -> Decoded | None:
    """Return the text of bytes that say themselves which charset they are in."""
    for mark, codec in _BYTE_ORDER_MARKS:
        if raw.startswith(mark) and (text := _try_decode(raw, codec)) is not None:
            return Decoded(text)
    text = _try_decode(raw, "iso2022_jp_ext") if _SHIFTS.search(raw) else None
    if text is None:
        return None
    return Decoded(text, "" if declared and declared.startswith("iso2022") else "iso2022_jp")


def _decode_declared(raw: bytes, codec: str) -> Decoded | None:
    """Return the text in the declared charset, or None if that is certainly wrong."""
    if codec in {"utf-16-le", "utf-16"} and _is_big_endian(raw):
        codec = "utf-16-be"
    text = _try_decode(raw, codec)
    is_single_byte = text is not None and len(text) == len(raw)
    if text is None or not is_single_byte or codec in {"utf-8", "ascii"}:
        return None if text is None else Decoded(text.removeprefix("\ufeff"))
    # several bytes that are valid UTF-8 are hardly ever anything else
    as_utf8 = _try_decode(raw, "utf-8")
    if as_utf8 is not None:
        return Decoded(as_utf8, "utf-8")
    return _correct_label(raw, codec, text) or Decoded(text)


def _correct_label(raw: bytes, codec: str, text: str) -> Decoded | None:
    """Return the text in another charset if the declared one gives what no language writes."""
    sample = raw[:_SAMPLE_BYTES]
    high = sum(byte >= 0x80 for byte in sample)
    if high >= _MIN_MISLABELLED_LETTERS and codec in _LATIN_LABELS and _is_foreign(sample):
        other = detect_codec(raw)
    elif codec in _LATIN_LABELS and _SYMBOL_IN_WORD.search(text[:_SAMPLE_BYTES]):
        other = _select_plausible(sample, _LATIN)
    elif codec in _CYRILLIC_LABELS and _has_swapped_case(text[:_SAMPLE_BYTES]):
        other = _select_plausible(sample, _OTHER)
    else:
        return None
    return Decoded(raw.decode(other, "replace"), other) if other != codec else None


def _is_foreign(sample: bytes) -> bool:
    """Return True if a text has more bytes above ASCII than a language in Latin letters."""
    high = sum(byte >= 0x80 for byte in sample)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    return high > _FOREIGN_SHARE * (high + letters)


def _has_swapped_case(text: str) -> bool:
    """Return True if words are in capitals behind a first small letter, as KOI8 is in 1251."""
    pairs = [
        (before.islower(), letter.islower())
        for before, letter in itertools.pairwise(text)
        if before.isalpha() and letter.isalpha()
    ]
    rising, falling = pairs.count((True, False)), pairs.count((False, True))
    capitals = pairs.count((False, False))
    return len(pairs) >= _MIN_MISLABELLED_LETTERS and rising > falling and 2 * capitals > len(pairs)


def _is_big_endian(raw: bytes) -> bool:
    """Return True for UTF-16 without a mark whose zeros, the halves of ASCII, come first."""
    sample = raw[:_SAMPLE_BYTES]
    return sample[::2].count(0) > sample[1::2].count(0)


def _is_stateful(codec: str) -> bool:
    """Return True if bytes below 0x80 can be other characters than ASCII's."""
    return codec.startswith(("iso2022", "hz", "utf-16", "utf-32", "utf_16", "utf_32", "utf-7"))


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
