"""The Faust app of one worker role. Nothing happens at import."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import faust

from pipeline.kafka.clients import faust_brokers
from pipeline.settings import Settings
from pipeline.streams.loop import Agent
from pipeline.streams.record_batches import BatchScheduler, BatchTransport
from pipeline.streams.roles import CONSUMER_GROUPS, KAFKA_TOPICS_READ, Role

_MAX_POLL_INTERVAL_S: Final = 4 * 24 * 3600.0
"""A role that waits for a server keeps its partitions: the longest of them waits three days."""


def build_app(settings: Settings, role: Role, agent: Agent) -> Any:
    """Return a Faust app with one agent over the role's Kafka topics.

    ``agent`` gets a stream of :class:`~pipeline.streams.record_batches.RecordBatch` events and must
    acknowledge each itself.
    """
    app = faust.App(
        CONSUMER_GROUPS[role],
        broker=faust_brokers(settings.kafka),
        datadir=Path(tempfile.gettempdir()) / f"feedback-{role}",
        store="memory://",
        ConsumerScheduler=BatchScheduler,
        stream_buffer_maxsize=32,  # batches, not records
        stream_wait_empty=False,
        stream_recovery_delay=0,
        broker_max_poll_records=_batch_size(settings, role),
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_request_timeout=30.0,
        broker_max_poll_interval=_MAX_POLL_INTERVAL_S,
        broker_commit_interval=0.5,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    app.transport = BatchTransport(app.conf.broker_consumer, app, loop=app.loop)
    names = [topic.name for topic in KAFKA_TOPICS_READ[role]]
    channel = app.topic(*names, value_type=bytes, value_serializer="raw", key_serializer="raw")
    app.agent(channel, name=f"feedback-{role}")(agent)
    return app


def _batch_size(settings: Settings, role: Role) -> int:
    return settings.enrich_batch if role is Role.ENRICH else settings.index_batch
