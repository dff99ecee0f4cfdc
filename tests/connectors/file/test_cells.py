"""Text of cells is sanitized."""

from __future__ import annotations

from connectors.file.values.cells import collapse_whitespace, sanitize


def test_control_characters_go_and_line_ends_stay() -> None:
    assert sanitize(" a\x00b\tc\r\nd\x0be\x1b\x7f ") == "ab\tc\nd\ne"


def test_names_are_on_one_line() -> None:
    assert collapse_whitespace("PTS\xa0 - Patient\nTransport ") == "PTS - Patient Transport"
