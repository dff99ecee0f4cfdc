"""Dialects are detected from a file's beginning, and a wrong guess breaks no plain file."""

from __future__ import annotations

import time

import pytest

from connectors.file.columns.presets import known_names
from connectors.file.raw.encoding import Encoding, detect_encoding
from connectors.file.tables.detect import detect_dialect
from connectors.file.tables.json_rows import find_layout
from connectors.file.tables.rows import SINGLE_COLUMN, Dialect


def detect(head: bytes) -> Dialect:
    encoding = Encoding("utf-8", None)
    return detect_dialect(head, encoding, delimiter=None, header=True, known_names=known_names())


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Très gentil, merci à l’équipe soignante – déjà venue.\n" * 3, "cp1252", "cp1252"),
        ("£5 for parking\n", "cp1252", "cp1252"),
        ("Café über naïve\n", "utf-8", "utf-8"),
        ("Очень добрый персонал, спасибо большое врачам.\n" * 5, "cp1251", "cp1251"),
        ("Bardzo miła obsługa, długo czekałam na wizytę.\n" * 5, "cp1250", "cp1250"),
        ("", "ascii", "utf-8"),
    ],
)
def test_encodings_are_found_out(text: str, encoding: str, expected: str) -> None:
    assert detect_encoding(text.encode(encoding)).name == expected


def test_a_few_foreign_lines_do_not_make_a_utf8_file_something_else() -> None:
    assert detect_encoding("é – ok\n".encode() * 10 + b"caf\xe9\n") == Encoding("utf-8", "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_out(delimiter: str) -> None:
    rows = [["id", "text", "date"], ["1", '"one, two; three|\tfour"', "2024-01-02"]]
    head = "\n".join(delimiter.join(row) for row in rows).encode()
    assert detect(head).delimiter == delimiter


def test_commas_in_the_text_do_not_win_over_the_header() -> None:
    head = b"id;text\n" + b"1;slow, loud, cold, late\n" * 20
    assert detect(head).delimiter == ";"


def test_a_single_column_keeps_its_commas() -> None:
    assert detect(b"comment\nslow, loud\ngood\n").delimiter == SINGLE_COLUMN


def test_a_question_with_a_comma_as_header_stays_one_column() -> None:
    head = b"What was good, and what was not?\nfood\nstaff\nparking\n"
    assert detect(head).delimiter == SINGLE_COLUMN


def test_tab_separated_text_with_loose_quotes_is_read_without_quoting() -> None:
    head = b"id\tscore\ttext\n" + b'1\t2\t"Hi" she said\n2\t1\tplain\n' * 10
    dialect = detect(head)
    assert (dialect.delimiter, dialect.quotes) == ("\t", False)


def test_json_lines_are_told_by_their_first_character() -> None:
    assert find_layout(b'{"text": "a, b"}\n') == "lines"


@pytest.mark.parametrize(
    "head",
    [
        b"Comment\nslow, kind\nbad\n",
        b"What went well?\nfood, staff\nparking, food, nurse\nall of it\n",
        b"Comment\nslow, kind\nlate, cold\nrude, loud\n",
    ],
)
def test_commas_in_a_single_column_make_no_header_of_a_comment(head: bytes) -> None:
    dialect = detect(head)
    assert dialect.delimiter == SINGLE_COLUMN
    assert dialect.shape is not None
    assert dialect.shape.header.row == 0


def test_lines_that_end_with_two_characters_are_split_in_one_way() -> None:
    began = time.process_time()
    assert detect(b"Comment,Who\r\n" + b"fine food,p1\r\n" * 60).delimiter == ","
    assert time.process_time() - began < 2
