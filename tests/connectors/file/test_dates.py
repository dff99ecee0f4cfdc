"""Dates of cells, and what a column tells of their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.file.values.date_evidence import DateChoice, DateEvidence
from connectors.file.values.dates import SHORT_YEAR, build_date_parser
from connectors.sdk.errors import BadRecord

NOW = datetime(2026, 6, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


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
    assert build_date_parser(date_format, UTC_ZONE)(cell).isoformat() == expected


def test_a_date_without_a_zone_is_in_the_configured_one() -> None:
    parse = build_date_parser("iso", ZoneInfo("Europe/London"))
    assert parse("2024-07-01T12:00").isoformat() == "2024-07-01T11:00:00+00:00"


@pytest.mark.parametrize("cell", ["31/02/2024", "5/31/2024", "soon", "9" * 30, "0001-01-01"])
def test_what_is_no_date_is_a_bad_record_that_does_not_quote_it(cell: str) -> None:
    with pytest.raises(BadRecord) as caught:
        build_date_parser("day/month/year", ZoneInfo("Asia/Tokyo"))(cell)
    assert caught.value.reason == "reading created_at: not a date in the format day/month/year"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("June 7, 2021", "2021-06-07T00:00"),
        ("7th June 2021 at 4:05 pm", "2021-06-07T16:05"),
        ("07-Jun-21", "2021-06-07T00:00"),
        ("7. März 2024 09:30 Uhr", "2024-03-07T09:30"),
        ("12 février 2024", "2024-02-12T00:00"),
        ("Mon Jun 07 2021 18:30:00 GMT+0200 (Central European Summer Time)", "2021-06-07T16:30"),
        ("Mon, 07 Jun 2021 18:30:00 GMT", "2021-06-07T18:30"),
        ("Mon Jun  7 18:30:00 EDT 2021", "2021-06-07T22:30"),
        ("2021/6/7 8:05", "2021-06-07T08:05"),
        ("2021.06.07", "2021-06-07T00:00"),
        ("2021年6月7日", "2021-06-07T00:00"),
        ("2021-06-07 08:05:00 BST", "2021-06-07T07:05"),
        ("2021-06-07T08:05:00.5+0200", "2021-06-07T06:05"),
        ("20210607", "2021-06-07T00:00"),
        ("202106070805", "2021-06-07T08:05"),
        ("20210607080509", "2021-06-07T08:05"),
        ("20210607T0805Z", "2021-06-07T08:05"),
        ("2021060708", "2021-06-07T08:00"),
        ("44354.3368055556", "2021-06-07T08:05"),
        ("1623053100", "2021-06-07T08:05"),
        ("1623053100000", "2021-06-07T08:05"),
    ],
)
def test_a_date_that_reads_in_one_way_is_read_whatever_the_format(cell: str, expected: str) -> None:
    for date_format in ("auto", "day/month/year", "month/day/year"):
        moment = build_date_parser(date_format, UTC_ZONE)(cell)
        assert f"{moment:%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        # signs, scripts, and what stands around a date
        ("\u200e2021\u200e-06\u200e-07", "2021-06-07T00:00"),
        ("2021–06–07", "2021-06-07T00:00"),
        ("２０２１／０６／０７", "2021-06-07T00:00"),
        ("٢٠٢١-٠٦-٠٧ ٠٨:٠٥", "2021-06-07T08:05"),
        ("๒๕๖๔-๐๖-๐๗", "2021-06-07T00:00"),
        ("7 มิถุนายน 2564", "2021-06-07T00:00"),
        ("'2021-06-07", "2021-06-07T00:00"),
        ("[2021-06-07]", "2021-06-07T00:00"),
        ("Timestamp('2021-06-07 08:05:09')", "2021-06-07T08:05"),
        ("datetime.datetime(2021, 6, 7, 8, 5)", "2021-06-07T08:05"),
        ("/Date(1623053100000+0100)/", "2021-06-07T08:05"),
        ("Date: 7 June 2021", "2021-06-07T00:00"),
        ("Reviewed in the United Kingdom on 7 June 2021", "2021-06-07T00:00"),
        # numbers
        ("20210607 08:05:09", "2021-06-07T08:05"),
        ("20210607T080509+0200", "2021-06-07T06:05"),
        ("1.6230531E9", "2021-06-07T08:05"),
        ("1.6230531E+12", "2021-06-07T08:05"),
        ("1,623,053,100", "2021-06-07T08:05"),
        ("44354,3368055556", "2021-06-07T08:05"),
        # times and zones
        ("2021-06-07 08.05", "2021-06-07T08:05"),
        ("2021-06-06T24:00:00", "2021-06-07T00:00"),
        ("2021-06-07_08-05-09", "2021-06-07T08:05"),
        ("2021-06-07 23:59:60", "2021-06-07T23:59"),
        ("2021-06-07 20:05 PM", "2021-06-07T20:05"),
        ("2021/6/7 下午 3:05", "2021-06-07T15:05"),
        ("2021年6月7日 15時05分", "2021-06-07T15:05"),
        ("2021. 6. 7. 오전 8:05", "2021-06-07T08:05"),
        ("2021-06-07 3:05 μ.μ.", "2021-06-07T15:05"),
        ("2021-06-07 3:05 م", "2021-06-07T15:05"),
        ("令和3年6月7日", "2021-06-07T00:00"),
        ("2021-06-07 08:05 MESZ", "2021-06-07T06:05"),
        ("2021-06-07 08:05 (UTC+02:00)", "2021-06-07T06:05"),
        ("2021-06-07 08:05 Europe/Paris", "2021-06-07T06:05"),
        ("2021-06-07 08:05 ET", "2021-06-07T12:05"),
        # names of months
        ("7 mrt. 2021", "2021-03-07T00:00"),
        ("mar. 8 févr. 2021", "2021-02-08T00:00"),
        ("7 cze 2021", "2021-06-07T00:00"),
        ("7 Haziran 2021", "2021-06-07T00:00"),
        ("Dydd Llun 7 Mehefin 2021", "2021-06-07T00:00"),
        ("3 Awst 2021", "2021-08-03T00:00"),
        ("7 июня 2021 г.", "2021-06-07T00:00"),
        ("7 Ιουνίου 2021", "2021-06-07T00:00"),
        ("7. Jänner 2021", "2021-01-07T00:00"),
        ("7 يونيو 2021", "2021-06-07T00:00"),
        # no day, or two
        ("2021-06", "2021-06-01T00:00"),
        ("06/2021", "2021-06-01T00:00"),
        ("Jun-21", "2021-06-01T00:00"),
        ("Q2 2021", "2021-04-01T00:00"),
        ("2021-W23", "2021-06-07T00:00"),
        ("KW 23/2021", "2021-06-07T00:00"),
        ("7-9 June 2021", "2021-06-07T00:00"),
        ("2021-06-07 to 2021-06-09", "2021-06-07T00:00"),
        ("2021-06-07/2021-06-09", "2021-06-07T00:00"),
    ],
)
def test_a_date_is_read_however_it_is_written(cell: str, expected: str) -> None:
    moment = build_date_parser("auto", UTC_ZONE)(cell)
    assert f"{moment:%Y-%m-%dT%H:%M}" == expected


def test_dates_that_name_no_day_are_counted() -> None:
    evidence = DateEvidence(NOW)
    evidence.add_all(["2021-06", "2021-06", "07/06/2021 - 09/06/2021", "2021-06-07"])
    assert (evidence.partial, evidence.unreadable) == (3, 0)


@pytest.mark.parametrize(
    "cell",
    [
        "3 out of 5",
        "2025/26",
        "Week 3",
        "Ward 3 - Ward 5",
        "2 days ago",
        "5",
        "2021",
        "12345678",
        "May",
        "Nurse May was with me on 3 June 2021 all night long",
    ],
)
def test_numbers_and_sentences_are_no_dates(cell: str) -> None:
    with pytest.raises(BadRecord):
        build_date_parser("auto", UTC_ZONE)(cell)


def choose(cells: Sequence[str], zone: str = "UTC") -> DateChoice:
    evidence = DateEvidence(NOW)
    evidence.add_all(cells)
    return evidence.choose(zone)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["03/04/2024", "25/04/2024"], "day/month/year"),
        (["03/04/2024", "04/25/2024"], "month/day/year"),
        (["05/09/2026", "06/01/2026"], "month/day/year"),  # September is in the future
        (["26-05-04", "25-11-28", "24-02-15"], SHORT_YEAR),
        (["04/05/2026 1:15 PM", "05/06/2026 11:00 AM"], "month/day/year"),
        (["4.5.2026", "5.6.2026"], "day/month/year"),
        (["01/12/2025", "01/11/2025", "12/10/2025", "11/10/2025", "10/10/2025", "01/10/2025"],
         "day/month/year"),
        (["2024-01-02", ""], "auto"),
        (["2024-01-02", "33/33/2024"], "auto"),
        (["31/05/2024", "05/31/2024", "31/01/2024"], "day/month/year, else month/day/year"),
    ],
)  # fmt: skip
def test_all_cells_of_a_column_tell_its_order(cells: list[str], expected: str) -> None:
    choice = choose(cells)
    assert (choice.date_format, choice.certainty == "guess") == (expected, False)


def test_a_time_zone_tells_the_order_if_nothing_else_does() -> None:
    assert choose(["03/04/2024"], "America/Chicago").date_format == "month/day/year"
    assert choose(["03/04/2024"], "Europe/London").date_format == "day/month/year"
    assert choose(["03/04/2024"], "America/Sao_Paulo").date_format == "day/month/year"


def test_an_order_that_nothing_tells_is_a_guess_with_an_example() -> None:
    choice = choose(["03/03/2024", "03/04/2024", "05/06/2024"])
    assert (choice.certainty, choice.example) == ("guess", "03/04/2024")


def test_a_column_that_a_spreadsheet_has_half_converted_is_seen() -> None:
    evidence = DateEvidence(NOW)
    evidence.add_all([*(f"2026-{month:02}-04" for month in range(1, 12)), "13/04/2026"])
    assert not evidence.is_half_converted()
    evidence.add_all([f"{day}/04/2026" for day in range(14, 20)])
    assert evidence.is_half_converted()
    evidence.add_all(["2026-04-21"])
    assert not evidence.is_half_converted()
