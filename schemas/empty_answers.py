"""Answers that say nothing to any question, such as "N/A" or "-". Pure."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category, normalize

_WORD: Final = re.compile(r"\w+")

_EMOTICON: Final = re.compile(r"[:;=]['’-]?[()\[\]|/\\]")
ALWAYS_EMPTY: Final = frozenset({
    "na", "n a", "nil", "null", "nan", "not applicable", "not answered", "did not answer",
    "didn t answer", "no answer", "no response", "no comment", "no comments", "no reply",
    "none given", "no text", "no feedback", "no remarks", "not given", "left blank", "blank",
    "prefer not to say", "see above", "as above", "same as above", "dito", "ditto",
    "x", "xx", "xxx", "xxxx", "asdf", "no further comment", "no further comments",
    "no other comments", "no additional comments", "nothing to add", "nothing further",
    "nothing further to add", "nothing else to add", "nothing to say", "k a", "keine angabe",
    "sans objet", "s o", "n v t", "sin comentarios", "sem comentários", "kein kommentar",
    "aucun commentaire", "geen", "keine kommentare", "keine anmerkungen", "kein weiterer kommentar",
    "rien à ajouter", "rien à signaler", "sin comentario", "nada que añadir", "nessun commento",
    "niente da aggiungere", "geen opmerkingen", "geen commentaar", "brak uwag", "bez uwag",
    "nichts hinzuzufügen", "nada a acrescentar", "ingen kommentar", "dim sylwadau",
})  # fmt: skip
"""Folded answers that say nothing to any question."""


def fold_answer(text: str) -> str:
    """Return the words of an answer, folded, with one space between them."""
    return " ".join(_WORD.findall(normalize("NFKC", text).casefold().replace("_", " ")))


def has_sign(text: str) -> bool:
    """Return True if a text has an emoji or another sign that means something by itself."""
    return any(map(_is_symbol, text)) or _EMOTICON.search(text) is not None


def _is_symbol(character: str) -> bool:
    is_sign = ord(character) > 0x2190 and category(character) == "So"
    return is_sign and not 0x2500 <= ord(character) < 0x2600
