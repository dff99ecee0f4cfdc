"""Ports of this machine: free ones, remembered ones, and the process on a taken one."""

import json
import socket
import threading
from pathlib import Path

import psutil

LOOPBACK = "127.0.0.1"
_CONNECT_TIMEOUT_S = 0.5
# Both engines choose at the same time, and the remembered ports are in one file.
_lock = threading.Lock()


def is_free(port: int) -> bool:
    """Return True if a server could listen on the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Return True if a server listens on the loopback address."""
    try:
        socket.create_connection((LOOPBACK, port), _CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def find_free_port() -> int:
    """Return a port that no server listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def process_on_port(port: int) -> str:
    """Return the name of the process on the port, as far as this user can see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN
            if listens and connection.pid and connection.laddr[1:2] == (port,):
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"


def remembered_port(home: Path, name: str) -> int | None:
    """Return the port that an earlier start chose, or None."""
    return _load_ports(home).get(name)


def choose_port(home: Path, name: str, wanted: int | None) -> int:
    """Return the wanted port, or the remembered one if it is free, or a free one to remember."""
    if wanted:
        return wanted
    with _lock:
        ports = _load_ports(home)
        known = ports.get(name)
        if known is not None and is_free(known):
            return known
        port = find_free_port()
        while port in ports.values():
            port = find_free_port()
        _ports_file(home).write_text(json.dumps(ports | {name: port}), "utf-8")
        return port


def _load_ports(home: Path) -> dict[str, int]:
    try:
        ports: dict[str, int] = json.loads(_ports_file(home).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return ports


def _ports_file(home: Path) -> Path:
    return home / "ports.json"
