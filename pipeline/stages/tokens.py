"""Words of a text, for the stages that look at words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# A word with its inner apostrophes, or a mark that carries tone. Longer ones than language has are
# cut, so that what is remembered by word stays small.
_TOKEN: Final = re.compile(r"[^\W_]{1,40}(?:'[^\W_]{1,40}){0,3}|[!?]")
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]{2,40}\]")
MOST_TOKENS: Final = 1_000
"""What stands behind so many words changes neither label nor topics."""

_MOST_CHARACTERS: Final = 20 * MOST_TOKENS


def lowered(text: str) -> str:
    """``text`` in lower case, with straight apostrophes, of the same length."""
    if not text.isascii():
        lower = text.lower()
        if len(lower) != len(text):  # some capital letters become two characters
            lower = "".join(c if len(c := char.lower()) == 1 else char for char in text)
        return lower.replace("’", "'")
    return text.lower()


def tokens_of(text: str) -> list[str]:
    """The words of a text in lower case, and its exclamation and question marks."""
    return _TOKEN.findall(lowered(text[:_MOST_CHARACTERS]))[:MOST_TOKENS]


def token_spans(text: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end of each of the text's own ``tokens``, in characters of ``text``."""
    lower = lowered(text[:_MOST_CHARACTERS])
    spans = []
    end = 0
    for token in tokens:
        # Between two tokens stands nothing that a token could begin with.
        start = lower.index(token, end)
        end = start + len(token)
        spans.append((start, end))
    return spans


def without_placeholders(text: str) -> str:
    """``text`` with spaces where a value was hidden, so that ``[EMAIL]`` is no word of it."""
    return _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
