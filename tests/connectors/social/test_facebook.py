"""Behaviour of the Facebook connector only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.sdk.base import Item, Page
from connectors.sdk.errors import Retry, Skip, Unauthorized
from connectors.sdk.source import Polled
from connectors.social.facebook import Facebook, FacebookConfig
from schemas.feedback import Family, Feedback
from tests.support.fake_service import NOW, Served, moment, serve_fake
from tests.support.fakes import build_source
from tests.support.services._graph import TOKEN, USER
from tests.support.services.facebook import FakeFacebook

PAGE = "111"


def connect(fake: FakeFacebook, service: Served, **settings: Any) -> Facebook:
    config = {**fake.settings(service.url), **settings}
    changed = type("Changed", (), {"name": fake.name, "settings": lambda _, url: config})()
    source = build_source(changed, service.url, author_key=b"key", now=lambda: NOW)
    assert isinstance(source, Facebook)
    return source


def read(source: Polled, cursor: str | None = None) -> tuple[list[Feedback], str | None]:
    """The records of a run, and its last cursor."""
    records: list[Feedback] = []
    for page in source.fetch(cursor):
        cursor = page.cursor
        for item in page.items:
            try:
                records.append(source.parse(item))
            except Skip:
                continue
    return records, cursor


def read_pages(fake: FakeFacebook, **settings: Any) -> list[Page]:
    with serve_fake(fake) as service:
        return [*connect(fake, service, **settings).fetch(None)]


@pytest.fixture
def fake() -> FakeFacebook:
    """One page with one post of its own, without comments."""
    made = FakeFacebook()
    made.texts.clear()
    made.lists.clear()
    made.lists |= {f"{page}/{name}": [] for page in ("111", "222") for name in ("feed", "tagged")}
    made.add_post(PAGE, 1, own=True)
    return made


@pytest.fixture
def post(fake: FakeFacebook) -> dict[str, Any]:
    found: dict[str, Any] = fake.lists["111/feed"][0]
    return found


def test_a_comment_has_the_post_as_its_question(fake: FakeFacebook, post: dict[str, Any]) -> None:
    comment = fake.add_comment(post, 2)
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service))
    assert (record.family, record.native_id) == (Family.SOCIAL, comment["id"])
    assert (record.text, record.question) == (comment["message"], post["message"])
    assert (record.created_at, record.site) == (moment(2), "Eastgate")
    assert record.url == f"https://www.facebook.com/{comment['id']}"
    assert record.attributes == {"kind": "comment"}
    payload = record.to_payload().decode()
    assert record.author and USER["id"] not in payload and USER["name"] not in payload


def test_a_reply_has_the_comment_as_its_question(fake: FakeFacebook, post: dict[str, Any]) -> None:
    comment = fake.add_comment(post, 2)
    reply = fake.add_comment(post, 3, parent=comment)
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service))
    questions = {record.native_id: record.question for record in records}
    assert questions == {comment["id"]: post["message"], reply["id"]: comment["message"]}


def test_posts_of_visitors_and_mentions_are_feedback(fake: FakeFacebook) -> None:
    visitor, mention = fake.add_post(PAGE, 2), fake.add_post(PAGE, 3, name="tagged")
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service))
        own_feed, _ = read(connect(fake, service, mentions=False))
    assert {record.native_id for record in records} == {visitor["id"], mention["id"]}
    assert {record.native_id for record in own_feed} == {visitor["id"]}
    assert {record.author for record in records} == {None}
    assert {record.question for record in records} == {None}
    assert [record.attributes for record in records] == [{"kind": "post"}] * 2


def test_what_pages_of_the_organization_write_is_left_out(
    fake: FakeFacebook, post: dict[str, Any]
) -> None:
    for own in (PAGE, "222", "333"):
        fake.add_comment(post, 2, **{"from": {"id": own, "name": "Us"}})
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service, own_accounts=["333"]))
    assert records == []


def test_says_that_the_page_has_answered(fake: FakeFacebook, post: dict[str, Any]) -> None:
    comment = fake.add_comment(post, 2)
    fake.answer(PAGE, post, comment, 4)
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service))
    assert record.attributes == {"kind": "comment", "answered": "yes"}


def test_an_answer_that_comes_later_is_a_later_revision(
    fake: FakeFacebook, post: dict[str, Any]
) -> None:
    comment = fake.add_comment(post, 2)
    visitor = fake.add_post(PAGE, 2)
    with serve_fake(fake) as service:
        before, cursor = read(connect(fake, service))
        fake.answer(PAGE, post, comment, 4)
        fake.answer(PAGE, post, comment, 5)
        fake.add_comment(visitor, 6, **{"from": {"id": PAGE, "name": "Eastgate"}})
        after, cursor = read(connect(fake, service), cursor)
        again, _ = read(connect(fake, service), cursor)
    assert {record.native_id for record in before} == {comment["id"], visitor["id"]}
    assert {record.native_id for record in after} == {comment["id"], visitor["id"]}
    revisions = {record.native_id: record.revision for record in before}
    for record in after:
        assert record.attributes["answered"] == "yes"
        assert record.revision > revisions[record.native_id]
        assert record.created_at == moment(2)
    assert again == []


def test_all_comments_on_a_post_are_read_and_then_only_the_new_ones(
    fake: FakeFacebook, post: dict[str, Any]
) -> None:
    for number in range(2, 40):
        fake.add_comment(post, number)
    with serve_fake(fake) as service:
        first, cursor = read(connect(fake, service, mentions=False))
        service.requests.clear()
        fake.add_comment(post, 41)
        second, _ = read(connect(fake, service, mentions=False), cursor)
        paths = [request.path for request in service.requests]
    assert {record.text for record in [*first, *second]} == {*fake.texts.values()}
    assert (len(first), len(second)) == (38, 1)
    assert sum(path.endswith("/comments") for path in paths) <= 1


def test_a_comment_on_a_post_of_last_month_is_found_within_the_days_of_the_settings(
    fake: FakeFacebook, post: dict[str, Any]
) -> None:
    post["created_time"] = (NOW - timedelta(days=40)).isoformat()
    fake.add_post(PAGE, 2)["created_time"] = (NOW - timedelta(days=20)).isoformat()
    for number in range(2, 20):
        fake.add_post(PAGE, number)
    for days, found in ((60, 1), (10, 0)):
        with serve_fake(fake) as service:
            _, cursor = read(connect(fake, service, recheck_days=days, per_page=1))
            fake.add_comment(post, 50 + found)
            records, _ = read(connect(fake, service, recheck_days=days, per_page=1), cursor)
        assert len(records) == found


def test_each_page_is_read_with_its_own_token_in_a_header(fake: FakeFacebook) -> None:
    for number in range(2, 12):
        fake.add_post(PAGE, number)
    with serve_fake(fake) as service:
        read(connect(fake, service))
        sent = [(request.path, request.headers["authorization"]) for request in service.requests]
        queries = " ".join(request.query for request in service.requests)
    assert ("/v25.0/111/feed", "Bearer EAApage-token-of-111") in sent
    assert ("/v25.0/222/tagged", "Bearer EAApage-token-of-222") in sent
    assert "EAA" not in queries and "appsecret_proof=" in queries and "after=" in queries


def test_a_page_s_own_token_is_used_as_it_is(fake: FakeFacebook) -> None:
    fake.add_post(PAGE, 2)
    with serve_fake(fake) as service:
        source = connect(fake, service, pages={PAGE: "Eastgate"})
        source.api.get = lambda token, path, params: (  # type: ignore[method-assign]
            {"id": PAGE} if path == PAGE else {"data": [], "token": token.get_secret_value()}
        )
        assert source.get(PAGE, "111/feed", {})["token"] == TOKEN


def test_a_token_that_has_expired_costs_one_page_only(fake: FakeFacebook) -> None:
    fake.add_post("222", 2)
    fake.token_for = lambda owner: "other" if owner == "111" else f"EAApage-token-of-{owner[:3]}"  # type: ignore[method-assign]
    refuse = fake._refusal
    fake._refusal = lambda request, token: refuse(request, token and token.replace("other", "new"))  # type: ignore[method-assign]
    with serve_fake(fake) as service:
        source = connect(fake, service)
        records: list[Item] = []
        with pytest.raises(Unauthorized, match="has expired") as raised:
            for page in source.fetch(None):
                records += page.items
    assert [*raised.value.failed_places] == ["111/feed", "111/tagged"]
    assert len(records) == 1


def test_a_limit_ends_the_run_and_is_not_hammered(fake: FakeFacebook) -> None:
    usage = '{"111": [{"type": "pages", "estimated_time_to_regain_access": 30}]}'
    fake.problem = (403, 32, {"X-Business-Use-Case-Usage": usage})
    with serve_fake(fake) as service:
        with pytest.raises(Retry, match="rate limit") as raised:
            read(connect(fake, service, pages={PAGE: "Eastgate"}, mentions=False))
        assert len(service.requests) == 2
    assert raised.value.wait == 1_800


def test_begins_again_where_a_position_has_expired(fake: FakeFacebook) -> None:
    for number in range(2, 12):
        fake.add_post(PAGE, number)
    with serve_fake(fake) as service:
        begun = next(iter(connect(fake, service, mentions=False).fetch(None)))
        fake.lost_positions = True
        fake.lists["111/feed"] = fake.lists["111/feed"][-4:]
        records, _ = read(connect(fake, service, mentions=False), begun.cursor)
    assert {record.text for record in records} <= {*fake.texts.values()}


def test_no_token_stands_in_an_item(fake: FakeFacebook, post: dict[str, Any]) -> None:
    for number in range(2, 12):
        fake.add_comment(post, number)
    for page in read_pages(fake):
        assert "EAA" not in page.cursor
        for item in page.items:
            assert "EAA" not in repr(item)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"from": None},
        {"from": [7]},
        {"from": {"id": 7}},
        {"created_time": "yesterday"},
        {"created_time": "9999-12-31T00:00:00+0000"},
        {"created_time": 0},
        {"parent": "none"},
        {"parent": {"message": {"a": 1}}},
        {"attachment": {"x": 1}},
    ],
)
def test_nothing_beside_a_comment_refuses_it(
    fake: FakeFacebook, post: dict[str, Any], spoiled: dict[str, Any]
) -> None:
    comment = fake.add_comment(post, 2)
    comment.update(spoiled)
    post["message"] = ["no text"]
    with serve_fake(fake) as service:
        ((record,), _) = read(connect(fake, service))
    assert record.text == comment["message"]


@pytest.mark.parametrize("odd", [{"data": {}}, {"message": "Sorry"}, ["none"], "none"])
def test_comments_that_are_unreadable_are_noted(
    fake: FakeFacebook, post: dict[str, Any], odd: Any
) -> None:
    visitor = fake.add_post(PAGE, 2)
    post["comments"] = odd
    fake.lists[f"{post['id']}/comments"] = []
    pages = read_pages(fake)
    assert [note for page in pages for note in page.notes] == [
        "111/feed: the comments in a response are unreadable"
    ]
    assert visitor["id"] in {
        item.origin.rpartition("/")[2] for page in pages for item in page.items
    }


def test_comments_that_cannot_be_read_further_are_noted(
    fake: FakeFacebook, post: dict[str, Any]
) -> None:
    for number in range(2, 12):
        fake.add_comment(post, number)
    with serve_fake(fake) as service:
        source = connect(fake, service, mentions=False)
        pages = source.fetch(None)
        page_of = fake._page
        fake._page = lambda name, limit, after, url: (  # type: ignore[method-assign]
            None if after else page_of(name, limit, after, url)
        )
        notes = [note for page in pages for note in page.notes]
    assert notes == ["111/feed: more comments of a post could not be read"]


def test_a_picture_without_text_is_skipped(fake: FakeFacebook, post: dict[str, Any]) -> None:
    fake.add_comment(post, 2, message="")
    with serve_fake(fake) as service:
        records, _ = read(connect(fake, service))
    assert records == []


def test_pages_and_version_are_checked() -> None:
    good = {"pages": {PAGE: "Eastgate"}, "access_token": TOKEN}
    faults: list[dict[str, Any]] = [{"pages": {}}, {"pages": {"../me": "x"}}]
    for bad in [*faults, {"version": "v25.0/me"}, {"site": "Eastgate"}]:
        with pytest.raises(ValidationError):
            FacebookConfig.model_validate({**good, **bad})
