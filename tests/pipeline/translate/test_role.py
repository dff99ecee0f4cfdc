"""The role's batches: what it publishes, leaves and gives up, without engines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import orjson
import pytest
from aiokafka.structs import ConsumerRecord
from structlog.testing import capture_logs

from pipeline.failures import Failure
from pipeline.kafka.reader import Record
from pipeline.settings import KafkaConnection
from pipeline.translate import role
from pipeline.translate.batching import WaitingText
from pipeline.translate.later_revisions import LaterRevisions
from pipeline.translate.role import TranslateLoop
from pipeline.translate.settings import build_translate_settings
from pipeline.translate.translator import Outcome, Untranslated
from schemas.cached_translation import CachedTranslation, derive_text_id
from schemas.feedback import EnrichedFeedback, Operation
from schemas.kafka_topics import DEAD, ENRICHED
from schemas.message import Message
from tests.pipeline.translate.test_judging import ANALYZER, AT, THANKS, WAITED, enrich
from tests.support.translators import ENGLISH, FakeDeepL


class Producer:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def write(self, messages: Sequence[Message]) -> list[Failure]:
        self.messages += messages
        return []

    def on(self, name: str) -> list[dict[str, Any]]:
        """Return the values on a Kafka topic."""
        return [orjson.loads(m.value) for m in self.messages if m.kafka_topic.name == name]


class Translator:
    """Translates by a table; what is not in it is refused."""

    characters = 0

    def __init__(self, outcomes: dict[str, Outcome]) -> None:
        self.outcomes = outcomes
        self.asked: list[str] = []

    async def translate_all(
        self, texts: Sequence[WaitingText]
    ) -> AsyncIterator[dict[str, Outcome]]:
        for each in texts:
            self.asked.append(each.text)
            english = ENGLISH.get(each.text)
            if english is None:
                yield {each.text: self.outcomes.get(each.text, Untranslated.REFUSED)}
            else:
                yield {each.text: to_entry(each.text, english)}


class Later(LaterRevisions):
    """Finds ahead what the test puts there, at a number of the look."""

    def __init__(self, looks: Sequence[Iterable[Record]] = ()) -> None:
        super().__init__(KafkaConnection("127.0.0.1:9"))
        self.looks = list(looks)

    async def read_ahead(self, partitions: Iterable[int]) -> None:
        assert list(partitions) == [0]
        if self.looks:
            self.note(self.looks.pop(0))


def to_entry(text: str, english: str) -> CachedTranslation:
    return CachedTranslation(
        text_id=derive_text_id(text), text=english, language="de", service="deepl",
        characters=len(text), at=AT,
    )  # fmt: skip


def to_records(*enriched: EnrichedFeedback | bytes) -> list[Any]:
    return [
        ConsumerRecord(
            ENRICHED.name, 0, offset, 0, 0, b"key",
            each if isinstance(each, bytes) else each.to_payload(), None, 0, 0, (),
        )
        for offset, each in enumerate(enriched)
    ]  # fmt: skip


async def handle(
    *enriched: EnrichedFeedback | bytes,
    later: Later | None = None,
    outcomes: dict[str, Outcome] | None = None,
) -> tuple[Producer, Translator]:
    settings = build_translate_settings(
        {"translate": FakeDeepL().settings("https://translate.example.org")}, lambda _: None
    )
    producer, translator = Producer(), Translator(outcomes or {})
    loop: Any = TranslateLoop(
        settings, translator, ANALYZER, producer, later or Later()  # type: ignore[arg-type]
    )  # fmt: skip
    await loop.handle(to_records(*enriched))
    return producer, translator


def deletion(record: EnrichedFeedback, later_ms: int = 1) -> EnrichedFeedback:
    changes = {"operation": Operation.DELETE, "revision": record.revision + later_ms, "text": ""}
    return record.model_copy(update=changes)


async def test_only_comments_in_another_language_are_published_again() -> None:
    english = enrich("The nurses were lovely and explained everything.")
    producer, translator = await handle(enrich(THANKS), english, b"{", b"not_scored")
    assert translator.asked == [THANKS]
    (event,) = producer.on(ENRICHED.name)
    assert event["translation"]["text"] == ENGLISH[THANKS]


async def test_a_translated_comment_is_not_translated_again() -> None:
    producer, _ = await handle(enrich(THANKS))
    (message,) = producer.messages
    again, translator = await handle(message.value)
    assert (again.messages, translator.asked) == ([], [])


async def test_the_same_text_of_several_people_is_asked_for_once() -> None:
    first, second = enrich(THANKS), enrich(THANKS, event_id="f" * 32)
    producer, translator = await handle(first, second)
    assert translator.asked == [THANKS]
    assert [event["event_id"] for event in producer.on(ENRICHED.name)] == [
        first.event_id,
        second.event_id,
    ]


@pytest.mark.parametrize("later_ms", [0, 1, 60_000])
async def test_nothing_is_sent_for_a_comment_that_was_deleted(later_ms: int) -> None:
    record = enrich(THANKS)
    producer, translator = await handle(record, deletion(record, later_ms))
    assert (producer.messages, translator.asked) == ([], [])


async def test_an_edit_supersedes_the_translation_of_what_was_there_before() -> None:
    record = enrich(THANKS)
    edit = enrich(WAITED, revision=record.revision + 1)
    producer, translator = await handle(edit, record)
    assert translator.asked == [WAITED]
    assert [event["text"] for event in producer.on(ENRICHED.name)] == [WAITED]


async def test_an_edit_into_english_supersedes_a_translation_too() -> None:
    record = enrich(THANKS)
    edit = enrich("The nurses were lovely.", revision=record.revision + 1)
    producer, translator = await handle(record, edit)
    assert (producer.messages, translator.asked) == ([], [])
    producer, translator = await handle(record, later=Later([[], to_records(edit)]))
    assert (producer.messages, translator.asked) == ([], [THANKS])


async def test_an_earlier_deletion_does_not_stop_the_translation_of_a_later_comment() -> None:
    record = enrich(THANKS)
    producer, _ = await handle(deletion(record, -1), record)
    assert len(producer.on(ENRICHED.name)) == 1


async def test_what_is_deleted_while_it_is_translated_is_not_published() -> None:
    record = enrich(THANKS)
    later = Later([[], to_records(deletion(record))])
    producer, translator = await handle(record, later=later)
    assert (producer.messages, translator.asked) == ([], [THANKS])


async def test_what_has_no_translation_is_counted_by_reason() -> None:
    texts = ["Zu lang ist dieser Kommentar geworden.", "Zu spät ist dieser Kommentar gekommen."]
    outcomes: dict[str, Outcome] = {
        texts[0]: Untranslated.TOO_LONG,
        texts[1]: Untranslated.TOO_LATE,
        "Gleich bleibt dieser kurze Kommentar hier.": to_entry("x", " "),
    }
    with capture_logs() as logs:
        producer, _ = await handle(*map(enrich, outcomes), outcomes=outcomes)
    left = {
        log["reason"]: log["comments"]
        for log in logs
        if log["event"] == "comments_left_untranslated"
    }
    assert left == {"too_long": 1, "too_late": 1, "unchanged": 1}
    assert producer.messages == []


async def test_a_translation_that_a_stage_cannot_judge_is_dead_lettered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(THANKS)

    monkeypatch.setattr(role, "judge_translation", fail)
    producer, _ = await handle(enrich(THANKS))
    (letter,) = producer.on(DEAD.name)
    assert letter["reason"] == "judging a translation: ZeroDivisionError"
    assert producer.on(ENRICHED.name) == []
