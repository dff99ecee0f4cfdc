"""A small run on real engines: each contestant does all of the work, and once."""

import pytest

from bench.comments import raw_messages
from bench.contestants import CONTESTANTS
from bench.run import Plan, measure
from pipeline.settings import Settings

# The warm-up of the engines runs the aiokafka loop, and latency the project.
OTHERS = ("faust_per_event", "quixstreams", "aiokafka_one_by_one", "confluent_loop")


@pytest.mark.timeout(600)
def test_every_contestant_enriches_and_indexes_every_comment_once() -> None:
    results = measure(Plan(events=300, rounds=1, names=OTHERS, latency_s=1), Settings(), print)

    errors = {name: outcome.error for name, outcome in results.contestants.items()}
    expected = dict.fromkeys(OTHERS)
    assert expected == errors
    assert results.latency_error is None
    assert results.latency is not None
    observed = 500, 50
    assert observed == (len(results.latency.enriched), len(results.latency.searchable))


def test_every_comment_has_an_id_of_its_own() -> None:
    count = 500
    assert count == len({message.key for message in raw_messages(count)})


def test_contestants_have_names_of_their_own() -> None:
    assert len(CONTESTANTS) == len({contestant.name for contestant in CONTESTANTS})
