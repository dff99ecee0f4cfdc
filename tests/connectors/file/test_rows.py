"""Rows out of lines: every row comes out once, whatever the quotes do."""

from __future__ import annotations

import csv
import io

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file.tables.csv_rows import read_csv
from connectors.file.tables.json_rows import read_json
from connectors.file.tables.quoting import parse_cells, split_one_quoted
from connectors.file.tables.rows import Dialect, Row

CSV = Dialect("utf-8", ",")


def parse_rows(content: bytes, dialect: Dialect = CSV) -> list[Row]:
    return list(read_csv(io.BytesIO(content), dialect)[1])


def read_cells(content: bytes, dialect: Dialect = CSV) -> list[tuple[int, list[str] | None]]:
    rows = parse_rows(content, dialect)
    return [(row.line, None if row.error else list(row.values.values())) for row in rows]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    content = b'id,text\r\n1,"a, ""b""\nc"\r\n2,plain\r\n'
    assert read_cells(content) == [(2, ["1", 'a, "b"\nc']), (4, ["2", "plain"])]


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    content = b'id,text\n1,good\n2,"broken\n3,fine\n4,"also, fine"\n5,last\n'
    assert read_cells(content) == [
        (2, ["1", "good"]),
        (3, None),
        (4, ["3", "fine"]),
        (5, ["4", "also, fine"]),
        (6, ["5", "last"]),
    ]


def test_a_quote_open_until_the_end_of_the_file_gives_the_lines_back() -> None:
    content = b'id,text\n1,"broken\n' + b"".join(b"%d,fine\n" % n for n in range(2, 9_000))
    rows = read_cells(content)
    assert [line for line, cells in rows if cells is None] == [2]
    assert len(rows) == 8_999


def test_lines_joined_by_a_stray_quote_are_taken_apart_again() -> None:
    # The quote of line 2 is closed by the one of line 4, which makes a row of the wrong width.
    content = b'id,text,x\n1,"broken,1\n2,fine,2\n3,",",3\n'
    assert read_cells(content)[:2] == [(2, None), (3, ["2", "fine", "2"])]


def test_a_wrong_number_of_cells_is_the_rows_own_fault() -> None:
    content = b"text,id\na,b,c\n2\nfine,3,,\n"
    assert read_cells(content) == [(2, None), (3, ["2", ""]), (4, ["fine", "3"])]


def test_blank_lines_are_no_rows_but_count_as_lines() -> None:
    assert read_cells(b"id,text\n\n1,a\n  \n2,b") == [(3, ["1", "a"]), (5, ["2", "b"])]


def test_bytes_in_another_encoding_are_the_rows_own_fault() -> None:
    content = 'id,text\n1,café\n2,"caf'.encode() + b'\xe9"\n3,ok\n'
    assert read_cells(content) == [(2, ["1", "café"]), (3, None), (4, ["3", "ok"])]


def test_a_row_of_five_megabytes_stays_one_row() -> None:
    text = b"word\n" * 4_000 + b"x" * 5_000_000
    rows = parse_rows(b'id,text\n1,"' + text + b'"\n2,next\n')
    assert [row.line for row in rows] == [2, 4_003]
    assert rows[0].values["text"].encode() == text
    assert csv.field_size_limit() == 131_072


def test_a_row_beyond_the_bound_is_refused_and_the_next_one_read() -> None:
    rows = parse_rows(b"id,text\n1," + b"x" * 20_000_000 + b"\n2,next\n")
    assert [(row.line, row.error is None) for row in rows] == [(2, False), (3, True)]


def test_without_quoting_a_quote_is_a_plain_character() -> None:
    dialect = Dialect("utf-8", "\t", quotes=False)
    assert read_cells(b'id\ttext\n1\t"Hello" she said\n', dialect) == [
        (2, ["1", '"Hello" she said'])
    ]


def test_columns_without_a_header_are_numbered() -> None:
    dialect = Dialect("utf-8", "\t", header=False)
    names, rows = read_csv(io.BytesIO(b'1\t"a\nb"\n2\tc\n'), dialect)
    assert names == ["1", "2"]
    assert [(row.line, list(row.values.values())) for row in rows] == [
        (1, ["1", "a\nb"]),
        (3, ["2", "c"]),
    ]


def test_repeated_column_names_get_numbers_and_odd_spaces_go() -> None:
    names, _ = read_csv(io.BytesIO("Date,Service\xa0 type,Date,\n".encode()), CSV)
    assert names == ["Date", "Service type", "Date (2)"]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b'{"text": "a", "n": 4, "no": null}', {"text": "a", "n": "4", "no": ""}),
        (b'{"user": {"id": 7}, "tags": ["x"]}', {"user.id": "7", "tags": '["x"]'}),
        (b'{"text": ', None),
        (b"[1, 2]", None),
        (b"nothing", None),
        (b"\xff\xfe", None),
    ],
)
def test_json_lines_are_objects_or_faults(line: bytes, values: dict[str, str] | None) -> None:
    (row,) = read_json(io.BytesIO(line + b"\n"), Dialect("utf-8", ",", json="lines"))
    assert (None if row.error else row.values) == values


@pytest.mark.parametrize("levels", [200, 500, 900])
def test_values_of_json_lines_may_be_nested_deep(levels: int) -> None:
    for text in ("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels):
        line = f'{{"text": "Kind.", "deep": {text}}}\n'.encode()
        (row,) = read_json(io.BytesIO(line), Dialect("utf-8", ",", json="lines"))
        assert row.error is None and row.values["text"] == "Kind."


@hypothesis.settings(deadline=None)  # the machine's pace is not the question
@given(st.lists(st.sampled_from([b'"', b",", b"a", b"\n", b"\r\n", b'""', b"\xff", b"\x00"])))
def test_no_input_stops_the_reader_or_makes_it_lose_a_line(parts: list[bytes]) -> None:
    content = b"".join(parts)
    rows = parse_rows(b"id,text\n" + content)
    lines = [line for line in content.split(b"\n") if line.strip()]
    raw = b"".join(row.raw for row in rows)
    assert [line for line in raw.split(b"\n") if line.strip()] == lines
    assert [row.line for row in rows] == sorted({row.line for row in rows})


@hypothesis.settings(deadline=None)  # the machine's pace is not the question
@given(st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1))
def test_what_csv_writes_comes_back(cells: list[tuple[str, str]]) -> None:
    cells = [(f"x{a}".replace("\r", ""), b.replace("\r", "")) for a, b in cells]
    cells = [(a.encode("utf-8", "ignore").decode(), b.encode("utf-8", "ignore").decode())
             for a, b in cells]  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("id", "text"), *cells])
    rows = parse_rows(text.getvalue().encode())
    assert [tuple(row.values.values()) for row in rows] == cells


@hypothesis.settings(max_examples=500, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab ,;'\r"), max_size=6), min_size=1, max_size=4),
    st.text(st.sampled_from("ab ,;'"), max_size=6),
    st.integers(0, 4),
)
def test_a_line_with_one_quoted_cell_is_split_as_csv_splits_it(
    plain: list[str], quoted: str, at: int
) -> None:
    cells = [cell.replace(",", "") for cell in plain]
    cells.insert(at, f'"{quoted}"')
    line = ",".join(cells) + "\n"
    split = split_one_quoted(line, CSV)
    assert split is None or split == parse_cells((line,), CSV)
