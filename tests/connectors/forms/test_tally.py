"""``tally``: which field becomes what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.tally import Tally, TallyConfig
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import moment
from tests.support.fakes import attributes_without_submission
from tests.support.services.tally import SECRET, event, field, signed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMMENT = field("RYQpAd", "What could we do better?", "TEXTAREA", "Shorter queues")
OTHER = {"isOtherOption": True}
WARDS = [{"id": "9de0", "text": "Maternity"}, {"id": "55e5", "text": "Surgery"}]


def records(told: Any, **settings: Any) -> list[Feedback]:
    config = TallyConfig.model_validate({"webhook_secret": SECRET, **settings})
    source = Tally(config, Context("test", b"key", lambda: NOW))
    body = json.dumps(told).encode()
    headers = {name.lower(): value for name, value in signed(body).headers.items()}
    return [source.parse(item) for item in source.handle(WebhookRequest(body, headers, None, NOW))]


def test_free_text_is_feedback_with_its_label() -> None:
    (found,) = records(event(3, COMMENT))
    assert (found.native_id, found.question, found.text, found.created_at) == (
        "Z9Z93:question_RYQpAd",
        "What could we do better?",
        "Shorter queues",
        moment(3),
    )
    assert found.author is not None


def test_choices_are_read_by_their_wording() -> None:
    ward = field("a", "Which ward?", "MULTIPLE_CHOICE", ["55e5"], options=WARDS)
    (found,) = records(event(3, COMMENT, ward), service_field="which ward?")
    assert found.service == "Surgery"


def test_hidden_and_calculated_fields_may_name_the_site() -> None:
    hidden = field("b_1", "hospital", "HIDDEN_FIELDS", "Eastgate")
    calculated = field("c_2", "points", "CALCULATED_FIELDS", 12)
    settings = {"site_field": "hospital", "keep": ["points"]}
    (found,) = records(event(3, COMMENT, hidden, calculated), **settings)
    assert (found.site, attributes_without_submission(found)) == ("Eastgate", {"points": "12"})


def test_a_named_scale_is_a_score_and_any_other_an_attribute() -> None:
    recommend = field("d", "How likely?", "LINEAR_SCALE", 8)
    stars = field("e", "How many stars?", "RATING", 4)
    (found,) = records(event(3, COMMENT, recommend, stars), scores={"How likely?": "nps"})
    assert (found.nps and found.nps.value, found.stars) == (8, None)
    assert attributes_without_submission(found) == {"How many stars?": "4"}


def test_each_row_of_a_matrix_is_a_question() -> None:
    matrix = field(
        "f",
        "Please rate",
        "MATRIX",
        {"r1": ["c2"]},
        rows=[{"id": "r1", "text": "The food"}],
        columns=[{"id": "c1", "text": "poor"}, {"id": "c2", "text": "good"}],
    )
    scores = {"Please rate (The food)": {"measure": "csat", "choices": ["poor", "good"]}}
    (found,) = records(event(3, COMMENT, matrix), scores=scores)
    assert found.csat is not None and (found.csat.value, found.csat.best) == (2, 2)


def test_names_and_addresses_stay_behind() -> None:
    name = field("g", "Name", "INPUT_TEXT", "Dylan")
    phone = field("h", "Call me", "INPUT_PHONE_NUMBER", "+44 20 7946 0000")
    (found,) = records(event(3, COMMENT, name, phone))
    assert (found.text, attributes_without_submission(found)) == (
        "Shorter queues",
        {"contact": "yes"},
    )


def test_a_field_without_a_label_or_value_is_nothing() -> None:
    empty = field("i", None, "TEXTAREA", None)
    assert [record.text for record in records(event(3, COMMENT, empty))] == ["Shorter queues"]


def test_a_ticked_box_is_consent_whatever_its_wording() -> None:
    options = [{"id": "k", "text": "Ring me about this"}]
    boxes = (
        field("r", "May we ring?", "CHECKBOXES", ["k"], options=options),
        field("r_k", "May we ring? (Ring me about this)", "CHECKBOXES", True),
    )
    for contact_field in ("May we ring?", "question_r_k"):
        (found,) = records(event(3, COMMENT, *boxes), contact_field=contact_field)
        assert attributes_without_submission(found) == {"contact": "yes"}
    empty = field("r", "May we ring?", "CHECKBOXES", [], options=options)
    (found,) = records(event(3, COMMENT, empty), contact_field="May we ring?")
    assert attributes_without_submission(found) == {"contact": "no"}


def test_a_line_without_a_label_is_no_comment_and_is_counted() -> None:
    name = field("n", None, "INPUT_TEXT", "Sam Field")
    assert [record.text for record in records(event(3, COMMENT, name))] == ["Shorter queues"]
    sentence = field("n", None, "INPUT_TEXT", "I could not find the way to the ward.")
    assert len(records(event(3, COMMENT, sentence))) == 2


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (["55e5", "The lift was out of order"], WARDS),
        (["55e5", "x"], [*WARDS, {"id": "x", "text": "The lift was out of order", **OTHER}]),
    ],
)
def test_another_choice_is_a_comment_of_its_own(value: Any, options: Any) -> None:
    choice = field("w", "What went wrong?", "CHECKBOXES", value, options=options)
    texts = [record.text for record in records(event(3, COMMENT, choice))]
    assert texts == ["Shorter queues", "The lift was out of order"]


def test_text_of_an_unknown_type_is_a_comment() -> None:
    spoken = field("v", "In your own words", "VOICE_NOTE", "Too much noise.")
    assert [record.text for record in records(event(3, spoken))] == ["Too much noise."]


@pytest.mark.parametrize(
    "label",
    [
        *("And your name, please?", "How should we call you?", "NHS No.", "And how old are you?"),
        *("ما اسمك؟", "Ваше имя?", "您的姓名？", "お名前", "आपका नाम?", "Beth yw eich enw?"),
        *(
            "Jak masz na imię?",
            "¿Cómo te llamas?",
            "Comment vous appelez-vous ?",
            "Wie heißen Sie?",
        ),
    ],
)
def test_a_name_or_number_is_no_comment_however_it_is_asked_for(label: str) -> None:
    line = field("n", label, "INPUT_TEXT", "Sam Field")
    assert [found.text for found in records(event(3, COMMENT, line))] == ["Shorter queues"]


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Ring us back", "+886 912 000 099"),
        ("School name?", "Northgate"),
        ("Reach me", "s@a.example"),
    ],
)
def test_a_line_of_an_unknown_type_may_be_a_fact(label: str, value: str) -> None:
    line = field("n", label, "INPUT_PHONE", value)
    assert [found.text for found in records(event(3, COMMENT, line))] == ["Shorter queues"]


@pytest.mark.parametrize(
    "label", ["ما الذي يمكننا تحسينه؟", "我们怎样可以做得更好？", "Co poprawić?"]
)
def test_a_line_that_asks_for_an_opinion_is_a_comment_in_any_script(label: str) -> None:
    (found,) = records(event(3, field("n", label, "INPUT_TEXT", "停车")))
    assert found.text == "停车"


@pytest.mark.parametrize("label", ["Your name and address", "E-mail, phone", "Name & surname"])
def test_a_longer_text_for_names_and_addresses_is_no_comment(label: str) -> None:
    line = field("n", label, "TEXTAREA", "Sam Field, 1 High Street")
    assert [found.text for found in records(event(3, COMMENT, line))] == ["Shorter queues"]
