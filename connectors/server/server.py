"""The server's process: listens, and finishes requests in flight before it ends."""

from __future__ import annotations

import logging
import resource
import signal
from functools import partial
from importlib.util import find_spec
from typing import Any, Final

import structlog
import uvicorn

from connectors.server.connections import Connections
from connectors.server.http_protocol import BoundedProtocol
from connectors.server.limits import ClientIdentifier
from connectors.server.webhook_handler import ServeConfig

_SHUTDOWN_TIMEOUT_S: Final = 20
_MAX_CONNECTIONS: Final = 20_000
_MIN_CONNECTIONS: Final = 100
_OTHER_FILES: Final = 200
"""Files that the process needs apart from its clients' connections: brokers, logs, look-ups."""
_CLIENT_SHARES: Final = 4

log = structlog.get_logger(__name__)


def serve(app: Any, host: str, port: int, config: ServeConfig) -> bool:
    """Serve until SIGTERM or Ctrl-C; return False if the address can't be listened on."""
    server = _Server(build_config(app, host, port, config))
    # uvicorn raises the signal again after its shutdown, which would end the process by it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    try:
        server.run()
    except SystemExit:  # it could not listen, and has logged the reason
        return False
    return server.started


def build_config(
    app: Any, host: str, port: int, config: ServeConfig, max_connections: int | None = None
) -> uvicorn.Config:
    """Return uvicorn's configuration; ``max_connections`` is what the process can open."""
    if max_connections is None:
        max_connections = max(_MIN_CONNECTIONS, _max_open_files() - _OTHER_FILES)
    logging.getLogger("uvicorn.error.requests").setLevel(logging.ERROR)
    protocol: Any = partial(
        BoundedProtocol,
        connections=Connections(max_connections, max_connections // _CLIENT_SHARES),
        clients=ClientIdentifier(config.trusted_proxies),
        max_body_bytes=config.max_bytes,
    )
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio" if find_spec("uvloop") is None else "uvloop",
        http=protocol,
        ws="none",
        log_config=None,  # uvicorn's lines are formatted like all others of this process
        log_level="warning",
        access_log=False,  # addresses end in secrets, and clients are people
        proxy_headers=False,  # see ClientIdentifier: only from proxies that are configured
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT_S,
        backlog=2_048,
    )


def _max_open_files() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else min(soft, _MAX_CONNECTIONS)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            listening = [sock for server in self.servers for sock in server.sockets]
            addresses = ["{}:{}".format(*sock.getsockname()[:2]) for sock in listening]
            log.info("server_started", addresses=addresses)
