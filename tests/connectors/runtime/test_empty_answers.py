"""What says nothing is no comment, whatever family it is of; scores beside it stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.forms.form.connector import Form
from connectors.runtime.parsing import ParsedItem, parse_item
from connectors.runtime.run_stats import RunStats
from connectors.sdk.base import Connector, Item
from connectors.sdk.empty_answers import EMPTY_ANSWER
from connectors.sdk.source import Context, Source, WebhookRequest
from schemas.feedback import Family, Feedback, Operation
from schemas.measures import Stars
from tests.support.fake_service import moment
from tests.support.fakes import build_source
from tests.support.mails import CAME, build_email, write_message
from tests.support.services.google_business import FakeGoogleBusiness
from tests.support.services.google_play import FakeGooglePlay
from tests.support.services.intercom import FakeIntercom, event, rating
from tests.support.services.mastodon import FakeMastodon
from tests.support.services.tally import FakeTally
from tests.support.services.zendesk import FakeZendesk

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"
CREATED_MS = 1_772_357_400_000


class Sample:
    """A connector whose items are records."""

    name = "sample"
    handles_empty_answers = False

    def parse(self, item: Item) -> Feedback:
        record: Feedback = item.data
        return record


def record(text: str, **fields: Any) -> Feedback:
    created = datetime.fromtimestamp(CREATED_MS / 1000, UTC)
    return Feedback.collect(
        source="sample",
        native_id="1",
        family=Family.REVIEW,
        created_at=created,
        text=text,
        **fields,
    )


def parse(data: Any, parser: Any = None) -> tuple[Feedback | None, RunStats]:
    stats = RunStats()
    item = data if isinstance(data, Item) else Item(data, "sample/x:1", b"{}", NOW)
    parsed = parse_item(parser or Sample(), item, stats)
    return (parsed.record if isinstance(parsed, ParsedItem) else None), stats


def test_alone_it_is_skipped_and_counted() -> None:
    found, stats = parse(record("N/A"))
    assert found is None
    assert (stats.read, stats.skipped, stats.empty_answers) == (1, 1, 1)
    assert list(stats.skips) == [EMPTY_ANSWER]


def test_beside_a_score_only_the_text_is_left_out() -> None:
    found, stats = parse(record("-", stars=Stars(value=2), question="What was bad?"))
    assert found is not None and found.stars == Stars(value=2)
    assert (found.text, found.question) == ("", None)
    assert (stats.published, stats.empty_answers) == (1, 1)
    assert stats.left_out == {EMPTY_ANSWER: 1}


def test_after_an_edit_it_deletes_what_was_said() -> None:
    found, stats = parse(record("nothing", revision=CREATED_MS + 1))
    assert found is not None
    assert (found.operation, found.text) == (Operation.DELETE, "")
    assert stats.empty_answers == 1


@pytest.mark.parametrize("text", ["", "Nobody came.", "👎"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    given = record(text, stars=Stars(value=2))
    found, stats = parse(given)
    assert found is given
    assert stats.empty_answers == 0


def test_a_connector_may_decide_itself() -> None:
    class Decides(Sample):
        handles_empty_answers = True

    given = record("N/A")
    assert parse(given, Decides())[0] is given
    assert not Connector.handles_empty_answers


def parse_review(text: str) -> tuple[Feedback | None, RunStats]:
    fake = FakeGooglePlay()
    fake.reviews[1][4] = text
    source = build_source(fake, NOWHERE)
    return parse(source.item(fake.reviews[1], origin="1", payload=b"[]"), source)


def parse_post(text: str) -> tuple[Feedback | None, RunStats]:
    fake = FakeMastodon()
    source = build_source(fake, NOWHERE, now=lambda: moment(50))
    return parse(source.item({**fake.status(3), "content": f"<p>{text}</p>"}, origin="1"), source)


def parse_rating(text: str) -> tuple[Feedback | None, RunStats]:
    source = build_source(FakeIntercom(), NOWHERE, now=lambda: NOW)
    conversation = event(2, rating(2, 4, text))["data"]["item"]
    told = conversation["conversation_rating"]
    data = {"id": "1", "rating": told["rating"], "remark": text, "rated_at": 1_772_357_400}
    return parse(source.item(data, origin="1"), source)


def parse_ticket(text: str) -> tuple[Feedback | None, RunStats]:
    source = build_source(FakeZendesk(), NOWHERE, now=lambda: NOW)
    at = "2026-11-19T10:00:00Z"
    data = {"id": "1", "subject": text, "text": text, "created_at": at, "updated_at": at}
    return parse(source.item(data, origin="1"), source)


def parse_mail(text: str) -> tuple[Feedback | None, RunStats]:
    source = build_email()
    message = write_message(text, Subject="").as_bytes()
    data = {"uid": 1, "arrived": CAME, "raw": message}
    return parse(source.item(data, origin="1", payload=message), source)


def parse_own_form(text: str) -> tuple[Feedback | None, RunStats]:
    form = Form(Form.Config.model_validate({}), Context("test"))
    request = WebhookRequest(b'{"text": "%s"}' % text.encode(), {}, None, NOW)
    (item,) = form.handle(request)
    return parse(item, form)


def parse_form(text: str) -> tuple[Feedback | None, RunStats]:
    source = build_source(FakeTally(), NOWHERE, now=lambda: NOW)
    return parse(_answer_form(source, text), source)


def _answer_form(source: Source, text: str) -> Item:
    field = {"key": "q1", "label": "What was bad?", "type": "TEXTAREA", "value": text}
    data = {"submissionId": "s1", "createdAt": "2026-11-19T10:00:00Z", "fields": [field]}
    submission = source.read_submission({"data": data})  # type: ignore[attr-defined]
    (item,) = source.items(submission)  # type: ignore[attr-defined]
    return item


Parse = Callable[[str], tuple[Feedback | None, RunStats]]


@pytest.mark.parametrize("parse_source", [parse_post, parse_ticket, parse_own_form, parse_form])
def test_sources_without_a_score_skip_it(parse_source: Parse) -> None:
    found, stats = parse_source("N/A")
    assert found is None
    assert (stats.skipped, stats.empty_answers, list(stats.skips)) == (1, 1, [EMPTY_ANSWER])
    found, stats = parse_source("Nobody came when I rang.")
    assert found is not None and "Nobody came" in found.text
    assert stats.empty_answers == 0


@pytest.mark.parametrize("parse_source", [parse_review, parse_rating])
def test_sources_with_a_score_keep_it(parse_source: Parse) -> None:
    found, stats = parse_source("n/a")
    assert found is not None and (found.stars or found.csat)
    assert (found.text, stats.published, stats.empty_answers) == ("", 1, 1)


def test_a_review_without_stars_is_skipped() -> None:
    fake = FakeGoogleBusiness()
    source = build_source(fake, NOWHERE, now=lambda: NOW)
    review = {"reviewId": "1", "comment": "...", "createTime": "2026-11-19T10:00:00Z"}
    location = next(iter(source.config.locations))
    found, stats = parse(source.item({"location": location, "review": review}, origin="1"), source)
    assert (found, stats.empty_answers) == (None, 1)


def test_a_mail_that_says_nothing_is_skipped() -> None:
    found, stats = parse_mail("N/A")
    assert (found, stats.empty_answers) == (None, 1)
