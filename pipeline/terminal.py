"""Text from strangers, made safe for a terminal."""

from __future__ import annotations

import re
from typing import Final

# No escape sequence may reach the terminal, nor may the direction of writing be turned for what
# follows.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def clean(text: str) -> str:
    """Replace everything that a terminal would obey by a space."""
    return _CONTROL.sub(" ", text)
