"""`feedback worker`: the roles that read Kafka."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pipeline.commands._context import settings
from pipeline.errors import CommandError


class Roles(StrEnum):
    """What ``--role`` takes."""

    ENRICH = "enrich"
    INDEX = "index"
    ALL = "all"


def worker(
    role: Annotated[
        Roles, typer.Option("--role", help="Enrich raw feedback, index what is enriched, or both.")
    ] = Roles.ALL,
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop once nothing is left to read.")
    ] = False,
) -> None:
    """Enrich and index feedback as it arrives, until SIGTERM or Ctrl-C.

    Each role runs in a process of its own. The batch in hand is finished before it stops. Start
    more workers to scale: Kafka shares the partitions among them.
    """
    from pipeline import logs
    from pipeline.app import Role
    from pipeline.setup import missing_kafka_topics
    from pipeline.supervisor import run_roles

    logs.configure(settings())
    missing = missing_kafka_topics(settings())
    if missing:
        raise CommandError(
            f"starting the worker: there is no Kafka topic {missing[0]}; run `feedback setup`"
        )
    run_roles(settings(), list(Role) if role is Roles.ALL else [Role(role)], drain=drain)
