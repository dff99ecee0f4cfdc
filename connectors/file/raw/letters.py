"""Likelihoods of bytes as texts of the scripts beside Latin. Pure.

A code page is recognised by the letters that its languages use most: in another one, the same
bytes are rare letters. Letters stand in the order of how often they are written.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

_RUSSIAN: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_SCRIPTS: Final = (
    (("cp1251", "koi8_r", "mac_cyrillic", "cp866", "iso8859_5"), _RUSSIAN),
    (("cp1251", "koi8_u", "mac_cyrillic", "iso8859_5"), "оаинветрсклмудпязьгбчхйіжшюцїєщфґ"),
    (("cp1251", "mac_cyrillic"), "аоиетнрсвлкдпмзъугячбцйхжщшюфь"),
    (("cp1251",), "аоиентрсвјлкмупдгзбшчжћњљхцђфџќѓѕ"),
    (("cp1253", "iso8859_7", "cp737"), "αοιετσνηυρπκμλςωάόίέδγήχύθφώβξζψϊϋΐΰ"),
    (("cp1255", "iso8859_8", "cp862"), "יוהלאתרבמשנדחעקפגכטםסזצןךףץ"),
    (("cp1256", "iso8859_6"), "البيمونرتةعدهسفكقأحجشطصخىضذزثإغءظئؤآ"),
    (("cp1256",), "اینردمهوتسبشکلگقفخزعجحپطصچغضثذظئآژ"),
    (("cp874",), "านรก่อเงมว้ลีทยัสตดิปะบคหจข์ใแไพชถโื็ผซึุูฟธศณญภำฉฐษฮฝฎฏฒฑฆฌฬฯๆ"),
)
_HAN: Final = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行"
    "所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实很太等医院"
    "护士生服务态度病房食物冷热友善谢耐心时间长久差非常满意干净"
)
_HAN_TRADITIONAL: Final = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行"
    "所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實很太等醫院"
    "護士理師服務態度病房食物冷熱友善謝耐心時間長久差非常滿意乾淨候親切"
)
_HANGUL: Final = (
    "이다는에가을의고한도지로어하은들를있사기아나서리자해인대시그보일수정만게요니여부라제우세스안오것주장"
    "전상소원과조없습너무감간호친절했병실음식좋선생님습"
)
_KANJI: Final = (
    "日一人大年中会本長時間待親切看護師病院医者先生食事話説明対応感謝丁寧良悪部屋受付患方思言"
)
_USUAL: Final = {
    "mac_cyrillic": -3, "iso8859_5": -2, "cp866": -1.5, "koi8_r": -0.5, "koi8_u": -1, "cp737": -3,
    "iso8859_7": -0.5, "cp862": -3, "iso8859_8": -1, "iso8859_6": -1,
}  # fmt: skip
"""How much less usual some code pages are, as a logarithm."""
_COMMON_SHARE: Final = 0.5
_RARE: Final = math.log(1e-6)
_MISPLACED: Final = math.log(1e-3)
_CAPITAL: Final = math.log(0.04)
_MARK: Final = math.log(0.02)
_MARKS: Final = frozenset("«»“”„‘’–—…№•°\xa0،؛؟״׳")
_WIDE_MARKS: Final = frozenset("、。，！？；：（）「」『』“”‘’…・ー～　")


def _rank(letters: str) -> dict[str, float]:
    weights = [1 / (at + 3) for at in range(len(letters))]
    total = sum(weights)
    return {
        letter: math.log(weight / total) for letter, weight in zip(letters, weights, strict=True)
    }


_RANKED: Final = [(codec, _rank(letters)) for codecs, letters in _SCRIPTS for codec in codecs]
_EAST_ASIAN: Final = (
    ("gb18030", frozenset(_HAN)), ("big5", frozenset(_HAN_TRADITIONAL)),
    ("cp949", frozenset(_HANGUL)), ("cp932", frozenset(_KANJI)), ("euc_jp", frozenset(_KANJI)),
)  # fmt: skip


def weigh_scripts(sample: bytes) -> dict[str, float]:
    """Return the logarithm of how likely a sample is in each code page that is not Latin."""
    weights: dict[str, float] = {}
    for codec, letters in _RANKED:
        text = f" {sample.decode(codec, 'replace')} "
        weight = sum(
            _weigh_letter(text[at - 1], text[at], text[at + 1], letters)
            for at in range(1, len(text) - 1)
            if text[at] > "\x7f"
        )
        weight += _USUAL.get(codec, 0)
        weights[codec] = max(weight, weights.get(codec, -math.inf))
    for codec, common in _EAST_ASIAN:
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        weights[codec] = sum(
            _weigh_sign(sign, codec, common)
            + (_MISPLACED if sign >= "\uff61" and before.isascii() and before.isalnum() else 0)
            for before, sign in pairwise(f" {text}")
            if sign > "\x7f"
        )
    return weights


def _weigh_letter(before: str, sign: str, after: str, letters: dict[str, float]) -> float:
    small = sign.lower()
    weight = letters.get(small)
    if weight is None:
        is_glued = sign in "–—…№" and before.isspace() and after.isalpha()
        return _MARK if sign in _MARKS and not is_glued else _RARE / 2 if is_glued else _RARE
    if (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha()):
        return weight + _MISPLACED
    if sign != small:
        return weight + _CAPITAL + (_MISPLACED if before.islower() and before > "\x7f" else 0)
    return weight


def _weigh_sign(sign: str, codec: str, common: frozenset[str]) -> float:
    """Return the weight of a sign that is two bytes."""
    is_japanese = codec in {"cp932", "euc_jp"}
    if sign in _WIDE_MARKS:
        return math.log(0.01)
    if "\u3041" <= sign <= "\u3096":
        return math.log(0.6 / 83) if is_japanese else 2 * _RARE
    if "\u30a1" <= sign <= "\u30fe":
        return math.log(0.1 / 90) if is_japanese else 2 * _RARE
    if "\uff61" <= sign <= "\uff9f":
        return math.log(0.015) if codec == "cp932" else _RARE
    if sign in common:
        return math.log(_COMMON_SHARE / len(common))
    if "\uac00" <= sign <= "\ud7a3":
        return math.log((1 - _COMMON_SHARE) / 2_300) if codec == "cp949" else 2 * _RARE
    if "\u4e00" <= sign <= "\u9fff":
        share = {"gb18030": 0.5, "big5": 0.5, "cp949": 0.001}.get(codec, 0.2)
        return math.log(share / _count_level(sign))
    return 2 * _RARE


def _count_level(sign: str) -> float:
    """Return how many signs are about as usual as one, by their place in the national sets."""
    try:
        is_first = sign.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        try:
            is_first = sign.encode("big5")[0] <= 0xC6
        except UnicodeEncodeError:
            is_first = False
    return 4_000 if is_first else 60_000
