"""Tokens of a text, for the stages that work on words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# A word with its inner apostrophes, or a mark that carries tone. Longer ones than language has are
# cut, so that caches by word stay small.
_TOKEN: Final = re.compile(r"[^\W_]{1,40}(?:'[^\W_]{1,40}){0,3}|[!?]")
# Emoji are one word with their skin tone, variation and joined parts.
GOOD_EMOJI: Final = "👍👏🙏💪👌🙌🤗🤩🥰😍😘😊🙂😀😃😄😁😇☺😌🥳🎉💯✅⭐🌟★❤♥💙💚💛💜🧡💖💕💗💐🌹🌈"
BAD_EMOJI: Final = "👎😡😠🤬😤😢😭😞😟😔🙁☹😣😖😫😩😒🙄😑🤮🤢😱😨💔💩🤦😾👿😳❌🚫"
_GOOD_FACES: Final = r"[:;=][-'^o]?\)+|\(:|:-?d(?![^\W_])|<3"
_BAD_FACES: Final = r"[:=][-'^o]?\(+|>:\(|:-?/(?!/)|:-?\|"
# Most pieces have no apostrophe, and spaces between them: asking first halves the time.
_PIECE: Final = re.compile(
    r"(?=[^ ])(?:[^\W_]{1,40}+(?!')|[^\W_]{1,40}(?:'[^\W_]{1,40}){0,3}"
    rf"|{_GOOD_FACES}|{_BAD_FACES}"
    r"|[!?;()…\n&]|[.,:](?!\d)|(?<=\s)[-–—]+(?=\s)"
    rf"|[{GOOD_EMOJI}{BAD_EMOJI}][\U0001F3FB-\U0001F3FF\uFE0E\uFE0F]?"
    r"(?:\u200D[^\s\w]\uFE0F?){0,4})"
)
_GOOD_FACE: Final = re.compile(_GOOD_FACES)
_BAD_FACE: Final = re.compile(_BAD_FACES)
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]{2,40}\]")
DENIED: Final = "~"
"""The first character of a word in the scope of a negator or a wish."""

MAX_TOKENS: Final = 1_000
"""Words beyond these change neither label nor topics."""

_MAX_CHARACTERS: Final = 20 * MAX_TOKENS


def lowercase(text: str) -> str:
    """Return ``text`` in lower case, with straight apostrophes, of the same length."""
    if not text.isascii():
        lower = text.lower()
        if len(lower) != len(text):  # some capital letters become two characters
            lower = "".join(c if len(c := char.lower()) == 1 else char for char in text)
        return lower.replace("’", "'")
    return text.lower()


def tokenize(text: str) -> list[str]:
    """Return the words of a text in lower case, and its exclamation and question marks."""
    return _TOKEN.findall(lowercase(text[:_MAX_CHARACTERS]))[:MAX_TOKENS]


def split_words(words: str) -> frozenset[str]:
    """Return a set of words, given with spaces between them."""
    return frozenset(words.split())


def find_pieces(text: str) -> list[str]:
    """Return the words of a text in lower case, and the marks, emoji and faces between them."""
    lower = lowercase(text[:_MAX_CHARACTERS])
    return _PIECE.findall(lower)


def tone_of_sign(word: str) -> int:
    """Return 1 for an emoji or a face that is glad, -1 for one that is not, and 0 for a word."""
    if word[0].isalnum():
        return 0
    if word[0] in GOOD_EMOJI or _GOOD_FACE.match(word):
        return 1
    return -1 if word[0] in BAD_EMOJI or _BAD_FACE.match(word) else 0


def token_spans(text: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return start and end of each of the text's own ``tokens``, in characters of ``text``.

    The marks of denied words are ignored.
    """
    index = lowercase(text[:_MAX_CHARACTERS]).index
    spans = []
    end = 0
    for token in tokens:
        if token[0] == DENIED:
            token = token[1:]
        # No character between two tokens could begin one.
        start = index(token, end)
        end = start + len(token)
        spans.append((start, end))
    return spans


def blank_placeholders(text: str) -> str:
    """Replace placeholders such as ``[EMAIL]`` by spaces, so that they are not words."""
    return _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
