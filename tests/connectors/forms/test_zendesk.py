"""``zendesk``: what a ticket and its rating tell."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.forms.zendesk.connector import Zendesk, ZendeskConfig
from connectors.sdk.errors import BadRecord, Forged, Malformed, Misconfigured, Skip
from connectors.sdk.source import Context, WebhookRequest
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import Delivery, moment, serve_fake
from tests.support.services.zendesk import (
    SECRET,
    FakeZendesk,
    event,
    iso,
    rated,
    settings,
    signed,
    ticket,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def source(url: str = "http://127.0.0.1:9", **more: Any) -> Zendesk:
    config = ZendeskConfig.model_validate({**settings(url), **more})
    return Zendesk(config, Context("test", b"key", lambda: NOW))


def handle_and_parse(sent: Delivery, **more: Any) -> list[Feedback]:
    headers = {name.lower(): value for name, value in sent.headers.items()}
    zendesk = source(**more)
    received = WebhookRequest(sent.body, headers, None, NOW)
    return [zendesk.parse(item) for item in zendesk.handle(received)]


def handle_event(about: Any, **more: Any) -> list[Feedback]:
    return handle_and_parse(signed(json.dumps(about).encode(), NOW), **more)


def read(fake: FakeZendesk, **more: Any) -> dict[str, Feedback]:
    with serve_fake(fake) as service, source(service.url, **more) as zendesk:
        items = [item for page in zendesk.fetch(None) for item in page.items]
        return {record.native_id: record for record in map(zendesk.parse, items)}


def test_a_ticket_is_its_subject_and_first_message() -> None:
    (found,) = handle_event(event("created", 3), sites={"98738": "Eastgate"})
    assert (found.native_id, found.text.splitlines()[0], found.site, found.attributes) == (
        "35003",
        "Visit 3",
        "Eastgate",
        {"channel": "web"},
    )
    assert (found.created_at, found.author is None) == (moment(3), False)


def test_a_subject_that_only_begins_the_message_is_not_said_twice() -> None:
    about = event("created", 3, subject="Waited four…", description="Waited four hours.")
    assert [record.text for record in handle_event(about)] == ["Waited four hours."]


def test_history_and_events_make_the_same_record() -> None:
    (heard,) = handle_event(event("created", 3))
    assert read(FakeZendesk())["35003"] == heard


@pytest.mark.parametrize(("score", "value"), [("good", 1), ("bad", 0)])
def test_a_rating_is_a_record_of_its_own(score: str, value: int) -> None:
    fake = FakeZendesk()
    fake.tickets = [ticket(3, score, "As it should be.")]
    feedback = read(fake, take="ratings")
    rating = feedback["35003:rating"]
    assert rating.csat is not None and (rating.csat.value, rating.csat.best) == (value, 1)
    assert (rating.text, rating.redated, len(feedback)) == ("As it should be.", True, 1)


def test_a_trigger_tells_of_a_rating() -> None:
    (found,) = handle_event(rated(3, "Bad", '"Nobody called."'))
    assert (found.native_id, found.text, found.csat and found.csat.value) == (
        "35003:rating",
        "Nobody called.",
        0,
    )
    assert handle_event(rated(3, "Bad", ""), take="tickets") == []


def test_a_rating_in_other_words_costs_only_the_rating() -> None:
    (found,) = handle_event(rated(3, "Gut", "Endlich half jemand."))
    assert (found.text, found.csat) == ("Endlich half jemand.", None)
    with pytest.raises(BadRecord, match="neither good nor bad"):
        handle_event(rated(3, "Gut", ""))


@pytest.mark.parametrize(
    "comment",
    [
        "They rang back.\nTwice.",
        'She said "no", and hung up',
        "A tab\there, {brackets}, and a \\ backslash",
        'He wrote: {"rating": "good"}, "ticket_id": "7" and left',
        "",
    ],
)
def test_a_template_that_does_not_escape_the_comment_still_brings_it(comment: str) -> None:
    begin = '{"ticket_id": "35003", "rating": "bad",\n "comment": "'
    body = begin + comment + '", "updated_at": "2026-11-16T09:00:00Z"}'
    (found,) = handle_and_parse(signed(body.encode(), NOW))
    assert (found.native_id, found.text) == ("35003:rating", comment)
    assert (found.csat and found.csat.value, found.created_at.hour) == (0, 9)


def test_a_trigger_may_send_the_fields_of_a_form() -> None:
    fields = rated(3, "bad", 'One line\nand "another" & more')
    (found,) = handle_and_parse(signed(urlencode(fields).encode(), NOW))
    assert (found.text, found.csat and found.csat.value) == ('One line\nand "another" & more', 0)


def test_a_ticket_by_mail_is_the_words_of_its_sender() -> None:
    description = (
        "The lift was out of order all week.\n\nKind regards,\nSam Field\n020 7946 0001\n\n"
        "On Mon, 9 Nov 2026 Hospital <care@hospital.example> wrote:\n> How was your stay?"
    )
    about = event("created", 3, subject="RE: Your stay", description=description)
    about["detail"]["via"] = {"channel": "email"}
    (found,) = handle_event(about)
    assert found.text == "The lift was out of order all week."
    about["detail"]["via"] = {"channel": "web"}
    assert "Sam Field" in handle_event(about)[0].text


def test_a_deleted_ticket_takes_its_rating_along() -> None:
    feedback = handle_event(event("soft_deleted", 3, updated_at=iso(moment(9))))
    assert [(record.native_id, record.operation, record.text) for record in feedback] == [
        ("35003", Operation.DELETE, ""),
        ("35003:rating", Operation.DELETE, ""),
    ]
    assert {record.revision for record in feedback} == {unix_ms(moment(9))}


def test_history_begins_on_its_first_day() -> None:
    fake = FakeZendesk()
    with serve_fake(fake) as service, source(service.url, since="2026-11-16") as zendesk:
        list(zendesk.fetch(None))
        assert service.requests[0].query == "start_time=1794787200"


def test_without_a_token_there_is_no_history_and_without_a_secret_no_event() -> None:
    with pytest.raises(Misconfigured):
        list(source(api_token=None).fetch(None))
    with pytest.raises(Forged):
        handle_event(event("created", 3), webhook_secret=None)


def test_a_signed_time_that_is_none_is_refused() -> None:
    digest = hmac.digest(SECRET.encode(), b"yesterday{}", "sha256")
    headers = {
        "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
        "x-zendesk-webhook-signature-timestamp": "yesterday",
    }
    with pytest.raises(Malformed, match="its time is not valid"):
        source().handle(WebhookRequest(b"{}", headers, None, NOW))


def test_an_event_without_a_ticket_is_refused() -> None:
    with pytest.raises(Malformed):
        handle_event({"type": "zen:event-type:ticket.created"})


def test_a_side_conversation_is_the_staffs_and_left_out() -> None:
    with pytest.raises(Skip, match="side conversation"):
        handle_event(event("created", 3, via={"channel": "side_conversation"}))


def test_a_time_that_only_people_read_costs_only_the_time() -> None:
    sent = {**rated(3, "bad", "Cold soup"), "updated_at": "November 19, 2026 at 10:00"}
    for told in (sent, {name: sent[name] for name in ("ticket_id", "rating", "comment")}):
        (found,) = handle_event(told)
        assert (found.text, found.created_at) == ("Cold soup", NOW)
        assert found.attributes == {"dated": "received"}


@pytest.mark.parametrize(
    ("score", "expected"), [("GOOD", 1), ("Bad, I'm unsatisfied", 0), ("5", None), (None, None)]
)
def test_a_rating_with_a_comment_is_kept_whatever_its_score(
    score: str | None, expected: float | None
) -> None:
    told = event("created", 3, satisfaction_rating={"score": score, "comment": "Kind staff"})
    found = {record.native_id: record for record in handle_event(told)}["35003:rating"]
    assert found.text == "Kind staff"
    assert (found.csat and found.csat.value) == expected


def test_a_channel_may_be_in_capitals() -> None:
    told = event("created", 3, via={"channel": "Email"}, description="Cold.\n-- \nSam Field")
    assert "Field" not in handle_event(told)[0].text
