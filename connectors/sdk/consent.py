"""Consent to be contacted, as forms ask for it: a box to tick, a choice, or a line of text.

In doubt it is a no: a person who refuses may not be contacted.
"""

from __future__ import annotations

import re
from typing import Any, Final

_HARMLESS: Final = re.compile(
    r"""\b(?:(?:i\s+)?(?:do\s+not|don't|wouldn't|would\s+not)\s+mind|no\s+(?:problem|objection|worrie|issue)s?
    |(?:i\s+)?(?:have\s+)?nothing\s+against(?:\s+it)?|not\s+a\s+problem|why\s+not|warum\s+nicht
    |keine?\s+(?:problem|einwände|bedenken)|nichts\s+dagegen|pas\s+de\s+(?:problème|souci)s?|pourquoi\s+pas
    |geen\s+(?:bezwaar|probleem)|nessun\s+problema|sin\s+problemas?|no\s+hay\s+problema
    |sem\s+problemas?|nie\s+mam\s+nic\s+przeciwko|inget\s+problem)\b|不介意|没问题""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that deny, and still permit."""
_YES: Final = re.compile(
    r"""(?:yes|yeah|yep|sure|ok(?:ay)?|of\s+course|absolutely|certainly|i\s+(?:agree|consent|accept|permit|give|understand|confirm|acknowledge|have\s+read)
    |i(?:'m|\s+am)\s+happy|ja|jawohl|gerne?|ich\s+(?:stimme|willige|bin\s+einverstanden)|einverstanden
    |oui|volontiers|j'accepte|d'accord|s[ií]|claro|acepto|sì|certo|acconsento|sim|aceito|tak|wyrażam
    |zgadzam|да|نعم|是|好|はい|예|네|evet|ναι|כן|हाँ|ਹਾਂ|ہاں|kyllä|ano|igen|oes|ie)(?![\w'])""",
    re.IGNORECASE | re.VERBOSE,
)
_NO: Final = re.compile(
    r"""(?:no|n|nope|none|not|never|nein|nie|nicht|keine?[nrs]?|non|nee|não|nao|nej|nei|ne|geen|niet|nic|na
    |ni|nag|nac|nage|ei|nem|nu|hayır|hayir|нет|не|ні|لا|όχι|לא|नहीं|ਨਹੀਂ|نہیں|không
    |pas|false|off|0|declined?|refuse[ds]?|un(?:checked|ticked|selected|sure|subscribe)|opt[\s-]?out
    |disagree|maybe|perhaps|later|undecided|leave\s+me\s+alone
    |(?:i\s+)?(?:would\s+|'?d\s+)?(?:prefer|rather)\s+not)(?![\w'])
    |否|不|没|沒|いいえ|아니""",
    re.IGNORECASE | re.VERBOSE,
)
_DENIES: Final = re.compile(
    r"""\b(?:don't|do\s+not|not\s+to|not\s+(?:wish|want|like|agree|consent|be\s+contacted)|am\s+not|wouldn't
    |would\s+not|won't|will\s+not|never|rather\s+not|disagree|refuse|decline|opt[\s-]?out|leave\s+me\s+alone
    |no\s+(?:contact|calls?|e-?mails?|thanks?|thank\s+you|consent)
    |nicht|keine?n?|n(?:e|')\s?\S+\s+(?:\S+\s+)?pas|ne\s+souhaite|ne\s+veux|pas\s+(?:d'accord|être)|refuse
    |no\s+(?:deseo|quiero|autorizo|acepto|me|estoy)|non\s+(?:desidero|voglio|acconsento|contatt\w+)
    |não\s+(?:quero|desejo|autorizo|aceito)|niet|geen|nie\s+\w+|inte|ikke)(?![\w'])""",
    re.IGNORECASE | re.VERBOSE,
)
_DENIES_CONTACT: Final = re.compile(
    r"\b(?:don't|do not|never|not) (?:\w+ ){0,3}(?:contact|contacted|consent|agree|get in touch)\b"
    r"|\bnicht (?:kontaktiert|angerufen|einverstanden)|\bnot (?:to|be) (?:contact|call|phon)\w+"
    r"|\bne (?:souhaite|veux) pas",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.!?。](?:\s|$)")
_CLAUSE_END: Final = re.compile(r"[,;:(–—]|\s-\s|\b(?:but|aber|mais|pero|ma|maar|ale|mas)\b")
_POLITENESS: Final = re.compile(
    r"(?:(?:please|bitte|sorry|thank you|thanks|danke|merci|gracias|well|hi|hello)\b[\s,!.]*)+"
    r"(?=\S)",
    re.IGNORECASE,
)


def is_consent(value: Any, *, ticked: bool = False) -> bool:
    """Return True if an answer gives consent.

    ``ticked`` says that the value is the wording of a box that stands alone: to tick it is a yes,
    whatever its wording, unless the wording itself refuses.
    """
    if isinstance(value, list):  # "No", and the reason that was typed beside it
        choices = [choice for choice in value if choice]
        return bool(choices) and all(is_consent(choice, ticked=ticked) for choice in choices)
    if not isinstance(value, str):
        return bool(value)
    wording = " ".join(value.replace("’", "'").split()).strip(" .!-–—*")[:1_000]
    wording = _POLITENESS.sub("", wording, count=1) if _POLITENESS.match(wording) else wording
    if not wording:
        return False
    without = _HARMLESS.sub("", wording)
    first = _SENTENCE_END.split(without.strip(" ,.!-"))[0]
    if _DENIES_CONTACT.search(first):
        return False
    clause = _CLAUSE_END.split(first)[0].strip()
    if _YES.match(clause) or (without != wording and not clause):
        return True
    refuses = _NO.fullmatch(clause) if ticked else _NO.match(clause)
    return not (refuses or _DENIES.search(clause))
