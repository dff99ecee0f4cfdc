"""Cases from their opening to what was changed because of them, on the real engines."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipeline.cases.store import CaseStore
from pipeline.elasticsearch.client import connect, connect_async
from pipeline.settings import Settings
from pipeline.streams.roles import Role, configured_roles
from schemas.case import Case, CaseEvent, derive_case_id
from schemas.case_documents import CASES_INDEX, case_from_document
from schemas.feedback import Feedback, Operation
from schemas.kafka_topics import CASES, DEAD
from tests.pipeline.notify.receivers import SECRET, receiver
from tests.support.cli import feedback_output, invoke_feedback
from tests.support.kafka import read_all
from tests.support.pipeline import (
    comments,
    feedback,
    publish,
    wait_until,
)
from tests.support.worker import drain, running_roles

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[bytes]]
COMPLAINT = "I want to complain. Terrible, appalling service, the worst ever, I am disgusted."
PHONE = "07700 900123"

FILE = f"""
[hours.always]
zone = "Europe/London"
days = "mon-sun"
times = "00:00-24:00"

[notify.team]
webhook = "URL/team"
secret = "{SECRET}"
allow_private = true
types = "case.*"

[cases]
hours = "always"
check_every = "0.3s"

[cases.rules.complaint]
owner = "PALS"
due = "4s"
resolve = "2d"

