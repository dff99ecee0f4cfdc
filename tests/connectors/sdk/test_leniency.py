"""What stands beside a comment is left out if it is unreadable, and never refuses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from connectors.sdk.leniency import (
    fit_fields,
    fit_language,
    fit_native_id,
    fit_times,
    validate_leniently,
)
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Operation


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


def test_a_list_of_nothing_but_faults_is_left_out_as_a_whole() -> None:
    review, left_out = validate(tags=[*range(500), "a"], author=7)
    assert (review.text, review.tags, review.author) == ("Kind", [], None)
    assert left_out == [*["tags"] * 6, "author"] or left_out == ["author", *["tags"] * 6]


class Labelled(BaseModel):
    class Label(BaseModel):
        label: str = ""

    class Required(BaseModel):
        label: str

    title: Required | None = None
    text: Required | None = None


@pytest.mark.parametrize("text", [None, {"label": None}, {}, []])
def test_words_that_are_null_wherever_are_none(text: Any) -> None:
    data = {"title": {"label": "Kind"}, "text": text}
    review, _ = validate_leniently(Labelled, data, {"text"})
    assert review.title is not None and review.title.label == "Kind"
    assert review.text is None


@pytest.mark.parametrize("text", ["Kind", {"label": ["Kind"]}, {"value": "Kind"}, ["Kind"]])
def test_words_in_another_place_are_not_left_out(text: Any) -> None:
    with pytest.raises(ValidationError):
        validate_leniently(Labelled, {"title": {"label": "Kind"}, "text": text}, {"text"})


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "created_at",
    [
        None,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        NOW + timedelta(days=2),
    ],
    ids=["none", "year 1", "1970", "in two days"],
)
def test_a_time_that_cannot_be_is_that_of_the_reading(created_at: datetime | None) -> None:
    fields, left_out = fit_times({"created_at": created_at, "revision": 7, "text": "Kind"}, NOW)
    assert (fields["created_at"], fields["revision"], left_out) == (NOW, 0, ["date"])
    assert (fields["redated"], fields["attributes"]) == (True, {"date": "first seen"})
    deletion = {"created_at": created_at, "revision": 7, "operation": Operation.DELETE}
    assert fit_times(deletion, NOW)[0]["revision"] == 7, "or it would not replace the comment"


def test_a_revision_of_the_future_does_not_shut_out_the_later_ones() -> None:
    fields = {"created_at": NOW, "revision": unix_ms(NOW + timedelta(days=99))}
    assert fit_times(fields, NOW) == ({**fields, "revision": unix_ms(NOW)}, ["revision"])
    soon = {"created_at": NOW, "revision": unix_ms(NOW + timedelta(hours=22))}
    assert fit_times(soon, NOW) == (soon, [])


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
