"""Several places of one source: those that fail are named, and the others are read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.places import read_places


def read(*pages: str, error: Exception | None = None) -> Iterator[str]:
    yield from pages
    if error is not None:
        raise error


def test_reads_the_places_after_one_that_fails() -> None:
    places = [
        ("xk", read(error=Fatal("status 400"))),
        ("gb", read("a", "b")),
        ("ie", read("c", error=Retry("status 500", wait=7))),
    ]
    pages: list[str] = []
    with pytest.raises(Fatal) as raised:
        pages.extend(read_places(places))
    assert pages == ["a", "b", "c"]
    assert raised.value.failed_places == {"xk": "status 400", "ie": "status 500"}
    assert str(raised.value) == "reading 2 of 3 places: xk: status 400; ie: status 500"


def test_what_all_places_have_in_common_is_a_failure_of_the_source() -> None:
    errors = [Retry("busy", wait=5), Retry("busy", wait=9)]
    with pytest.raises(Retry) as raised:
        [*read_places((str(number), read(error=error)) for number, error in enumerate(errors))]
    assert (raised.value.wait, raised.value.failed_places) == (9, {})
    with pytest.raises(Unauthorized):
        [*read_places([("a", read(error=Retry("busy"))), ("b", read(error=Unauthorized("no")))])]


def test_a_single_place_fails_with_its_own_error() -> None:
    error = Fatal("status 404")
    with pytest.raises(Fatal) as raised:
        [*read_places([("gb", read(error=error))])]
    assert raised.value is error


def test_a_wait_is_a_day_at_most() -> None:
    assert Retry("busy", wait=1e300).wait == 86_400
    assert Retry("busy").wait == 1
