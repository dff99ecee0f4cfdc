"""The demo's comments: deterministic, varied, consistent, and with a story to find."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from deploy.demo.comments import bad_turn, compose_comments, make_comments
from deploy.demo.composer import Comment
from deploy.demo.phrasebook import phrases, places
from schemas.feedback import Family, Feedback

UNTIL = datetime(2026, 8, 14, 10, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 8, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def comments() -> list[Comment]:
    return list(compose_comments(until=UNTIL))


@pytest.fixture(scope="module")
def records(comments: list[Comment]) -> list[Feedback]:
    return [comment.feedback for comment in comments]


def _negative_share(comments: list[Comment]) -> float:
    return sum(comment.tone == "negative" for comment in comments) / len(comments)


def test_the_same_arguments_make_the_same_comments(records: list[Feedback]) -> None:
    assert records == list(make_comments(until=UNTIL))


def test_another_seed_makes_other_comments(records: list[Feedback]) -> None:
    other = list(make_comments(seed=8, until=UNTIL))
    assert set() == {r.event_id for r in records} & {r.event_id for r in other}


def test_a_demo_repeated_later_the_same_day_makes_the_same_ids_at_the_same_times(
    records: list[Feedback],
) -> None:
    again = make_comments(until=UNTIL.replace(hour=23, minute=59))
    expected = [(r.event_id, r.created_at, r.revision, r.text) for r in records]
    assert expected == [(r.event_id, r.created_at, r.revision, r.text) for r in again]


def test_makes_as_many_as_asked_each_with_an_id_of_its_own(records: list[Feedback]) -> None:
    assert len(records) == 2_400
    assert len({r.event_id for r in records}) == 2_400


def test_comments_lie_in_the_days_before_in_order_of_time(records: list[Feedback]) -> None:
    times = [r.created_at for r in records]
    assert sorted(times) == times
    assert MIDNIGHT - timedelta(days=60) <= times[0]
    assert times[-1] < MIDNIGHT


def test_is_fast() -> None:
    start = time.process_time()
    count = sum(1 for _ in make_comments(until=UNTIL))
    assert count == 2_400
    assert time.process_time() - start < 2


def test_at_least_85_per_cent_of_the_texts_differ(records: list[Feedback]) -> None:
    assert len({r.text for r in records}) / len(records) >= 0.85


def test_no_slot_stays_unfilled_and_no_text_is_empty(records: list[Feedback]) -> None:
    assert [r.text for r in records if "{" in r.text or not r.text.strip()] == []


def test_every_site_and_family_and_all_services_occur(records: list[Feedback]) -> None:
    assert {s.name for s in places().sites} == {r.site for r in records}
    assert len({r.organization for r in records}) == 3
    assert {s.name for s in places().services.values()} == {r.service for r in records}
    assert set(Family) == {r.family for r in records}


def test_reviews_bring_stars_and_social_mentions_an_address_on_example_org(
    records: list[Feedback],
) -> None:
    assert all(r.stars for r in records if r.family is Family.REVIEW)
    address = re.compile(r"https://[a-z]+\.example\.org/")
    assert all(address.match(r.url or "") for r in records if r.family is not Family.FORM)


def test_forms_bring_every_kind_of_survey_and_questions(records: list[Feedback]) -> None:
    forms = [r for r in records if r.family is Family.FORM]
    for survey in ("fft", "nps", "csat", "ces"):
        assert sum(getattr(r, survey) is not None for r in forms) > 20, survey
    questions = Counter(r.question for r in forms)
    assert min(questions["What was good?"], questions["What could we do better?"]) > 200


def test_ratings_follow_the_tone(comments: list[Comment]) -> None:
    for comment in comments:
        for survey in ("stars", "fft", "nps", "csat", "ces"):
            measure = getattr(comment.feedback, survey)
            if measure is None or measure.score is None:
                continue
            if comment.tone == "positive":
                assert measure.score >= 0.7, (survey, measure)
            if comment.tone == "negative":
                assert measure.score <= 0.5, (survey, measure)


def test_six_other_languages_are_there_some_declared_and_some_not(
    records: list[Feedback],
) -> None:
    texts = {text for tones in phrases().languages.values() for ss in tones.values() for text in ss}
    foreign = [r for r in records if any(text in r.text for text in texts)]
    assert 0.05 < len(foreign) / len(records) < 0.13
    assert {*phrases().languages, None} == {r.language for r in foreign}


def test_weekends_and_nights_are_quieter(records: list[Feedback]) -> None:
    usual = [r for r in records if r.created_at < bad_turn(UNTIL).since]
    weekdays = Counter(r.created_at.weekday() for r in usual)
    assert weekdays[6] < 0.75 * weekdays[0]
    hours = Counter(r.created_at.hour for r in usual)
    assert sum(hours[h] for h in range(6)) < 0.2 * sum(hours[h] for h in range(9, 15))


def test_one_site_goes_bad_in_the_last_four_days(comments: list[Comment]) -> None:
    turn = bad_turn(UNTIL)
    here = [c for c in comments if c.feedback.site == turn.site]
    before = [c for c in here if c.feedback.created_at < turn.since]
    during = [c for c in here if c.feedback.created_at >= turn.since]
    assert 0.12 < _negative_share(before) < 0.28
    assert 0.6 < _negative_share(during) < 0.85
    assert len(during) / 4 > 2 * len(before) / 56
    assert turn.until - turn.since == timedelta(days=4)
    assert turn.topics == ("waiting_times", "communication")


def test_every_other_site_stays_as_it_was(comments: list[Comment]) -> None:
    turn = bad_turn(UNTIL)
    others = [
        c for c in comments if c.feedback.site != turn.site and c.feedback.created_at >= turn.since
    ]
    assert _negative_share(others) < 0.33


def test_personal_data_is_planted_where_the_comment_says_so(comments: list[Comment]) -> None:
    kinds = Counter(kind for comment in comments for kind in comment.personal)
    assert set(phrases().personal.sentences) == set(kinds)
    for comment in comments:
        for value in comment.personal.values():
            assert value in comment.feedback.text


def test_records_survive_their_payload(records: list[Feedback]) -> None:
    assert records == [Feedback.from_payload(r.to_payload()) for r in records]
