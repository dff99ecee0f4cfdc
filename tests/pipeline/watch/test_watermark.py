"""The watermark of event time, also while feedback waits to be enriched."""

from pipeline.watch.watermark import WatermarkTracker

HOUR = 3_600.0
START = 1_000 * HOUR


def test_time_is_the_highest_seen() -> None:
    clock = WatermarkTracker()
    begins = [clock.observe(START + second) for second in (0, 10, 5, 900, 899)]
    assert begins == [True, False, False, True, False]
    assert clock.watermark(behind=False) == START + 900


def test_a_backlog_read_one_partition_after_the_other_is_not_late() -> None:
    clock = WatermarkTracker()
    for _ in range(6):  # as many partitions, each with ten hours of feedback
        for minute in range(600):
            clock.observe(START + minute * 60)
            assert clock.watermark(behind=True) < START
    assert clock.watermark(behind=False) == START + 599 * 60


def test_while_behind_time_follows_a_hundred_thousand_signals_later() -> None:
    clock = WatermarkTracker()
    for second in range(110_000):
        clock.observe(START + second)
    assert START + 8_000 < clock.watermark(behind=True) < START + 10_000


def test_while_behind_time_follows_a_day_and_a_half_later() -> None:
    clock = WatermarkTracker()
    clock.observe(START)
    clock.observe(START + 72 * HOUR)
    assert clock.watermark(behind=True) == START + 36 * HOUR
