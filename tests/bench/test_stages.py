"""The cost of each stage: the parts add up, the stages exist, and no text hangs."""

import time

import pytest

from bench.comments import raw_messages
from bench.stage_clock import STAGES, StageClock
from bench.stages import BATCH, hostile_texts, measure_stages
from pipeline.enrich.enricher import Enricher
from schemas.feedback import MAX_TEXT_CHARACTERS

ENRICHER = Enricher()
MAX_HOSTILE_S = 2.0


def test_the_parts_of_a_comment_add_up_to_its_cost() -> None:
    payloads = [message.value for message in raw_messages(BATCH)]
    began = time.perf_counter()
    costs = measure_stages(ENRICHER, payloads, passes=1)
    whole_us = (time.perf_counter() - began) / len(payloads) * 1e6
    assert set(costs) == set(STAGES)
    assert all(us > 0 for us in costs.values())
    assert 0.5 * whole_us < sum(costs.values()) <= whole_us


def test_a_clock_leaves_the_functions_as_they_were() -> None:
    def look() -> list[object]:
        return [vars(owner)[name] for places in STAGES.values() for owner, name in places]

    before = look()
    with pytest.raises(RuntimeError), StageClock().watching():
        assert not set(before) & set(look())
        raise RuntimeError
    assert look() == before


@pytest.mark.parametrize(("name", "text"), list(hostile_texts()), ids=lambda value: value[:20])
def test_a_text_made_to_be_slow_takes_no_longer_than_a_moment(name: str, text: str) -> None:
    assert len(text) > 0.9 * MAX_TEXT_CHARACTERS, name
    began = time.process_time()
    ENRICHER._analyzer.redactor.redact(text)
    ENRICHER._analyzer.detector.detect(text)
    ENRICHER._analyzer.vader.score_comment(text)
    ENRICHER._analyzer.triage.triage([text], [True])
    assert time.process_time() - began < MAX_HOSTILE_S
