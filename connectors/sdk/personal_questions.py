"""Recognise questions that ask for a name, an address or the like. Pure."""

from __future__ import annotations

import re
from typing import Final

_PERSONAL: Final = re.compile(
    r"""(?:(?:what(?:'s|’s|\ is)|please\ (?:enter|give|leave|write|provide|tell)(?:\ us)?)\s+)?
    (?:(?:and|your|my|the|full|first|last|middle|given|family|contact|preferred|patient(?:['’]?s)?
    |ihre?|dein|votre|su|tu|il\ tuo)\s+)*
    (?:(?:sur|fore|user)?names?|name\s*(?:and|&|/)\s*surname|initials
    |(?:e-?mail|phone)(?:\ (?:address|number))?\s*(?:/|or|and|&)\s*(?:e-?mail|phone)
    (?:\ (?:address|number))?
    |e-?mail(?:\ address)?|contact(?:\ (?:details?|info(?:rmation)?|number))?
    |(?:tele)?phone(?:\ number)?|mobile(?:\ phone)?(?:\ number)?|cell(?:\ phone)?
    |(?:home\ |postal\ |street\ |mailing\ )?address(?:\ line\ \d)?|street
    |city(?:\s*/\s*town)?|town
    |state(?:\s*/\s*(?:region|province))*|country
    |post\ ?code|zip(?:\ ?code)?(?:\s*/\s*post(?:al)?\ code)?|postal\ code
    |date\ of\ birth|dob|birth\ ?(?:day|date)|age
    |(?:nhs|hospital|patient|medical\ record|member|insurance)\ (?:number|no|id)
    |(?:vor|nach|familien)?name|vor-\ und\ nachname|telefon(?:nummer)?|handy(?:nummer)?
    |(?:e-?mail-?)?adresse|anschrift|geburtsdatum|postleitzahl|plz|wohnort
    |nom(?:\ (?:de\ famille|complet))?|prénom|téléphone|courriel|date\ de\ naissance
    |code\ postal|nombre(?:\ completo)?|apellidos?|teléfono|correo(?:\ electrónico)?|dirección
    |nome|cognome|telefono|indirizzo|naam|telefoonnummer|imię(?:\ i\ nazwisko)?|nazwisko)
    [\s:?.*]*+(?:\(optional\))?[\s:?.*]*""",
    re.IGNORECASE | re.VERBOSE,
)
_AND: Final = re.compile(r"\s*[,/&]\s*|\s(?:and|or|und|oder|et|ou|y|e|en|i)\s", re.IGNORECASE)
_WORD_BREAK: Final = re.compile(r"_|(?<=[a-z])(?=[A-Z])")


def is_personal(question: str) -> bool:
    """Return True if a question only asks for a person's name, address or number.

    It may be written as an identifier: ``first_name``, ``phoneNumber``.
    """
    question = question.strip()[:300]
    if " " not in question:
        question = _WORD_BREAK.sub(" ", question).strip()
    if _PERSONAL.fullmatch(question):
        return True
    parts = _AND.split(question)
    return len(parts) > 1 and all(_PERSONAL.fullmatch(part) for part in parts)
