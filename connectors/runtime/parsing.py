"""From an item to its message: a record, a dead letter, or nothing if it is skipped."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Protocol

import orjson
from pydantic_core import PydanticSerializationError

from connectors.runtime.run_stats import RunStats
from connectors.sdk.base import Item
from connectors.sdk.empty_answers import EMPTY_ANSWER, says_nothing
from connectors.sdk.errors import BadRecord, Fatal, Retry, Skip
from connectors.sdk.json_parts import fit_depth
from connectors.sdk.records import mark_backfill
from connectors.sdk.timestamps import unix_ms
from schemas.cloud_events import feedback_headers
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback, Operation
from schemas.kafka_topics import RAW
from schemas.message import Message, dead_letter_message

_ENVELOPE_BYTES: Final = 4_096
"""Upper bound of key, headers and the batch around a single record."""
_MEASURES: Final = ("stars", "nps", "csat", "ces", "fft")


class Parser(Protocol):
    """Turns items into records."""

    @property
    def name(self) -> str:
        """The connector's name."""

    @property
    def handles_empty_answers(self) -> bool:
        """True if it decides itself which answers say nothing."""

    def parse(self, item: Item) -> Feedback:
        """Return the item's record; raises ``BadRecord`` or ``Skip``."""


class ParsedItem(NamedTuple):
    """A record and its payload."""

    record: Feedback
    payload: bytes


def parse_item(
    parser: Parser, item: Item, stats: RunStats, *, backfill: bool = False
) -> ParsedItem | BadRecord | None:
    """Return the record, the error that refuses the item, or None if it is skipped.

    Counts the item in ``stats``.
    """
    stats.read += 1
    stats.add_left_out(item.left_out)
    try:
        record = _parse(parser, item)
        if not parser.handles_empty_answers:
            record = _drop_empty_answer(record, stats)
        if backfill:
            record = mark_backfill(record)
        payload = _serialize(record)
    except BadRecord as error:
        stats.add_dead_letter(error.reason, item.origin)
        return error
    except Skip as skip:
        stats.add_skip(skip.reason, item.origin)
        return None
    stats.add_record(record.event_id)
    return ParsedItem(record, payload)


def _parse(parser: Parser, item: Item) -> Feedback:
    """Return the item's record; a fault of the connector costs the item, and not its run."""
    try:
        return parser.parse(item)
    except (BadRecord, Skip, Retry, Fatal):
        raise
    except Exception as error:  # its message may quote the item
        raise BadRecord(f"parsing {parser.name}: {type(error).__name__}") from None


def _drop_empty_answer(record: Feedback, stats: RunStats) -> Feedback:
    """Return the record without a text that says nothing; raise ``Skip`` if that is all it is.

    After an edit, it deletes what an earlier revision may have said.
    """
    is_said = record.text and not says_nothing(record.text, record.question)
    if is_said or not record.text or record.operation is Operation.DELETE:
        return record
    changes: dict[str, Any] = {"text": "", "question": None}
    if all(getattr(record, name) is None for name in _MEASURES):
        if record.revision <= unix_ms(record.created_at):
            raise Skip(EMPTY_ANSWER)
        changes["operation"] = Operation.DELETE
    stats.add_left_out({EMPTY_ANSWER: 1})
    return Feedback.construct_unchecked({**vars(record), **changes})


def record_message(parsed: ParsedItem) -> Message:
    """Return the message of a record for its family's raw Kafka topic."""
    record, payload = parsed
    kafka_topic = RAW[record.family]
    headers = feedback_headers(record, kafka_topic.ce_type)
    return Message(kafka_topic, record.event_id.encode(), payload, headers)


def refusal_message(name: str, item: Item, error: BadRecord) -> Message:
    """Return the dead letter of an item that a connector could not parse."""
    letter = DeadLetter.create(
        stage=name,
        origin=item.origin,
        reason=error.reason,
        payload=_dump(item.data) if item.payload is None else item.payload,
        error=type(error).__name__,
        source=name,
        failed_at=item.collected_at,
    )
    return dead_letter_message(letter)


def _dump(data: Any) -> bytes:
    fit_depth(data)
    try:
        return orjson.dumps(data, default=str)
    except TypeError:  # half a surrogate pair
        return repr(data).encode("utf-8", "replace")


def _serialize(record: Feedback) -> bytes:
    try:
        payload = record.to_payload()
    except PydanticSerializationError:  # an attribute holds half a surrogate pair
        raise BadRecord("publishing the record: one of its texts is not valid Unicode") from None
    if len(payload) > RAW[record.family].max_message_bytes - _ENVELOPE_BYTES:
        raise BadRecord("publishing the record: it is larger than its Kafka topic accepts")
    return payload
