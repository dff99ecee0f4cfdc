"""Care Opinion: stories with their services and tags, late publication, and the login page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.reviews.care_opinion.connector import CareOpinion
from connectors.sdk.errors import Retry, Skip, Unauthorized
from connectors.sdk.http import HttpResponse
from schemas.feedback import Feedback
from tests.support.fake_service import moment, serve_fake
from tests.support.fakes import build_source
from tests.support.services.care_opinion import FakeCareOpinion

NOW = moment(50)


def source(url: str, fake: FakeCareOpinion | None = None, **settings: Any) -> CareOpinion:
    made = build_source(fake or FakeCareOpinion(), url, now=lambda: NOW)
    assert isinstance(made, CareOpinion)
    return with_settings(made, url, **settings)


def with_settings(made: CareOpinion, url: str, **settings: Any) -> CareOpinion:
    whole = {**FakeCareOpinion().settings(url), **settings}
    made.config = made.Config.model_validate(whole)  # type: ignore[assignment]
    return made


def parse(
    services: list[Any] | None = None, tags: list[Any] | None = None, **story: Any
) -> Feedback:
    made = source("http://127.0.0.1:9")
    whole = {"id": 7, "title": "Kind", "dateOfSubmission": "2026-05-03T10:15:00", **story}
    data = {"story": whole, "services": services or [], "tags": tags or []}
    return made.parse(made.item(data, origin="7", payload=b"{}"))


def stories(made: CareOpinion, cursor: str | None = None) -> list[Feedback]:
    return [made.parse(item) for page in made.fetch(cursor) for item in page.items]


def test_title_and_body_are_one_comment_given_when_it_was_submitted() -> None:
    record = parse(body="They *listened*.", dateOfPublication="2026-05-06T09:00:00")
    assert (record.native_id, record.text) == ("7", "Kind\nThey *listened*.")
    assert record.created_at.isoformat() == "2026-05-03T10:15:00+00:00"
    assert record.revision == 1_778_058_000_000
    assert record.url == "http://127.0.0.1:9/opinions/7"
    assert record.author is None


@pytest.mark.parametrize("date", [None, "", "soon", {}, "0001-01-01T00:00:00"])
def test_a_story_without_a_time_of_submission_has_that_of_its_publication(date: Any) -> None:
    record = parse(dateOfSubmission=date, dateOfPublication="2026-05-06T09:00:00")
    assert record.created_at.isoformat() == "2026-05-06T09:00:00+00:00"
    bare = parse(dateOfSubmission=date, dateOfPublication=date)
    assert (bare.text, bare.created_at, bare.attributes) == ("Kind", NOW, {"date": "first seen"})


@pytest.mark.parametrize("odd", [None, "Kind", {"error": "Sorry"}, {"id": None}])
def test_odd_stories_before_all_others_are_not_lost(odd: Any) -> None:
    made = source("http://127.0.0.1:9")
    pages = iter([[odd, [odd]], [odd, [odd]]])
    made._list_stories = lambda since, skip: next(pages)  # type: ignore[method-assign]
    items = [item for page in made.fetch(None) for item in page.items]
    assert [item.data["story"] for item in items] == [odd, [odd]]


def test_a_story_without_words_is_left_out() -> None:
    with pytest.raises(Skip):
        parse(title=" ", body=None)


def test_what_moderators_and_authors_add_are_attributes() -> None:
    record = parse(
        criticality="not critical",
        progress="change planned",
        authorRole="a relative",
        tags=[{"name": "staff", "group": "What was good", "polarity": 1}, {"name": "food"}],
    )
    assert record.attributes == {
        "criticality": "not critical",
        "progress": "change planned",
        "author_role": "a relative",
        "tags": "staff; food",
        "good": "staff",
    }


def test_the_first_service_is_the_storys_and_all_are_named() -> None:
    ward = {"nacs": "A_1", "name": "Ward 4", "type": "service", "organisation": "Trust A"}
    record = parse(services=[{**ward, "site": "North"}, {"nacs": "B", "name": "South"}])
    assert (record.organization, record.site, record.service) == ("Trust A", "North", "Ward 4")
    assert record.attributes == {"services": "Ward 4; South"}


def test_services_and_tags_are_asked_for_by_name_and_each_service_once() -> None:
    fake = FakeCareOpinion()
    ward, hospital, gone = fake.stories[0], fake.stories[1], fake.stories[2]
    ward["links"] = [{"relation": "healthservice", "id": "RX1EG_180", "link": "…"}]
    gone["links"] = [{"rel": "healthservice", "id": "RX9"}]
    fake.stories = [ward, hospital, gone]
    fake.tags = {ward["id"]: [{"name": "staff", "group": "What was good", "polarity": 1}]}
    with serve_fake(fake) as service:
        records = stories(source(service.url, fake, tags=True))
        asked = [request.path for request in service.requests if "/healthservices/" in request.path]
    assert [(record.site, record.service) for record in records] == [
        ("Eastgate Hospital", "Accident and emergency"),
        ("Eastgate Hospital", None),
        (None, None),
    ]
    assert records[0].attributes["tags"] == "staff"
    assert sorted(asked) == [
        f"/api/v2/healthservices/{code}" for code in ("RX1EG", "RX1EG_180", "RX9")
    ]


def test_services_that_are_only_linked_as_a_list_are_read_from_there() -> None:
    fake = FakeCareOpinion()
    fake.stories = fake.stories[:1]
    fake.stories[0]["links"] = [{"relation": "healthservices", "link": "…"}]
    with serve_fake(fake) as service:
        (record,) = stories(source(service.url, fake))
    assert (record.site, record.service) == ("Eastgate Hospital", "Accident and emergency")


def test_what_the_settings_name_wins_over_what_the_service_says() -> None:
    made = source("http://127.0.0.1:9", site="Mine", organization="Ours")
    data = {
        "story": {"id": 7, "title": "Kind", "dateOfSubmission": "2026-05-03T10:15:00"},
        "services": [{"name": "North", "type": "hospital", "organisation": "Trust A"}],
    }
    record = made.parse(made.item(data, origin="7", payload=b"{}"))
    assert (record.site, record.organization) == ("Mine", "Ours")


def test_reads_from_before_the_newest_until_an_empty_page() -> None:
    fake = FakeCareOpinion()
    with serve_fake(fake) as service:
        made = source(service.url, fake)
        pages = list(made.fetch(None))
        list(made.fetch(pages[-1].cursor))
        asked = [
            request.query for request in service.requests if request.path == "/api/v2/opinions"
        ]
    since = f"{moment(14) - timedelta(days=30):%Y-%m-%d}"
    assert [len(page.items) for page in pages] == [5, 5, 2, 0]
    assert asked[:4] == [f"take=5&skip={skip}" for skip in (0, 5, 10, 12)]
    assert asked[4:] == [f"{query}&submittedonafter={since}" for query in asked[:4]]


def test_a_story_submitted_before_the_newest_and_published_after_it_is_news() -> None:
    fake = FakeCareOpinion()
    late = fake.stories.pop(2)
    with serve_fake(fake) as service:
        made = source(service.url, fake)
        *_, last = made.fetch(None)
        late["dateOfPublication"] = f"{moment(30):%Y-%m-%dT%H:%M:%S}"
        fake.stories.append(late)
        again = stories(made, last.cursor)
    assert [record.native_id for record in again] == [str(late["id"])]


def test_a_wrong_key_which_leads_to_the_login_page_ends_the_run() -> None:
    fake = FakeCareOpinion()
    with serve_fake(fake) as service:
        made = source(service.url, fake, subscription_key="wrong-key")
        with pytest.raises(Unauthorized, match="the subscription key is refused") as raised:
            list(made.fetch(None))
    assert "wrong-key" not in str(raised.value)


def test_an_answer_that_is_no_list_is_asked_for_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HttpResponse, "json", lambda self: "Sorry! Something went wrong.")
    fake = FakeCareOpinion()
    with serve_fake(fake) as service, pytest.raises(Retry):
        list(source(service.url, fake).fetch(None))


def test_ratings_are_a_measure_and_tags_say_what_was_good() -> None:
    fake = FakeCareOpinion()
    story = fake.stories[0]
    path = f"/api/v2/opinions/{story['id']}/healthservices/RX1EG/ratings"
    story["authorAgeGroup"] = "55-64"
    story["links"] = [
        {"relation": "ratings", "link": f"https://www.careopinion.example{path}", "id": ""},
        {"relation": "ratings", "link": "https://elsewhere.example/ratings", "id": ""},
    ]
    fake.stories = [story]
    fake.tags = {
        story["id"]: [
            {"name": "food", "group": "What could be improved", "polarity": -1},
            {"name": "porters", "group": "What's good", "polarity": 1},
            {"name": "calm", "group": "Feelings"},
        ]
    }
    answers = [
        ("Was it clean?", 5, "5 of 5"),
        ("Were you heard?", 2, "2 of 5"),
        ("Parking?", 9, ""),
    ]
    fake.ratings = {
        path: [
            {"questionText": question, "score": score, "scoreText": text}
            for question, score, text in answers
        ]
    }
    with serve_fake(fake) as service:
        (record,) = stories(source(service.url, fake, tags=True))
    assert record.csat is not None
    assert (record.csat.value, record.csat.worst, record.csat.best) == (3.5, 1, 5)
    named = {name: record.attributes[name] for name in ("good", "could_be_better", "age_group")}
    assert named == {"good": "porters", "could_be_better": "food", "age_group": "55-64"}
    assert record.attributes["ratings"].startswith("Was it clean? 5 of 5; Were you heard? 2 of 5")
