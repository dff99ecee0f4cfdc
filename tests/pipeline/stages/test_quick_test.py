"""The places of a long text around which personal data is searched."""

import pytest

from pipeline.stages._personal.quick_test import find_spots


@pytest.mark.parametrize(
    ("text", "spots"),
    [
        ("Call 020 7946 or me@there", ["020", "7946", "@"]),
        ("On INSTA and my ig, not the wig", ["INSTA", "ig"]),
        ("Jo dot Roe (at) home", [" dot ", "(at"]),
        ("Mail jo at example.org, at once", [" at "]),
        ("İ was born in \u017fnow, WWW.", ["born", "WWW."]),
        ("my \u017fnapchat, İnsta", ["\u017fnap", "İnsta"]),
        ("Kind staff, good care", []),
    ],
)
def test_a_long_text_is_searched_around_digits_signs_and_words(text: str, spots: list[str]) -> None:
    assert [text[start:end] for start, end in find_spots(text)] == spots
