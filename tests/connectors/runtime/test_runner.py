"""A run on a real Kafka: everything acknowledged before a cursor moves, nothing lost count of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.file import FileConfig, FileConnector
from connectors.runtime import runner
from connectors.runtime.cursors import cursor_message, load_cursor
from connectors.runtime.kafka import open_consumer, partitions_of, read_between
from connectors.runtime.outbox import Message, Outbox
from connectors.runtime.run_stats import Progress
from connectors.runtime.runner import Outcome, run
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Retry
from pipeline.settings import Settings
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback
from schemas.kafka_topics import DEAD, FORMS, REVIEWS, KafkaTopic


class Watch:
    """Reads what arrives on a Kafka topic from now on."""

    def __init__(self, servers: str, kafka_topic: KafkaTopic) -> None:
        self._servers = servers
        consumer = open_consumer(servers)
        self._start = consumer.end_offsets(partitions_of(consumer, kafka_topic.name))
        consumer.close()

    def arrived(self) -> list[Any]:
        consumer = open_consumer(self._servers)
        end = consumer.end_offsets(list(self._start))
        records = list(read_between(consumer, self._start, end))
        consumer.close()
        return records


@pytest.fixture
def servers(settings: Settings) -> str:
    return settings.kafka_bootstrap_servers


def csv_of(path: Path, rows: int) -> Path:
    lines = [f"{n},comment {n},2024-05-06\n" for n in range(rows)]
    path.write_text("id,text,date\n" + "".join(lines))
    return path


def connector(path: Path, **options: Any) -> FileConnector:
    return FileConnector(FileConfig(path=path, **options))


def test_every_row_is_published_once_with_its_key_and_headers(servers: str, tmp_path: Path) -> None:
    forms = Watch(servers, FORMS)
    outcome = run(connector(csv_of(tmp_path / "plain.csv", 250), page_rows=100), servers)
    arrived = forms.arrived()
    records = [Feedback.from_payload(record.value) for record in arrived]
    assert sorted(record.text for record in records) == sorted(f"comment {n}" for n in range(250))
    assert [record.key.decode() for record in arrived] == [r.event_id for r in records]
    headers = dict(arrived[0].headers)
    assert headers["ce_type"] == FORMS.ce_type.encode()
    assert headers["ce_id"] == f"{records[0].event_id}.{records[0].revision}".encode()
    assert (outcome.tally.read, outcome.tally.published) == (250, 250)


def test_the_family_decides_the_kafka_topic(servers: str, tmp_path: Path) -> None:
    reviews = Watch(servers, REVIEWS)
    run(connector(csv_of(tmp_path / "family.csv", 3), family="review"), servers)
    assert len(reviews.arrived()) == 3


def test_a_finished_file_is_not_published_again_unless_asked(servers: str, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "twice.csv", 30)
    run(connector(path), servers)
    forms = Watch(servers, FORMS)
    second = run(connector(path), servers)
    assert (len(forms.arrived()), second.tally.earlier, second.tally.published) == (0, 30, 30)
    assert FileConnector.is_done(second.resumed_from and second.resumed_from.position)
    run(connector(path), servers, again=True)
    assert len(forms.arrived()) == 30


class Interrupted(FileConnector):
    """Fails while it reads its third page."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        for number, page in enumerate(super().fetch(cursor)):
            if number == 2:
                raise Fatal("reading: the disk is gone")
            yield page


def test_an_interrupted_run_goes_on_after_what_was_acknowledged(
    servers: str, tmp_path: Path
) -> None:
    config = FileConfig(path=csv_of(tmp_path / "interrupted.csv", 50), page_rows=10)
    forms = Watch(servers, FORMS)
    with pytest.raises(Fatal):
        run(Interrupted(config), servers)
    resumed = run(FileConnector(config), servers)
    texts = {Feedback.from_payload(record.value).text for record in forms.arrived()}
    assert texts == {f"comment {n}" for n in range(50)}
    assert (resumed.tally.earlier, resumed.tally.read, resumed.tally.published) == (20, 50, 50)


