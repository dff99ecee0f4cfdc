"""The script that a text is written in, for the stage that detects its language. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

# First code point of each range of letters, and the language that is written most in its script;
# "" is Latin. Letters between named ranges count as those of the range before them.
_RANGES: Final = (
    (0x0000, ""),
    (0x0370, "el"),
    (0x0400, "ru"),
    (0x0530, "hy"),
    (0x0590, "he"),
    (0x0600, "ar"),
    (0x0900, "hi"),
    (0x0980, "bn"),
    (0x0A00, "pa"),
    (0x0A80, "gu"),
    (0x0B00, "or"),
    (0x0B80, "ta"),
    (0x0C00, "te"),
    (0x0C80, "kn"),
    (0x0D00, "ml"),
    (0x0D80, "si"),
    (0x0E00, "th"),
    (0x0E80, "lo"),
    (0x0F00, "bo"),
    (0x1000, "my"),
    (0x10A0, "ka"),
    (0x1100, "ko"),
    (0x1200, "am"),
    (0x1780, "km"),
    (0x1800, "mn"),
    (0x1D00, ""),  # phonetic letters, and Latin with further accents
    (0x1F00, "el"),
    (0x2000, ""),
    (0x2E80, "zh"),
    (0x3040, "ja"),
    (0x3100, "zh"),
    (0x3130, "ko"),
    (0x3190, "zh"),
    (0x31F0, "ja"),
    (0x3400, "zh"),
    (0xA640, "ru"),
    (0xA720, ""),
    (0xA960, "ko"),
    (0xAB30, ""),
    (0xAC00, "ko"),
    (0xF900, "zh"),
    (0xFB00, ""),
    (0xFB1D, "he"),
    (0xFB50, "ar"),
    (0xFF21, ""),  # full-width Latin
    (0xFF66, "ja"),
    (0xFFA0, "ko"),
    (0x10000, ""),  # with the mathematical alphabets, which decorate Latin texts
    (0x11100, "ccp"),
    (0x11150, ""),
    (0x1E900, "ff"),
    (0x1E960, ""),
    (0x20000, "zh"),
    (0xE0000, ""),
)
_SYLLABLES: Final = frozenset({"zh", "ja", "ko"})
"""Where a character says as much as several letters."""
_STARTS: Final = tuple(start for start, _ in _RANGES)


def find_script(text: str) -> str:
    """Return the commonest language of the script of most letters; "" if that is Latin.

    Without letters it is Latin. Takes time in proportion to the text.
    """
    if text.isascii():
        return ""
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            code = _RANGES[bisect_right(_STARTS, ord(character)) - 1][1]
            counts[code] = counts.get(code, 0) + (2 if code in _SYLLABLES else 1)
    latin = counts.pop("", 0)
    if sum(counts.values()) <= latin:
        return ""
    # Japanese mixes Chinese characters with its own.
    return "ja" if "ja" in counts else max(counts, key=counts.__getitem__)
