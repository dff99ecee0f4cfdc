"""Records that pydantic has not looked at are those that it would have built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.runtime.parsing import parse_item
from connectors.runtime.run_stats import RunStats
from connectors.sdk import records
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord
from connectors.sdk.records import build_record, mark_backfill
from connectors.sdk.source import Polled
from schemas.feedback import Family, Feedback, Operation
from schemas.measures import Fft, Nps, Stars
from schemas.record import deterministic_id
from tests.connectors.test_conformance import parse_items
from tests.support.fake_service import NOW, FakeService, serve_fake
from tests.support.fakes import SERVICES, build_source

GIVEN = datetime(2026, 3, 4, 5, 6, 7, 890_123, tzinfo=timezone(timedelta(hours=2)))
AUTHOR = "0" * 32


def quick(**fields: Any) -> Feedback:
    return build_record(
        source="trustpilot",
        family=Family.REVIEW,
        native_id=fields.pop("native_id", "r1"),
        collected_at=NOW,
        author=AUTHOR,
        fields={"created_at": GIVEN, **fields},
    )


def slow(**fields: Any) -> Feedback:
    values = {"native_id": "r1", "created_at": GIVEN, **fields}
    return Feedback.collect(
        source="trustpilot",
        family=Family.REVIEW,
        collected_at=NOW,
        author=AUTHOR,
        **{name: value for name, value in values.items() if value is not None},
    )


class Odd(str):
    """Text of a type of its own."""


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "Très bien 👍", "language": "fr", "url": "https://a.example/1", "site": None},
        {"stars": Stars(value=4), "nps": Nps(value=9), "fft": Fft(value=6), "revision": 7},
        {"nps": {"value": 9}, "revision": "7", "redated": 1, "operation": "delete"},
        {"operation": Operation.DELETE, "redated": True, "question": "Why?"},
        {"attributes": {"ward": "7ä"}, "organization": "A", "site": "B", "service": "C"},
        {"text": Odd("odd"), "unheard_of": 1},
    ],
)
def test_a_record_is_the_same_byte_by_byte(fields: dict[str, Any]) -> None:
    expected = slow(**fields)
    assert quick(**fields).to_payload() == expected.to_payload()
    assert quick(**fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"native_id": ""},
        {"text": "x" * 100_001},
        {"text": 7},
        {"attributes": {"a": 7}},
        {"attributes": [("a", "b")]},
        {"revision": -1},
        {"revision": 1.5},
        {"stars": {"value": 9}},
        {"stars": 5},
        {"operation": "upend"},
        {"created_at": datetime(2026, 3, 4)},
        {"created_at": NOW + timedelta(days=1)},
        {"created_at": datetime(1989, 12, 31, tzinfo=UTC)},
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(fields: dict[str, Any]) -> None:
    expected = _refusal(slow, fields)
    assert _refusal(quick, fields) == expected


@pytest.mark.parametrize(
    ("field", "value", "fitted"),
    [
        ("native_id", "x" * 513, deterministic_id("x" * 513)),
        ("text", "half a pair \ud83d", "half a pair \ufffd"),
        ("attributes", {"a": "\ud83d"}, {"a": "\ufffd"}),
        ("site", "", None),
        ("site", "x" * 513, "x" * 512),
        ("language", "x" * 36, None),
        ("language", "iw", "he"),
        ("url", "x" * 2_084, None),
        ("question", "x" * 2_001, "x" * 2_000),
    ],
)
def test_what_would_only_refuse_a_record_is_fitted(field: str, value: Any, fitted: Any) -> None:
    record = quick(**{field: value})
    assert getattr(record, field) == fitted
    assert Feedback.from_payload(record.to_payload()) == record


def test_an_attribute_that_is_no_unicode_is_a_bad_record() -> None:
    class Parses:
        name = "made_up"
        handles_empty_answers = False

        def parse(self, item: Item) -> Feedback:
            return slow(attributes={"a": "\ud83d"})

    record = parse_item(Parses(), Item(None, "1", None, NOW), RunStats())
    assert isinstance(record, BadRecord) and "not valid Unicode" in record.reason


def _refusal(build: Any, fields: dict[str, Any]) -> list[Any]:
    with pytest.raises(ValidationError) as raised:
        build(**fields)
    return raised.value.errors(include_input=False, include_context=False, include_url=False)


def test_its_limits_are_the_schema_s() -> None:
    for name, rule in Feedback.model_json_schema()["properties"].items():
        is_plain = records._PLAIN.get(name)
        text = next(
            (option for option in rule.get("anyOf", [rule]) if option.get("type") == "string"), {}
        )
        if is_plain is None or "maxLength" not in text:
            continue
        least, most = text.get("minLength", 0), text["maxLength"]
        sizes = [max(0, least - 1), least, most, most + 1]
        assert [is_plain("x" * n) for n in sizes] == [least <= n <= most for n in sizes], name


def test_history_is_marked_and_else_the_same() -> None:
    assert mark_backfill(quick(text="a")) == slow(text="a", backfill=True)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_connector_publishes_is_valid(name: str) -> None:
    fake: FakeService = SERVICES[name]()
    with serve_fake(fake) as service:
        source = build_source(fake, service.url, author_key=b"key", now=lambda: NOW)
        assert isinstance(source, Polled)
        items = [item for page in source.fetch(None) for item in page.items]
        records = list(parse_items(source, items))
    assert records
    for record in records:
        assert Feedback.model_validate(record.model_dump()) == record
        assert Feedback.from_payload(record.to_payload()) == record
