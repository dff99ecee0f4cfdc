"""Ports of this machine: free ones, remembered ones, and who holds a taken one."""

import json
import socket
import threading
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
_KNOCK_SECONDS = 0.5
# Both engines choose at the same time, and what is remembered is one file.
_choosing = threading.Lock()


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether somebody listens on the loopback address."""
    try:
        socket.create_connection((LOOPBACK, port), _KNOCK_SECONDS).close()
    except OSError:
        return False
    return True


def any_free() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def holder(port: int) -> str:
    """The process that listens on the port, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.pid and connection.laddr[1:2] == (port,):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"


def remembered(home: Path, name: str) -> int | None:
    """The port chosen at an earlier start."""
    return _load(home).get(name)


def choose(home: Path, name: str, wanted: int | None) -> int:
    """The wanted port, or the one chosen earlier, or (remembered for next time) a free one."""
    if wanted:
        return wanted
    with _choosing:
        ports = _load(home)
        known = ports.get(name)
        if known is not None and is_free(known):
            return known
        port = any_free()
        while port in ports.values():
            port = any_free()
        _file(home).write_text(json.dumps(ports | {name: port}), "utf-8")
        return port


def _load(home: Path) -> dict[str, int]:
    try:
        ports: dict[str, int] = json.loads(_file(home).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return ports


def _file(home: Path) -> Path:
    return home / "ports.json"
