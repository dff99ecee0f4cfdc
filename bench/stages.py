"""``python -m bench.stages``: what each stage costs a comment, without Kafka and Elasticsearch.

Prints the time of each stage for generated comments in batches, of whole comments one by one, of a
text of 20,000 words, and of texts that are made to be slow.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean, median, quantiles
from typing import Any, Final

import orjson

from bench.comments import raw_messages
from bench.stage_clock import STAGES, StageClock
from deploy.demo.comments import make_comments
from pipeline.enrich import role, signals
from pipeline.enrich.enricher import Enricher
from pipeline.index import sink
from pipeline.worker.run import GC_THRESHOLDS
from schemas.feedback import MAX_TEXT_CHARACTERS, Feedback

BATCH: Final = 250
"""Comments that the worker enriches between two looks at its event loop."""

LONG_WORDS: Final = 20_000
_PIECES: Final = {
    "one word": "a",
    "one word, again and again": "not ",
    "sentences of one word": "Bad. ",
    "line ends": "\n",
    "marks": "!?",
    "apostrophes": "a'",
    "brackets": "[",
    "placeholders": "[EMAIL] ",
    "digits": "7",
    "digits in groups": "020 7946 0123 ",
    "signs of addresses": "x@x.",
    "web addresses": "http://a.b/c?d=",
    "capital letters": "BUT NO ",
    "emoji": "👩‍⚕️😡",
    "accents on one letter": "e\u0301\u0301\u0301",
    "letters that grow in lower case": "\u0130",
    "no spaces, other script": "很差",
    "right to left": "سيئ جدا ",
    "control characters": "\x00\x1b",
    "starts of urgent phrases": "want to kill want to end my ",
}


@dataclass(frozen=True, slots=True)
class Costs:
    """Times: of stages in µs a comment, of single comments in µs, of long texts in ms."""

    stages_us: dict[str, float]
    singles_us: list[float]
    long_ms: float
    hostile_ms: dict[str, float]


def hostile_texts() -> Iterator[tuple[str, str]]:
    """Yield names and texts of the greatest length that is accepted, made to be slow."""
    for name, piece in _PIECES.items():
        yield name, piece * (MAX_TEXT_CHARACTERS // len(piece))
    yield "words of no dictionary", " ".join(f"w{n:x}q" for n in range(MAX_TEXT_CHARACTERS // 7))


def measure_stages(
    enricher: Enricher, payloads: Sequence[bytes], passes: int = 5
) -> dict[str, float]:
    """Return µs a comment of each stage: of each batch the quickest of several passes.

    The clock does not stop while other programs have the CPU, but in one of the passes they have
    not.
    """
    batches = [payloads[start : start + BATCH] for start in range(0, len(payloads), BATCH)]
    rounds = [[_time_stages(enricher, batch) for batch in batches] for _ in range(passes)]
    totals = dict.fromkeys(STAGES, 0.0)
    for same_batch in zip(*rounds, strict=True):
        for name in STAGES:
            totals[name] += min(seconds[name] for seconds in same_batch)
    return {name: total / len(payloads) * 1e6 for name, total in totals.items()}


def _time_stages(enricher: Enricher, payloads: Sequence[bytes]) -> dict[str, float]:
    clock = StageClock()
    with clock.watching():
        _process(enricher, payloads)
    return clock.seconds


def _process(enricher: Enricher, payloads: Sequence[bytes]) -> None:
    """Do all that the worker does with raw payloads but for the engines."""
    enriched, _ = enricher.enrich_payloads(payloads)
    for _, record in enriched:
        message = role.to_message(record)
        signal = signals.to_signal(record)
        if signal is not None:
            signals.signal_payload(signal)
        sink.bulk_operation(message.value)


def measure(count: int) -> Costs:
    """Measure everything for ``count`` generated comments."""
    enricher = Enricher()
    payloads = [message.value for message in raw_messages(count)]
    _process(enricher, payloads[:BATCH])  # what is computed lazily is there
    gc.freeze()  # the comments are not the worker's
    thresholds = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    timed = [_time(enricher, [payload]) for payload in payloads]
    costs = Costs(
        measure_stages(enricher, payloads),
        [seconds * 1e6 for seconds in timed],
        _time(enricher, [_payload(_long_text())]) * 1e3,
        {name: _time(enricher, [_payload(text)]) * 1e3 for name, text in hostile_texts()},
    )
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    return costs


def _time(enricher: Enricher, payloads: Sequence[bytes]) -> float:
    began = time.thread_time()
    _process(enricher, payloads)
    return time.thread_time() - began


def _long_text() -> str:
    words: list[str] = []
    for record in make_comments(2_000, until=datetime.now(UTC)):
        words += record.text.split()
    while len(words) < LONG_WORDS:
        words += words
    # A record holds at most 100,000 characters; a text with so many words is cut there.
    return " ".join(words[:LONG_WORDS])[:MAX_TEXT_CHARACTERS]


def _payload(text: str) -> bytes:
    record = Feedback.collect(
        source="bench", native_id="1", created_at=datetime.now(UTC), family="form"
    )
    return orjson.dumps({**orjson.loads(record.to_payload()), "text": text})


def show(costs: Costs, say: Callable[[str], Any]) -> None:
    """Print the costs as lines."""
    for name, us in costs.stages_us.items():
        say(f"{name:24} {us:8.1f} µs a comment")
    say(f"{'all':24} {sum(costs.stages_us.values()):8.1f} µs a comment, in batches of {BATCH}")
    singles = costs.singles_us
    say(
        f"one by one: median {median(singles):.0f} µs, mean {mean(singles):.0f} µs, "
        f"99th percentile {quantiles(singles, n=100)[98]:.0f} µs"
    )
    say(f"{LONG_WORDS:,} words: {costs.long_ms:.0f} ms")
    say("made to be slow, 100,000 characters each:")
    for name, ms in sorted(costs.hostile_ms.items(), key=lambda item: -item[1]):
        say(f"  {name:36} {ms:7.0f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description=__doc__)
    parser.add_argument("--comments", type=int, default=4_000, help="generated comments (4,000)")
    show(measure(parser.parse_args().comments), print)


if __name__ == "__main__":
    main()
