"""``typeform``: which answer becomes what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.typeform import Typeform, TypeformConfig
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
    field = {
        "id": "WOTdC00F8A3h",
        "type": kind,
        "title": "How satisfied?",
        "properties": properties,
    }
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


@pytest.mark.parametrize("at", [None, "yesterday", 17, "1926-01-01T00:00:00Z", "2999-01-01"])
def test_a_submission_without_a_time_is_dated_by_its_receipt(at: Any) -> None:
    (found,) = records(event(1, answered("best", "text", "The nurses"), submitted_at=at))
    assert (found.text, found.created_at, found.redated) == ("The nurses", NOW, True)
    assert attributes_without_submission(found) == {"dated": "received"}


def told(fields: list[dict[str, Any]], *answers: dict[str, Any]) -> dict[str, Any]:
    payload = event(1, *answers)
    payload["form_response"]["definition"]["fields"] = fields
    return payload


def given(field: str, kind: str, value: Any, type_: str = "long_text") -> dict[str, Any]:
    return {"type": kind, kind: value, "field": {"id": field, "type": type_, "ref": field}}


def test_questions_in_groups_have_their_wording_and_names_stay_behind() -> None:
    text = {"id": "t", "type": "long_text", "title": "What would have helped?"}
    first = {"id": "n", "type": "short_text", "title": "Call me", "subfield_key": "first_name"}
    about = {"id": "a", "type": "contact_info", "properties": {"fields": [first]}}
    group = {"id": "g", "type": "group", "properties": {"fields": [about, text]}}
    names = given("n", "text", "Sam who lives by the sea in a house", "short_text")
    (found,) = records(told([group], names, given("t", "text", "A blanket.")))
    assert (found.question, found.text) == ("What would have helped?", "A blanket.")


@pytest.mark.parametrize("type_", ["multi_format", "clarify", "a_type_of_next_year"])
def test_an_answer_that_is_text_is_text_whatever_its_field_is_called(type_: str) -> None:
    field = {"id": "t", "type": type_, "title": "In your own words"}
    (found,) = records(told([field], given("t", "text", "Too much noise.", type_)))
    assert found.text == "Too much noise."


@pytest.mark.parametrize(
    "transcript",
    [
        "Too much noise.",
        {"text": "Too much noise."},
        [{"text": "Too much"}, {"text": "noise."}],
    ],
)
def test_a_recording_is_its_transcript(transcript: Any) -> None:
    field = {"id": "t", "type": "multi_format", "title": "In your own words"}
    recording = {"video_url": "https://video.example/1", "transcript": transcript}
    payload = told([field], given("t", "multi_format", recording, "multi_format"))
    assert [found.text for found in records(payload)] == ["Too much noise."]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("choices", {"labels": ["Beds"], "other": "The lift was out of order"}),
        ("choices", {"other": "The lift was out of order"}),
        ("choice", {"label": "Beds", "other": "The lift was out of order"}),
    ],
)
def test_another_choice_is_a_comment_of_its_own(kind: str, value: Any) -> None:
    field = {"id": "w", "type": "multiple_choice", "title": "What went wrong?"}
    (found,) = records(told([field], given("w", kind, value, "multiple_choice")))
    assert (found.question, found.text) == ("What went wrong?", "The lift was out of order")


def test_a_pain_of_nine_is_no_satisfaction() -> None:
    properties = {"steps": 11, "labels": {"left": "No pain", "right": "Worst pain"}}
    field = {"id": "p", "type": "opinion_scale", "title": "Your pain?", "properties": properties}
    (found,) = records(told([field], given("p", "number", 9, "opinion_scale")))
    assert (found.csat, attributes_without_submission(found)) == (None, {"Your pain?": "9"})


def test_a_box_that_is_ticked_is_consent() -> None:
    choices = [{"id": "1", "label": "I would like an answer"}]
    field = {"id": "c", "type": "multiple_choice", "title": "?", "properties": {"choices": choices}}
    ticked = given("c", "choices", {"labels": ["I would like an answer"]}, "multiple_choice")
    (found,) = records(told([field], ticked, answered("nps", "number", 5)), contact_field="c")
    assert attributes_without_submission(found) == {"contact": "yes"}


def test_half_a_letter_costs_no_comment() -> None:
    (found,) = records(event(1, answered("best", "text", "Kind \ud83d nurses")))
    assert found.text == "Kind \ufffd nurses"


def submission(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Return an event with these fields and their answers."""
    fields, answers = [], []
    for number, (field, answer) in enumerate(pairs):
        reference = {"id": f"f{number}", "type": field["type"]}
        fields.append({**field, **reference})
        answers.append({**answer, "field": reference})
    response = {"token": "t1", "submitted_at": "2026-11-19T10:00:00Z", "answers": answers}
    form_response = {**response, "definition": {"fields": fields}}
    return {"event_type": "form_response", "form_response": form_response}


COLD = ({"type": "long_text", "title": "What happened?"}, {"type": "text", "text": "Cold."})


@pytest.mark.parametrize(
    "title",
    [
        "Hello {{hidden:ward}}, what's your *first name*?",
        "And your name, please?",
        "How should we call you?",
        "Doctor seen?",
        "Ward or department?",
    ],
)
def test_a_line_for_a_name_or_a_place_is_no_comment_however_it_asks(title: str) -> None:
    line = ({"type": "short_text", "title": title}, {"type": "text", "text": "Sam Field"})
    assert [found.text for found in records(submission(COLD, line))] == ["Cold."]


@pytest.mark.parametrize("name", ["transcript", "transcription", "audio_transcription"])
def test_the_words_of_a_recording_are_the_comment(name: str) -> None:
    field = {"type": "multi_format", "title": "Tell us"}
    recording = {"audio_url": "https://files.example/1", name: "Nobody came."}
    answer = {"type": "multi_format", "multi_format": recording}
    assert [found.text for found in records(submission((field, answer)))] == ["Nobody came."]


def test_a_recording_without_words_is_counted() -> None:
    field = {"type": "multi_format", "title": "Tell us"}
    answer = {"type": "url", "url": "https://files.example/1"}
    config = TypeformConfig.model_validate({"webhook_secret": SECRET})
    source = Typeform(config, Context("test", b"key", lambda: NOW))
    read = source.read_submission(submission(COLD, (field, answer)))
    assert read is not None
    (item,) = source.items(read)
    assert sum(item.left_out.values()) == 1
