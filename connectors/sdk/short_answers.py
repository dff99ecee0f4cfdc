"""Answers to a single line of text: most are names, places and numbers, and a few are comments.

A form does not say which. The wording of the question decides, and then the words of the answer:
what reads like a sentence is a comment wherever it stands. What is left out is counted.
"""

from __future__ import annotations

import re
from typing import Final

from connectors.sdk.answers import AnswerType
from connectors.sdk.empty_answers import says_nothing
from connectors.sdk.personal_questions import is_personal

_MIN_SENTENCE_WORDS: Final = 6
_MAX_FACT_WORDS: Final = 4

_FACT: Final = re.compile(
    r"""(?:(?:and|so|but|now|first|und|et|y|e|i)\s+)?(?:(?:in|on|at|from|to|for|with|by|under)\s+)?
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
_PLACE: Final = re.compile(
    r"""(?:(?:your|the|name\s+of)\s+)*(?:ward|site|hospital|clinic|department|unit|service|practice|location
    |organi[sz]ation|branch|speciali?ty|team|date|time|reference|id|code|language|gender|sex|role
    |job\s+title|title)(?:\s*(?:/|or|and)\s*\w+)?(?:\s+(?:name|number|no|id|code))?[\s:.?*]*""",
    re.IGNORECASE | re.VERBOSE,
)
_NAME: Final = re.compile(
    r"""\bnames?[\s?:.*]*(?:\(optional\))?[\s?:.*]*$|\bnames?\s+of\b|\b(?:call|address)\s+you\b|\breach\s+you\b
    |\bpost\s?code\b|\bdate\s+of\s+birth\b|\b(?:nhs|hospital|patient)\s+(?:number|no)\b
    |اسم|نام\b|نامک|имя|имени|фамили|姓名|名字|名前|氏名|이름|성함|imię|imieni|nazwisk|\beich\s+enw\b|adınız|isminiz
    |नाम|ਨਾਮ|όνομα|שמך|שם\s+מלא|\bchiam[ia]\b|\bllamas?\b|\bappelez-vous\b|\bheißen\b|\bheet\s+(?:u|je)\b
    |\b(?:nombre|nome|nom|naam|navn|namn)[\s?:.*]*$
    |\be-?mail(?:\s+address)?[\s?:.*]*$|\bphone(?:\s+number)?[\s?:.*]*$""",
    re.IGNORECASE | re.VERBOSE,
)
"""Questions for a name or a way to reach a person, however they are put."""
_ASKS: Final = re.compile(
    r"(?:and|so|but)?\W*(?:what|how|why|was|were|is|are|did|do|does|can|could|would|should|has|have|had|any"
    r"|was|wie|warum|que|qu|comment|pourquoi|qué|cómo|cosa|come|hoe|wat|co|jak)\b",
    re.IGNORECASE,
)
_MIN_QUESTION_WORDS: Final = 4
_MARKS: Final = re.compile(r"\{\{.*?\}\}|\$\{.*?\}|[*_]")
"""What forms put into a wording: recalled answers and emphasis."""
_POLITE: Final = re.compile(r"(?:please|thanks|thank you|if you like|optional)\W*", re.IGNORECASE)
_CLAUSE_END: Final = re.compile(r"[,.!:;–—](?:\s|$)|\s-\s")
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
    return _is_open(question) or bool(_OPEN.search(question))


def _is_open(question: str) -> bool:
    """Return True for a question that is more than a noun with a question mark ("Ward?")."""
    if not any(mark in question for mark in "?？؟"):
        return False
    is_spaced = question.isascii() or " " in question.strip()
    is_long = len(question.split()) >= _MIN_QUESTION_WORDS or not is_spaced
    return is_long or bool(_ASKS.match(_last_clause(question)))


def is_value(text: str) -> bool:
    """Return True for a number, a time, an address, a phone number or a reference."""
    return _VALUE.fullmatch(text.strip()[:200]) is not None


def guess_text_type(text: str, question: str) -> AnswerType:
    """Return the type of a text to a question of an unknown type: a comment, or a line.

    A number, an address or a phone number is not a comment, whatever it was asked for.
    """
    if "@" in text and is_value(text):
        return AnswerType.CONTACT
    is_line = bool(text.strip()) and (is_value(text) or asks_for_fact(question))
    is_line = is_line and not says_nothing(text, question)
    return AnswerType.SHORT if is_line else AnswerType.TEXT


def is_other_comment(question: str, text: str) -> bool:
    """Return True if the text typed beside a choice is more than one more choice."""
    text = text.strip()
    if _VALUE.fullmatch(text[:200]):
        return False
    return not asks_for_fact(question) or len(text.split()) > _MAX_FACT_WORDS


def asks_for_fact(question: str) -> bool:
    """Return True if a question asks for a place, a time, a person or a number.

    It may stand in the last clause, after a greeting.
    """
    wording = _MARKS.sub("", question[:500].replace("’", "'")).strip()
    if " " not in wording:
        wording = question[:500].replace("_", " ").strip()
    last = _last_clause(wording)
    is_fact = _FACT.match(wording) or _FACT.match(last) or _PLACE.fullmatch(wording)
    is_name = _NAME.search(last) or is_personal(last)
    return bool(is_fact or is_name) and not _WANTS_OPINION.search(question)


def _last_clause(question: str) -> str:
    clauses = [clause.strip() for clause in _CLAUSE_END.split(question) if clause.strip(" ?*")]
    polite = len(clauses) > 1 and _POLITE.fullmatch(clauses[-1])
    return clauses[-2 if polite else -1] if clauses else question


def _reads_like_sentence(text: str) -> bool:
    words = len(text.split())
    ends = bool(_SENTENCE_END.search(text))
    # Chinese, Japanese and Thai have no blanks between words.
    unspaced = sum(0x0E00 <= ord(letter) < 0x0E80 or ord(letter) >= 0x3040 for letter in text[:50])
    return words >= _MIN_SENTENCE_WORDS or (ends and words >= 3) or unspaced >= 8
