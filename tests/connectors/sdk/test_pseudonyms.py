"""Authors become pseudonyms."""

from __future__ import annotations

from connectors.sdk.pseudonyms import pseudonym


def test_the_same_author_has_the_same_pseudonym_under_one_key_only() -> None:
    assert pseudonym(b"k", " Jo ") == pseudonym(b"k", "Jo")
    assert pseudonym(b"k", "Jo") != pseudonym(b"other", "Jo")


def test_without_a_key_or_an_author_there_is_none() -> None:
    assert (pseudonym(b"", "Jo"), pseudonym(b"k", " ")) == (None, None)
