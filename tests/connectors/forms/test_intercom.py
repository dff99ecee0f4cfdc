"""``intercom``: what a rating tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.forms.intercom import Intercom, IntercomConfig
from connectors.sdk.errors import BadRecord
from connectors.sdk.source import Context, WebhookRequest
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Feedback
from tests.support.fake_service import moment
from tests.support.services.intercom import SECRET, event, rating, signed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def records(told: Any) -> list[Feedback]:
    config = IntercomConfig.model_validate({"client_secret": SECRET})
    source = Intercom(config, Context("test", b"key", lambda: NOW))
    body = json.dumps(told).encode()
    headers = {name.lower(): value for name, value in signed(body).headers.items()}
    return [source.parse(item) for item in source.handle(WebhookRequest(body, headers, None, NOW))]


def test_a_rating_runs_from_one_to_five_and_its_remark_is_the_text() -> None:
    (found,) = records(event(2, rating(2, 4, "Quick answer")))
    assert (found.native_id, found.text) == ("1911149802", "Quick answer")
    assert found.csat is not None
    assert (found.csat.value, found.csat.worst, found.csat.best) == (4, 1, 5)
    rated = moment(2) + timedelta(seconds=60)  # a minute after it was asked for
    assert (found.created_at, found.revision, found.redated) == (rated, unix_ms(rated), True)
    assert found.author is not None


def test_older_versions_of_the_interface_name_a_customer() -> None:
    old = rating(2, 4, "Quick answer")
    old["customer"] = old.pop("contact")
    assert records(event(2, old)) == records(event(2, rating(2, 4, "Quick answer")))


def test_other_topics_are_no_feedback() -> None:
    assert records({"type": "notification_event", "topic": "ping", "data": {}}) == []
    assert records(event(2, rating(2, 4, None), topic="conversation.admin.closed")) == []


@pytest.mark.parametrize("value", [0, 6, None, "five"])
def test_a_rating_off_the_scale_costs_only_the_rating(value: Any) -> None:
    (found,) = records(event(2, rating(2, value, "Quick answer")))
    assert (found.text, found.csat) == ("Quick answer", None)
    with pytest.raises(BadRecord):
        records(event(2, rating(2, value, "  ")))


def test_the_time_is_that_of_the_rating_and_not_of_the_request_for_it() -> None:
    asked = rating(2, 4, "Quick answer")
    del asked["updated_at"]
    (found,) = records(event(2, asked))
    assert found.created_at == moment(2) + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1_763_546_400_000, datetime(2025, 11, 19, 10, tzinfo=UTC)),
        ("2025-11-19T10:00:00Z", datetime(2025, 11, 19, 10, tzinfo=UTC)),
        *((odd, moment(2) + timedelta(seconds=90)) for odd in ("soon", -5, 0, [], 4_000_000_000)),
    ],
)
def test_a_time_that_cannot_be_read_costs_only_the_time(at: Any, expected: datetime) -> None:
    rated = rating(2, 4, "Quick answer") | {"updated_at": at}
    (found,) = records(event(2, rated))
    assert (found.text, found.created_at) == ("Quick answer", expected)


def test_without_any_time_it_is_that_of_the_receipt() -> None:
    rated = rating(2, 4, "Quick answer") | {"updated_at": None, "created_at": None}
    (found,) = records(event(2, rated) | {"created_at": None})
    assert (found.created_at, found.attributes) == (NOW, {"dated": "received"})
