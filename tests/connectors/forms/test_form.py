"""``form``: who may decide what about a submission."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from connectors.forms.form.config import Submission
from connectors.forms.form.connector import Form, Unacceptable
from connectors.forms.form.entries import StaffEntry, parse_day, time_within_day
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "token-of-sixteen-characters"  # noqa: S105
OWN = "What was good?"
ASKED_FOR = {
    "site": "Westgate [click](https://elsewhere.example)",
    "service": "The office of Dr Field, NHS 999 000 0000",
    "place": "my phone",
    "question": "Is it true that the surgeon was drunk?",
    "created_at": "2026-06-01T00:00:00Z",
    "submission_id": "order-000777",
}


def form(**settings: Any) -> Form:
    config = Form.Config.model_validate({"questions": [OWN, "What was not?"], **settings})
    return Form(config, Context("ward", now=lambda: NOW))


def post(source: Form, signed: bool = False, **fields: Any) -> Feedback:
    headers = {"authorization": f"Bearer {TOKEN}"} if signed else {}
    request = WebhookRequest(orjson.dumps({"text": "Kind.", **fields}), headers, None, NOW)
    (item,) = source.handle(request)
    return source.parse(item)


def test_a_stranger_sets_neither_a_place_nor_a_question_nor_the_time() -> None:
    record = post(form(), **ASKED_FOR)
    assert (record.site, record.service, record.question, record.created_at) == (
        None,
        None,
        OWN,
        NOW,
    )
    assert record.attributes == {"ignored": "site, service, place, created_at, question"}
    assert "Field" not in record.to_payload().decode()


def test_a_stranger_chooses_from_lists_and_among_the_questions_of_the_form() -> None:
    source = form(sites=["Eastgate", "Westgate"], services=["Ward 1"], site="Eastgate")
    record = post(source, site="Westgate", service="Ward 1", question="What was not?")
    assert (record.site, record.service, record.question) == ("Westgate", "Ward 1", "What was not?")
    assert record.attributes == {}


def test_the_holder_of_the_token_sets_everything_that_settings_do_not_fix() -> None:
    record = post(form(api_token=TOKEN, site="Eastgate"), signed=True, **ASKED_FOR)
    assert (record.site, record.service, record.question) == (
        "Eastgate",
        ASKED_FOR["service"],
        ASKED_FOR["question"],
    )
    assert (record.native_id, record.created_at.month) == ("ward/order-000777", 6)
    assert record.attributes == {"place": "my phone", "ignored": "site"}


def test_a_key_replaces_only_the_same_words() -> None:
    source = form()
    key = {"submission_id": "order-000777"}
    first, again = post(source, **key), post(source, **key)
    other, rated = post(source, **key | {"text": "Rude."}), post(source, score=1, **key)
    assert first.event_id == again.event_id
    assert len({first.event_id, other.event_id, rated.event_id}) == 3


def test_a_page_never_replaces_what_the_token_has_sent() -> None:
    source = form(api_token=TOKEN)
    signed = post(source, signed=True, submission_id="order-000777")
    page = source.submission_item(Submission(text="Kind.", submission_id="order-000777"))
    assert source.parse(page).event_id != signed.event_id


def test_half_a_letter_costs_no_comment() -> None:
    source = form()
    request = WebhookRequest(b'{"text": "Kind \\ud83d nurses"}', {}, None, NOW)
    (item,) = source.handle(request)
    assert source.parse(item).text == "Kind \ufffd nurses"


def test_a_suspect_is_kept_and_marked() -> None:
    source = form()
    submission = Submission(text="The lift was broken.", submission_id="a" * 32)
    record = source.parse(source.submission_item(submission, is_suspect=True))
    assert (record.text, record.attributes) == ("The lift was broken.", {"suspect": "yes"})


VISIT = {"question": "Why were you here?", "choices": [{"en": "Surgery", "de": "OP"}, "Check-up"]}


def test_answers_to_choices_are_attributes_in_the_first_language() -> None:
    source = form(choices={"visit": VISIT}, languages=["en", "de"])
    assert post(source, choices={"visit": ["OP"]}).attributes == {"visit": "Surgery"}
    several = form(choices={"visit": VISIT | {"several": True}})
    record = post(several, choices={"visit": ["Check-up", "Surgery"]})
    assert record.attributes == {"visit": "Surgery, Check-up"}


@pytest.mark.parametrize(
    "choices", [{"visit": ["Other"]}, {"visit": ["Surgery", "Check-up"]}, {"other": ["Surgery"]}]
)
def test_other_answers_to_choices_are_refused(choices: dict[str, list[str]]) -> None:
    with pytest.raises(Unacceptable, match="choices"):
        post(form(choices={"visit": VISIT}), choices=choices)


@pytest.mark.parametrize("name", ["place", "suspect", "Visit", "", "1st"])
def test_a_choice_has_a_name_that_is_free(name: str) -> None:
    with pytest.raises(ValidationError):
        form(choices={name: VISIT})


def test_settings_of_a_kiosk_fix_a_place_that_the_form_lists() -> None:
    source = form(kiosk=True, site="Eastgate", sites=["Eastgate", "Westgate"], api_token=TOKEN)
    record = post(source, signed=True, site="Westgate", service="Ward 1")
    assert (record.site, record.service) == ("Eastgate", "Ward 1")
    assert record.attributes == {"ignored": "site"}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-11-21", date(2026, 11, 21)),  # it is tomorrow already in the east
        ("2026-11-22", None),
        ("1989-12-31", None),
        ("2026-11-20T10:00", None),
        ("20.11.2026", None),
        ("", None),
    ],
)
def test_the_day_of_what_staff_enter_is_plausible(text: str, day: date | None) -> None:
    assert parse_day(text, NOW) == day


def test_of_a_day_the_time_is_noon_or_now() -> None:
    assert time_within_day(date(2026, 3, 2), NOW) == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert time_within_day(date(2026, 11, 21), NOW) == NOW


def test_what_staff_enter_is_kept_apart_from_what_the_token_has_sent() -> None:
    source = form(api_token=TOKEN)
    signed = post(source, signed=True, submission_id="order-000777")
    entry = StaffEntry(channel="phone", consent="yes")
    entered = Submission(text="Kind.", submission_id="order-000777", created_at=NOW)
    record = source.parse(source.entry_item(entered, entry))
    assert record.event_id != signed.event_id
    assert record.attributes == {"entered_by": "staff", "channel": "phone", "consent": "yes"}


@pytest.mark.parametrize("name", ["channel", "consent", "entered_by", "noted_by"])
def test_choices_do_not_take_the_names_of_what_staff_enter(name: str) -> None:
    with pytest.raises(ValidationError, match="another attribute"):
        form(choices={name: VISIT})
