"""The server's process: listens, and finishes what is under way before it ends."""

from __future__ import annotations

import signal
from typing import Any, Final

import structlog
import uvicorn

_FINISH_S: Final = 20

log = structlog.get_logger("serve")


def serve(app: Any, host: str, port: int) -> bool:
    """Serve until SIGTERM or Ctrl-C; whether it could listen at all."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop" if _has_uvloop() else "asyncio",
        http="httptools",
        ws="none",
        log_config=None,  # the lines are written as all others of this process
        log_level="warning",
        access_log=False,  # addresses end in secrets, and clients are people
        proxy_headers=False,  # see Clients: only from proxies that are named
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_FINISH_S,
        h11_max_incomplete_event_size=65_536,
        backlog=2_048,
    )
    server = _Server(config)
    # uvicorn raises the signal again once it has shut down, as if it had not been heeded.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        server.run()
    except SystemExit:  # it could not listen, and has logged why
        return False
    return server.started


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            found = [sock for server in self.servers for sock in server.sockets]
            addresses = ["{}:{}".format(*sock.getsockname()[:2]) for sock in found]
            log.info("serving", addresses=addresses)


def _has_uvloop() -> bool:
    from importlib.util import find_spec

    return find_spec("uvloop") is not None
