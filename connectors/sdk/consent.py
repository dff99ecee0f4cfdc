"""Consent to be contacted, as forms ask for it: a box to tick, a choice, or a line of text."""

from __future__ import annotations

import re
from typing import Any, Final

_NO: Final = re.compile(
    r"""(?:no|n|nope|none|not|never|nein|nie|nicht|keine?|non|nee|não|nao|nej|nei|ne|geen|nic|na
    |false|off|0|off|declined?|refuse[ds]?|opt[\s-]?out|maybe|perhaps|later|unsure|undecided
    |(?:i\s+)?(?:would\s+)?(?:prefer|rather)\s+not|(?:i\s+)?(?:don'?t|do\s+not|am\s+not|wouldn'?t)
    |i\s+would\s+(?:not|rather\s+not|prefer\s+not)|please\s+(?:don'?t|do\s+not))
    (?![\w'])""",
    re.IGNORECASE | re.VERBOSE,
)
_REFUSES: Final = re.compile(
    r"^(?:no|none|nein|non|nie|nee)$|^no (?:contact|calls?|e-?mails?|thanks?|thank you)\b"
    r"|\b(?:don'?t|do not|not to|not wish|not want|wouldn'?t|would not|never|rather not"
    r"|opt[\s-]?out|nicht|ne (?:souhaite|veux|pas)|no (?:deseo|quiero)|non (?:desidero|voglio)"
    r"|geen|nie (?:chcę|wyrażam))\b",
    re.IGNORECASE,
)


def is_consent(value: Any, *, ticked: bool = False) -> bool:
    """Return True if an answer gives consent.

    ``ticked`` says that the value is the wording of a box that stands alone: to tick it is a yes,
    whatever its wording, unless the wording itself refuses.
    """
    if isinstance(value, list):
        return any(is_consent(choice, ticked=ticked) for choice in value)
    if not isinstance(value, str):
        return bool(value)
    wording = " ".join(value.replace("’", "'").split()).strip(" .!-–—*")
    if not wording:
        return False
    return not (_REFUSES.search(wording) if ticked else _NO.match(wording))
