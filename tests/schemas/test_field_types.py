from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.field_types import Duration, Zone, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", timedelta(seconds=30)),
        (" 15 m ", timedelta(minutes=15)),
        ("1.5h", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected
    assert TypeAdapter(Duration).validate_python(text) == expected


@pytest.mark.parametrize("text", ["", "15", "m", "-1m", "1y", "1h30m", "1e3s", "9" * 40 + "w"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number with s, m, h, d or w|too long"):
        parse_duration(text)
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(text)


@pytest.mark.parametrize("value", [2, 2.5, 0, True, None, ["2d"]])
def test_a_duration_has_a_unit_so_a_bare_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="number with s, m, h, d or w"):
        TypeAdapter(Duration).validate_python(value)


def test_a_time_span_is_a_duration_already() -> None:
    assert TypeAdapter(Duration).validate_python(timedelta(days=2)) == timedelta(days=2)


def test_a_zone_is_one_that_the_system_knows() -> None:
    assert TypeAdapter(Zone).validate_python("Europe/London") == "Europe/London"
    for name in ("Europe/Londn", "", "../etc/passwd", "Mars"):
        with pytest.raises(ValidationError, match="no such time zone"):
            TypeAdapter(Zone).validate_python(name)
