"""The project: the worker as ``feedback worker`` runs it."""

from __future__ import annotations

import asyncio

import uvloop

from bench.contestants._arguments import parser, settings_of
from pipeline.app import Role
from pipeline.settings import Settings
from pipeline.worker import run, stop_on_signals


async def work(settings: Settings, roles: list[Role]) -> None:
    """Run the roles until the process is asked to end."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    await run(settings, roles, stop=stop)


if __name__ == "__main__":
    arguments = parser()
    arguments.add_argument("--roles", required=True)
    given = arguments.parse_args()
    uvloop.run(work(settings_of(given), [Role(name) for name in given.roles.split(",")]))
