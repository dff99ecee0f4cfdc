"""The beginning of an id is enough where it is unambiguous."""

from __future__ import annotations

import pytest

from pipeline.elasticsearch.short_ids import require_single, validate_prefix
from pipeline.errors import CommandError, ExitStatus


@pytest.mark.parametrize("text", ["abcd", " ABCD ", "0" * 32])
def test_a_prefix_is_lower_case_without_spaces(text: str) -> None:
    assert validate_prefix(text, "case") == text.strip().lower()


@pytest.mark.parametrize("text", ["abc", "0" * 33, "wxyz", "ab*d", ""])
def test_an_invalid_prefix_is_a_usage_error(text: str) -> None:
    with pytest.raises(CommandError, match="finding case: an id is 4 to 32") as raised:
        validate_prefix(text, "case")
    assert raised.value.status is ExitStatus.USAGE


def test_a_single_match_is_returned_and_several_are_listed() -> None:
    assert require_single({"abcd1": 1}, "abcd", "case") == 1
    with pytest.raises(CommandError, match="finding case abcd: not found; try another"):
        require_single({}, "abcd", "case", hint="; try another")
    with pytest.raises(
        CommandError, match=r"finding case abcd: ambiguous: matches abcd1, abcd2$"
    ) as raised:
        require_single({"abcd1": 1, "abcd2": 2}, "abcd", "case")
    assert raised.value.status is ExitStatus.USAGE
