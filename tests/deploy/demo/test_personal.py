"""Planted personal data belongs to no person."""

from __future__ import annotations

import re
from random import Random

from deploy.demo.personal import nhs_number, plant
from deploy.demo.phrasebook import phrases

_RESERVED = {
    "email": r"[a-z]+\.[a-z]+(82|_1)?@(mail\.)?example\.(org|com)",
    "phone": r"(07700|\+44 7700) 900\d{3}|01632 960\d{3}|020 7946 0\d{3}|\(202\) 555-01\d\d",
    "nhs_number": r"999 \d{3} \d{4}",
    "postcode": r"(NX|WK|EB|HK)\d{1,2} \dQD",
    "date_of_birth": r"\d\d/\d\d/19\d\d",
    "name": r"[A-Z][a-z]+ [A-Z][a-z]+",
}


def test_every_value_is_of_a_range_reserved_for_tests_and_fiction() -> None:
    rng = Random(1)
    for kind, value, sentence in (plant(rng, phrases().personal) for _ in range(1_000)):
        assert re.fullmatch(_RESERVED[kind], value), (kind, value)
        assert value in sentence


def test_nhs_numbers_have_a_right_check_digit() -> None:
    rng = Random(2)
    for _ in range(200):
        digits = [int(digit) for digit in nhs_number(rng) if digit != " "]
        weighted = sum(d * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True))
        assert (11 - weighted % 11) % 11 == digits[9]
