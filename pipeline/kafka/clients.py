"""The factory of Kafka clients: the only place in ``pipeline`` that names their classes.

``deploy``, which may not import ``pipeline``, has one more: a client that asks the broker on this
machine whether it answers.

aiokafka produces and consumes inside event loops, since Faust is built on it; kafka-python reads
and administers for callers that block.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from pipeline.failures import TransientError
from pipeline.kafka.addresses import any_broker_reachable, parse_addresses
from pipeline.settings import KafkaConnection

_BOOTSTRAP_TIMEOUT_MS: Final = 8_000
_FETCH_BYTES: Final = 16_000_000
_METADATA_PAUSE_S: Final = 0.25


def create_producer(connection: KafkaConnection, **options: Any) -> AIOKafkaProducer:
    """Return a producer that waits for all in-sync replicas; ``options`` are aiokafka's.

    Call it inside a running event loop; the caller starts and stops the producer.
    """
    producer = AIOKafkaProducer(**_async_options(connection), acks="all", **options)
    _throttle_metadata_refresh(producer.client)
    return producer


def create_group_consumer(connection: KafkaConnection, **options: Any) -> AIOKafkaConsumer:
    """Return a consumer that commits nothing by itself; ``options`` are aiokafka's.

    Call it inside a running event loop; the caller starts and stops the consumer.
    """
    consumer = AIOKafkaConsumer(
        **_async_options(connection),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **options,
    )
    _throttle_metadata_refresh(consumer._client)
    return consumer


def create_reader(connection: KafkaConnection) -> KafkaConsumer:
    """Return a connected consumer of committed records, without a group.

    Raises :class:`TransientError` if no broker answers.
    """
    ensure_reachable(connection)
    try:
        return KafkaConsumer(
            **_sync_options(connection),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            metrics_enabled=False,
            fetch_max_bytes=_FETCH_BYTES,
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise _unavailable(connection, type(error).__name__) from None


def create_admin(connection: KafkaConnection) -> KafkaAdminClient:
    """Return a connected admin client. Raises :class:`TransientError` if no broker answers."""
    ensure_reachable(connection)
    try:
        return KafkaAdminClient(**_sync_options(connection), client_id="feedback-setup")
    except (KafkaError, OSError, ValueError) as error:
        raise _unavailable(connection, type(error).__name__) from None


def faust_brokers(connection: KafkaConnection) -> list[str]:
    """Return the bootstrap servers as the URLs that Faust takes."""
    return [f"kafka://{server}" for server in _bootstrap_servers(connection)]


def ensure_reachable(connection: KafkaConnection) -> None:
    """Raise :class:`TransientError` if no broker accepts connections."""
    if not any_broker_reachable(connection.bootstrap_servers):
        raise _unavailable(connection, "no broker answers")


def _unavailable(connection: KafkaConnection, why: str) -> TransientError:
    return TransientError(f"connecting to Kafka at {connection.bootstrap_servers}: {why}")


def _bootstrap_servers(connection: KafkaConnection) -> list[str]:
    """Return the servers one by one: the clients would keep blanks and empty ones."""
    return [
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        for host, port in parse_addresses(connection.bootstrap_servers)
    ]


def _async_options(connection: KafkaConnection) -> dict[str, Any]:
    return {"bootstrap_servers": _bootstrap_servers(connection)}


def _sync_options(connection: KafkaConnection) -> dict[str, Any]:
    return {
        "bootstrap_servers": _bootstrap_servers(connection),
        "bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS,
    }


def _throttle_metadata_refresh(client: Any) -> None:
    """Make an aiokafka client pause between metadata requests while no broker answers.

    Without a pause it asks again at once: thousands of times a second.
    """
    refresh = client.force_metadata_update
    succeeded, refreshing = True, None

    async def refresh_after_pause() -> bool:
        nonlocal succeeded
        if not succeeded:
            await asyncio.sleep(_METADATA_PAUSE_S)
        succeeded = bool(await refresh())
        return succeeded

    def refresh_throttled() -> asyncio.Future[bool]:
        nonlocal refreshing
        if refreshing is None or refreshing.done():
            refreshing = asyncio.ensure_future(refresh_after_pause())
        return asyncio.shield(refreshing)

    client.force_metadata_update = refresh_throttled
