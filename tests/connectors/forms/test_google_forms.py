from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.google_forms import GoogleForms, _questions
from connectors.sdk import REMOVED_QUESTION, Item
from connectors.sdk.errors import BadRecord, Fatal
from connectors.sdk.source import Source
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import serve_fake
from tests.support.fakes import attributes_without_submission, build_source
from tests.support.services.google_forms import FORM, FakeGoogleForms, answered, zulu

_TIMES = ("createTime", "lastSubmittedTime")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def source(fake: FakeGoogleForms, url: str, **settings: Any) -> GoogleForms:
    values = fake.settings
    fake.settings = lambda url: values(url) | settings  # type: ignore[method-assign]
    made: Source = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(made, GoogleForms)
    return made


def records(fake: FakeGoogleForms, **settings: Any) -> list[Feedback]:
    with serve_fake(fake) as service:
        one = source(fake, service.url, **settings)
        return [one.parse(item) for page in one.fetch(None) for item in page.items]


def with_one(**changes: Any) -> FakeGoogleForms:
    fake = FakeGoogleForms()
    fake.responses = [fake.responses[8] | changes]
    return fake


def test_a_comment_carries_its_question_the_scores_and_the_form() -> None:
    (record,) = records(with_one(), site="Eastgate")
    assert record.native_id == f"{FORM}/ACYDB8:11aa"
    assert record.question == "What could we do better?"
    assert record.nps is not None and (record.nps.value, record.nps.best) == (8, 10)
    assert record.stars is not None and record.stars.value == 4
    assert record.site == "Eastgate"
    assert attributes_without_submission(record) == {"form": "After your visit"}
    assert record.author is not None and "Bloggs" not in record.to_payload().decode()


def test_settings_name_questions_by_wording_item_or_id() -> None:
    fake = with_one(
        answers=answered(q11aa="Fine.", q55ee="Ward 4", q66ff="Good", q77aa="2026-11-20")
    )
    (record,) = records(
        fake,
        service_field="Which ward?",
        scores={"66ff": {"measure": "csat", "choices": ["Poor", "Good"]}},
    )
    assert record.service == "Ward 4"
    assert record.csat is not None and (record.csat.value, record.csat.best) == (2, 2)
    (record,) = records(fake, keep=["a5"])
    assert record.attributes["Which ward?"] == "Ward 4"


def test_an_edited_response_takes_back_what_it_no_longer_says() -> None:
    fake = with_one(lastSubmittedTime=zulu(9), answers=answered(q22bb="3"))
    by_id = {record.native_id: record for record in records(fake)}
    gone, scores = by_id[f"{FORM}/ACYDB8:11aa"], by_id[f"{FORM}/ACYDB8"]
    assert gone.operation is Operation.DELETE
    assert scores.nps is not None and scores.nps.value == 3
    assert gone.revision == scores.revision > scores.created_at.timestamp() * 1000


def test_a_page_that_has_expired_is_read_from_the_first_again() -> None:
    fake = FakeGoogleForms()
    with serve_fake(fake) as service:
        first = next(iter(source(fake, service.url).fetch(None)))
        fake.forgets_pages = True
        later = source(fake, service.url, per_page=50).fetch(first.cursor)
        assert sum(len(page.items) for page in later) == 35
        with pytest.raises(Fatal):
            list(source(fake, service.url, per_page=10).fetch(None))


def test_what_is_shown_late_is_found_and_nothing_comes_twice() -> None:
    fake = FakeGoogleForms()
    shortly_before = zulu(34).replace(".123", ".000")
    late = fake.responses.pop(33) | dict.fromkeys(_TIMES, shortly_before)
    with serve_fake(fake) as service:
        *_, last = source(fake, service.url).fetch(None)
        fake.responses.append(late)
        items = [
            each for page in source(fake, service.url).fetch(last.cursor) for each in page.items
        ]
    assert [item.data["id"] for item in items] == [f"{FORM}/ACYDB33:11aa"]


def test_a_response_without_a_time_is_a_bad_record() -> None:
    fake = with_one(createTime=None, lastSubmittedTime="soon")
    with pytest.raises(BadRecord, match="at:"):
        records(fake)


def _record(question: dict[str, Any], *values: str, **settings: Any) -> list[Feedback]:
    form = {
        "items": [{"itemId": "1", "title": "Your stay?", "questionItem": {"question": question}}]
    }
    answers = {"q": {"textAnswers": {"answers": [{"value": value} for value in values]}}}
    response = {"responseId": "R", "createTime": zulu(1), "answers": answers}
    made = source(FakeGoogleForms(), "http://127.0.0.1:9", **settings)
    return [made.parse(item) for item in made._items(response, _questions(form), "")]


def test_another_choice_is_a_comment_of_its_own() -> None:
    options = [{"value": "Beds"}, {"isOther": True}]
    choice = {"questionId": "q", "choiceQuestion": {"type": "CHECKBOX", "options": options}}
    (record,) = _record(choice, "Beds", "The lift was out of order")
    assert (record.native_id, record.text) == (f"{FORM}/R:q-other", "The lift was out of order")


@pytest.mark.parametrize(
    ("scale", "csat"),
    [
        ({"low": 0, "high": 10}, None),
        ({"low": 1, "high": 5, "lowLabel": "Very poor", "highLabel": "Very good"}, 4),
        ({"low": 1, "high": 5, "lowLabel": "Very satisfied", "highLabel": "Dissatisfied"}, None),
    ],
)
def test_a_scale_is_satisfaction_only_if_its_ends_say_so(scale: Any, csat: float | None) -> None:
    (record,) = _record({"questionId": "q", "scaleQuestion": scale}, "4")
    assert (record.csat and record.csat.value) == csat
    assert attributes_without_submission(record) == ({} if csat else {"Your stay?": "4"})


def read_one(question: dict[str, Any], answer: dict[str, Any], **item: Any) -> list[Item]:
    """Return the items of a form with one question."""
    made = source(FakeGoogleForms(), "http://127.0.0.1:9")
    form = {"items": [{"questionItem": {"question": {"questionId": "q", **question}}, **item}]}
    response = {"responseId": "r", "createTime": zulu(3), "answers": {"q": answer}}
    return made._items(response, _questions(form), "")


def written(*values: str) -> dict[str, Any]:
    return {"textAnswers": {"answers": [{"value": value} for value in values]}}


def test_a_question_of_a_new_type_is_a_line() -> None:
    (item,) = read_one({"futureQuestion": {}}, written("We waited, and nobody came."), title="T")
    assert item.data["text"] == "We waited, and nobody came."


def test_a_question_may_stand_in_the_description() -> None:
    text = {"textQuestion": {"paragraph": True}}
    (item,) = read_one(text, written("Cold."), description="Tell us all")
    assert item.data["question"] == "Tell us all"


def test_files_and_answers_to_removed_questions_are_counted() -> None:
    files = {"fileUploadAnswers": {"answers": [{"fileName": "sam.png"}]}}
    (item,) = read_one({"fileUploadQuestion": {}}, files, title="Photo")
    assert sum(item.left_out.values()) == 1
    fake = with_one(answers=answered(q11aa="Fine.", q00zz="To a question of last year"))
    with serve_fake(fake) as service:
        (page,) = source(fake, service.url).fetch(None)
    assert page.items[0].left_out == {REMOVED_QUESTION: 1}
