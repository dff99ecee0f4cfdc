"""`feedback search` against a real Elasticsearch, and without one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from pipeline.commands.search.command import as_json, run_search, search
from pipeline.commands.search.view import render
from pipeline.commands.shared import context
from pipeline.elasticsearch.client import connect
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.search.hits import Hit
from pipeline.search.query import SearchRequest, SearchResult, Sort
from pipeline.settings import Settings
from pipeline.terminal import SafeConsole
from schemas.documents import document, index_name, mappings
from schemas.feedback import (
    EnrichedFeedback,
    Family,
    Label,
    Language,
    Level,
    Priority,
    Sentiment,
    TopicSentiment,
    Translation,
)
from schemas.measures import Fft, Stars

ORGANIZATION = "Search Test Trust"
DAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HERE = SearchRequest(organizations=(ORGANIZATION,))


def _record(number: int, text: str, label: Label, **fields: Any) -> dict[str, Any]:
    record = EnrichedFeedback.collect(
        source="search_test",
        native_id=str(number),
        created_at=DAY + timedelta(days=number),
        text=text,
        organization=ORGANIZATION,
        enriched_at=DAY + timedelta(days=40),
        collected_at=DAY + timedelta(days=40),
        sentiment=Sentiment(label=label, method="test", **fields.pop("sentiment", {})),
        detected_language=Language(code=fields.pop("language_code", "en"), confidence=0.9),
        **({"family": Family.FORM, "site": "North House"} | fields),
    )
    body: dict[str, Any] = orjson.loads(record.to_payload())
    return body


def _own(topic: str, label: Label) -> TopicSentiment:
    return TopicSentiment(topic=topic, label=label, probability=0.9, evidence=((0, 4),))


RECORDS = [
    _record(0, "Waiting times were long", Label.NEGATIVE, topics=("waiting_time",),
            sentiment={"compound": 0.0, "level": Level.NEGATIVE}, interactions=("scheduling",),
            priority=Priority.HIGH, evidence={"topic:waiting_time": ((0, 13),)}),
    _record(1, "The wait was awful, truly awful", Label.NEGATIVE, fft=Fft(value=5),
            sentiment={"compound": -0.7, "level": Level.NEGATIVE}),
    _record(2, "Lovely nurses [bold]", Label.POSITIVE, family=Family.REVIEW, stars=Stars(value=1),
            site="South House", sentiment={"compound": 0.6, "contradicts_rating": True}),
    _record(3, "Muy amables", Label.NOT_SCORED, language_code="es", site="South House"),
    _record(4, "I want to end it. A negative experience", Label.NEGATIVE, urgent=True,
            sentiment={"compound": 0.5, "level": Level.VERY_NEGATIVE},
            urgent_reasons=("self_harm", "contact_request"), priority=Priority.MEDIUM,
            evidence={"urgent:self_harm": ((10, 16),), "sentiment": ((20, 99), (20, 28))}),
    _record(5, "No level here", Label.NEGATIVE, sentiment={"compound": -0.9}),
    _record(6, "Rude porter, kind nurse", Label.POSITIVE, topics=("staff", "porters"),
            sentiment={"compound": 0.2, "mixed": True}, maybe_urgent=True,
            maybe_urgent_reasons=("safeguarding",),
            topic_sentiments=(_own("staff", Label.POSITIVE), _own("porters", Label.NEGATIVE))),
    _record(7, "Czekanie bez końca", Label.NEGATIVE, language_code="pl",
            sentiment={"compound": -0.1, "by_translation": True},
            translation=Translation(text="Endless queueing", language="pl", service="test")),
    _record(25, "Parking near the café was fine", Label.NEUTRAL, sentiment={"compound": 0.2}),
]  # fmt: skip


@pytest.fixture(scope="module")
def indexed(settings: Settings) -> Settings:
    with connect(settings) as client:
        operations: list[dict[str, Any]] = []
        for record in RECORDS:
            created_at = datetime.fromisoformat(record["created_at"])
            index = {"_index": index_name(created_at), "_id": record["event_id"]}
            operations += [{"index": index}, document(record)]
        answer = client.bulk(operations=operations, refresh=True)
        assert not answer["errors"], answer
    return settings


def _search(request: SearchRequest, settings: Settings) -> list[int]:
    result = run_search(request, settings)
    return [int(hit.source["feedback"]["native_id"]) for hit in result.hits]


def test_without_words_everything_is_found_newest_first(indexed: Settings) -> None:
    assert _search(HERE, indexed) == [25, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"words": "awful wait"}, {1}),
        ({"words": "awful | nurses"}, {1, 2}),
        ({"words": "wait*"}, {0, 1}),
        ({"words": "wait* -awful"}, {0}),
        ({"words": '"waiting times"'}, {0}),
        ({"words": '"never closed ( +'}, set()),
        ({"words": "endless queueing"}, {7}),
        ({"words": "czekanie"}, {7}),
        ({"topic_sentiments": (("porters", Label.NEGATIVE),)}, {6}),
        ({"topic_sentiments": (("staff", Label.NEGATIVE),)}, set()),
        ({"topic_sentiments": (("wait*", Label.NEGATIVE), ("Staff", Label.POSITIVE))}, {0, 6}),
        ({"mixed": True}, {6}),
        ({"by_translation": True}, {7}),
        ({"maybe_urgent": True}, {6}),
        ({"reasons": ("safeguarding",)}, {6}),
        ({"urgent": True, "reasons": ("safeguarding",)}, set()),
        ({"sites": ("south house",)}, {2, 3}),
        ({"sites": ("S* House", "nowhere")}, {2, 3}),
        ({"topics": ("waiting_time",)}, {0}),
        ({"labels": (Label.NEGATIVE,)}, {0, 1, 4, 5, 7}),
        ({"levels": (Level.NEGATIVE, Level.VERY_NEGATIVE)}, {0, 1, 4}),
        ({"contradicts_rating": True}, {2}),
        ({"urgent": True}, {4}),
        ({"reasons": ("Self*",)}, {4}),
        ({"interactions": ("scheduling",)}, {0}),
        ({"priorities": (Priority.HIGH,)}, {0}),
        ({"families": (Family.REVIEW,)}, {2}),
        ({"languages": ("es",)}, {3}),
        ({"sources": ("search_test",)}, {0, 1, 2, 3, 4, 5, 6, 7, 25}),
        ({"since": DAY + timedelta(days=2)}, {2, 3, 4, 5, 6, 7, 25}),
        ({"until": DAY + timedelta(days=2)}, {0, 1}),
    ],
)
def test_words_and_filters_narrow(
    indexed: Settings, changes: dict[str, Any], expected: set[int]
) -> None:
    assert set(_search(replace(HERE, **changes), indexed)) == expected


def test_most_negative_first_by_label_then_level_then_score(indexed: Settings) -> None:
    request = replace(HERE, sort=Sort.NEGATIVITY)
    assert _search(request, indexed) == [4, 1, 0, 5, 7, 25, 3, 6, 2]
    assert _search(replace(request, words="wait*"), indexed) == [1, 0]


def test_the_limit_bounds_the_hits_and_not_the_counts(indexed: Settings) -> None:
    result = run_search(replace(HERE, limit=1), indexed)
    assert len(result.hits) == 1
    assert result.total == 9
    assert result.labels == {"negative": 5, "neutral": 1, "positive": 2, "not_scored": 1}
    assert (result.urgent, result.maybe_urgent) == (1, 1)
    assert (result.mixed, result.by_translation) == (1, 1)


def test_every_match_is_marked_where_it_stands(indexed: Settings) -> None:
    (hit,) = run_search(replace(HERE, words="awful"), indexed).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["awful", "awful"]


def test_words_are_found_in_a_translation_and_marked_there(indexed: Settings) -> None:
    result = run_search(replace(HERE, words="queueing"), indexed)
    (hit,) = result.hits
    assert (hit.spans, hit.translation[slice(*hit.translation_spans[0])]) == ((), "queueing")
    (found,) = as_json(result)["hits"]
    assert (found["highlight"], found["translation_highlight"]) == ((), ((8, 16),))


def test_the_value_of_a_filter_is_no_match_in_the_text(indexed: Settings) -> None:
    (hit,) = run_search(replace(HERE, words="experience", labels=(Label.NEGATIVE,)), indexed).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["experience"]


def test_without_words_the_evidence_of_the_filters_is_marked(indexed: Settings) -> None:
    (hit,) = run_search(replace(HERE, reasons=("self_harm",)), indexed).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["end it"]
    (hit,) = run_search(replace(HERE, levels=(Level.VERY_NEGATIVE,)), indexed).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["negative"]


def test_json_has_total_counts_and_hits_with_highlights(indexed: Settings) -> None:
    result = as_json(run_search(replace(HERE, words="parking"), indexed))
    assert (result["total"], result["labels"], result["urgent"]) == (1, {"neutral": 1}, 0)
    (hit,) = result["hits"]
    assert hit["message"] == "Parking near the café was fine"
    assert hit["highlight"] == ((0, 7),)


def test_a_subfield_of_the_text_is_searched_and_marked_too(settings: Settings) -> None:
    record = _record(-9_900, "Café. Open the door2door", Label.NEUTRAL)
    created_at = datetime.fromisoformat(record["created_at"])
    with connect(settings) as client:
        # An analyzer of every server, in the place of the language's: it splits at digits.
        client.indices.create(index=index_name(created_at), mappings=mappings(analyzer="simple"))
        client.index(
            index=index_name(created_at),
            id=record["event_id"],
            document=document(record),
            refresh=True,
        )
    request = replace(HERE, words="door", until=DAY - timedelta(days=9_000))
    (hit,) = run_search(request, settings).hits
    assert [hit.text[start:end] for start, end in hit.spans] == ["door", "door"]


@contextmanager
def _server(status: int, kind: str, *, product: str = "Elasticsearch") -> Iterator[str]:
    """Serve Elasticsearch's responses to a failure; yield the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = orjson.dumps({"error": {"type": kind, "reason": kind}, "status": status})
            self.send_response(status)
            self.send_header("X-Elastic-Product", product)
            self.send_header("content-type", "application/vnd.elasticsearch+json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("status", "kind", "sentence", "exit_status"),
    [
        (404, "index_not_found_exception", "holds no feedback yet", ExitStatus.FAILED),
        (404, "nothing_here", "not Elasticsearch 9", ExitStatus.UNAVAILABLE),
        (401, "security_exception", "FEEDBACK_ELASTICSEARCH_API_KEY", ExitStatus.FAILED),
        (503, "no_master", "not ready (status 503)", ExitStatus.UNAVAILABLE),
        (400, "parsing_exception", "parsing_exception", ExitStatus.FAILED),
    ],
)
def test_a_refusal_is_said_in_one_sentence(
    status: int, kind: str, sentence: str, exit_status: ExitStatus
) -> None:
    with _server(status, kind) as url, pytest.raises(CommandError) as caught:
        run_search(SearchRequest(), Settings(elasticsearch_url=url))
    assert caught.value.status is exit_status
    assert str(caught.value).startswith("searching feedback: ")
    assert sentence in str(caught.value)


