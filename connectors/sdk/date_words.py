"""Words of dates in many languages: names of months, and of time zones."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from babel.dates import get_month_names

_USUAL_LANGUAGES: Final = ("en", "en_GB", "de", "nl", "fr", "es", "it", "pt", "pl")
_LANGUAGES: Final = (
    *_USUAL_LANGUAGES,
    *("da", "nb", "sv", "fi", "cs", "sk"),
    *("sl", "hu", "ro", "tr", "el", "ru", "uk", "bg", "ca", "gl", "eu", "ga", "cy", "is", "et"),
    *("lv", "lt", "id", "vi", "af", "sq", "de_AT", "ar", "he", "th"),
)
"""Languages of months. Croatian is not among them: it has the words of others for other months."""
_MORE_MONTHS: Final = (
    ("sept", 9), ("mrz", 3), ("maerz", 3), ("okt", 10), ("dez", 12), ("feber", 2),
)  # fmt: skip

ZONE_HOURS: Final[Mapping[str, float]] = {
    **{"z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0, "west": 1, "bst": 1, "ist": 1},
    **{"cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "eest": 3},
    **{"msk": 3, "pkt": 5, "wib": 7, "sgt": 8, "hkt": 8, "awst": 8, "jst": 9, "kst": 9},
    **{"acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "sast": 2},
    **{"nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6},
    **{"cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10},
}
"""Hours from UTC. Names that several zones have are those of Europe, then of North America."""


def load_months(*, usual: bool = False) -> dict[str, int]:
    """Return the numbers of months by their folded names and abbreviations in many languages.

    ``usual`` ones are those of the languages with the most speakers in western Europe: those of
    others are often words of these.
    """
    return name_months(_USUAL_LANGUAGES if usual else _LANGUAGES, _MORE_MONTHS)


@cache
def name_months(languages: tuple[str, ...], more: tuple[tuple[str, int], ...]) -> dict[str, int]:
    """Return the numbers of months by their folded names and abbreviations in these languages.

    ``more`` are further words with their numbers. Where two languages have one word for two months,
    the first language counts.
    """
    months = dict(more)
    for language in languages:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    months.setdefault(fold_word(name), number)
    return months


def fold_word(word: str) -> str:
    """Return a word without accents and points, in lower case."""
    letters = unicodedata.normalize("NFD", word.lower().strip(". "))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
