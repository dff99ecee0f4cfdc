"""``surveymonkey``: which question becomes what, and what is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.forms.surveymonkey.connector import (
    _REMOVED,
    SurveyMonkey,
    SurveyMonkeyConfig,
    _classify,
)
from connectors.forms.surveymonkey.survey import read_answers, read_questions
from connectors.sdk import REMOVED_QUESTION
from connectors.sdk.errors import Forged, Misconfigured, Retry, Skip
from connectors.sdk.http import HttpResponse
from connectors.sdk.source import Context, WebhookRequest
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import Served, moment, sentence, serve_fake
from tests.support.fakes import WAITS, attributes_without_submission
from tests.support.services.surveymonkey import (
    SURVEY,
    FakeSurveyMonkey,
    FakeSurveyMonkeyWebhooks,
    event,
    response,
    signed,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def source(url: str, **more: Any) -> SurveyMonkey:
    config = SurveyMonkeyConfig.model_validate({**FakeSurveyMonkey().settings(url), **more})
    return SurveyMonkey(config, Context("test", b"key", lambda: NOW, sleep=WAITS.append))


def read(*responses: dict[str, Any], **more: Any) -> list[Feedback]:
    fake = FakeSurveyMonkey()
    fake.responses = list(responses)
    with serve_fake(fake) as service, source(service.url, **more) as monkey:
        return [monkey.parse(item) for page in monkey.fetch(None) for item in page.items]


def handle_event(service: Served, kind: str, number: int, **more: Any) -> list[Feedback]:
    sent = signed(event(kind, number, moment(9)))
    headers = {name.lower(): value for name, value in sent.headers.items()}
    with source(service.url, **more) as monkey:
        items = monkey.handle(WebhookRequest(sent.body, headers, None, NOW))
        return [monkey.parse(item) for item in items]


def test_free_text_is_feedback_with_its_question_and_the_scores() -> None:
    (found,) = read(
        response(
            3,
            ("11", {"text": "Shorter queues"}),
            ("13", {"row_id": "130", "choice_id": "709"}),
            ("14", {"row_id": "140", "choice_id": "703"}),
        )
    )
    assert (found.native_id, found.question, found.text) == (
        "5007154003:11",
        "What could we do better?",
        "Shorter queues",
    )
    assert found.nps is not None and found.stars is not None
    assert (found.nps.value, found.stars.value, found.stars.best) == (9, 4, 5)
    assert (found.created_at, found.revision) == (moment(3), unix_ms(moment(3)) + 60_000)


@pytest.mark.parametrize("surveys", [["1", SURVEY], [SURVEY, "1"]])
def test_a_survey_that_fails_keeps_no_other_back(surveys: list[str]) -> None:
    fake = FakeSurveyMonkey()
    fake.responses = [response(3, ("11", {"text": "Shorter queues"}))]
    cursor: str | None = None
    with serve_fake(fake) as service:
        for number in (4, 5):
            texts = []
            with (
                source(service.url, surveys=surveys) as monkey,
                pytest.raises(Misconfigured, match="reading 1 of 2 places") as raised,
            ):
                for page in monkey.fetch(cursor):
                    texts += [monkey.parse(item).text for item in page.items]
                    cursor = page.cursor
            assert texts == ["Shorter queues"]
            assert list(raised.value.failed_places) == ["1"]
            fake.responses.append(response(number, ("11", {"text": "Shorter queues"})))


def test_a_box_for_comments_below_choices_is_free_text() -> None:
    (found,) = read(response(3, ("16", {"other_id": "169", "text": "It is near."})))
    assert (found.native_id, found.question, found.text) == (
        "5007154003:16-169",
        "Which hospital? (Why there?)",
        "It is near.",
    )


def test_contact_information_is_only_a_flag() -> None:
    (found,) = read(
        response(
            3,
            ("11", {"text": "Shorter queues"}),
            ("15", {"row_id": "151", "text": "jo@example.com"}),
        )
    )
    assert attributes_without_submission(found) == {"contact": "yes"}


def test_choices_and_variables_name_where_it_was() -> None:
    one = response(3, ("11", {"text": "Good"}), ("16", {"choice_id": "160"}))
    one["custom_variables"] = {"w": "Maternity"}
    (found,) = read(one, site_field="16", service_field="w")
    assert (found.site, found.service) == ("Eastgate", "Maternity")


def test_previews_and_partial_responses_are_left_out() -> None:
    preview, partial = response(1), response(2)
    preview["collection_mode"] = "preview"
    partial["response_status"] = "partial"
    monkey = source("http://127.0.0.1:9")
    for left_out, reason in ((preview, "preview"), (partial, "not completed")):
        (item,) = monkey._items("7", left_out)
        with pytest.raises(Skip, match=reason):
            monkey.parse(item)
    assert [record.text for record in read(partial, response(3))] == [sentence(3)]


def test_many_of_one_second_are_all_read() -> None:
    responses = [response(number) for number in range(35)]
    for each in responses[5:30]:
        each["date_modified"] = moment(5).isoformat()
    assert len({each.native_id for each in read(*responses)}) == 35


def test_an_event_of_another_survey_is_ignored() -> None:
    with serve_fake(FakeSurveyMonkeyWebhooks()) as service:
        assert handle_event(service, "response_completed", 1, surveys=["1"]) == []
        assert service.requests == []


def test_an_event_of_a_response_that_is_gone_tells_nothing() -> None:
    with serve_fake(FakeSurveyMonkeyWebhooks()) as service:
        assert handle_event(service, "response_completed", 77) == []


def test_a_deleted_response_takes_back_all_it_may_have_held() -> None:
    with serve_fake(FakeSurveyMonkeyWebhooks()) as service:
        deletions = handle_event(service, "response_deleted", 1)
    assert {record.native_id for record in deletions} == {
        "5007154001",
        "5007154001:11",
        "5007154001:12",
        "5007154001:16-169",
    }
    assert {(record.operation, record.redated) for record in deletions} == {
        (Operation.DELETE, True)
    }


def test_without_a_secret_no_event_is_taken() -> None:
    with serve_fake(FakeSurveyMonkeyWebhooks()) as service, pytest.raises(Forged):
        handle_event(service, "response_completed", 1, client_secret=None)


def test_a_survey_that_is_not_there_is_named() -> None:
    with (
        serve_fake(FakeSurveyMonkey()) as service,
        source(service.url, surveys=["404"]) as monkey,
        pytest.raises(Misconfigured, match="/v3/surveys/404"),
    ):
        list(monkey.fetch(None))


def test_a_spent_day_is_waited_out_by_the_schedule() -> None:
    headers = httpx.Headers(
        {
            "X-Ratelimit-App-Global-Day-Remaining": "0",
            "X-Ratelimit-App-Global-Day-Reset": "40000",
            "X-Ratelimit-App-Global-Minute-Remaining": "119",
            "X-Ratelimit-App-Global-Minute-Reset": "40",
        }
    )
    problem = _classify(HttpResponse(429, headers, b"", "GET api.surveymonkey.com/v3"))
    assert isinstance(problem, Retry) and problem.wait == 40_000


def _survey(**question: Any) -> dict[str, Any]:
    question_fields = {"id": "1", "headings": [{"heading": "Please tell"}], **question}
    return {"pages": [{"questions": [question_fields]}]}


def _settings(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"pages": [{"questions": [{"id": "1", "answers": list(answers)}]}]}


@pytest.mark.parametrize(
    ("question", "given", "expected"),
    [
        (
            {
                "family": "open_ended",
                "subtype": "single",
                "display_options": {"display_type": "slider"},
                "validation": {"min": 0, "max": 100},
            },
            {"text": "45"},
            ("1", "Please tell", "scale", "45"),
        ),
        (
            {
                "family": "open_ended",
                "subtype": "multi",
                "answers": {"rows": [{"id": "7", "text": "Best"}]},
            },
            {"row_id": "7", "text": "Nurses"},
            ("1-7", "Please tell (Best)", "short", "Nurses"),
        ),
        (
            {
                "family": "open_ended",
                "subtype": "multi",
                "answers": {"rows": [{"id": "7", "text": "First name"}]},
            },
            {"row_id": "7", "text": "Jo"},
            ("1-7", "Please tell (First name)", "personal", "Jo"),
        ),
        (
            {
                "family": "matrix",
                "subtype": "rating",
                "answers": {
                    "rows": [{"id": "7", "text": "Food"}],
                    "choices": [{"id": "1", "weight": 1}, {"id": "2", "weight": 4}],
                },
            },
            {"row_id": "7", "choice_id": "2"},
            ("1-7", "Please tell (Food)", "scale", 4),
        ),
        (
            {
                "family": "matrix",
                "subtype": "single",
                "answers": {
                    "rows": [{"id": "7", "text": "Food"}],
                    "choices": [{"id": "1", "text": "good"}],
                },
            },
            {"row_id": "7", "choice_id": "1"},
            ("1-7", "Please tell (Food)", "choice", "good"),
        ),
    ],
)
def test_families_of_questions(
    question: dict[str, Any], given: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    (answer,) = read_answers(read_questions(_survey(**question)), _settings(given))
    assert (answer.field, answer.question, answer.kind.value, answer.value) == expected


CHOICE = {
    "family": "single_choice",
    "answers": {
        "choices": [{"id": "2", "text": "Beds"}],
        "other": {"id": "9", "text": "Other", "is_answer_choice": True},
    },
}


def test_another_choice_stands_beside_the_choices() -> None:
    other = {"other_id": "9", "text": "The lift was out of order"}
    (answer,) = read_answers(read_questions(_survey(**CHOICE)), _settings(other))
    assert (answer.kind.value, answer.value, answer.other) == (
        "choice",
        [],
        "The lift was out of order",
    )


@pytest.mark.parametrize(
    ("validation", "kind"),
    [
        ({"type": "email"}, "contact"),
        ({"type": "integer", "min": "0"}, "choice"),
        ({"type": "date_intl"}, "choice"),
        ({"type": "any"}, "short"),
        ({}, "short"),
    ],
)
def test_a_line_that_is_validated_is_no_comment(validation: dict[str, str], kind: str) -> None:
    line = {"family": "open_ended", "subtype": "single", "validation": validation}
    (answer,) = read_answers(read_questions(_survey(**line)), _settings({"text": "x"}))
    assert answer.kind.value == kind


def answer_items(
    question: dict[str, Any], answers: list[dict[str, Any]], **settings: Any
) -> list[Feedback]:
    """Return the records of a survey with one question, and a comment."""
    comment = {"id": "1", "family": "open_ended", "subtype": "essay"}
    survey = {"pages": [{"questions": [comment, {"id": "2", **question}]}]}
    given = [{"id": "1", "answers": [{"text": "Cold."}]}, {"id": "2", "answers": answers}]
    monkey = source("http://127.0.0.1:9", **settings)
    monkey._questions_by_survey["7"] = read_questions(survey)
    whole = {**response(3), "pages": [{"questions": given}]}
    return [monkey.parse(item) for item in monkey._items("7", whole)]


ROWS = [{"id": "5", "text": "Food"}]


def test_each_menu_of_a_table_is_a_question() -> None:
    columns = [
        {"id": "40", "text": "Speed", "choices": [{"id": "50", "text": "Slow"}]},
        {"id": "41", "text": "Care", "choices": [{"id": "51", "text": "Kind"}]},
    ]
    table = {"family": "matrix", "subtype": "menu", "answers": {"rows": ROWS, "cols": columns}}
    chosen = [
        {"row_id": "5", "col_id": "40", "choice_id": "50"},
        {"row_id": "5", "col_id": "41", "choice_id": "51"},
    ]
    (found,) = answer_items(table, chosen, keep=["Food"])
    kept = attributes_without_submission(found)
    assert kept == {" (Food, Speed)": "Slow", " (Food, Care)": "Kind"}


def test_a_row_that_a_person_adds_is_a_comment() -> None:
    other = {"id": "99", "text": "Other", "is_answer_choice": True}
    table = {"family": "matrix", "subtype": "single", "answers": {"rows": ROWS, "other": other}}
    added = [{"other_id": "99", "text": "The lift was stuck", "choice_id": "10"}]
    texts = [found.text for found in answer_items(table, added)]
    assert texts == ["Cold.", "The lift was stuck"]


def test_a_date_may_be_kept() -> None:
    date = {"family": "datetime", "subtype": "date_only", "headings": [{"heading": "When?"}]}
    date["answers"] = {"rows": [{"id": "5", "text": "Date"}]}
    (found,) = answer_items(date, [{"row_id": "5", "text": "11/01/2026"}], keep=["When?"])
    assert attributes_without_submission(found) == {"When? (Date)": "11/01/2026"}


def test_a_text_of_a_new_family_is_a_line() -> None:
    question = {"family": "future", "subtype": "x", "headings": [{"heading": "Tell us"}]}
    texts = [found.text for found in answer_items(question, [{"text": "The roof leaked."}])]
    assert texts == ["Cold.", "The roof leaked."]


def test_a_slider_has_its_ends() -> None:
    slider = {
        "family": "open_ended",
        "subtype": "single",
        "headings": [{"heading": "How satisfied are you?"}],
        "display_options": {"display_type": "slider", "right_label": "Very satisfied"},
        "validation": {"type": "integer", "min": "0", "max": "100"},
    }
    (found,) = answer_items(slider, [{"text": "90"}])
    assert found.csat is not None and (found.csat.value, found.csat.best) == (90, 100)


def test_texts_to_removed_questions_are_counted() -> None:
    monkey = source("http://127.0.0.1:9")
    monkey._questions_by_survey["7"] = {"11": _REMOVED}
    (item,) = monkey._items("7", response(3, ("11", {"text": "To last year's question"})))
    assert item.left_out == {REMOVED_QUESTION: 1}
