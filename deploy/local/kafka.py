"""Apache Kafka on this machine: one node that is broker and controller (KRaft)."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.accounts import Account, create_owned_folder
from deploy.local.engine import Launch, require_free
from deploy.local.errors import KAFKA_CONTROLLER_PORT, KAFKA_PORT, OWN_KAFKA, EngineError
from deploy.local.folders import link_files
from deploy.local.java import LATE_OPTIMISATION
from deploy.local.model import ByteProgress, LocalEngines
from deploy.local.ports import LOOPBACK, choose_port, is_open

# A server that is starting does not answer, so each attempt is short.
_REQUEST_TIMEOUT_MS = 2000
_PROPERTIES = Path(__file__).with_name("kafka.properties")


class Kafka:
    """The engine in ``home/kafka``."""

    name = "kafka"
    title = "Kafka"
    port_setting = KAFKA_PORT
    own_server_setting = OWN_KAFKA

    def __init__(self, config: LocalEngines) -> None:
        self.wanted_port = config.kafka_port
        self._config = config
        self._folder = config.home / self.name

    def install_files(self, files: list[Path], folder: Path, on_bytes: ByteProgress) -> None:
        """Put the jars into one folder."""
        link_files(files, folder)

    def prepare(self, installed: Path, java: Path, port: int, account: Account | None) -> Launch:
        """Write the properties and, on the first start, format the data folder."""
        config = self._config
        controller = choose_port(config.home, "kafka_controller", config.kafka_controller_port)
        require_free(self.title, controller, KAFKA_CONTROLLER_PORT, OWN_KAFKA)
        properties = configure(self._folder, port, controller, account)
        program = [str(java / "bin" / "java"), "-cp", str(installed / "*")]
        format_once(program, properties, account)
        options = java_options(self._folder, config.kafka_heap_mb)
        command = [program[0], *options, *program[1:], "kafka.Kafka", str(properties)]
        return Launch(command, {}, self._folder)

    def is_answering(self, port: int) -> bool:
        """Return True if the server of this data folder answers requests."""
        if not is_open(port):  # the client would log every attempt
            return False
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=f"{LOOPBACK}:{port}",
                bootstrap_timeout_ms=_REQUEST_TIMEOUT_MS,
                request_timeout_ms=_REQUEST_TIMEOUT_MS,
            )
        except (KafkaError, OSError):
            return False
        try:
            cluster = admin.describe_cluster()
        except (KafkaError, OSError):
            return False
        finally:
            admin.close()
        return bool(cluster["brokers"]) and cluster["cluster_id"] == cluster_id(self._folder)

    def wait_until_serving(self, port: int) -> None:
        """Return at once: a broker that answers has its partitions."""

    def address(self, port: int) -> str:
        """Return the bootstrap server."""
        return f"{LOOPBACK}:{port}"


def configure(folder: Path, port: int, controller_port: int, account: Account | None) -> Path:
    """Write the server's properties and return their path."""
    create_owned_folder(folder / "tmp", account)
    path = folder / "server.properties"
    path.write_text(
        f"{_PROPERTIES.read_text('utf-8')}"
        f"listeners=PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}\n"
        f"advertised.listeners=PLAINTEXT://{LOOPBACK}:{port}\n"
        f"controller.quorum.voters=1@{LOOPBACK}:{controller_port}\n"
        f"log.dirs={folder / 'data'}\n",
        "utf-8",
    )
    path.chmod(0o644)
    return path


def format_once(java: list[str], properties: Path, account: Account | None) -> None:
    """Format the data folder unless it is formatted."""
    folder = properties.parent
    if (folder / "data").exists():
        create_owned_folder(folder / "data", account)
        return
    # Formatted under another name, so that an interrupted run leaves nothing that looks formatted.
    fresh = folder / "data.partial"
    shutil.rmtree(fresh, ignore_errors=True)
    draft = folder / "format.properties"
    text = properties.read_text("utf-8")
    draft.write_text(text.replace(f"log.dirs={folder / 'data'}\n", f"log.dirs={fresh}\n"), "utf-8")
    result = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(draft)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no reason given"]
        raise EngineError(f"formatting Kafka's data folder {folder / 'data'}: {lines[-1]}")
    draft.unlink()
    create_owned_folder(fresh, account)
    fresh.rename(folder / "data")


def _cluster_id() -> str:
    # Kafka's ids are URL-safe base64; a leading dash would be parsed as an option.
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")) and (
        text.startswith("-")
    ):
        pass
    return text


def cluster_id(folder: Path) -> str | None:
    """Return the cluster id in the data folder, which identifies its server, or None."""
    try:
        lines = (folder / "data" / "meta.properties").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((line[11:] for line in lines if line.startswith("cluster.id=")), None)


def java_options(folder: Path, heap_mb: int) -> list[str]:
    """Return options for Java: those of Kafka's own scripts, and a readable log."""
    return [
        f"-Xms{heap_mb}m",
        f"-Xmx{heap_mb}m",
        *LATE_OPTIMISATION,
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        "-Djava.awt.headless=true",
        "-Djava.net.preferIPv4Stack=true",
        # Compression libraries are unpacked there, and /tmp may be mounted noexec.
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        # Otherwise every start logs a thousand lines of settings.
        "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
        "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.metrics=warn",
    ]
