"""`feedback serve`: the server for webhooks and forms."""

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
from pipeline.commands.shared.options import ConfigFile
from pipeline.commands.sources.select import author_key, load_instances
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.kafka.request_publisher import KafkaRequestPublisher


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port; 0: a free one.")
    ] = 8080,
    config: ConfigFile = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy",
            help="Network of a trusted proxy, such as 10.0.0.0/8, for X-Forwarded-For; repeatable.",
        ),
    ] = None,
    max_bytes: Annotated[
        int,
        typer.Option(
            "--max-bytes", min=1_000, max=4_000_000, help="Maximum size of a request body."
        ),
    ] = 1_000_000,
    rate: Annotated[
        float,
        typer.Option("--rate", min=0.1, help="Webhook calls per second, per client and instance."),
    ] = 500.0,
    form_rate: Annotated[
        float,
        typer.Option("--form-rate", min=0.01, help="Unsigned submissions per second, per client."),
    ] = 1.0,
    kafka_timeout: Annotated[
        float,
        typer.Option(
            "--kafka-timeout", min=0.1, help="Maximum wait for Kafka's acknowledgement (s)."
        ),
    ] = 5.0,
) -> None:
    """Receive webhooks and forms, until SIGTERM or Ctrl-C.

    Responds 2xx once Kafka has acknowledged all records of a request. Starts without Kafka too,
    which /readyz reports. On shutdown it finishes the requests in progress.
    """
    logs.configure(settings())
    limits = ServeConfig(
        max_bytes=max_bytes,
        rate=rate,
        form_rate=form_rate,
        trusted_proxies=[_network(text) for text in proxy or ()],
    )
    webhooks = _webhooks(config or settings().config)
    app = build_application(
        [source for _, source in webhooks],
        KafkaRequestPublisher(settings().kafka, timeout_s=kafka_timeout),
        ConnectorBroker(settings().kafka),
        limits,
        instances=[instance for instance, _ in webhooks],
    )
    if not listen(app, host, port, limits):
        raise CommandError(f"listening on {host}:{port}: the address can't be used")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise CommandError(
            f"reading --proxy: {text!r} is not a network such as 10.0.0.0/8", ExitStatus.USAGE
        ) from None


def _webhooks(path: Path) -> list[tuple[Instance, Webhook]]:
    webhooks = []
    for instance in load_instances(path):
        if instance.schedule.enabled:
            source = instance.build(author_key())
            if isinstance(source, Webhook):
                webhooks.append((instance, source))
    if not webhooks:
        raise CommandError(f"reading {path}: it has no enabled webhook or form", ExitStatus.USAGE)
    return webhooks
