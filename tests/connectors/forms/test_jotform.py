"""``jotform``: what can be told from a form without kinds and wordings."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.forms.jotform import Jotform, JotformConfig
from connectors.sdk.errors import BadRecord, Malformed
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import Delivery
from tests.support.fakes import attributes_without_submission
from tests.support.services.jotform import SECRET, delivery

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def source(**settings: Any) -> Jotform:
    values = {"path_secret": SECRET, "comments": ["improve"], **settings}
    return Jotform(JotformConfig.model_validate(values), Context("test", b"key", lambda: NOW))


def records(sent: Delivery, **settings: Any) -> list[Feedback]:
    headers = {name.lower(): value for name, value in sent.headers.items()}
    form = source(**settings)
    return [
        form.parse(item) for item in form.handle(WebhookRequest(sent.body, headers, SECRET, NOW))
    ]


@pytest.mark.parametrize("named", ["improve", "q5", "q5_improve"])
def test_a_comment_is_named_by_number_or_name(named: str) -> None:
    sent = delivery(1, {"q5_improve": "Shorter queues", "q8_ward": "Maternity"}, NOW)
    (found,) = records(sent, comments=[named], questions={"improve": "What could be better?"})
    assert (found.native_id, found.question, found.text) == (
        "6123456789012300001:q5",
        "What could be better?",
        "Shorter queues",
    )


def test_umlauts_quotes_and_lines_arrive_as_written() -> None:
    text = 'Die Ärztin sagte "gleich".\r\nDann: zwei Stunden – 😀'
    assert [record.text for record in records(delivery(1, {"q5_improve": text}, NOW))] == [text]


def test_names_addresses_and_numbers_stay_behind() -> None:
    sent = delivery(
        1,
        {
            "q3_fullName": {"first": "Jo", "last": "Bloggs"},
            "q4_phone": {"full": "(020) 7946 0000"},
            "q5_improve": "Shorter queues",
            "q6_address": {"addr_line1": "1 High Street", "city": "Leeds"},
        },
        NOW,
    )
    (found,) = records(sent)
    assert (found.text, attributes_without_submission(found)) == (
        "Shorter queues",
        {"contact": "yes"},
    )


def test_scores_and_places_are_named() -> None:
    sent = delivery(
        1, {"q5_improve": "Fine", "q6_recommend": "9", "q7_stars": "4", "q8_ward": "Surgery"}, NOW
    )
    settings = {"scores": {"q6": "nps", "stars": "stars"}, "service_field": "ward"}
    (found,) = records(sent, **settings)
    assert (found.nps and found.nps.value, found.stars and found.stars.value, found.service) == (
        9,
        4,
        "Surgery",
    )


def test_it_is_dated_by_the_browser_unless_its_clock_is_wrong() -> None:
    right, wrong = NOW - timedelta(hours=1), NOW - timedelta(days=400)
    (near,) = records(delivery(1, {"q5_improve": "Fine"}, right))
    (far,) = records(delivery(1, {"q5_improve": "Fine"}, wrong))
    assert [(record.created_at, record.redated) for record in (near, far)] == [
        (right, False),
        (NOW, True),
    ]


def test_older_forms_tell_only_when_they_were_opened() -> None:
    sent = delivery(1, {"q5_improve": "Fine", "submitDate": "undefined"}, NOW)
    assert records(sent)[0].created_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize("content", ["", "text/plain", "multipart/form-data", "application/json"])
def test_what_is_no_form_is_refused(content: str) -> None:
    sent = delivery(1, {"q5_improve": "Fine"}, NOW)
    with pytest.raises(Malformed):
        source().handle(WebhookRequest(sent.body, {"content-type": content}, SECRET, NOW))


def test_a_body_that_was_cut_off_is_refused() -> None:
    sent = delivery(1, {"q5_improve": "Fine"}, NOW)
    headers = {name.lower(): value for name, value in sent.headers.items()}
    with pytest.raises(Malformed):
        source().handle(WebhookRequest(sent.body[:-200], headers, SECRET, NOW))


def test_a_text_that_is_nearly_an_address_is_read_quickly() -> None:
    """Its dots may each be the last one of an address, which must not be tried in turn."""
    text = f"a@{'a.' * 40_000}@"
    before = time.process_time()
    assert [record.text for record in records(delivery(1, {"q5_improve": text}, NOW))] == [text]
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"other": "The lift was out of order"}, "The lift was out of order"),
        ({"0": "Beds", "other": "The lift"}, "Beds, The lift"),
        (["Beds", "Food"], "Beds, Food"),
        ('{"widget_metadata": {}, "value": "Spoken words."}', "Spoken words."),
        ("{not JSON at all", "{not JSON at all"),
    ],
)
def test_a_named_comment_is_read_in_every_shape(value: Any, text: str) -> None:
    assert [record.text for record in records(delivery(1, {"q5_improve": value}, NOW))] == [text]


def test_a_form_may_be_urlencoded() -> None:
    raw = {"submitDate": str(int(NOW.timestamp() * 1000)), "q5_improve": "Äpfel & Birnen"}
    body = urlencode({"submissionID": "61", "rawRequest": json.dumps(raw)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    form = source()
    (item,) = form.handle(WebhookRequest(body, headers, SECRET, NOW))
    assert form.parse(item).text == "Äpfel & Birnen"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Food": "Cold soup", "Bed": "Wet"}, "Food: Cold soup, Bed: Wet"),
        (["Food", {"other": "The porter swore"}], "Food, The porter swore"),
        ('{"widget_metadata": {"type": "voice", "value": "Cold ward"}}', "Cold ward"),
        ('[{"Problem": "Cold food", "When": "Monday"}]', "Problem: Cold food, When: Monday"),
        ("{curly} words are words", "{curly} words are words"),
        ("[sic] he said", "[sic] he said"),
        ({"first": "Sam", "last": "Field"}, "Sam, Field"),
    ],
)
def test_a_named_comment_is_read_whatever_its_shape(value: Any, expected: str) -> None:
    (found,) = records(delivery(1, {"q5_improve": value}, NOW))
    assert found.text == expected


def test_a_date_is_kept_as_one() -> None:
    answers = {"q5_improve": "Cold.", "q6_seen": {"month": "2", "day": "9", "year": "2026"}}
    (found,) = records(delivery(1, answers, NOW), keep=["seen"])
    assert attributes_without_submission(found) == {"seen": "2026-02-09"}


@pytest.mark.parametrize("value", ["6", "9/10", "4/10", "7 stars"])
def test_a_rating_off_its_scale_is_a_dead_letter_if_it_is_all(value: str) -> None:
    with pytest.raises(BadRecord, match="not on the scale"):
        records(delivery(1, {"q8_rate": value}, NOW), scores={"rate": "stars"})


def test_an_empty_phone_number_is_no_contact() -> None:
    (found,) = records(delivery(1, {"q5_improve": "Cold.", "q2_phone": {"full": ""}}, NOW))
    assert attributes_without_submission(found) == {}
