"""``typeform``: which answer becomes what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.typeform import Typeform, TypeformConfig
from connectors.sdk.errors import BadRecord
from connectors.sdk.source import Context, Webhook, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import moment
from tests.support.fakes import attributes_without_submission
from tests.support.services.typeform import SECRET, answered, event, signed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def records(told: Any, **settings: Any) -> list[Feedback]:
    config = TypeformConfig.model_validate({"webhook_secret": SECRET, **settings})
    source: Webhook = Typeform(config, Context("test", b"key", lambda: NOW))
    body = json.dumps(told).encode()
    headers = {name.lower(): value for name, value in signed(body).headers.items()}
    return [source.parse(item) for item in source.handle(WebhookRequest(body, headers, None, NOW))]


def test_free_text_is_feedback_with_the_wording_of_its_question() -> None:
    payload = event(
        1, answered("best", "text", "The nurses"), answered("worst", "text", "The wait")
    )
    feedback = records(payload)
    assert [(record.native_id[-12:], record.question, record.text) for record in feedback] == [
        ("DlXFaesGBpoF", "What was good?", "The nurses"),
        ("k6TP9oLGgHjl", "What was not?", "The wait"),
    ]
    assert {record.created_at for record in feedback} == {moment(1)}


def test_a_ref_names_the_comment() -> None:
    payload = event(
        1, answered("best", "text", "The nurses"), answered("worst", "text", "The wait")
    )
    assert [record.text for record in records(payload, comments=["worst"])] == ["The wait"]


def test_names_and_addresses_stay_behind() -> None:
    payload = event(
        1,
        answered("first_name", "text", "Laura"),
        answered("mail", "email", "laura@example.com"),
        answered("nps", "number", 10),
    )
    (found,) = records(payload)
    assert (found.text, found.nps and found.nps.value) == ("", 10)
    assert attributes_without_submission(found) == {"contact": "yes"}


def test_a_rating_has_the_scale_that_the_settings_tell() -> None:
    payload = event(1, answered("overall", "number", 4))
    (found,) = records(payload, scores={"overall": {"measure": "stars", "worst": 1, "best": 7}})
    assert found.stars is not None
    assert (found.stars.value, found.stars.worst, found.stars.best) == (4, 1, 7)


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("rating", {"steps": 10}, ("stars", 4, 1, 10)),
        ("opinion_scale", {"steps": 11}, ("csat", 4, 0, 10)),
        ("opinion_scale", {"steps": 7, "start_at_one": True}, ("csat", 4, 1, 7)),
    ],
)
def test_a_scale_that_the_form_tells_is_kept(
    kind: str, properties: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    payload = event(1, answered("overall", "number", 4))
    field = {"id": "WOTdC00F8A3h", "type": kind, "title": "Overall?", "properties": properties}
    payload["form_response"]["definition"]["fields"] = [field]
    (found,) = records(payload)
    measure = getattr(found, expected[0])
    assert (expected[0], measure.value, measure.worst, measure.best) == expected


def test_hidden_fields_variables_and_choices_name_where_it_was() -> None:
    payload = event(
        1,
        answered("best", "text", "The nurses"),
        answered("reply", "boolean", False),
        answered("ward", "choice", {"label": "Maternity", "id": "1"}),
        hidden={"hospital": "Eastgate", "user": "jo"},
        variables=[{"key": "trust", "type": "text", "text": "Northern"}],
    )
    (found,) = records(
        payload,
        site_field="hospital",
        service_field="ward",
        organization_field="trust",
        contact_field="reply",
    )
    assert (
        found.organization,
        found.site,
        found.service,
        attributes_without_submission(found),
    ) == (
        "Northern",
        "Eastgate",
        "Maternity",
        {"contact": "no"},
    )


def test_other_events_are_no_feedback() -> None:
    assert records({"event_type": "form_response_partial", "form_response": {}}) == []


@pytest.mark.parametrize("answers", [[None, 7], [{"field": None}], [{"type": [], "field": {}}]])
def test_odd_answers_make_no_record(answers: list[Any]) -> None:
    payload = event(1, answered("nps", "number", 5))
    payload["form_response"]["answers"] += answers
    assert [record.text for record in records(payload)] == [""]


def test_a_submission_without_a_time_is_refused() -> None:
    with pytest.raises(BadRecord, match="parsing typeform: at"):
        records(event(1, answered("nps", "number", 5), submitted_at=None))
