"""`feedback worker`: the roles that read Kafka."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pipeline import logs
from pipeline.commands.shared.context import settings
from pipeline.errors import CommandError
from pipeline.kafka.admin import missing_kafka_topics
from pipeline.streams.roles import Role
from pipeline.worker.supervisor import run_roles


class Roles(StrEnum):
    """What ``--role`` takes."""

    ENRICH = "enrich"
    INDEX = "index"
    WATCH = "watch"
    NOTIFY = "notify"
    CASES = "cases"
    ALL = "all"


def worker(
    role: Annotated[
        list[Roles],
        typer.Option(
            "--role",
            help="Enrich, index, watch for spikes, notify people, keep cases; may be repeated.",
        ),
    ] = [Roles.ALL],  # noqa: B006 - read only
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop once nothing is left to read.")
    ] = False,
) -> None:
    """Enrich, index and watch feedback as it arrives, tell people, until SIGTERM or Ctrl-C.

    Each busy role runs in a process of its own. The batch in hand is finished before it stops.
    Start more workers to scale: Kafka shares the partitions among them.
    """
    logs.configure(settings())
    missing = missing_kafka_topics(settings())
    if missing:
        raise CommandError(
            f"starting the worker: there is no Kafka topic {missing[0]}; run `feedback setup`"
        )
    roles = list(Role) if Roles.ALL in role else [Role(name) for name in dict.fromkeys(role)]
    run_roles(settings(), roles, drain=drain)
