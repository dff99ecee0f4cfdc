"""The detector as its caller sees it: signals, time, alerts, bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY, Key, Signal
from pipeline.watch.detection.state import StateError
from schemas.alert import AlertKind, AlertState, Severity
from tests.pipeline.watch.detection.streams import (
    DAY_S,
    MONDAY,
    OPTIONS,
    QUIET_DAYS,
    SPIKE_AT,
    Stream,
    run,
    usual,
    with_spike,
)


def test_a_spike_is_one_episode_with_one_identifier_from_firing_to_resolved() -> None:
    signals, until = with_spike()
    alerts = run(Detector(OPTIONS), signals, until)
    assert len({alert.alert_id for alert in alerts if alert.topic is None and not alert.source}) < 2
    by_id = {
        alert.alert_id: [a for a in alerts if a.alert_id == alert.alert_id] for alert in alerts
    }
    assert by_id != {}
    for told in by_id.values():
        assert list(range(len(told))) == [alert.revision for alert in told]
        assert AlertState.FIRING is told[0].state
        assert AlertState.RESOLVED is told[-1].state
        assert len({alert.started_at for alert in told}) == 1
        assert abs(told[0].started_at.timestamp() - SPIKE_AT) <= 3600


def test_an_alert_says_what_where_and_by_how_much() -> None:
    signals, until = with_spike()
    first = run(Detector(OPTIONS), signals, until)[0]
    assert (first.kind, first.site) == (AlertKind.NEGATIVE, "North")
    assert first.seen > first.interval.high
    assert first.share > first.usual_share
    assert tuple(sorted(first.words)) == ("parking", "ticket")
    event_ids = {signal.event_id for signal in signals if signal.negative}
    assert first.example_ids and set(first.example_ids) <= event_ids
    assert first.sentence.startswith(f"North: {first.seen} of {first.total} comments")


def _about_two_topics(**fields: Any) -> tuple[list[Signal], float]:
    """Usual feedback, then comments that mention both food and waiting."""
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    signals += stream.spread(SPIKE_AT, 3, 16, topics=("food", "waiting"), **fields)
    return signals, SPIKE_AT + DAY_S


def test_a_topic_counts_by_its_own_sentiment_and_the_site_by_the_comments() -> None:
    signals, until = _about_two_topics(negative_topics=("waiting",))
    alerts = run(Detector(OPTIONS), signals, until)
    assert {(alert.topic, alert.source) for alert in alerts} == {("waiting", None)}
    mixed = {signal.event_id for signal in signals if signal.negative_topics}
    assert mixed.intersection(alerts[0].example_ids)


def test_a_comment_that_blames_two_topics_counts_once_for_each_and_once_for_the_site() -> None:
    stream = Stream()
    both = ("food", "waiting")
    one = stream.one(MONDAY, topics=both, negative=True, negative_topics=both)
    detector = Detector(OPTIONS)
    detector.add([one])
    keys = detector._detectors.keys
    counts = detector._open[int(MONDAY // BUCKET_S)].to_counts(keys.room)
    assert [counts.negative[place] for place in range(len(keys.all))] == [1, 1, 1, 1]
    assert {key.topic for key in keys.all if key.topic} == {"food", "waiting"}


def test_a_negative_comment_with_a_praised_topic_is_not_negative_for_that_topic() -> None:
    signals, until = _about_two_topics(bad=1.0, negative_topics=("waiting",))
    alerts = run(Detector(OPTIONS), signals, until)
    assert None in {alert.topic for alert in alerts}
    assert "food" not in {alert.topic for alert in alerts}


def test_topics_in_signals_of_earlier_versions_have_the_comments_sentiment() -> None:
    earlier = Stream().one(MONDAY, topics=("food",), negative=True)
    assert earlier.negative_topics is None
    assert earlier.is_negative(Key("North", "food"))
    assert not earlier._replace(negative=False).is_negative(Key("North", "food"))


def test_usual_feedback_raises_no_alert() -> None:
    signals = usual(Stream(), 7)
    assert run(Detector(OPTIONS), signals, MONDAY + 7 * DAY_S) == []


def test_feedback_told_twice_changes_nothing() -> None:
    signals, until = with_spike()
    twice = [signal for signal in signals for _ in range(2)]
    detector = Detector(OPTIONS)
    assert run(Detector(OPTIONS), signals, until) == run(detector, twice, until)
    assert len(signals) == detector.dropped.repeated


def test_a_watermark_that_was_reached_before_does_nothing() -> None:
    signals, until = with_spike()
    detector = Detector(OPTIONS)
    run(detector, signals, until)
    before = detector.to_bytes()
    assert detector.advance(until - DAY_S) == []
    assert before == detector.to_bytes()


def test_a_restored_detector_drops_what_it_saw_before() -> None:
    signals, until = with_spike()
    half = SPIKE_AT + 3600
    detector = Detector(OPTIONS)
    before = run(detector, [s for s in signals if s.at < half], half)
    restored = Detector.from_bytes(detector.to_bytes(), OPTIONS)
    again = [s for s in signals if half - DAY_S <= s.at < half]
    restored.add(again)
    after = run(restored, [s for s in signals if s.at >= half], until)
    assert run(Detector(OPTIONS), signals, until) == before + after


@settings(max_examples=4, deadline=None)
@given(cut=st.integers(0, 5 * BUCKETS_PER_DAY), seed=st.integers(0, 3))
def test_restoring_changes_nothing_to_the_last_bit(cut: int, seed: int) -> None:
    signals, until = with_spike(seed)
    at = MONDAY + (cut + 1) * BUCKET_S
    whole = Detector(OPTIONS)
    expected = run(whole, signals, at)
    restored = Detector.from_bytes(whole.to_bytes(), OPTIONS)
    rest = [signal for signal in signals if signal.at >= at]
    if rest:
        assert run(whole, rest, until) == run(restored, rest, until)
    assert whole.to_bytes() == restored.to_bytes()
    assert expected is not None


def test_bytes_that_are_no_state_are_refused_with_a_sentence() -> None:
    data = Detector(OPTIONS).to_bytes()
    for damaged in (b"", b"other", data[:-9], data[:17] + b"\0\x63" + data[19:]):
        with pytest.raises(StateError, match="reading the alerts' state"):
            Detector.from_bytes(damaged)


def test_a_backfill_is_silent() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    history = stream.spread(SPIKE_AT, 3, 60, bad=1.0, backfill=True)
    detector = Detector(OPTIONS)
    assert run(detector, signals + history, SPIKE_AT + DAY_S) == []
    assert len(history) == detector.dropped.backfill


def test_what_comes_later_than_two_buckets_is_counted_as_late_and_not_alerted_on() -> None:
    stream = Stream()
    detector = Detector(OPTIONS)
    run(detector, usual(stream), SPIKE_AT)
    detector.add(stream.spread(SPIKE_AT - 4 * 3600, 3, 60, bad=1.0))
    assert detector.dropped.late == 180
    assert detector.advance(SPIKE_AT + DAY_S) == []


def test_what_comes_two_buckets_late_still_counts() -> None:
    stream = Stream()
    signals = usual(stream)
    spike = stream.spread(SPIKE_AT - 1800, 0.49, 100, bad=1.0)
    in_time, late = Detector(OPTIONS), Detector(OPTIONS)
    run(in_time, signals + spike, SPIKE_AT)
    run(late, signals, SPIKE_AT)
    late.add(spike)
    assert late.dropped.late == 0
    assert [a.site for a in late.advance(SPIKE_AT + 1800)][:1] == ["North"]


def test_a_source_that_is_new_at_a_site_is_silent() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 6)
    new = stream.spread(SPIKE_AT, 6 * 24, 20, bad=0.5, source="twitter")
    alerts = run(Detector(OPTIONS), signals + new, SPIKE_AT + 6 * DAY_S)
    assert [alert for alert in alerts if alert.source != "twitter"] == []
    warm = SPIKE_AT + OPTIONS.warm_up_days * DAY_S
    assert [alert for alert in alerts if alert.updated_at.timestamp() <= warm] == []


def test_a_new_site_is_silent_until_it_is_known() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 2)
    new = stream.spread(SPIKE_AT, 24, 30, bad=0.9, site="South")
    assert run(Detector(OPTIONS), signals + new, SPIKE_AT + DAY_S) == []


def test_the_alert_of_a_site_stands_for_its_topics_and_sources() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    for topic in ("waiting", "food"):
        signals += stream.spread(SPIKE_AT, 3, 40, bad=1.0, topics=(topic,))
    alerts = run(Detector(OPTIONS), signals, SPIKE_AT + DAY_S)
    site = [alert for alert in alerts if alert.topic is None and alert.source is None]
    end = site[-1].resolved_at
    assert end is not None
    others = [a for a in alerts if a.topic or a.source]
    assert [a for a in others if site[0].updated_at < a.updated_at < end and a.revision == 0] == []
    assert site[0].updated_at == min(alert.updated_at for alert in alerts)


def test_episodes_that_a_sites_alert_stands_for_go_on_all_the_same() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    for topic in ("waiting", "food"):
        signals += stream.spread(SPIKE_AT, 3, 40, bad=1.0, topics=(topic,))
    detector = Detector(OPTIONS)
    run(
        detector,
        [signal for signal in signals if signal.at < SPIKE_AT + 2 * 3600],
        SPIKE_AT + 2 * 3600,
    )
    ongoing = detector.ongoing(AlertKind.NEGATIVE)
    assert {Key("North"), Key("North", "waiting"), Key("North", "food")} <= set(ongoing)
    assert detector.ongoing(AlertKind.URGENT) == []
    detector.advance(SPIKE_AT + 3 * DAY_S)
    assert detector.ongoing(AlertKind.NEGATIVE) == []


def test_the_afternoon_peak_of_every_day_is_no_alert() -> None:
    stream = Stream()
    signals = []
    for day in range(18):
        start = MONDAY + day * DAY_S
        signals += stream.spread(start, 24, 2)
        signals += stream.spread(start + 13 * 3600, 3, 40)
    signals = [signal._replace(negative=n % 3 == 0) for n, signal in enumerate(signals)]
    options = replace(OPTIONS, warm_up_days=14.0)
    assert run(Detector(options), signals, MONDAY + 18 * DAY_S) == []


def test_more_feedback_of_the_usual_share_is_no_alert() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    signals += stream.spread(SPIKE_AT, 6, 60, bad=0.15)
    assert run(Detector(OPTIONS), signals, SPIKE_AT + DAY_S) == []


def test_urgent_feedback_has_alerts_of_its_own_at_lower_counts() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    signals += stream.spread(SPIKE_AT, 1, 5, bad=0.0, urgent=True)
    alerts = run(Detector(OPTIONS), signals, SPIKE_AT + DAY_S)
    assert {AlertKind.URGENT} == {alert.kind for alert in alerts}
    assert "were urgent" in alerts[0].sentence


def test_a_large_spike_is_critical() -> None:
    stream = Stream()
    signals = usual(stream, QUIET_DAYS + 1)
    signals += stream.spread(SPIKE_AT, 2, 100, bad=1.0)
    alerts = run(Detector(OPTIONS), signals, SPIKE_AT + DAY_S)
    assert Severity.CRITICAL is alerts[0].severity


def test_an_event_beyond_the_most_keys_is_dropped_and_counted() -> None:
    stream = Stream()
    options = replace(OPTIONS, max_keys=3)
    detector = Detector(options)
    detector.add([stream.one(MONDAY, site=site) for site in ("North", "South")])
    assert (detector.keys, detector.dropped.keys) == (3, 1)


def test_the_state_of_ten_thousand_keys_is_small() -> None:
    stream = Stream()
    detector = Detector()
    topics: Sequence[str] = [f"t{number}" for number in range(32)]
    detector.add(
        stream.one(MONDAY + number % 900, site=f"s{site}", topics=(topic,))
        for number in range(2)
        for site in range(300)
        for topic in topics
    )
    detector.advance(MONDAY + BUCKET_S)
    assert detector.keys == 300 * 34
    assert len(detector.to_bytes()) < 5_000_000
    assert detector.array_bytes < 50_000_000