def test_what_answers_as_another_product_is_said() -> None:
    with _server(200, "", product="Other") as url, pytest.raises(Unavailable) as caught:
        run_search(SearchRequest(), Settings(elasticsearch_url=url))
    assert str(caught.value).endswith(f"the server at {url} is not Elasticsearch 9")


def _app() -> typer.Typer:
    app = typer.Typer()
    app.command()(search)
    return app


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment is read again before and after."""
    context.settings.cache_clear()
    yield monkeypatch
    context.settings.cache_clear()


def test_the_command_takes_words_and_filters(
    indexed: Settings, fresh_settings: pytest.MonkeyPatch
) -> None:
    fresh_settings.setenv("FEEDBACK_ELASTICSEARCH_URL", indexed.elasticsearch_url)
    arguments = ["lovely", "nurses", "--organization", ORGANIZATION, "--label", "positive"]
    result = CliRunner().invoke(_app(), [*arguments, "--since", "2026-03-12", "--json"])
    assert result.exit_code == 0, result.output
    assert orjson.loads(result.stdout)["total"] == 1


def test_a_topics_sentiment_is_asked_for_as_topic_and_sentiment(
    indexed: Settings, fresh_settings: pytest.MonkeyPatch
) -> None:
    fresh_settings.setenv("FEEDBACK_ELASTICSEARCH_URL", indexed.elasticsearch_url)
    arguments = ["--organization", ORGANIZATION, "--topic-sentiment", "porters:negative", "--mixed"]
    result = CliRunner().invoke(_app(), [*arguments, "--maybe-urgent", "--json"])
    assert result.exit_code == 0, result.output
    assert orjson.loads(result.stdout)["total"] == 1


@pytest.mark.parametrize("text", ["waiting_time", "waiting_time:bad", ":negative", "a:not_scored"])
def test_a_topics_sentiment_that_cannot_be_read_is_wrong_usage(text: str) -> None:
    result = CliRunner().invoke(_app(), ["--topic-sentiment", text])
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.USAGE
    assert "like waiting_time:negative" in str(result.exception)


def test_a_time_that_cannot_be_read_is_wrong_usage() -> None:
    result = CliRunner().invoke(_app(), ["--since", "soon"])
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.USAGE
    assert str(result.exception).startswith("reading --since: expected a date")


def test_no_elasticsearch_is_said_in_one_sentence_within_seconds_and_without_the_password() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            run_search(
                SearchRequest(), Settings(elasticsearch_url=f"http://me:secret@127.0.0.1:{port}")
            )
    assert time.monotonic() - start < 15
    assert str(caught.value) == (
        f"connecting to Elasticsearch at http://127.0.0.1:{port}: no connection; start one with "
        "`feedback up` or set FEEDBACK_ELASTICSEARCH_URL"
    )


def test_an_address_that_cannot_be_used_is_wrong_usage_and_not_repeated() -> None:
    with pytest.raises(CommandError) as caught:
        run_search(SearchRequest(), Settings(elasticsearch_url="http://me:secret@no-port"))
    assert caught.value.status is ExitStatus.USAGE
    assert str(caught.value).startswith("reading FEEDBACK_ELASTICSEARCH_URL")
    assert "secret" not in str(caught.value)


def _render(*hits: Hit, urgent: int = 0) -> str:
    result = SearchResult(len(hits), 4, {"negative": 1}, hits, urgent)
    console = SafeConsole(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render(result))
    return capture.get()


def _hit(text: str, **feedback: Any) -> Hit:
    return Hit({"@timestamp": "2026-03-10T09:00:00Z", "feedback": feedback}, text)


def test_draws_place_label_text_and_details() -> None:
    hit = _hit(
        "Too slow",
        site="North House",
        service="X-ray",
        sentiment={"label": "negative"},
        topics=["waiting_time", "communication"],
        measures={"stars": {"value": 2.0}, "fft": {"value": 5.0}},
        language={"detected": "und", "declared": "en-GB"},
        family="form",
    )
    assert _render(hit).splitlines() == [
        "2026-03-10 09:00  North House  X-ray  negative",
        "  Too slow",
        "  waiting_time, communication · stars 2 · FFT very poor · en-GB · form",
        "",
        "1 found in 4 ms, 1 shown · negative 1",
    ]


def test_draws_level_urgent_reasons_and_a_contradicted_rating() -> None:
    hit = _hit(
        "I want to end it",
        sentiment={"label": "negative", "level": "very_negative", "contradicts_rating": True},
        urgent=True,
        urgent_reasons=["self_harm", "contact_request"],
        measures={"stars": {"value": 5.0}},
        language={"detected": "en"},
    )
    assert _render(hit, urgent=1).splitlines() == [
        "2026-03-10 09:00  very negative   urgent: self harm, contact request ",
        "  I want to end it",
        "  stars 5 · text contradicts rating · en",
        "",
        "1 found in 4 ms, 1 shown · negative 1 · urgent 1",
    ]


def test_draws_what_is_mixed_may_be_urgent_and_was_translated() -> None:
    hit = _hit(
        "Byli niemili",
        sentiment={"label": "positive", "mixed": True, "by_translation": True},
        topics=["staff", "parking"],
        topic_sentiments=[
            {"topic": "staff", "label": "positive"},
            {"topic": "parking", "label": "negative"},
        ],
        maybe_urgent=True,
        maybe_urgent_reasons=["safeguarding"],
        language={"detected": "pl"},
    )
    translated = replace(hit, translation="They were rude", translation_spans=((10, 14),))
    result = SearchResult(1, 4, {"positive": 1}, (translated,), 0, 1, 1, 1)
    console = SafeConsole(width=100, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(render(result))
    assert capture.get().splitlines() == [
        "2026-03-10 09:00  positive  mixed   may be urgent: safeguarding ",
        "  Byli niemili",
        "  Translated: They were rude",
        "  staff, parking (negative) · judged by translation · pl",
        "",
        "1 found in 4 ms, 1 shown · positive 1 · mixed 1 · by translation 1 · may be urgent 1",
    ]


def test_the_label_is_drawn_where_the_level_says_another_thing() -> None:
    shown = _render(_hit("Hm", sentiment={"label": "neutral", "level": "positive"}))
    assert shown.startswith("2026-03-10 09:00  neutral\n")


def test_markup_and_control_characters_of_strangers_are_not_obeyed() -> None:
    text = "[red]x[/] \x1b[2J\x1b]0;t\x07 \x9b31m \u202egnp\r\nend"
    shown = _render(_hit(text, site="[b]A[/b]\x1b[1m"))
    assert "[red]x[/]" in shown
    assert "[b]A[/b]" in shown
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(shown)


def test_of_a_long_text_the_part_around_the_first_match_is_shown() -> None:
    text = "a " * 5_000 + "needle" + " z" * 5_000
    hit = replace(_hit(text), spans=((10_000, 10_006),))
    shown = _render(hit)
    assert "needle" in shown
    assert len(shown) < 1_000
    assert shown.count("…") == 2


def test_nothing_found_comes_with_advice() -> None:
    assert _render().startswith("Nothing found. Try fewer words")
