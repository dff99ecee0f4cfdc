"""Tokens of a text, for the stages that work on words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# A word with its inner apostrophes, or a mark that carries tone. Longer ones than language has are
# cut, so that caches by word stay small.
_TOKEN: Final = re.compile(r"[^\W_]{1,40}(?:'[^\W_]{1,40}){0,3}|[!?]")
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]{2,40}\]")
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


def token_spans(text: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return start and end of each of the text's own ``tokens``, in characters of ``text``."""
    lower = lowercase(text[:_MAX_CHARACTERS])
    spans = []
    end = 0
    for token in tokens:
        # No character between two tokens could begin one.
        start = lower.index(token, end)
        end = start + len(token)
        spans.append((start, end))
    return spans


def blank_placeholders(text: str) -> str:
    """Replace placeholders such as ``[EMAIL]`` by spaces, so that they are not words."""
    return _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
