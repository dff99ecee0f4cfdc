"""Cells into values."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from connectors.file.cells import (
    build_date_parser,
    collapse_whitespace,
    detect_date_format,
    parse_number,
    sanitize,
)
from connectors.sdk.errors import BadRecord

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("date_format", "cell", "expected"),
    [
        ("iso", "2024-05-06", "2024-05-06T00:00:00+00:00"),
        ("iso", "2024-05-06T10:00:00+02:00", "2024-05-06T08:00:00+00:00"),
        ("auto", "2024-05-06 10:00:00Z", "2024-05-06T10:00:00+00:00"),
        ("auto", "1714989600", "2024-05-06T10:00:00+00:00"),
        ("epoch", "1714989600000", "2024-05-06T10:00:00+00:00"),
        ("day/month/year", "6/5/2024", "2024-05-06T00:00:00+00:00"),
        ("day/month/year", "06/05/24 7:08", "2024-05-06T07:08:00+00:00"),
        ("month/day/year", "05/06/2024 1:05:09 PM", "2024-05-06T13:05:09+00:00"),
        ("day/month/year, else month/day/year", "5/31/2024", "2024-05-31T00:00:00+00:00"),
        ("%d %b %Y", "06 May 2024", "2024-05-06T00:00:00+00:00"),
    ],
)
def test_dates_are_read_in_their_format(date_format: str, cell: str, expected: str) -> None:
    assert build_date_parser(date_format, UTC)(cell).isoformat() == expected


def test_a_date_without_a_zone_is_in_the_configured_one() -> None:
    parse = build_date_parser("iso", ZoneInfo("Europe/London"))
    assert parse("2024-07-01T12:00").isoformat() == "2024-07-01T11:00:00+00:00"


@pytest.mark.parametrize("cell", ["31/02/2024", "5/31/2024", "soon", "9" * 30, "0001-01-01"])
def test_what_is_no_date_is_a_bad_record_that_does_not_quote_it(cell: str) -> None:
    with pytest.raises(BadRecord) as caught:
        build_date_parser("day/month/year", ZoneInfo("Asia/Tokyo"))(cell)
    assert caught.value.reason == "reading created_at: not a date in the format day/month/year"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["01/02/2024", "31/01/2024"], "day/month/year"),
        (["01/02/2024", "01/31/2024"], "month/day/year"),
        (["01/02/2024"], "day/month/year"),
        (["2024-01-02", ""], "auto"),
    ],
)
def test_the_order_of_day_and_month_is_found_out(cells: list[str], expected: str) -> None:
    assert detect_date_format(cells) == expected


@pytest.mark.parametrize(
    ("cell", "value"), [("4", 4), ("4.5", 4.5), ("4,5", 4.5), ("4/5", 4), ("3 stars", 3)]
)
def test_numbers_come_in_several_dresses(cell: str, value: float) -> None:
    assert parse_number(cell) == value


def test_control_characters_go_and_line_ends_stay() -> None:
    assert sanitize(" a\x00b\tc\r\nd\x0be\x1b\x7f ") == "ab\tc\nd\ne"


def test_names_are_on_one_line() -> None:
    assert collapse_whitespace("PTS\xa0 - Patient\nTransport ") == "PTS - Patient Transport"