[cases.trackers.hook]
kind = "webhook"
url = "URL"
secret = "{SECRET}"
allow_private = true
"""


def complaints(source: str, count: int, **fields: Any) -> list[Feedback]:
    return [
        record.model_copy(update={"text": f"{COMPLAINT} {PHONE} ({number})", **fields})
        for number, record in enumerate(comments(source, count))
    ]


def read_cases(settings: Settings, source: str) -> dict[str, Case]:
    with connect(settings) as client:
        client.indices.refresh(index=CASES_INDEX)
        answer = client.search(
            index=CASES_INDEX, query={"term": {"event.dataset": source}}, size=10_000
        )
    stored = (case_from_document(hit["_source"]) for hit in answer["hits"]["hits"])
    return {case.feedback_id: case for case in stored}


def read_events(settings: Settings, case_ids: set[str]) -> list[CaseEvent]:
    stored = (CaseEvent.from_payload(message.value) for message in read_all(settings, CASES))
    return [event for event in stored if event.case_id in case_ids]


def feedback_json(line: str, environment: dict[str, str], folder: Path) -> Any:
    return json.loads(feedback_output(f"{line} --json", environment, folder))


def test_a_cases_whole_life(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    with receiver() as hooks, ExitStack() as stack:
        file = tmp_path / "feedback.toml"
        file.write_text(FILE.replace("URL", hooks.url), "utf-8")
        environment = {**environment, "FEEDBACK_CONFIG": str(file)}
        configured = settings.model_copy(update={"config": file})
        stack.enter_context(running_roles(configured, *configured_roles(configured)))
        (first,) = complaints("life", 1)
        history = complaints("life", 3, backfill=True)[1:]
        calm = comments("life", 6)[4:]
        publish(settings, [first, *history, *calm])
        by_id = derive_case_id(first.event_id)
        short = by_id[:8]

        def case() -> Case:
            return read_cases(settings, "life")[first.event_id]

        def told_at(path: str) -> dict[str, str]:
            """Return the events of the case by webhook id: the same one may arrive twice."""
            came = [(headers["webhook-id"], json.loads(body)) for at, headers, body in hooks.got
                    if at.endswith("/team") == bool(path)]  # fmt: skip
            return {key: event["type"] for key, event in came if event["data"]["case_id"] == by_id}

        wait_until(lambda: bool(read_cases(settings, "life")), seconds=90, what="a case")
        assert set(read_cases(settings, "life")) == {first.event_id}
        assert (case().type, case().owner, case().overdue) == ("complaint", "PALS", False)
        wait_until(lambda: case().overdue, seconds=30, what="overdue")
        overdue = "feedback cases list --overdue --source life --site '*gate'"
        late = feedback_json(overdue, environment, tmp_path)
        assert [each["case_id"] for each in late["cases"]] == [by_id]

        shown = feedback_json(f"feedback cases assign {short} Ann --by Bea", environment, tmp_path)
        assert (shown["shown"], shown["case"]["owner"]) == (True, "Ann")
        feedback_output(
            f"feedback cases note {short} 'Rang her, {PHONE}.' --by Ann", environment, tmp_path
        )
        feedback_output(f"feedback cases reply {short} 'Sorry.' --recorded", environment, tmp_path)
        assert not case().overdue, "the answer moves the due time"
        feedback_output(
            f"feedback cases resolve {short} 'Apologised.' --changed 'A second nurse at night.'",
            environment, tmp_path,
        )  # fmt: skip
        wait_until(lambda: len(told_at("")) == 2, seconds=30, what="the tracker knows")
        again = invoke_feedback(f"feedback cases resolve {short} 'Twice.'", environment, tmp_path)
        assert (again.returncode, "it is resolved already" in again.stderr) == (2, True)
        feedback_output(
            f"feedback cases reopen {short} 'She rang again.' --due 1s", environment, tmp_path
        )
        wait_until(lambda: case().overdue, seconds=30, what="overdue again")
        feedback_output(f"feedback cases due {short} 2d", environment, tmp_path)
        feedback_output(f"feedback cases resolve {short} 'Met her.'", environment, tmp_path)

        page = feedback(f"feedback cases show {short}", environment, tmp_path)
        assert "terrible" in page.lower()
        assert "Met her." in page
        assert PHONE not in page
        assert "resolved" in feedback_output("feedback cases list --all", environment, tmp_path)
        types = ["opened", "resolved", "reopened", "resolved"]
        wait_until(lambda: len(told_at("")) == len(types), seconds=30, what="webhooks")
        assert list(told_at("").values()) == [f"case.{name}" for name in types]
        people = {"opened": 1, "overdue": 2, "assigned": 1, "reopened": 1}
        wait_until(lambda: len(told_at("/team")) == 5, seconds=30, what="notices")
        assert Counter(told_at("/team").values()) == {f"case.{k}": n for k, n in people.items()}

        opening = f"feedback cases open {calm[0].event_id[:12]} --type praise --owner Ann --due 4h"
        praise = feedback_json(opening, environment, tmp_path)["case"]
        assert (praise["type"], praise["owner"], praise["site"]) == ("praise", "Ann", calm[0].site)
        assert "rule" not in praise
        assert calm[0].event_id in read_cases(settings, "life")  # which refreshes the index
        twice = invoke_feedback(opening, environment, tmp_path)
        assert (twice.returncode, "exists already" in twice.stderr) == (2, True)
        dry = invoke_feedback(
            f"feedback cases reply {calm[0].event_id[:12]} 'Thanks'", environment, tmp_path
        )
        assert (dry.returncode, "--recorded" in dry.stderr) == (2, True)

        edited = first.model_copy(
            update={"revision": first.revision + 1, "text": f"{COMPLAINT} And worse."}
        )
        gone = edited.model_copy(
            update={"revision": edited.revision + 1, "operation": Operation.DELETE, "text": ""}
        )
        publish(settings, [edited])
        publish(settings, [gone])
        wait_until(lambda: case().withdrawn, seconds=30, what="the note of the delete")
        assert set(read_cases(settings, "life")) == {first.event_id, calm[0].event_id}
        events = read_events(settings, {by_id})
        assert len({event.event_id for event in events}) == len(events)
        happened = Counter(event.type.value for event in events)
        assert happened == {
            "opened": 1, "overdue": 2, "assigned": 1, "noted": 2, "replied": 1, "resolved": 2,
            "reopened": 1, "due_changed": 1, "linked": 4,
        }  # fmt: skip
        assert [event.event_id for event in events] == list(case().events)
        payloads = b"".join(message.value for message in read_all(settings, CASES))
        assert b"appalling" not in payloads, "the feedback's text stays where it can be taken back"
        assert PHONE.encode() not in payloads


@pytest.fixture
def rules_file(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "rules.toml"
    file.write_text('[cases]\ncheck_every = "0.2s"\n[cases.rules.complaint]\ndue = "1s"\n', "utf-8")
    yield file


def test_kill_9_of_the_role_loses_no_case_and_doubles_none(
    settings: Settings, start_worker: Start, rules_file: Path
) -> None:
    count = 3_000
    publish(settings, complaints("killed-cases", count))
    drain(settings, Role.ENRICH, seconds=120)
    config = str(rules_file)
    dead = len(read_all(settings, DEAD))
    for least in (200, 1_200):
        # Small batches: otherwise one may take all of them before it can be killed.
        role = start_worker("--role", "cases", FEEDBACK_CONFIG=config, FEEDBACK_INDEX_BATCH="20")
        wait_until(lambda least=least: _count(settings) > least, seconds=90, what="cases")
        role.kill()
        role.wait()
        assert _count(settings) < count, "killed too late to show anything"
    ruled = settings.model_copy(update={"config": rules_file})

    def all_told() -> bool:
        return _count(settings, overdue=True) == count

    with running_roles(ruled, Role.CASES):
        wait_until(all_told, seconds=120, what="every case opened and overdue")
    cases = read_cases(settings, "killed-cases")
    assert len(cases) == count
    assert {case.revision for case in cases.values()} == {2}
    assert {note.type.value for case in cases.values() for note in case.notes} == {
        "opened", "overdue",
    }  # fmt: skip
    events = read_events(settings, {case.case_id for case in cases.values()})
    assert len({event.event_id for event in events}) == 2 * count
    assert len(read_all(settings, DEAD)) == dead


def _count(settings: Settings, *, overdue: bool = False) -> int:
    wanted: list[dict[str, Any]] = [{"term": {"event.dataset": "killed-cases"}}]
    if overdue:
        wanted.append({"term": {"case.overdue": True}})
    with connect(settings) as client:
        client.indices.refresh(index=CASES_INDEX)
        return int(client.count(index=CASES_INDEX, query={"bool": {"filter": wanted}})["count"])


async def test_a_revision_that_is_late_changes_nothing(settings: Settings) -> None:
    from pipeline.cases.reducer import apply_event
    from tests.pipeline.cases.test_reducer import OPENED, OVERDUE

    early = apply_event(None, OPENED)
    late = apply_event(early, OVERDUE)
    async with connect_async(settings) as client:
        store = CaseStore(client)
        await store.write([late])
        await store.write([early])
        assert await store.get([early.case_id, "0" * 32]) == {early.case_id: late}
