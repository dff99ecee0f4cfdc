"""Configuration, status and progress of the local engines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from deploy.local.accounts import is_root

APPLICATION = "feedback-pipeline"
# Root's own home is closed to the unprivileged user that the engines run as.
_ROOT_HOME = Path("/var/lib") / APPLICATION
_ROOT_CACHE = Path("/var/cache") / APPLICATION

State = Literal["running", "starting", "stopped", "failed"]
Stage = Literal["waiting", "downloading", "unpacking", "starting", "running", "stopping", "stopped"]


def default_home() -> Path:
    """Return the folder for programs and data of the engines."""
    return _ROOT_HOME if is_root() else platformdirs.user_data_path(APPLICATION) / "local"


def default_cache() -> Path:
    """Return the folder for downloads."""
    return _ROOT_CACHE if is_root() else platformdirs.user_cache_path(APPLICATION)


@dataclass(frozen=True)
class LocalEngines:
    """Options of the engines.

    If a port is None or 0, a free one is chosen and remembered in ``home``.
    """

    home: Path
    cache: Path
    kafka_port: int | None = 9092
    kafka_controller_port: int | None = None
    elasticsearch_port: int | None = 9200
    kafka_heap_mb: int = 256
    elasticsearch_heap_mb: int = 512
    user: str | None = None
    """Unprivileged user that the engines run as when root starts them; None means ``nobody``."""
    reserve_bytes: int = 1_000_000_000
    """Bytes that must stay free on the disk; otherwise nothing is downloaded or started."""
    start_timeout_s: float = 180.0
    """Time until a started engine must answer."""


@dataclass(frozen=True)
class EngineStatus:
    """State of one engine; ``pid`` and ``rss_bytes`` are None unless a process runs."""

    name: str
    state: State
    address: str
    version: str
    pid: int | None
    rss_bytes: int | None
    data: Path
    log: Path


@dataclass(frozen=True)
class Status:
    """State of both engines."""

    kafka: EngineStatus
    elasticsearch: EngineStatus

    @property
    def engines(self) -> tuple[EngineStatus, EngineStatus]:
        """Both engines, in display order."""
        return (self.kafka, self.elasticsearch)

    @property
    def running(self) -> bool:
        """True if both run and answer."""
        return all(engine.state == "running" for engine in self.engines)


@dataclass(frozen=True)
class Progress:
    """A step; ``done`` and ``total`` are bytes, both 0 in steps without a count."""

    stage: Stage
    engine: str
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]
ByteProgress = Callable[[int, int], None]
