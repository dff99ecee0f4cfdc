"""A glance at the bucket that is still open."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY
from schemas.alert import Alert, AlertState
from tests.pipeline.watch.detection.streams import (
    DAY_S,
    MONDAY,
    OPTIONS,
    SPIKE_AT,
    Stream,
    run,
    usual,
    with_spike,
)


def about(alert: Alert) -> tuple[str | None, str | None, str | None]:
    return alert.site, alert.topic, alert.source


def in_the_spike() -> tuple[Detector, list[Alert]]:
    """A detector that has just heard of 30 negative comments within five minutes."""
    stream = Stream()
    detector = Detector(OPTIONS)
    run(detector, usual(stream), SPIKE_AT)
    detector.add(stream.spread(SPIKE_AT, 1 / 12, 360, bad=1.0))
    return detector, detector.evaluate_open_bucket()


def test_a_spike_is_told_before_its_bucket_ends() -> None:
    _, alerts = in_the_spike()
    assert about(alerts[0]) == ("North", None, None)
    assert SPIKE_AT < alerts[0].updated_at.timestamp() <= SPIKE_AT + 300
    assert alerts[0].updated_at == alerts[0].counted_to


def test_the_close_of_its_bucket_goes_on_with_what_a_glance_told() -> None:
    detector, told = in_the_spike()
    later = detector.advance(SPIKE_AT + DAY_S)
    assert [alert for alert in later if alert.revision == 0] == []
    (first,) = told
    same = [first, *(alert for alert in later if alert.alert_id == first.alert_id)]
    assert list(range(len(same))) == [alert.revision for alert in same]
    assert AlertState.RESOLVED is same[-1].state
    assert {first.started_at} == {alert.started_at for alert in same}


def test_a_glance_without_news_changes_nothing() -> None:
    signals = usual(Stream())
    detector = Detector(OPTIONS)
    run(detector, signals, SPIKE_AT - 1200)
    detector.add([s for s in signals if s.at >= SPIKE_AT - 1200 and s.at < SPIKE_AT])
    before = detector.to_bytes()
    assert [detector.evaluate_open_bucket() for _ in range(3)] == [[], [], []]
    assert before == detector.to_bytes()


def test_before_the_first_watermark_a_glance_says_nothing() -> None:
    detector = Detector(OPTIONS)
    assert detector.evaluate_open_bucket() == []
    detector.add(Stream().spread(MONDAY, 0.2, 500, bad=1.0))
    assert detector.evaluate_open_bucket() == []


def test_what_was_told_is_not_told_by_the_next_glance() -> None:
    detector, told = in_the_spike()
    assert (len(told), detector.evaluate_open_bucket()) == (1, [])


def test_a_spike_that_grows_is_told_again_in_its_bucket_only_as_it_turns_critical() -> None:
    stream = Stream()
    detector = Detector(OPTIONS)
    run(detector, usual(stream), SPIKE_AT)
    told: list[Alert] = []
    for signal in stream.spread(SPIKE_AT, 0.24, 1_000, bad=1.0):
        detector.add([signal])
        told += detector.evaluate_open_bucket()
    assert [alert.severity for alert in told] == ["warning", "critical"]


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 9))
def test_glances_begin_the_episodes_that_the_closes_would(seed: int) -> None:
    signals, until = with_spike(seed)
    plain, glanced = (
        {
            about(alert): alert.updated_at.timestamp()
            for alert in run(Detector(OPTIONS), signals, until, glances=glances)
            if alert.revision == 0 and alert.topic is None and alert.source is None
        }
        for glances in (0, 2)
    )
    assert plain.keys() == glanced.keys()
    assert all(0 <= plain[key] - glanced[key] <= BUCKET_S for key in plain)


def test_glances_count_nothing_twice() -> None:
    signals, _ = with_spike()
    some = [signal for signal in signals if signal.at < SPIKE_AT + 3600]
    plain, glanced = Detector(OPTIONS), Detector(OPTIONS)
    run(plain, some, SPIKE_AT - DAY_S)
    run(glanced, some, SPIKE_AT - DAY_S, glances=3)
    assert plain.to_bytes() == glanced.to_bytes()


def test_late_feedback_is_told_by_a_glance() -> None:
    stream = Stream()
    detector = Detector(OPTIONS)
    run(detector, usual(stream), SPIKE_AT)
    assert detector.evaluate_open_bucket() == []
    detector.add(stream.spread(SPIKE_AT - 1800, 0.49, 100, bad=1.0))
    assert [about(alert) for alert in detector.evaluate_open_bucket()] == [("North", None, None)]


@settings(max_examples=4, deadline=None)
@given(cut=st.integers(0, BUCKETS_PER_DAY * 2), seed=st.integers(0, 3))
def test_a_restored_detector_sees_the_same_at_a_glance(cut: int, seed: int) -> None:
    signals, until = with_spike(seed)
    at = SPIKE_AT - DAY_S / 4 + cut * BUCKET_S / 8 + 70
    whole = Detector(OPTIONS)
    run(whole, [s for s in signals if s.at < at], at - at % BUCKET_S, glances=2)
    opened = [s for s in signals if at - at % BUCKET_S <= s.at < at]
    whole.add(opened[::2])
    whole.evaluate_open_bucket()
    whole.add(opened[1::2])
    restored = Detector.from_bytes(whole.to_bytes(), OPTIONS)
    assert whole.evaluate_open_bucket() == restored.evaluate_open_bucket()
    rest = [s for s in signals if s.at >= at]
    assert run(whole, rest, until, glances=2) == run(restored, rest, until, glances=2)
    assert whole.to_bytes() == restored.to_bytes()
