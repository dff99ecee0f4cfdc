"""Figures of measured passes: medians, ratios, percentiles, bars."""

from typing import Any

from bench.burst import Pass
from bench.figures import NOT_INSTALLED, Outcome, Results, bars, to_document
from bench.latency import Latency, percentile


def a_pass(events_per_s: float) -> Pass:
    return Pass(
        events=1_000,
        seconds=1_000 / events_per_s,
        contestant_cpu_s=0.3,
        kafka_cpu_s=0.1,
        elasticsearch_cpu_s=0.2,
        peak_rss_bytes=120_000_000,
    )


def results(**rates: list[float]) -> Results:
    outcomes = {
        name: Outcome(name, passes=[a_pass(rate) for rate in rounds])
        for name, rounds in rates.items()
    }
    return Results(1_000, 2, {"cpus": 2}, 150.0, outcomes)


def entry(document: dict[str, Any], name: str) -> dict[str, Any]:
    figures: dict[str, Any] = document["contestants"][name]
    return figures


def test_a_contestants_rate_is_the_median_of_its_rounds() -> None:
    figures = entry(to_document(results(project=[2_000, 1_000, 2_400])), "project")

    expected = [2_000.0, [2_000.0, 1_000.0, 2_400.0]]
    assert expected == [figures["events_per_s"], figures["rounds"]]


def test_cpu_is_given_by_part_and_event() -> None:
    figures = entry(to_document(results(project=[2_000])), "project")

    expected = {"contestant": 300.0, "enrichment": 150.0, "kafka": 100.0, "elasticsearch": 200.0}
    assert expected == figures["cpu_parts_us"]


def test_a_contestant_that_is_not_installed_fails_nothing_and_says_what_to_install() -> None:
    measured = results(project=[2_000])
    measured.contestants["quixstreams"] = Outcome("quixstreams", installed=False)

    expected = {"not_installed": NOT_INSTALLED}
    assert expected == entry(to_document(measured), "quixstreams")
    assert not measured.failed


def test_a_contestant_that_lost_work_has_no_rate() -> None:
    measured = results(project=[2_000], quixstreams=[4_000])
    expected = {"error": "99 documents for 100 events"}
    measured.contestants["quixstreams"].error = expected["error"]

    assert expected == entry(to_document(measured), "quixstreams")
    assert measured.failed
    assert not bars(measured)


def test_the_bars_compare_the_project_with_the_others() -> None:
    measured = results(
        project=[2_000],
        faust_per_event=[401],
        quixstreams=[1_000],
        aiokafka_one_by_one=[1_500],
        aiokafka_loop=[2_500],
    )

    expected = [(4.99, False), (2.0, True), (1.33, True), (0.8, False)]
    assert expected == [(round(bar.value, 2), bar.met) for bar in bars(measured)]


def test_latency_is_judged_by_its_99th_percentile() -> None:
    measured = results()
    measured.latency = Latency([float(ms) for ms in range(1, 101)], [100.0] * 98 + [2_000.0] * 2)

    expected = {
        "enriched": {"p50": 50.0, "p99": 99.0},
        "searchable": {"p50": 100.0, "p99": 2000.0},
        "foreign_cpus": 0.0,
    }
    assert expected == to_document(measured)["latency_ms"]
    verdicts = [True, False]
    assert verdicts == [bar.met for bar in bars(measured)]


def test_a_percentile_is_the_nearest_rank() -> None:
    rising = [1.0, 2.0, 3.0]
    assert rising == [percentile(rising, share) for share in (0.0, 0.5, 0.99)]
