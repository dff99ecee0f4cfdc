"""An answer that is published where the feedback was given, and noted in the case."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import orjson

from pipeline.cases.reducer import apply_event
from pipeline.cases.rules import open_event
from pipeline.cases.store import CaseStore
from pipeline.elasticsearch.client import connect, connect_async
from pipeline.settings import Settings
from schemas.case import Case, CaseEvent, CaseEventType
from schemas.case_documents import CASES_INDEX
from schemas.feedback import Feedback
from schemas.kafka_topics import CASES
from tests.pipeline.cases.test_reducer import NOW, make_opening
from tests.support.cli import invoke_feedback
from tests.support.fake_service import Served
from tests.support.kafka import read_all
from tests.support.services.trustpilot import FakeTrustpilot

REVIEW = Feedback.collect(
    source="trustpilot", native_id="60a1", created_at=NOW, family="review", text="Never again."
)


def _put(settings: Settings, case: Case) -> None:
    async def write() -> None:
        async with connect_async(settings) as client:
            await CaseStore(client).write([case])

    asyncio.run(write())
    with connect(settings) as client:
        client.indices.refresh(index=CASES_INDEX)
        client.index(
            index=f"feedback-{NOW:%Y.%m}.01", id=REVIEW.event_id, refresh=True,
            document={
                "@timestamp": NOW.isoformat(), "message": REVIEW.text,
                "event": {"id": REVIEW.event_id, "dataset": REVIEW.source},
                "feedback": {"native_id": REVIEW.native_id},
            },
        )  # fmt: skip


def test_an_answer_is_shown_then_sent_and_noted(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    first = make_opening(feedback_id=REVIEW.event_id, source="trustpilot", type="review_reply")
    case = apply_event(None, open_event(first, NOW))
    _put(settings, case)
    service = FakeTrustpilot()
    with Served(service.app) as served:
        table = {**service.settings(served.url), "reply_as": "507f191e"}
        lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in table.items()]
        (tmp_path / "feedback.toml").write_text("\n".join(["[trustpilot.us]", *lines]), "utf-8")
        line = f"feedback cases reply {case.case_id[:8]} 'We are sorry.' --by Ann"
        dry = invoke_feedback(line, environment, tmp_path)
        assert (dry.returncode, "not sent" in dry.stdout, service.replies) == (0, True, {})
        sent = invoke_feedback(f"{line} --send", environment, tmp_path)
    assert (sent.returncode, service.replies) == (0, {"60a1": "We are sorry."})
    # No worker runs: a message says so, and the reply is kept.
    assert "published, but not indexed after 10 s" in sent.stderr
    events = [CaseEvent.from_payload(message.value) for message in read_all(settings, CASES)]
    (event,) = [event for event in events if event.case_id == case.case_id]
    assert (event.type, event.sent, event.by) == (CaseEventType.REPLIED, True, "Ann")
    assert json.loads(event.to_payload())["text"] == "We are sorry."
