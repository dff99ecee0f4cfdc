"""The server's process: listens, and finishes requests in flight before it ends."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from typing import Any, Final

import structlog
import uvicorn

_SHUTDOWN_TIMEOUT_S: Final = 20

log = structlog.get_logger(__name__)


def serve(app: Any, host: str, port: int) -> bool:
    """Serve until SIGTERM or Ctrl-C; return False if the address can't be listened on."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio" if find_spec("uvloop") is None else "uvloop",
        http="httptools",
        ws="none",
        log_config=None,  # uvicorn's lines are formatted like all others of this process
        log_level="warning",
        access_log=False,  # addresses end in secrets, and clients are people
        proxy_headers=False,  # see ClientIdentifier: only from proxies that are configured
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT_S,
        h11_max_incomplete_event_size=65_536,
        backlog=2_048,
    )
    server = _Server(config)
    # uvicorn raises the signal again after its shutdown, which would end the process by it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        server.run()
    except SystemExit:  # it could not listen, and has logged the reason
        return False
    return server.started


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            listening = [sock for server in self.servers for sock in server.sockets]
            addresses = ["{}:{}".format(*sock.getsockname()[:2]) for sock in listening]
            log.info("server_started", addresses=addresses)
