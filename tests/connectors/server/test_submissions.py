"""The JSON endpoint of a form."""

from __future__ import annotations

import hmac

import pytest

from pipeline.settings import Settings
from tests.connectors.server.conftest import Serve, form, records_on

TOKEN = "token-of-sixteen-characters"  # noqa: S105
TEXT = "The nurses were lovely."


def test_a_submission_is_a_record(serve: Serve, settings: Settings) -> None:
    settings_of_form = {"score": "nps", "questions": ["What was good?"], "organization": "Trust"}
    live = serve(form("json", api_token=TOKEN, **settings_of_form))
    answer = live.post(
        "/feedback/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
        json={
            "text": f" {TEXT} ",
            "score": 9,
            "site": "Eastgate",
            "service": "Emergency",
            "language": "en-GB",
            "submission_id": "json-0001",
            "created_at": "2026-03-01T09:30:00Z",
            "contact_requested": True,
        },
    )
    assert (answer.status_code, answer.json()) == (202, {"records": 1, "dead_letters": 0})
    (record,) = records_on(settings, "form", "json/")
    assert record.nps is not None and record.nps.value == 9
    assert record.model_dump(
        include={"native_id", "text", "question", "organization", "site", "service", "language"}
        | {"attributes", "revision"}
    ) == {
        "native_id": "json/json-0001",
        "text": TEXT,
        "question": "What was good?",
        "organization": "Trust",
        "site": "Eastgate",
        "service": "Emergency",
        "language": "en-GB",
        "attributes": {"contact_requested": "yes"},
        "revision": 1_772_357_400_000,
    }


def test_the_same_submission_sent_twice_is_one_record(serve: Serve, settings: Settings) -> None:
    live = serve(form("twice"))
    for _ in range(2):
        live.post("/feedback/twice", json={"text": TEXT, "submission_id": "twice-0001"})
        live.post("/feedback/twice", json={"text": TEXT})
    records = records_on(settings, "form", "twice/")
    assert len(records) == 4
    assert len({record.event_id for record in records}) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"text": "  "}, ""),
        ({"score": 11}, "score"),
        ({"score": "5"}, "score"),
        ({"score": 7}, ""),
        ({"text": TEXT, "site": "Nowhere"}, ""),
        ({"text": TEXT, "name": "Mrs Miller"}, "name"),
        ({"text": TEXT, "created_at": "2026-03-01T09:30:00"}, "created_at"),
        ({"text": TEXT, "created_at": "1926-03-01T09:30:00Z"}, "created_at"),
        ({"text": TEXT, "created_at": 1_772_357_400}, "created_at"),
        ({"text": TEXT, "submission_id": "?"}, "submission_id"),
    ],
)
def test_wrong_fields_are_named(serve: Serve, body: dict[str, object], field: str) -> None:
    answer = serve(form("wrong", sites=["Eastgate"])).post("/feedback/wrong", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "Miller" not in answer.text


def test_another_type_and_broken_json_are_refused(serve: Serve) -> None:
    live = serve(form("types"))
    json = {"Content-Type": "application/json"}
    assert live.post("/feedback/types", data={"text": TEXT}).status_code == 415
    assert live.post("/feedback/types", content=b'{"text"', headers=json).status_code == 400
    assert live.get("/feedback/types").status_code == 405


def test_a_token_is_asked_for_where_there_is_one(serve: Serve) -> None:
    live = serve(form("token", api_token=TOKEN))
    body = b'{"text":"Good."}'
    mac = hmac.digest(TOKEN.encode(), body, "sha256").hex()
    offered = [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"X-Hub-Signature-256": f"sha256={mac[:-1]}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 202),
        ({"X-Hub-Signature-256": f"sha256={mac}"}, 202),
    ]
    answers = [
        live.post(
            "/feedback/token", content=body, headers={"Content-Type": "application/json", **given}
        )
        for given, _ in offered
    ]
    assert [answer.status_code for answer in answers] == [status for _, status in offered]
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_only_allowed_web_sites_may_call_it_from_a_browser(serve: Serve) -> None:
    live = serve(form("cors", allowed_origins=["https://trust.example"]))
    for origin, allowed in (("https://trust.example", True), ("https://evil.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        asked = live.client.options("/feedback/cors", headers=headers)
        posted = live.post("/feedback/cors", json={"text": TEXT}, headers={"Origin": origin})
        for answer, status in ((asked, 204), (posted, 202)):
            assert answer.status_code == status
            assert answer.headers.get("access-control-allow-origin") == (
                origin if allowed else None
            )
            assert answer.headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in answer.headers
