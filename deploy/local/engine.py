"""What one engine is to the rest of the room, and how it is installed, started and found."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from deploy.local import artifacts, ports, processes
from deploy.local.accounts import Account, open_folder
from deploy.local.errors import EngineError
from deploy.local.folders import put_whole
from deploy.local.java import java_home
from deploy.local.model import ByteProgress, EngineStatus, LocalEngines, OnProgress, Progress, State

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Launch:
    """A prepared start: what to run, where, and with which environment."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


class Engine(Protocol):
    """Kafka or Elasticsearch, as the room sees it."""

    name: str
    title: str
    wanted_port: int | None
    port_setting: str
    own_server_setting: str

    def fill(self, files: list[Path], on_bytes: ByteProgress) -> Callable[[Path], None]:
        """What puts the downloaded files into a folder as an installation."""

    def prepare(self, installed: Path, java: Path, port: int, account: Account | None) -> Launch:
        """Write the configuration, make the data folder, and say how to start."""

    def answers(self, port: int) -> bool:
        """Whether the server takes requests."""

    def settle(self, port: int) -> None:
        """Wait, once it answers, until it also serves its data."""

    def address(self, port: int) -> str:
        """What clients connect to."""


@dataclass(frozen=True)
class Place:
    """Where one engine's things lie below the home."""

    home: Path
    name: str

    @property
    def folder(self) -> Path:
        """Everything of the engine."""
        return self.home / self.name

    @property
    def data(self) -> Path:
        """What has to survive."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Everything the process says, since its start."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def record(self) -> Path:
        """What is remembered of the process."""
        return self.home / "run" / f"{self.name}.json"

    @property
    def installed(self) -> Path:
        """The pinned version's program files."""
        return self.folder / artifacts.distribution(self.name).version

    def make(self) -> None:
        """Make the folders that belong to the caller."""
        for folder in (self.home, self.folder, self.log.parent, self.record.parent):
            open_folder(folder)


def bring_up(
    engine: Engine,
    config: LocalEngines,
    account: Account | None,
    on_progress: OnProgress,
    cancelled: threading.Event,
) -> None:
    """Install the engine if need be, start it unless it runs, and wait until it answers."""
    place = Place(config.home, engine.name)
    known = processes.recorded(place.record)
    process = processes.find(known)
    if process is None or known is None:
        _install(engine, place, config, on_progress)
        process, known = _start(engine, place, config, account, on_progress)
    elif engine.wanted_port and known.port != engine.wanted_port:
        raise EngineError(
            f"starting {engine.title}: it already runs on port {known.port}; stop it first "
            f"(feedback down) to move it to port {engine.wanted_port}"
        )
    _wait(engine, place, process, known, config.start_seconds, cancelled)
    engine.settle(known.port)
    on_progress(Progress("running", engine.name))


def _install(engine: Engine, place: Place, config: LocalEngines, on_progress: OnProgress) -> None:
    if place.installed.exists():
        return
    from deploy.local.downloads import fetch  # half a second that most starts don't need

    pinned = artifacts.distribution(engine.name)
    files = fetch(
        config.cache,
        pinned,
        lambda done, total: on_progress(Progress("downloading", engine.name, done, total)),
    )
    put_whole(
        place.installed,
        engine.fill(
            files, lambda done, total: on_progress(Progress("unpacking", engine.name, done, total))
        ),
    )


def _start(
    engine: Engine,
    place: Place,
    config: LocalEngines,
    account: Account | None,
    on_progress: OnProgress,
) -> tuple[psutil.Process, processes.Record]:
    on_progress(Progress("starting", engine.name))
    port = ports.choose(config.home, engine.name, engine.wanted_port)
    java = java_home(config.home, account)
    launch = engine.prepare(place.installed, java, port, account)
    pid = processes.spawn(
        launch.command,
        environment=launch.environment | {"PATH": os.defpath, "LANG": "C.UTF-8"},
        folder=launch.folder,
        log=place.log,
        account=account,
    )
    version = artifacts.distribution(engine.name).version
    processes.record(place.record, pid, str(place.folder), port, version)
    known = processes.recorded(place.record)
    process = processes.find(known)
    if known is None or process is None:
        raise EngineError(_ended(engine, place))
    return process, known


def require_free(title: str, port: int, port_setting: str, own_server_setting: str) -> None:
    """Raise EngineError, naming who holds the port, if nobody else could listen there."""
    if not ports.is_free(port):
        raise EngineError(
            f"starting {title}: port {port} is taken by {ports.holder(port)}; choose another with "
            f"{port_setting}, or name the server you have with {own_server_setting}"
        )


def _wait(
    engine: Engine,
    place: Place,
    process: psutil.Process,
    known: processes.Record,
    seconds: float,
    cancelled: threading.Event,
) -> None:
    deadline = time.monotonic() + seconds
    while not engine.answers(known.port):
        if processes.find(known) is None:
            raise EngineError(_ended(engine, place))
        if time.monotonic() > deadline:
            raise EngineError(
                f"starting {engine.title}: process {process.pid} did not answer within "
                f"{seconds:.0f} s; its log is {place.log}{_said(place.log)}"
            )
        if cancelled.wait(_POLL_SECONDS):
            raise EngineError(f"starting {engine.title}: cancelled")


def _ended(engine: Engine, place: Place) -> str:
    said = _said(place.log)
    return f"starting {engine.title}: it ended before it answered; its log is {place.log}{said}"


def _said(log: Path) -> str:
    words = processes.last_words(log)
    return f" and says: {words}" if words else ""


def take_down(
    engine: Engine, config: LocalEngines, on_progress: OnProgress, seconds: float
) -> None:
    """Stop the engine if it runs, and forget its process."""
    place = Place(config.home, engine.name)
    process = processes.find(processes.recorded(place.record))
    if process is not None:
        on_progress(Progress("stopping", engine.name))
        processes.stop(engine.title, process, seconds)
    place.record.unlink(missing_ok=True)
    on_progress(Progress("stopped", engine.name))


def status_of(engine: Engine, config: LocalEngines) -> EngineStatus:
    """Look at one engine."""
    place = Place(config.home, engine.name)
    known = processes.recorded(place.record)
    process = processes.find(known)
    remembered = engine.wanted_port or ports.remembered(config.home, engine.name)
    port = known.port if known and process else remembered
    return EngineStatus(
        name=engine.name,
        state=_state(engine, known, process, config.start_seconds),
        address=engine.address(port) if port else "",
        version=known.version if known else artifacts.distribution(engine.name).version,
        pid=process.pid if process else None,
        rss_bytes=processes.rss_bytes(process) if process else None,
        data=place.data,
        log=place.log,
    )


def _state(
    engine: Engine,
    known: processes.Record | None,
    process: psutil.Process | None,
    start_seconds: float,
) -> State:
    if known is None or known.created < psutil.boot_time():
        return "stopped"
    if process is None:
        return "failed"
    if engine.answers(known.port):
        return "running"
    return "starting" if time.time() - known.created < start_seconds else "failed"
