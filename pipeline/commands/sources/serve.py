"""`feedback serve`: takes in what webhooks and forms send."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import typer

from connectors.runtime.instances import Instance
from connectors.sdk.source import Webhook
from connectors.server.application import build_application
from connectors.server.server import serve as listen
from connectors.server.webhook_handler import ServeConfig
from pipeline import logs
from pipeline.commands.shared.context import settings
from pipeline.commands.sources.select import all_instances, author_key
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.kafka.request_publisher import KafkaRequestPublisher


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: a free one.")] = 8080,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="File of the instances; default: FEEDBACK_CONFIG."),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy",
            help="Network of a proxy, such as 10.0.0.0/8, whose X-Forwarded-For is believed; may "
            "be repeated.",
        ),
    ] = None,
    most_bytes: Annotated[
        int, typer.Option("--max-bytes", min=1_000, max=4_000_000, help="Largest body.")
    ] = 1_000_000,
    rate: Annotated[
        float,
        typer.Option("--rate", min=0.1, help="Webhooks a second, by client and instance."),
    ] = 500.0,
    form_rate: Annotated[
        float,
        typer.Option("--form-rate", min=0.01, help="Unsigned submissions a second, by client."),
    ] = 1.0,
    kafka_timeout: Annotated[
        float,
        typer.Option("--kafka-timeout", min=0.1, help="Seconds that Kafka may take to acknowledge"),
    ] = 5.0,
) -> None:
    """Receive webhooks and forms, until SIGTERM or Ctrl-C.

    Answers 2xx once Kafka has everything a request brought. Starts without Kafka too, and says so
    at /readyz. What is under way is finished before it stops.
    """
    logs.configure(settings())
    limits = ServeConfig(
        max_bytes=most_bytes,
        rate=rate,
        form_rate=form_rate,
        trusted_proxies=[_network(one) for one in proxy or ()],
    )
    found = _webhooks(config or settings().config)
    app = build_application(
        [source for _, source in found],
        KafkaRequestPublisher(settings().kafka, timeout_s=kafka_timeout),
        ConnectorBroker(settings().kafka),
        limits,
        instances=[instance for instance, _ in found],
    )
    if not listen(app, host, port):
        raise CommandError(f"listening at {host}:{port}: the address can't be used")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise CommandError(
            f"reading --proxy: {text!r} is no network such as 10.0.0.0/8", ExitStatus.USAGE
        ) from None


def _webhooks(path: Path) -> list[tuple[Instance, Webhook]]:
    found = []
    for instance in all_instances(path):
        if instance.schedule.enabled:
            source = instance.build(author_key())
            if isinstance(source, Webhook):
                found.append((instance, source))
    if not found:
        raise CommandError(f"reading {path}: no instance in it is a webhook or a form")
    return found
