"""A run on a real Kafka: everything acknowledged before a cursor moves, nothing lost count of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime.cursors import cursor_message, load_cursor
from connectors.runtime.run_stats import Progress
from connectors.runtime.runner import run
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Retry
from pipeline.kafka.acknowledged_producer import AcknowledgedProducer
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.kafka.producer_thread import PendingBatch
from pipeline.settings import KafkaConnection, Settings
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback
from schemas.kafka_topics import DEAD, FORMS, REVIEWS
from tests.support.kafka import Arrivals


@pytest.fixture
def broker(settings: Settings) -> Iterator[ConnectorBroker]:
    with ConnectorBroker(settings.kafka) as broker:
        yield broker


def write_csv(path: Path, rows: int) -> Path:
    lines = [f"{n},comment {n},2024-05-06\n" for n in range(rows)]
    path.write_text("id,text,date\n" + "".join(lines))
    return path


def connector(path: Path, **options: Any) -> FileConnector:
    return FileConnector(FileConfig(path=path, **options))


def test_every_row_is_published_once_with_its_key_and_headers(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    forms = Arrivals(settings, FORMS)
    outcome = run(connector(write_csv(tmp_path / "plain.csv", 250), page_rows=100), broker)
    arrived = forms.read()
    records = [Feedback.from_payload(record.value) for record in arrived]
    assert sorted(record.text for record in records) == sorted(f"comment {n}" for n in range(250))
    assert [record.key.decode() for record in arrived] == [r.event_id for r in records]
    headers = dict(arrived[0].headers)
    assert headers["ce_type"] == FORMS.ce_type.encode()
    assert headers["ce_id"] == f"{records[0].event_id}.{records[0].revision}".encode()
    assert (outcome.stats.read, outcome.stats.published) == (250, 250)


def test_the_family_decides_the_kafka_topic(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    reviews = Arrivals(settings, REVIEWS)
    run(connector(write_csv(tmp_path / "family.csv", 3), family="review"), broker)
    assert len(reviews.read()) == 3


def test_a_finished_file_is_not_published_again_unless_asked(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "twice.csv", 30)
    run(connector(path), broker)
    forms = Arrivals(settings, FORMS)
    second = run(connector(path), broker)
    assert (len(forms.read()), second.stats.already_published, second.stats.published) == (
        0,
        30,
        30,
    )
    assert FileConnector.is_done(second.resumed_from and second.resumed_from.position)
    run(connector(path), broker, again=True)
    assert len(forms.read()) == 30


class Interrupted(FileConnector):
    """Fails while it reads its third page."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for number, page in enumerate(super().fetch(cursor)):
            if number == 2:
                raise Fatal("reading: the disk is gone")
            yield page


def test_an_interrupted_run_goes_on_after_what_was_acknowledged(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    config = FileConfig(path=write_csv(tmp_path / "interrupted.csv", 50), page_rows=10)
    forms = Arrivals(settings, FORMS)
    with pytest.raises(Fatal):
        run(Interrupted(config), broker)
    resumed = run(FileConnector(config), broker)
    texts = {Feedback.from_payload(record.value).text for record in forms.read()}
    assert texts == {f"comment {n}" for n in range(50)}
    assert (resumed.stats.already_published, resumed.stats.read, resumed.stats.published) == (
        20,
        50,
        50,
    )


def test_a_refused_row_is_a_dead_letter_with_connects_headers(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    path = tmp_path / "refused.csv"
    refused = b"2," + b"b" * 100_001 + b",2024-05-06\n"
    path.write_bytes(b"id,text,date\n1,a,2024-05-06\n" + refused)
    dead = Arrivals(settings, DEAD)
    outcome = run(connector(path), broker)
    (arrived,) = dead.read()
    letter = DeadLetter.from_payload(arrived.value)
    assert (letter.origin, letter.payload) == ("refused:line 3", refused)
    assert (letter.stage, letter.source, letter.error) == ("file", "file", "BadRecord")
    headers = {name: value.decode() for name, value in arrived.headers}
    assert headers["__connect.errors.stage"] == "file"
    assert headers["__connect.errors.exception.message"] == letter.reason
    assert (outcome.stats.published, outcome.stats.dead_lettered) == (1, 1)


def test_a_comment_of_five_megabytes_is_a_dead_letter_with_its_payload(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    path = tmp_path / "huge.csv"
    huge = b'1,"' + b"word " * 1_000_000 + b'",2024-05-06\n'
    path.write_bytes(b"id,text,date\n" + huge + b"2,fine,2024-05-06\n")
    dead = Arrivals(settings, DEAD)
    outcome = run(connector(path), broker)
    (letter,) = [DeadLetter.from_payload(record.value) for record in dead.read()]
    assert letter.payload == huge
    assert (outcome.stats.published, outcome.stats.dead_lettered) == (1, 1)


def test_progress_tells_bytes_and_rows(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "progress.csv", 20)
    seen: list[Progress] = []
    run(connector(path, page_rows=10), broker, progress=seen.append)
    assert [progress.rows for progress in seen] == [10, 20, 20]
    assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size


def test_the_latest_cursor_of_an_instance_is_the_one_loaded(
    settings: Settings, broker: ConnectorBroker
) -> None:
    assert load_cursor(broker, "file", "cursors/none") is None
    with broker.borrow() as producer:
        for instance, position in (("a", "1"), ("b", "7"), ("a", "2")):
            producer.send(cursor_message("file", f"cursors/{instance}", position))
        producer.wait_for_acks(producer.flush())
    cursors = [load_cursor(broker, "file", f"cursors/{name}") for name in "ab"]
    assert [cursor and cursor.position for cursor in cursors] == ["2", "7"]


def test_no_cursor_moves_past_what_was_not_acknowledged(
    settings: Settings, broker: ConnectorBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "refusing.csv", 31)  # no other test's file holds the same
    made = connector(tmp_path / "refusing.csv", page_rows=10)
    wait_for_acks = AcknowledgedProducer.wait_for_acks
    waits = 0

    def refuse_the_third(self: AcknowledgedProducer, batches: list[PendingBatch]) -> None:
        nonlocal waits
        waits += bool(batches)
        if waits == 3:
            raise Retry("publishing: not acknowledged")
        wait_for_acks(self, batches)

    monkeypatch.setattr(AcknowledgedProducer, "wait_for_acks", refuse_the_third)
    with pytest.raises(Retry):
        run(made, broker)
    monkeypatch.undo()
    cursor = load_cursor(broker, "file", made.instance_key or "")
    outcome = run(connector(tmp_path / "refusing.csv", page_rows=10), broker)
    assert cursor is not None
    rows = orjson.loads(cursor.position)["rows"]
    assert rows in {10, 20}  # the second was still under way
    assert outcome.stats.already_published == rows


def test_without_a_broker_there_is_an_answer_at_once(tmp_path: Path) -> None:
    with pytest.raises(Retry, match=r"^connecting to Kafka at 127\.0\.0\.1:1: no broker answers$"):
        run(
            connector(write_csv(tmp_path / "alone.csv", 1)),
            ConnectorBroker(KafkaConnection("127.0.0.1:1")),
        )
