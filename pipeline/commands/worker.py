"""`feedback worker`: runs the roles that consume from Kafka."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pipeline import logs
from pipeline.commands.shared.context import settings
from pipeline.errors import CommandError
from pipeline.kafka.admin import missing_kafka_topics
from pipeline.streams.roles import Role, configured_roles
from pipeline.worker.supervisor import run_roles


class Roles(StrEnum):
    """The values of ``--role``."""

    ENRICH = "enrich"
    INDEX = "index"
    WATCH = "watch"
    NOTIFY = "notify"
    CASES = "cases"
    TRANSLATE = "translate"
    ALL = "all"


def worker(
    role: Annotated[
        list[Roles],
        typer.Option(
            "--role",
            help="Role to run: enrich, index, watch (alerts), notify, cases, translate; "
            "repeatable. Default: all that are configured.",
        ),
    ] = [Roles.ALL],  # noqa: B006 - read only
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop once every record is processed.")
    ] = False,
) -> None:
    """Enrich, index and watch feedback, keep cases, send notifications; until SIGTERM or Ctrl-C.

    The busy roles run in separate processes. On shutdown each finishes its current batch. Start
    more workers to scale: Kafka distributes the partitions among them.
    """
    logs.configure(settings())
    missing = missing_kafka_topics(settings())
    if missing:
        raise CommandError(
            f"starting the worker: there is no Kafka topic {missing[0]}; run `feedback setup`"
        )
    if Roles.ALL in role:
        roles = list(configured_roles(settings()))
    else:
        roles = [Role(name) for name in dict.fromkeys(role)]
    run_roles(settings(), roles, drain=drain)
