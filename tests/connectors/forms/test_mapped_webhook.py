"""``mapped_webhook``: pointers decide what becomes what."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.forms.mapped_webhook import MappedWebhook, MappedWebhookConfig
from connectors.sdk.errors import Forged, Malformed
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import Delivery, moment
from tests.support.services.mapped_webhook import TOKEN, FakeMappedWebhook, sent, submission

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def source(**settings: Any) -> MappedWebhook:
    values = {**FakeMappedWebhook().settings(""), **settings}
    return MappedWebhook(
        MappedWebhookConfig.model_validate(values), Context("test", b"key", lambda: NOW)
    )


def records(delivery: Delivery, **settings: Any) -> list[Feedback]:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    webhook = source(**settings)
    request = WebhookRequest(delivery.body, headers, None, NOW)
    return [webhook.parse(item) for item in webhook.handle(request)]


def test_pointers_name_comment_score_place_person_and_time() -> None:
    (record,) = records(sent(submission(7)))
    assert (record.native_id, record.question) == ("707:improve", "What could we do better?")
    assert (record.nps and record.nps.value, record.service) == (7, "Maternity")
    assert (record.created_at, record.redated, record.author is None) == (moment(7), False, False)


def test_submissions_may_be_in_a_list_at_any_depth() -> None:
    body = {"batch": {"a/b": [submission(1), submission(2)]}}
    assert len(records(sent(body), items="/batch/a~1b")) == 2
    with pytest.raises(Malformed, match="more than 1,000"):
        records(sent([{}] * 1_001))
    with pytest.raises(Malformed, match="neither an object nor a list"):
        records(sent(body), items="/elsewhere")


def test_without_an_id_the_same_submission_is_the_same_record() -> None:
    first, again = (records(sent(submission(1)), id=None)[0] for _ in range(2))
    other = records(sent(submission(1, improve="Other words.")), id=None)[0]
    assert first.event_id == again.event_id != other.event_id


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-19T10:00:00", datetime(2026, 11, 19, 10, tzinfo=UTC)),
        (1_795_000_000, datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        ("1795000000000", datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)),
        *((odd, NOW) for odd in (None, "yesterday", [], -1, 1e300, "1900-01-01", "2040-01-01")),
    ],
)
def test_a_time_that_cannot_be_read_costs_only_the_time(value: Any, expected: datetime) -> None:
    (record,) = records(sent(submission(1) | {"submitDate": value}))
    assert (record.created_at, record.redated) == (expected, expected == NOW)


@pytest.mark.parametrize("form", ["hex", "base64"])
def test_a_signature_covers_the_body(form: str) -> None:
    body = json.dumps(submission(1)).encode()
    mac = hmac.digest(TOKEN.encode(), body, "sha1")
    text = mac.hex() if form == "hex" else base64.b64encode(mac).decode()
    settings = {"verify": "hmac-sha1", "header": "X-Signature", "prefix": "", "encoding": form}
    assert len(records(Delivery(body, {"X-Signature": text}), **settings)) == 1
    with pytest.raises(Forged):
        records(Delivery(body + b" ", {"X-Signature": text}), **settings)


@pytest.mark.parametrize(
    ("sent_token", "is_taken"), [(TOKEN, True), (TOKEN[:-1], False), ("", False)]
)
def test_a_token_may_stand_in_a_header(sent_token: str, is_taken: bool) -> None:
    body = json.dumps(submission(1)).encode()
    delivery = Delivery(body, {"Authorization": f"Bearer {sent_token}"})
    settings = {"verify": "token", "header": "Authorization", "prefix": "Bearer "}
    if is_taken:
        assert len(records(delivery, **settings)) == 1
        return
    with pytest.raises(Forged):
        records(delivery, **settings)


@pytest.mark.parametrize("pointer", ["comment", "$.comment", "/a~2"])
def test_a_pointer_that_is_none_is_refused_at_the_start(pointer: str) -> None:
    with pytest.raises(ValidationError, match="not a JSON Pointer"):
        source(fields={"improve": pointer})


def test_an_edit_deletes_what_is_empty_now() -> None:
    edited = submission(1, improve="") | {"changed": moment(3).isoformat()}
    by_id = {each.native_id: each for each in records(sent(edited), revision="/changed")}
    assert by_id["701:improve"].operation.value == "delete"
    assert by_id["701"].nps is not None
