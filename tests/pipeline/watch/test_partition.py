"""One partition's counting: the same signals give the same alerts, however they come."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from pipeline.enrich.signals import signal_payload
from pipeline.watch.partition import Partition, RoleCounts
from pipeline.watch.settings import WatchSettings
from schemas.alerting_state import AlertingState
from schemas.signal import Signal
from tests.support.signals import history, signal, spike

SINCE = datetime(2026, 8, 3, 9, tzinfo=UTC)
LATER = (SINCE + timedelta(days=1)).timestamp() * 1000
OPTIONS = WatchSettings().options(3)


def to_records(signals: list[Signal]) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(value=signal_payload(signal), offset=offset, timestamp=LATER)
        for offset, signal in enumerate(signals)
    ]


def partition(state: AlertingState | None = None) -> Partition:
    return Partition(0, state, OPTIONS, RoleCounts(), end=10**9)


@pytest.fixture(scope="module")
def records() -> list[SimpleNamespace]:
    quiet = [
        signal(f"after {n}", SINCE + timedelta(hours=2, minutes=15 * n), "North", negative=False)
        for n in range(8)
    ]
    return to_records(history(["North", "South"], SINCE) + spike("North", SINCE) + quiet)


@pytest.fixture(scope="module")
def whole(records: list[SimpleNamespace]) -> Partition:
    undivided = partition()
    undivided.consume(records, behind=False)
    return undivided


def test_a_spike_is_told_from_its_beginning_to_its_end(whole: Partition) -> None:
    assert {(alert.kind, alert.site, alert.started_at) for alert in whole.alerts} == {
        ("negative", "North", SINCE)
    }
    states = [alert.state.value for alert in whole.alerts]
    assert states == ["firing"] * (len(states) - 1) + ["resolved"]
    assert [alert.revision for alert in whole.alerts] == list(range(len(states)))


def test_neither_batches_nor_a_restart_change_what_is_found(
    records: list[SimpleNamespace], whole: Partition
) -> None:
    one = partition()
    alerts = []
    for start in range(0, len(records), 97):
        one.consume(records[start : start + 97], behind=False)
        alerts += one.alerts
        one = partition(one.snapshot())
        one.consume(records[max(0, start - 50) : start + 97], behind=False)  # fetched once more
        assert one.alerts == []
    assert alerts == whole.alerts
    assert one.snapshot() == whole.snapshot()


def test_what_is_repeated_changes_nothing(records: list[SimpleNamespace], whole: Partition) -> None:
    doubled = [record for record in records for _ in range(2)]
    again = [
        SimpleNamespace(**{**record.__dict__, "offset": offset})
        for offset, record in enumerate(doubled + records)
    ]
    one = partition()
    one.consume(again, behind=False)
    assert one.alerts == whole.alerts
    dropped = one.detector.dropped
    assert dropped.repeated + dropped.late == 2 * len(records)


def test_a_fast_clock_does_not_make_others_late() -> None:
    stamp = SINCE.timestamp() * 1000
    fast = signal("fast", SINCE + timedelta(hours=20), "North", negative=False)
    others = [signal(f"{n}", SINCE, "North", negative=True) for n in range(3)]
    one = partition()
    for offset, each in enumerate([*others[:1], fast, *others[1:]]):
        one.consume(
            [SimpleNamespace(value=signal_payload(each), offset=offset, timestamp=stamp)],
            behind=False,
        )
    assert one.detector.dropped.late == 0


def test_labels_by_translation_are_counted_and_are_in_no_share() -> None:
    translated = signal("translated", SINCE, "North", negative=False).model_copy(
        update={"scored": False, "by_translation": True}
    )
    counts = RoleCounts()
    one = Partition(0, None, OPTIONS, counts, end=0)
    one.consume(to_records([translated]), behind=False)
    assert (counts.signals, counts.by_translation) == (1, 1)
    (bucket,) = one.detector._open.values()
    assert (bucket.scored, bucket.negative, len(bucket.total)) == ([], [], 3)


def test_what_is_no_signal_is_skipped(whole: Partition) -> None:
    counts = RoleCounts()
    one = Partition(0, None, OPTIONS, counts, end=0)
    bad = [
        SimpleNamespace(value=value, offset=n, timestamp=0) for n, value in enumerate((None, b"x"))
    ]
    one.consume(bad, behind=False)
    assert (counts.unreadable, counts.signals, one.next_offset) == (2, 0, 2)


@pytest.mark.parametrize("damaged", [b"other bytes", b"feedback-alerting\x00\x01broken"])
def test_a_damaged_state_begins_anew(damaged: bytes) -> None:
    one = partition(AlertingState(partition=0, next_offset=7, state=damaged))
    assert (one.next_offset, one.detector.keys) == (None, 0)


def test_signals_that_began_anew_are_counted(whole: Partition) -> None:
    one = Partition(0, whole.snapshot(), OPTIONS, RoleCounts(), end=3)
    assert (one.next_offset, one.detector.keys) == (None, whole.detector.keys)
