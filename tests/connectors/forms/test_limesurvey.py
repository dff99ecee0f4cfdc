"""``limesurvey``: which column becomes what, and what is odd about this service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.limesurvey.connector import LimeSurvey
from connectors.forms.limesurvey.progress import Progress, split_ids
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Misconfigured, Unauthorized
from connectors.sdk.leniency import FIRST_SEEN
from schemas.feedback import Feedback
from tests.support.fake_service import NOW, serve_fake
from tests.support.fakes import attributes_without_submission, build_source
from tests.support.services.limesurvey import (
    OTHER_SURVEY,
    QUESTIONS,
    SURVEY,
    FakeLimeSurvey,
    question,
    response,
)


def source(fake: FakeLimeSurvey, url: str, **settings: Any) -> LimeSurvey:
    values = fake.settings
    fake.settings = lambda url: values(url) | settings  # type: ignore[method-assign]
    made = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(made, LimeSurvey)
    return made


def read_pages(fake: FakeLimeSurvey, cursor: str | None = None, **settings: Any) -> list[Page]:
    with serve_fake(fake) as service:
        return list(source(fake, service.url, **settings).fetch(cursor))


def records(fake: FakeLimeSurvey, **settings: Any) -> list[Feedback]:
    with serve_fake(fake) as service:
        reader = source(fake, service.url, **settings)
        return [reader.parse(item) for page in reader.fetch(None) for item in page.items]


def with_one(*questions: dict[str, Any], **answers: Any) -> FakeLimeSurvey:
    """Return a service with one response, whose survey has these questions too."""
    fake = FakeLimeSurvey()
    fake.responses[SURVEY] = [response(8, **answers)]
    fake.questions = [*QUESTIONS, *questions]
    return fake


def texts(fake: FakeLimeSurvey, **settings: Any) -> dict[str, str]:
    """Return the comments by their columns."""
    return {record.native_id.partition(":")[2]: record.text for record in records(fake, **settings)}


def test_a_comment_carries_its_question_and_its_time() -> None:
    (record,) = records(with_one(), timezone="Europe/London", site="Eastgate")
    assert record.native_id == f"eastgate/{SURVEY}/9:better"
    assert record.question == "What could we do better?"
    assert record.created_at == datetime(2026, 11, 15, 16, tzinfo=UTC)
    assert (record.language, record.site) == ("en", "Eastgate")
    assert attributes_without_submission(record) == {"survey": SURVEY}
    assert record.author is not None and "Bloggs" not in record.to_payload().decode()


def test_times_are_those_of_the_servers_zone() -> None:
    summer = with_one(submitdate="2026-07-01 10:00:00")
    (record,) = records(summer, timezone="Europe/Berlin")
    assert record.created_at == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_an_array_is_a_score_only_if_settings_say_so() -> None:
    (plain,) = records(with_one())
    assert plain.nps is None
    (record,) = records(with_one(), scores={"recommend[SQ001_A1]": "nps"})
    assert record.nps is not None and record.nps.value == 8
    (named,) = records(with_one(), scores={"recommend": "nps"})
    assert named.nps is not None and named.nps.value == 8


def test_a_list_is_a_score_by_its_codes_or_its_wordings() -> None:
    stars = question(9, "stars", "L", "Your stars?")
    fake = with_one(stars, stars="4")
    (record,) = records(fake, scores={"stars": "stars"})
    assert record.stars is not None and record.stars.value == 4
    fake.properties["9"] = {"answeroptions": {"4": {"answer": "Good"}, "1": {"answer": "Bad"}}}
    (record,) = records(fake, scores={"stars": {"measure": "csat", "choices": ["Bad", "Good"]}})
    assert record.csat is not None and record.csat.value == record.csat.best


def test_every_kind_of_text_is_a_comment() -> None:
    fake = with_one(
        question(10, "huge", "U", "Tell us the whole story."),
        question(11, "short", "S", "What was good?"),
        question(12, "several", "Q", "Three things to improve"),
        question(120, "SQ001", "T", "First", parent_qid="12"),
        question(121, "SQ002", "T", "Second", parent_qid="12"),
        question(13, "grid", ";", "What do you think of"),
        question(130, "R1", "T", "the food", parent_qid="13"),
        question(131, "C1", "T", "at noon", parent_qid="13", scale_id="1"),
        question(14, "listed", "O", "How was the food?"),
        question(15, "boxes", "P", "What did you use?"),
        question(150, "SQ001", "T", "The lift", parent_qid="15"),
        huge="It was a long night.",
        short="The night nurse.",
        **{
            "several[SQ001]": "Bring the tea while it is hot.",
            "several[SQ002]": "",
            "grid[R1_C1]": "Cold again, every single day.",
            "listed": "A1",
            "listed[comment]": "Much too salty.",
            "boxes[SQ001]": "Y",
            "boxes[SQ001comment]": "It was broken.",
        },
    )
    assert texts(fake) == {
        "better": response(8)["better"],
        "huge": "It was a long night.",
        "short": "The night nurse.",
        "several[SQ001]": "Bring the tea while it is hot.",
        "grid[R1_C1]": "Cold again, every single day.",
        "listed[comment]": "Much too salty.",
        "boxes[SQ001comment]": "It was broken.",
    }
    wordings = {record.text: record.question for record in records(fake)}
    assert wordings["Cold again, every single day."] == "What do you think of: the food: at noon"
    assert wordings["It was broken."] == "What did you use?: The lift"


@pytest.mark.parametrize("column", ["why[other]", "whyother"])
def test_other_of_a_list_is_a_comment(column: str) -> None:
    given = {"why": "-oth-", "why[other]": "", column: "My mother fell and nobody came."}
    fake = with_one(**given)
    assert texts(fake)["why-other"] == "My mother fell and nobody came."
    (first, *_) = records(fake, keep=["why"])
    assert first.attributes["Why were you here?"] == "My mother fell and nobody came."


def test_other_of_boxes_is_a_comment_beside_what_was_ticked() -> None:
    used = question(16, "used", "M", "What did you use?", other="Y")
    part = question(160, "SQ001", "T", "The lift", parent_qid="16")
    fake = with_one(
        used,
        part,
        **{"used[SQ001]": "Y", "used[other]": "The stairs, since the lift was broken."},
    )
    assert texts(fake)["used-other"] == "The stairs, since the lift was broken."


def test_a_single_box_is_consent() -> None:
    box = question(17, "call", "M", "May we call you?")
    part = question(170, "SQ001", "T", "You may", parent_qid="17")
    for value, contact in (("Y", "yes"), ("", "no")):
        fake = with_one(box, part, **{"call[SQ001]": value})
        (record,) = records(fake, contact_field="call")
        assert record.attributes["contact"] == contact


def test_codes_are_kept_as_their_wordings() -> None:
    (record,) = records(with_one(why="A2"), keep=["why"])
    assert record.attributes["Why were you here?"] == "Check-up"


def test_validated_and_hidden_texts_are_no_comments() -> None:
    fake = with_one(
        question(18, "postcode", "S", "What is better?", preg="/^[A-Z0-9 ]+$/"),
        question(19, "nights", "S", "What about the nights?"),
        question(22, "ward", "S", "What ward is it?"),
        postcode="SW1A 1AA",
        nights="3",
        ward="Ward 4",
    )
    fake.properties["19"] = {"attributes": {"numbers_only": "1"}}
    fake.properties["22"] = {"attributes": {"hidden": "1"}}
    (record,) = records(fake, service_field="ward")
    assert (record.text, record.service) == (response(8)["better"], "Ward 4")


def test_without_its_time_a_response_has_that_of_its_first_reading() -> None:
    (record,) = records(with_one(submitdate="1980-01-01 00:00:00"))
    assert (record.created_at, record.attributes["date"]) == (NOW, FIRST_SEEN)


def test_old_servers_wrap_each_response() -> None:
    fake = with_one()
    fake.wraps = True
    assert len(records(fake)) == 1


def test_incomplete_responses_arrive_once_they_are_complete() -> None:
    fake = FakeLimeSurvey()
    fake.responses[SURVEY][20]["submitdate"] = None
    pages = read_pages(fake)
    assert len([item for page in pages for item in page.items]) == 34
    fake.responses[SURVEY][20]["submitdate"] = "2026-11-19 09:00:00"
    (page,) = read_pages(fake, pages[-1].cursor)
    assert [item.data["id"] for item in page.items] == [f"eastgate/{SURVEY}/21:better"]


def test_a_survey_that_fails_blocks_no_other_and_loses_nothing() -> None:
    fake = FakeLimeSurvey()
    fake.responses[OTHER_SURVEY] = [response(3)]
    fake.statuses[SURVEY] = "No permission"
    surveys = {"surveys": [SURVEY, OTHER_SURVEY], "survey_sites": {OTHER_SURVEY: "Westgate"}}
    pages: list[Page] = []
    with serve_fake(fake) as service:
        reader = source(fake, service.url, **surveys)
        with pytest.raises(Fatal) as raised:
            pages.extend(reader.fetch(None))
        (record,) = (reader.parse(item) for page in pages for item in page.items)
    assert list(raised.value.failed_places) == [SURVEY]
    assert (record.site, record.native_id) == ("Westgate", f"eastgate/{OTHER_SURVEY}/4:better")
    fake.statuses.clear()
    later = read_pages(fake, pages[-1].cursor)
    assert len([item for page in later for item in page.items]) == 35
    assert all(page.is_history for page in later)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("No Data, survey table does not exist.", "not active"),
        ("No permission", "no permission"),
        ("Error: Invalid survey ID", "no such survey"),
        ("Error: Invalid language", "language"),
        ("jo@example.com is locked", "refuses the call"),
    ],
)
def test_what_a_server_refuses_is_said_and_not_quoted(status: str, reason: str) -> None:
    fake = FakeLimeSurvey()
    fake.statuses[SURVEY] = status
    with pytest.raises(Misconfigured, match=reason) as raised:
        read_pages(fake)
    assert "jo@" not in str(raised.value)


def test_a_survey_without_responses_is_empty() -> None:
    fake = FakeLimeSurvey()
    fake.responses[SURVEY] = []
    (page,) = read_pages(fake)
    assert list(page.items) == []
    fake.responses[SURVEY] = [response(1)]
    (later,) = read_pages(fake, page.cursor)
    assert len(later.items) == 1 and not later.is_history


def test_a_wrong_password_ends_the_run_after_one_attempt() -> None:
    fake = FakeLimeSurvey()
    with pytest.raises(Unauthorized):
        read_pages(fake, **{"password": "wrong"}, surveys=[SURVEY, OTHER_SURVEY])
    assert [method for method, _ in fake.calls] == ["get_session_key"]


def test_a_session_is_renewed_once_and_ended() -> None:
    fake = FakeLimeSurvey()
    with serve_fake(fake) as service:
        pages = source(fake, service.url).fetch(None)
        next(pages)
        fake.keys.clear()
        assert len(list(pages)) == 2
    methods = [method for method, _ in fake.calls]
    assert (methods.count("get_session_key"), methods[-1], fake.keys) == (
        2,
        "release_session_key",
        [],
    )


def test_questions_are_asked_for_only_if_there_is_something_to_read() -> None:
    fake = FakeLimeSurvey()
    pages = read_pages(fake)
    fake.calls.clear()
    assert read_pages(fake, pages[-1].cursor) == []
    assert [method for method, _ in fake.calls] == [
        "get_session_key",
        "export_responses",
        "release_session_key",
    ]


def test_ids_are_looked_for_in_a_window_below_the_newest() -> None:
    progress = Progress(window=10)
    progress.add([1, 2, 30])
    assert (progress.floor, progress.read) == (21, {30})
    assert progress.find_unread([5, 25, 30, 31]) == [25, 31]
    assert Progress.load(progress.dump(), 10) == progress


def test_wide_gaps_are_not_exported() -> None:
    assert list(split_ids([1, 2, 3, 50, 51], 2)) == [[1, 2], [3], [50, 51]]