def test_a_refused_row_is_a_dead_letter_with_connects_headers(servers: str, tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    path.write_bytes(b"id,text,date\n1,a,2024-05-06\n2,b,never\n")
    dead = Watch(servers, DEAD)
    outcome = run(connector(path), servers)
    (arrived,) = dead.arrived()
    letter = DeadLetter.from_payload(arrived.value)
    assert (letter.origin, letter.payload) == ("refused:line 3", b"2,b,never\n")
    assert (letter.stage, letter.source, letter.error) == ("file", "file", "BadRecord")
    headers = {name: value.decode() for name, value in arrived.headers}
    assert headers["__connect.errors.stage"] == "file"
    assert headers["__connect.errors.exception.message"] == letter.reason
    assert (outcome.tally.published, outcome.tally.dead_lettered) == (1, 1)


def test_a_comment_of_five_megabytes_is_a_dead_letter_with_its_payload(
    servers: str, tmp_path: Path
) -> None:
    path = tmp_path / "huge.csv"
    huge = b'1,"' + b"word " * 1_000_000 + b'",2024-05-06\n'
    path.write_bytes(b"id,text,date\n" + huge + b"2,fine,2024-05-06\n")
    dead = Watch(servers, DEAD)
    outcome = run(connector(path), servers)
    (letter,) = [DeadLetter.from_payload(record.value) for record in dead.arrived()]
    assert letter.payload == huge
    assert (outcome.tally.published, outcome.tally.dead_lettered) == (1, 1)


def test_progress_tells_bytes_and_rows(servers: str, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "progress.csv", 20)
    seen: list[Progress] = []
    run(connector(path, page_rows=10), servers, progress=seen.append)
    assert [progress.rows for progress in seen] == [10, 20, 20]
    assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size


def test_the_latest_cursor_of_an_instance_is_the_one_loaded(servers: str) -> None:
    assert load_cursor(servers, "file", "cursors/none") is None
    with Outbox(servers) as outbox:
        for instance, position in (("a", "1"), ("b", "7"), ("a", "2")):
            outbox.send(cursor_message("file", f"cursors/{instance}", position))
        outbox.settle(outbox.take_pending())
    found = [load_cursor(servers, "file", f"cursors/{name}") for name in "ab"]
    assert [cursor and cursor.position for cursor in found] == ["2", "7"]


class _Failed:
    is_done = True

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception


def test_what_failed_is_sent_again_before_it_counts_as_settled(servers: str) -> None:
    from kafka.errors import OutOfOrderSequenceNumberError

    forms = Watch(servers, FORMS)
    message = Message(FORMS.name, b"k", b"v", [])
    with Outbox(servers) as outbox:
        outbox.settle([(message, _Failed(OutOfOrderSequenceNumberError()))])
    assert [record.value for record in forms.arrived()] == [b"v"]


def test_what_no_broker_takes_ends_the_run_and_names_the_number(servers: str) -> None:
    message = Message(FORMS.name, b"k", os.urandom(2_000_000), [])
    with Outbox(servers) as outbox:
        outbox.send(message)
        with pytest.raises(Retry, match="1 records were not acknowledged"):
            outbox.settle(outbox.take_pending())


def test_no_cursor_moves_past_what_was_not_acknowledged(
    servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = connector(csv_of(tmp_path / "refusing.csv", 30), page_rows=10)
    settle = Outbox.settle
    settled = 0

    def refuse_the_last(self: Outbox, pending: list[tuple[Message, Any]]) -> None:
        nonlocal settled
        settled += bool(pending)
        if settled == 3:
            raise Retry("publishing: not acknowledged")
        settle(self, pending)

    monkeypatch.setattr(runner.Outbox, "settle", refuse_the_last)
    with pytest.raises(Retry):
        run(made, servers)
    monkeypatch.undo()
    cursor = load_cursor(servers, "file", made.instance_key or "")
    outcome: Outcome = run(connector(tmp_path / "refusing.csv", page_rows=10), servers)
    assert cursor is not None
    assert cursor.position in {'{"rows":10}', '{"rows":20}'}  # the second was still under way
    assert f'{{"rows":{outcome.tally.earlier}}}' == cursor.position


def test_without_a_broker_there_is_an_answer_at_once(tmp_path: Path) -> None:
    with pytest.raises(Retry, match=r"^connecting to Kafka at 127\.0\.0\.1:1: nothing answers$"):
        run(connector(csv_of(tmp_path / "alone.csv", 1)), "127.0.0.1:1")
