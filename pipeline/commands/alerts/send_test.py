"""`feedback alerts test`: sends a test notification through the configured routes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.errors import CommandError, ExitStatus
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.outcome import DeliveryStatus, Outcome
from pipeline.notify.routes import Target, load_routes
from pipeline.notify.sender import Sender
from pipeline.notify.services import service_scheme
from pipeline.terminal import out, print_json
from schemas.record import deterministic_id


def test(
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Only this route; repeatable.", metavar="ROUTE"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the recipients.")] = False,
    json: Json = False,
) -> None:
    """Send a test notification to every route, regardless of its filters and hours."""
    targets = _targets(to or [])
    sent = None if dry_run else asyncio.run(_send(targets, _notice(datetime.now(UTC))))
    if json:
        print_json(
            [_as_json(t, sent[number] if sent else None) for number, t in enumerate(targets)]
        )
    else:
        out.print(_table(targets, sent))
    failed = [
        outcome.destination
        for outcome in sent or ()
        if outcome.status is not DeliveryStatus.DELIVERED
    ]
    if failed:
        raise CommandError(f"notifying {', '.join(failed)}: not delivered")


def _targets(names: Sequence[str]) -> list[Target]:
    """Return the targets of the named routes, or of all; raises ``CommandError``."""
    known_routes = list(load_routes(settings()))
    if not known_routes:
        raise CommandError(
            f"reading {settings().config}: it has no route; a section [notify.NAME] makes one",
            ExitStatus.USAGE,
        )
    unknown = [name for name in names if name not in {route.name for route in known_routes}]
    if unknown:
        options = ", ".join(route.name for route in known_routes)
        raise CommandError(
            f"reading --to {unknown[0]}: expected one of {options}", ExitStatus.USAGE
        )
    return [
        target
        for route in known_routes
        if not names or route.name in names
        for target in route.targets
    ]


def _notice(at: datetime) -> Notice:
    return Notice(
        notice_id=deterministic_id("test", at.isoformat()),
        type="test",
        at=at,
        urgency=Urgency.INFO,
        title="Test: nothing has happened",
        text="This is a test of the notification routes, sent with `feedback alerts test`.\n"
        "Nothing is wrong, and no action is needed.",
        data=orjson.dumps({"test": True}),
    )


async def _send(targets: Sequence[Target], notice: Notice) -> list[Outcome]:
    async with Sender() as sender:
        return await asyncio.gather(*(sender.send(target, notice) for target in targets))


def _as_json(target: Target, sent: Outcome | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "to": target.name,
        "service": _service(target),
        **_route_filters(target),
    }
    if sent is not None:
        fields |= {"status": str(sent.status), "reason": sent.reason}
    return fields


def _table(targets: Sequence[Target], sent: Sequence[Outcome] | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("to", "service", "filters", *(["test"] if sent else [])):
        table.add_column(heading, overflow="fold")
    for number, target in enumerate(targets):
        filters = "; ".join(
            f"{name} {', '.join(value) if isinstance(value, list) else value}"
            for name, value in _route_filters(target).items()
        )
        cells = [target.name, _service(target), filters or "everything"]
        if sent is not None:
            status, reason = sent[number].status, sent[number].reason
            cells.append(f"{status}: {reason}" if reason else str(status))
        table.add_row(*map(Text, cells))
    return table


def _service(target: Target) -> str:
    """Return the kind of service, which is all that may be shown of an address."""
    return "webhook" if target.apprise is None else service_scheme(target.apprise)


def _route_filters(target: Target) -> dict[str, Any]:
    """Return the settings of a route that differ from the defaults."""
    shown = {
        "min_urgency",
        "sites",
        "organizations",
        "topics",
        "sources",
        "types",
        "hours",
        "digest",
    }
    fields: dict[str, Any] = target.route.settings.model_dump(
        mode="json", include=shown, exclude_defaults=True
    )
    return fields
