"""Invented personal data for the demo, to show its redaction.

No value belongs to a person: hosts reserved for examples, numbers that Ofcom and the North
American plan reserve for fiction, NHS numbers of the 999 test range, unallocated postcode areas.
"""

from __future__ import annotations

from random import Random
from typing import Final

from deploy.demo.phrasebook import Personal

_WEIGHTS: Final = {
    "email": 3, "phone": 3, "name": 4, "nhs_number": 2, "postcode": 2, "date_of_birth": 1,
}  # fmt: skip
_FICTION_PHONES: Final = (
    "07700 900{:03}",
    "01632 960{:03}",
    "020 7946 0{:03}",
    "+44 7700 900{:03}",
)
_FICTION_US_PHONE: Final = "(202) 555-01{:02}"
_UNALLOCATED_AREAS: Final = ("NX", "WK", "EB", "HK")


def plant(rng: Random, personal: Personal) -> tuple[str, str, str]:
    """Return a kind of personal data, a value of it, and a sentence that contains the value."""
    kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    value = _value(rng, kind, personal)
    return kind, value, rng.choice(personal.sentences[kind]).format(value=value)


def nhs_number(rng: Random) -> str:
    """Return a number of the test range with a valid check digit, in groups of 3, 3 and 4."""
    while True:
        digits = f"999{rng.randrange(10**6):06}"
        remainder = sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
        check = (11 - remainder) % 11
        if check != 10:  # such numbers are not issued
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}{check}"


def _value(rng: Random, kind: str, personal: Personal) -> str:
    first, last = rng.choice(personal.first_names), rng.choice(personal.last_names)
    match kind:
        case "email":
            host = rng.choice(("example.org", "example.com", "mail.example.org"))
            return f"{first}.{last}{rng.choice(('', '', '82', '_1'))}@{host}".lower()
        case "phone":
            if rng.random() < 0.15:
                return _FICTION_US_PHONE.format(rng.randrange(100))
            return rng.choice(_FICTION_PHONES).format(rng.randrange(1000))
        case "nhs_number":
            return nhs_number(rng)
        case "postcode":
            return f"{rng.choice(_UNALLOCATED_AREAS)}{rng.randint(1, 19)} {rng.randint(1, 9)}QD"
        case "date_of_birth":
            return f"{rng.randint(1, 28):02}/{rng.randint(1, 12):02}/{rng.randint(1931, 1999)}"
        case _:
            return f"{first} {last}"
