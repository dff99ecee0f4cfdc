"""The life of an episode, told bucket by bucket."""

from __future__ import annotations

import numpy as np

from pipeline.watch.detection.episodes import Episodes, Notice
from pipeline.watch.detection.options import DetectorOptions, SpikeRules
from pipeline.watch.detection.scan import Finding, Observations
from schemas.alert import AlertState, Severity

LIMIT = 3.0
SITE, TOPIC = 0, 1
PARENTS = np.array([-1, SITE])


class Life:
    """Episodes of a site and its topic, with a mean of 10 in every window."""

    def __init__(self, **options: float) -> None:
        self.episodes = Episodes(
            SpikeRules(false_alarms_a_day=1.0, min_count=4),
            DetectorOptions(**options),  # type: ignore[arg-type]
        )
        self.episodes.grow(2)
        self.bucket = 1_000

    def evaluate_open_bucket(self, **scores: float) -> list[Notice]:
        """A glance at the bucket that the next step closes."""
        keys = {"site": SITE, "topic": TOPIC}
        findings = {
            keys[name]: Finding(score, 0, 40, 60, 10.0, 1.0, 0.2) for name, score in scores.items()
        }
        return self.episodes.evaluate_open_bucket(
            self.bucket + 1, findings, LIMIT, PARENTS, lambda key, window, bucket: bucket
        )

    def step(self, **scores: float) -> list[Notice]:
        """One bucket; a key that is named has its score, and 40 where 10 are usual."""
        keys = {"site": SITE, "topic": TOPIC}
        findings = {
            keys[name]: Finding(score, 0, 40, 60, 10.0, 1.0, 0.2) for name, score in scores.items()
        }
        x = np.array(
            [[40 if key in findings else 10 for key in (SITE, TOPIC)]] * 4, dtype=np.uint32
        )
        counted = Observations(x, x * 2, np.full((4, 2), 10.0))
        self.bucket += 1
        return self.episodes.step(
            self.bucket, findings, LIMIT, counted, PARENTS, lambda key, window, bucket: bucket
        )


def states(notices: list[Notice]) -> list[AlertState]:
    return [notice.state for notice in notices]


def test_one_improbable_bucket_alone_is_no_episode() -> None:
    life = Life()
    assert [
        n for hot in (True, False, False, True) for n in life.step(**({"site": 4.0} if hot else {}))
    ] == []


def test_two_of_three_improbable_buckets_are_an_episode_from_the_first_on() -> None:
    life = Life()
    assert life.step(site=4.0) == []
    assert life.step() == []
    (notice,) = life.step(site=4.0)
    assert (notice.state, notice.episode.start) == (AlertState.FIRING, 1_001)


def test_an_extreme_bucket_needs_no_second_one() -> None:
    assert states(Life().step(site=5.5)) == [AlertState.FIRING]


def test_an_episode_ends_after_two_calm_buckets_and_not_after_one() -> None:
    life = Life()
    life.step(site=6.0)
    notices = [states(life.step(**scores)) for scores in ({}, {"site": 6.0}, {}, {})]
    assert notices == [[], [], [], [AlertState.RESOLVED]]


def test_it_reminds_after_four_hours() -> None:
    life = Life()
    life.step(site=6.0)
    notices = [bool(life.step(site=6.0)) for _ in range(17)]
    assert notices == [False] * 15 + [True, False]


def test_it_tells_when_it_gets_much_worse_and_then_is_critical() -> None:
    life = Life()
    (first,) = life.step(site=5.5)
    assert Severity.WARNING is first.episode.severity
    (worse,) = life.step(site=9.0)
    assert Severity.CRITICAL is worse.episode.severity
    assert life.step(site=9.5) == []


def test_a_sites_episode_stands_for_its_topics_until_it_ends() -> None:
    life = Life()
    assert [notice.key for notice in life.step(site=6.0, topic=6.0)] == [SITE]
    assert life.step(topic=6.0) == []
    notices = life.step(topic=6.0)
    assert [(notice.key, notice.state) for notice in notices] == [
        (SITE, AlertState.RESOLVED),
        (TOPIC, AlertState.FIRING),
    ]


def test_a_topic_that_ends_with_its_site_is_never_told() -> None:
    life = Life()
    life.step(site=6.0, topic=6.0)
    notices = [*life.step(), *life.step()]
    assert [notice.key for notice in notices] == [SITE]


def test_a_glance_at_one_improbable_bucket_says_nothing_and_leaves_no_trace() -> None:
    life = Life()
    before = life.episodes.facts()
    assert life.evaluate_open_bucket(site=4.0) == []
    assert life.evaluate_open_bucket(site=4.0) == []
    assert before == life.episodes.facts()


def test_a_stored_episode_has_the_names_that_earlier_versions_read() -> None:
    life = Life()
    life.step(site=5.5)
    facts = life.episodes.facts()
    ((key, stored),) = facts["firing"]
    assert (key, stored["told"], stored["told_at"], stored["told_score"]) == (SITE, 0, 1_001, 5.5)
    restored = Life()
    restored.episodes.restore(facts, life.episodes.ended)
    assert restored.episodes.firing == life.episodes.firing


def test_a_glance_tells_what_two_of_three_buckets_say_already() -> None:
    life = Life()
    assert life.step(site=4.0) == []
    (notice,) = life.evaluate_open_bucket(site=4.0)
    assert (notice.state, notice.episode.start, notice.episode.revision) == (
        AlertState.FIRING,
        1_001,
        0,
    )
    assert life.evaluate_open_bucket(site=4.5) == []
    assert life.step(site=4.5) == []


def test_a_glance_tells_what_is_extreme() -> None:
    assert states(Life().evaluate_open_bucket(site=5.5)) == [AlertState.FIRING]


def test_a_long_window_needs_no_second_bucket() -> None:
    life = Life()
    findings = {SITE: Finding(3.1, 3, 40, 60, 10.0, 1.0, 0.2)}
    notices = life.episodes.evaluate_open_bucket(
        1_001, findings, LIMIT, PARENTS, lambda key, window, bucket: 990
    )
    assert [notice.episode.start for notice in notices] == [990]


def test_a_glance_tells_at_once_that_it_gets_much_worse() -> None:
    life = Life()
    life.step(site=5.5)
    (worse,) = life.evaluate_open_bucket(site=9.0)
    assert (worse.episode.severity, worse.episode.revision) == (Severity.CRITICAL, 1)
    assert life.step(site=9.0) == []


def test_a_glance_tells_of_the_site_and_not_of_its_topic() -> None:
    life = Life()
    assert [notice.key for notice in life.evaluate_open_bucket(site=6.0, topic=7.0)] == [SITE]
    assert life.step(site=6.0, topic=7.0) == []
