"""Cases in Jira, in Zendesk and behind a webhook, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from pipeline.cases.reducer import apply_event
from pipeline.cases.trackers.base import CaseRejected, TrackerUnavailable
from pipeline.cases.trackers.factory import create_tracker
from pipeline.cases.trackers.options import read_tracker
from pipeline.notify.webhooks import WebhookClient
from pipeline.settings_file import SettingsFileError
from schemas.case import CaseEventType, LinkState
from tests.pipeline.cases.services import TOKEN, FakeJira, FakeZendesk
from tests.pipeline.cases.test_reducer import RESOLVED, apply_all, event
from tests.pipeline.notify.receivers import SECRET, receiver
from tests.support.fake_service import Served

CASE = apply_all(event(CaseEventType.ASSIGNED, owner="PALS"))
DONE = apply_event(CASE, RESOLVED)
AGAIN = apply_event(DONE, event(CaseEventType.REOPENED, 6, text="Not so."))
ACCOUNT = {"email": "ann@example.org", "api_token": TOKEN, "allow_private": True}
TEXT = "Nobody came for hours. [PHONE]"


def create(client: WebhookClient, **options: Any) -> Any:
    return create_tracker(
        read_tracker("board", {**options, "allow_private": True}, lambda _: ""), client
    )


def paragraphs(document: dict[str, Any]) -> list[str]:
    return [part["content"][0]["text"] for part in document["content"]]


async def test_a_case_has_one_issue_in_jira() -> None:
    jira = FakeJira()
    with Served(jira.app) as served:
        async with WebhookClient(allow_private=True) as client:
            board = create(
                client, kind="jira", base_url=served.url, project="PAT", done_status="Done",
                reopened_status="To Do", labels=["pals"], **ACCOUNT,
                fields={"components": [{"name": "Care"}]},
            )  # fmt: skip
            link = await board.open(CASE, TEXT)
            assert await board.open(CASE, TEXT) == link
            assert (link.reference, link.url) == ("PAT-1", f"{served.url}/browse/PAT-1")
            (issue,) = jira.issues.values()
            short = CASE.case_id[:8]
            assert issue["fields"]["summary"] == f"Complaint {short}, North Trust, Eastgate"
            assert TEXT in paragraphs(issue["fields"]["description"])
            assert issue["fields"]["labels"] == [
                "feedback", f"feedback-case-{CASE.case_id}", "pals",
            ]  # fmt: skip
            for _ in range(2):
                after = await board.update(DONE, link, LinkState.RESOLVED)
            assert after.state is LinkState.RESOLVED
            assert (issue["status"], len(issue["comments"])) == ("Done", 1)
            assert (
                "What was changed: A second nurse at night." in paragraphs(issue["comments"][0])[0]
            )
            await board.update(AGAIN, after, LinkState.OPENED)
            assert (issue["status"], len(issue["comments"])) == ("To Do", 2)


async def test_a_case_has_one_ticket_in_zendesk() -> None:
    zendesk = FakeZendesk()
    with Served(zendesk.app) as served:
        async with WebhookClient(allow_private=True) as client:
            desk = create(client, kind="zendesk", base_url=served.url, tags=["pals"], **ACCOUNT)
            link = await desk.open(CASE, "")
            assert await desk.open(CASE, "") == link
            (ticket,) = zendesk.tickets
            assert ticket["external_id"] == CASE.case_id
            assert (ticket["priority"], ticket["tags"]) == (
                "high",
                ["feedback", "complaint", "pals"],
            )
            assert link.url == f"{served.url}/agent/tickets/1"
            for _ in range(2):
                after = await desk.update(DONE, link, LinkState.RESOLVED)
            assert (ticket["status"], len(zendesk.notes)) == ("solved", 2)
            await desk.update(AGAIN, after, LinkState.OPENED)
            assert (ticket["status"], len(zendesk.notes)) == ("open", 3)


async def test_a_webhook_is_signed_and_has_the_same_identifier_again() -> None:
    with receiver() as hooks:
        async with WebhookClient(allow_private=True) as client:
            hook = create(client, kind="webhook", url=hooks.url, secret=SECRET)
            first = await hook.open(CASE, TEXT)
            assert await hook.open(CASE, TEXT) == first
            await hook.update(DONE, first, LinkState.RESOLVED)
    verifier = Verifier(SECRET)
    payloads = [verifier.verify(body, headers) for _, headers, body in hooks.got]
    assert [payload["type"] for payload in payloads] == [
        "case.opened",
        "case.opened",
        "case.resolved",
    ]
    assert hooks.ids[0] == hooks.ids[1] != hooks.ids[2]
    assert payloads[0]["data"]["text"] == TEXT
    assert payloads[2]["data"]["changed"] == "A second nurse at night."


@pytest.mark.parametrize(
    ("fault", "expected", "wait"),
    [("429", TrackerUnavailable, 1), ("500", TrackerUnavailable, None),
     ("401", TrackerUnavailable, None), ("hang up", TrackerUnavailable, None),
     ("400", CaseRejected, None)],
)  # fmt: skip
async def test_what_a_service_answers_decides_whether_to_ask_again(
    fault: str, expected: type[Exception], wait: int | None
) -> None:
    with Served(FakeZendesk().app) as served:
        async with WebhookClient(allow_private=True) as client:
            desk = create(client, kind="zendesk", base_url=served.url, **ACCOUNT)
            served.faults.append(fault)
            with pytest.raises(expected) as raised:
                await desk.open(CASE, "")
            asked = getattr(raised.value, "retry_after", None)
            assert (asked and asked.total_seconds()) == wait
            assert TOKEN not in str(raised.value)


async def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    zendesk = FakeZendesk()
    with Served(zendesk.app) as served:
        async with WebhookClient() as client:
            options = {"kind": "zendesk", "base_url": served.url, **ACCOUNT}
            desk = create_tracker(read_tracker("desk", options, lambda _: ""), client)
            with pytest.raises(TrackerUnavailable):
                await desk.open(CASE, "")
    assert (zendesk.tickets, served.requests) == ([], [])


def test_a_slip_in_a_trackers_settings_comes_with_a_suggestion() -> None:
    options = {"kind": "webhook", "url": "https://a.example", "secrt": SECRET}
    with pytest.raises(SettingsFileError, match=r"secrt: there is no such.+did you mean secret\?"):
        read_tracker("a", options, lambda _: "")


def test_a_tracker_gets_the_cases_of_its_filters() -> None:
    options = {"kind": "webhook", "url": "https://a.example", "secret": SECRET,
               "types": ["complaint"], "priorities": ["high"]}  # fmt: skip
    assert read_tracker("a", options, lambda _: "").filters == [
        {"terms": {"case.type": ["complaint"]}},
        {"terms": {"case.priority": ["high"]}},
    ]
