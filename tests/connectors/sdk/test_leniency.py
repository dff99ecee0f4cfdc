"""What stands beside a comment is left out if it is unreadable, and never refuses it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from connectors.sdk.leniency import fit_fields, fit_language, fit_native_id, validate_leniently


class Author(BaseModel):
    id: str = ""


class Review(BaseModel):
    id: str
    text: str | None = None
    author: Author | None = None
    tags: list[str] = []


def validate(**fields: Any) -> tuple[Review, list[str]]:
    return validate_leniently(Review, {"id": "1", "text": "Kind", **fields}, {"text"})


def test_what_is_unreadable_is_left_out_and_named() -> None:
    review, left_out = validate(author={"id": 7}, tags=["a", None, "b", 3])
    assert (review.author, review.tags) == (Author(), ["a", "b"])
    assert left_out == ["author.id", "tags", "tags"]
    assert validate() == (Review(id="1", text="Kind"), [])


@pytest.mark.parametrize(
    "data", [None, [], "text", {"text": "Kind"}, {"id": "1", "text": ["Kind"]}]
)
def test_words_and_required_fields_are_not_left_out(data: Any) -> None:
    with pytest.raises(ValidationError):
        validate_leniently(Review, data, {"text"})


def test_the_data_stay_as_they_were() -> None:
    data = {"id": "1", "author": {"id": 7}}
    validate_leniently(Review, data, {"text"})
    assert data == {"id": "1", "author": {"id": 7}}


@pytest.mark.parametrize(
    ("language", "fitted"),
    [
        *(("in", "id"), ("iw", "he"), ("IW-IL", "he-IL"), ("en-GB", "en-GB"), ("  de ", "de")),
        *(("", None), (7, None), (None, None), ("x" * 36, None)),
    ],
)
def test_languages_have_current_codes(language: object, fitted: str | None) -> None:
    assert fit_language(language) == fitted


def test_fields_that_are_too_long_do_not_refuse_the_record() -> None:
    fields = {"text": "a\ud800b", "url": "https://a.example/" + "x" * 3_000, "site": "s" * 600}
    fitted, changed = fit_fields(fields)
    assert fitted == {"text": "a\ufffdb", "url": None, "site": "s" * 512}
    assert changed == ["text", "url", "site"]


def test_an_id_that_is_too_long_is_hashed() -> None:
    assert fit_native_id("a" * 512) == "a" * 512
    assert len(fit_native_id("a" * 513)) == 32
    assert fit_native_id("a" * 513) != fit_native_id("a" * 514)
