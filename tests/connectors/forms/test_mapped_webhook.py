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
from connectors.sdk.errors import BadRecord, Forged, Malformed
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import Delivery, moment
from tests.support.fakes import attributes_without_submission
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


def read(body: bytes | dict[str, Any], content_type: str = "", **settings: Any) -> list[Feedback]:
    """Return the records of a body, with the comment at /comment and a rating at /rate."""
    fields = {"comment": "/comment", "rate": "/rate"}
    plain = {"id": None, "created_at": None, "revision": None, "respondent": None}
    values = {**plain, "comments": [], "scores": {}, "service_field": None, **settings}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    mac = hmac.digest(TOKEN.encode(), content, "sha256").hex()
    headers = {"X-Hub-Signature-256": f"sha256={mac}", "Content-Type": content_type}
    return records(Delivery(content, headers), **{"fields": fields, "questions": {}, **values})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"comment=Cold.&rate=4", "application/x-www-form-urlencoded"),
        (b'--x\r\nContent-Disposition: form-data; name="comment"\r\n\r\nCold.\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
        (b'"{\\"comment\\": \\"Cold.\\"}"', "application/json"),
        ('{"comment": "Cold."}'.encode("utf-16"), "application/json"),
        (b'{"comment": "Cold.", "rate": NaN}', "application/json"),
        (b'{"comment": "Cold.", "id": ' + b"9" * 400 + b"}", "application/json"),
        (b'{"comment": "Cold."}', "application/json; charset=martian"),
    ],
    ids=["urlencoded", "multipart", "json in json", "utf-16", "nan", "huge", "charset"],
)  # fmt: skip
def test_a_body_may_come_in_other_shapes(body: bytes, content_type: str) -> None:
    assert [found.text for found in read(body, content_type)] == ["Cold."]


def test_a_charset_that_is_declared_is_believed() -> None:
    body = '{"comment": "Café fermé"}'.encode("latin-1")
    (found,) = read(body, "application/json; charset=ISO-8859-1")
    assert found.text == "Café fermé"


def test_what_is_no_submission_costs_only_itself() -> None:
    webhook = source(items="", fields={"comment": "/comment"}, comments=[], scores={})
    delivery = sent([{"comment": "Cold."}, None])
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    first, second = webhook.handle(WebhookRequest(delivery.body, headers, None, NOW))
    assert webhook.parse(first).text == "Cold."
    with pytest.raises(BadRecord, match="not an object"):
        webhook.parse(second)


@pytest.mark.parametrize("value", ["4", "+44 113 496 0000", "https://a.example/1", "sam@a.example"])
def test_numbers_and_addresses_are_no_comments_even_as_text(value: str) -> None:
    assert [found.text for found in read({"comment": "Cold.", "rate": value})] == ["Cold."]


@pytest.mark.parametrize("name", ["first_name", "phoneNumber", "ward", "email", "hospital_name"])
def test_a_name_in_the_settings_says_that_it_is_no_comment(name: str) -> None:
    fields = {"comment": "/comment", name: "/a"}
    found = read({"comment": "Cold.", "a": "Eastgate"}, fields=fields)
    assert [record.text for record in found] == ["Cold."]


def test_texts_in_a_list_are_read() -> None:
    assert [found.text for found in read({"comment": ["Cold.", "Wet."]})] == ["Cold., Wet."]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((text, datetime(2026, 11, 19, 10, tzinfo=UTC)) for text in (
            "Thu, 19 Nov 2026 10:00:00 GMT", "/Date(1795082400000)/", "1795082400.0",
            1_795_082_400_000_000, 1_795_082_400_000_000_000, "2026-11-19T11:00:00.0000000+01:00",
        )),
        ("20261119", datetime(2026, 11, 19, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_are_read_in_any_common_way(value: Any, expected: datetime) -> None:
    (found,) = read({"comment": "Cold.", "at": value}, created_at="/at")
    assert (found.created_at, found.redated) == (expected, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("★★★★☆", 4),
        ("4 / 5", 4),
        ("4 out of 5", 4),
        ("4/10", None),
        ("1e999", None),
        (10**400, None),
    ],
)
def test_a_score_is_on_its_own_scale(value: Any, expected: float | None) -> None:
    body = {"comment": "Cold.", "rate": value}
    found = read(body, scores={"rate": "stars"})[0]
    assert (found.stars and found.stars.value) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("de_DE", "de-DE"), ("pt_BR.UTF-8", "pt-BR"), ("German", None)]
)
def test_a_locale_is_a_language(language: str, expected: str | None) -> None:
    (found,) = read({"comment": "Cold.", "l": language}, language="/l")
    assert found.language == expected


def test_objects_and_booleans_are_kept_as_people_write_them() -> None:
    fields = {"comment": "/comment", "a": "/a", "b": "/b"}
    body = {"comment": "Cold.", "a": {"floor": 2}, "b": False}
    (found,) = read(body, fields=fields, keep=["a", "b"])
    assert attributes_without_submission(found) == {"a": '{"floor": 2}', "b": "no"}


def test_a_signature_may_be_in_capitals() -> None:
    body = json.dumps(submission(1)).encode()
    text = "SHA256=" + hmac.digest(TOKEN.encode(), body, "sha256").hex().upper()
    settings = {"verify": "hmac-sha256", "header": "X-Signature", "prefix": "sha256="}
    assert len(records(Delivery(body, {"X-Signature": text}), **settings)) == 1
