"""Answers to a single line of text: most are names, places and numbers, and a few are comments.

A form does not say which. The wording of the question decides, and then the words of the answer:
what reads like a sentence is a comment wherever it stands. What is left out is counted.
"""

from __future__ import annotations

import re
from typing import Final

_MIN_SENTENCE_WORDS: Final = 6
_MAX_FACT_WORDS: Final = 4

_FACT: Final = re.compile(
    r"""(?:(?:in|on|at|from|to|for|with|by|under)\s+)?
    (?:which|where|when|who(?:m|se)?|how\s+(?:many|old|long|often|far|much)
    |what\s+(?:ward|hospital|clinic|department|unit|site|service|practice|day|date|time|month|year
      |age|gender|language|country|town|city|reference|number|kind|type)
    |what(?:\s+(?:is|was|are|were)|'s)\s+(?:your|the\s+(?:patient|child)(?:'s)?)
      (?!\s+(?:\w+\s+)?(?:opinions?|views?|impressions?|experiences?|feedback|comments?|thoughts?
      |suggestions?|reasons?|complaints?|concerns?|ideas?|messages?))
    |wo|wann|wer|welche[mnrs]?|wie\s+(?:viele|oft|lange|alt|heißen)
    |où|quand|qui|quel(?:le)?s?|combien|dónde|cuándo|quién|cuál(?:es)?|cuánt[oa]s?
    |dove|quando|chi|quale|quant[iaeo]|waar|wanneer|welke?|hoeveel|gdzie|kiedy|kto|ile)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OPEN: Final = re.compile(
    r"""\b(?:specif|favou?rite|comment|feedback|suggest|improv|better|good|bad\b|well\b|wrong|likes?\b(?!\sto\b)|liked|dislike
    |reason|why|remark|opinion|thought|experience|story|message|anything|else\b|tell\b|describe
    |explain|complain|complim|praise|concern|best\b|worst\b|change|issue|problem|others?\b|thank
    |kommentar|anmerkung|bemerkung|verbesser|lob|kritik|beschwerde|vorschl|erfahrung|grund|warum
    |sonst|wünsch|commentaire|remarque|améli|avis\b|pourquoi|coment|suger|mejor|por\squé|comment[oi]
    |sugger|miglior|opmerk|verbeter|uwag|komentarz|dlaczego)""",
    re.IGNORECASE | re.VERBOSE,
)
_WANTS_OPINION: Final = re.compile(
    r"\b(?:improv|better|best\b|worst\b|wrong|why\b|verbesser|besser|warum|améli|mieux|pourquoi"
    r"|mejor|por qué|miglior|perché|verbeter|beter\b|waarom|lepsz|popraw|dlaczego)",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(
    r"""[\W\d_]*(?:(?:uhr|am|pm|st|nd|rd|th)\b[\W\d_]*)?  # numbers, dates, times, phone numbers
    |\S+@\S+\.\S+|(?:https?://|www\.)\S+  # addresses
    |[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}  # a British postcode
    |\w{0,4}[-/]?\d+(?:[-/]\w+)*  # references, such as A-1234
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SENTENCE_END: Final = re.compile(r"[.!?…。！？।](?:\s|$)")


def is_short_comment(question: str, text: str) -> bool:
    """Return True if a line of text is a comment and not a name, a place or a number."""
    text = text.strip()
    if _VALUE.fullmatch(text[:200]):
        return False
    if _reads_like_sentence(text):
        return True
    if asks_for_fact(question):
        return False
    return "?" in question or "？" in question or bool(_OPEN.search(question))


def is_other_comment(question: str, text: str) -> bool:
    """Return True if the text typed beside a choice is more than one more choice."""
    text = text.strip()
    if _VALUE.fullmatch(text[:200]):
        return False
    return not asks_for_fact(question) or len(text.split()) > _MAX_FACT_WORDS


def asks_for_fact(question: str) -> bool:
    """Return True if a question asks for a place, a time, a person or a number."""
    is_fact = _FACT.match(question.strip().replace("’", "'"))
    return bool(is_fact) and not _WANTS_OPINION.search(question)


def _reads_like_sentence(text: str) -> bool:
    words = len(text.split())
    ends = bool(_SENTENCE_END.search(text))
    # Chinese, Japanese and Thai have no blanks between words.
    unspaced = sum(0x0E00 <= ord(letter) < 0x0E80 or ord(letter) >= 0x3040 for letter in text[:50])
    return words >= _MIN_SENTENCE_WORDS or (ends and words >= 3) or unspaced >= 8
