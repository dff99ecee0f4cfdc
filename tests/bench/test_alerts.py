"""The spike bench: what is counted, what is planted and what the detector is told agree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.alerts import page
from bench.alerts.hospitals import DAY, SOURCES, Batch, Hospitals, Load, Size, count_rows, simulate
from bench.alerts.ours import START, Stream
from pipeline.watch.detection.signals import BUCKET_S

SIZE = Size(sites=3, topics=4, days=50, seed=21)


@pytest.fixture(scope="module")
def hospitals() -> Hospitals:
    return simulate(SIZE)


def test_a_sites_keys_count_its_topics_and_its_sources(hospitals: Hospitals) -> None:
    rows = count_rows(hospitals.n, 1)
    assert rows.shape == (SIZE.width, SIZE.buckets)
    for row in range(SIZE.width):
        own = hospitals.n[(1, *SIZE.cells(row))].sum(axis=(0, 1))
        assert np.array_equal(rows[row], own)


def test_a_spike_touches_the_keys_that_share_its_comments() -> None:
    site, topic, source = 0, 2, 1 + SIZE.topics
    sources = list(range(source, SIZE.width))
    assert set(SIZE.affected_keys(site)) == set(range(SIZE.width))
    assert set(SIZE.affected_keys(topic)) == {site, topic, *sources}
    assert set(SIZE.affected_keys(source)) == {site, source, *range(1, 1 + SIZE.topics)}


def test_a_silent_source_says_nothing(hospitals: Hospitals) -> None:
    ((site, first, last),) = hospitals.silent
    assert last - first == 10 * DAY
    assert hospitals.n[site, len(SOURCES) - 1, :, first:last].sum() == 0
    assert hospitals.n[site, 0, :, first:last].sum() > 0


def test_the_events_of_a_bucket_are_its_counts(hospitals: Hospitals) -> None:
    busiest = int(hospitals.n.sum(axis=(0, 1, 2)).argmax())
    lots = list(Stream(hospitals).lots(busiest))
    signals = [signal for lot in lots for signal in lot]
    assert len(signals) == int(hospitals.n[..., busiest].sum())
    assert sum(signal.negative for signal in signals) == int(hospitals.x[..., busiest].sum())
    assert len({signal.event_id for signal in signals}) == len(signals)
    start = START + busiest * BUCKET_S
    for number, lot in enumerate(lots):
        span = (start + number * BUCKET_S / 3, start + (number + 1) * BUCKET_S / 3)
        assert all(span[0] <= signal.at <= span[1] for signal in lot)


def test_loads_come_late_and_replays_come_again(hospitals: Hospitals) -> None:
    by_load = {batch.load: batch for batch in hospitals.batches}
    assert set(by_load) == set(Load)
    replay = by_load[Load.REPLAY]
    stream = Stream(hospitals)
    came = Counter[str]()
    for bucket in range(replay.bucket - DAY, replay.bucket + 1):
        first, *_ = stream.lots(bucket)
        came.update(s.event_id for s in first if s.site == f"site {replay.site}")
    assert max(came.values()) == 2
    for load, flagged in ((Load.FLAGGED, True), (Load.UNFLAGGED, False)):
        loaded = stream.load(Batch(0, 4_500, load))
        assert {signal.backfill for signal in loaded} == {flagged}
        assert max(signal.at for signal in loaded) <= START + 4_500 * BUCKET_S


def test_a_page_that_holds_more_than_was_measured_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "alerting.md"
    sections = "### Simulated\n\n1\n\n### Real days\n\n2\n"
    path.write_text(f"### Before\n<!-- alerts bench -->\n{sections}<!-- /alerts bench -->\n")
    assert page.missing_sections(path, "### Simulated\n\n3\n") == ["Real days"]
    assert page.missing_sections(path, sections + "### More\n") == []
