"""One engine: its interface, and how it is installed, started and stopped."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from deploy.local import artifacts, ports, processes
from deploy.local.accounts import Account, create_shared_folder
from deploy.local.errors import EngineError
from deploy.local.folders import install_atomically
from deploy.local.java import java_home
from deploy.local.model import ByteProgress, EngineStatus, LocalEngines, OnProgress, Progress, State

_POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class Launch:
    """A prepared start: what to run, where, and with which environment."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


class Engine(Protocol):
    """Kafka or Elasticsearch."""

    name: str
    title: str
    wanted_port: int | None
    port_setting: str
    own_server_setting: str

    def install_files(self, files: list[Path], folder: Path, on_bytes: ByteProgress) -> None:
        """Install the downloaded files into a folder."""

    def prepare(self, installed: Path, java: Path, port: int, account: Account | None) -> Launch:
        """Write the configuration, create the data folder, and return how to start."""

    def is_answering(self, port: int) -> bool:
        """Return True if the server answers requests."""

    def wait_until_serving(self, port: int) -> None:
        """Wait until a server that answers serves its data too."""

    def address(self, port: int) -> str:
        """Return the address for clients."""


@dataclass(frozen=True)
class EnginePaths:
    """Paths of one engine below the home."""

    home: Path
    name: str

    @property
    def folder(self) -> Path:
        """Folder of the engine."""
        return self.home / self.name

    @property
    def data(self) -> Path:
        """Folder of the data, which survives a restart."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Output of the process since its start."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def record(self) -> Path:
        """File that records the process."""
        return self.home / "run" / f"{self.name}.json"

    @property
    def installed(self) -> Path:
        """Folder of the pinned version's program files."""
        return self.folder / artifacts.distribution(self.name).version

    def create(self) -> None:
        """Create the folders that belong to the caller."""
        for folder in (self.home, self.folder, self.log.parent, self.record.parent):
            create_shared_folder(folder)


def start(
    engine: Engine,
    config: LocalEngines,
    account: Account | None,
    on_progress: OnProgress,
    cancelled: threading.Event,
) -> None:
    """Install the engine if necessary, start it unless it runs, and wait until it serves."""
    paths = EnginePaths(config.home, engine.name)
    known = processes.load_record(paths.record)
    process = processes.find_process(known)
    if process is None or known is None:
        _install(engine, paths, config, on_progress)
        process, known = _launch(engine, paths, config, account, on_progress)
    elif engine.wanted_port and known.port != engine.wanted_port:
        raise EngineError(
            f"starting {engine.title}: it already runs on port {known.port}; stop it first "
            f"(feedback down) to move it to port {engine.wanted_port}"
        )
    _wait_until_answering(engine, paths, process, known, config.start_timeout_s, cancelled)
    engine.wait_until_serving(known.port)
    on_progress(Progress("running", engine.name))


def _install(
    engine: Engine, paths: EnginePaths, config: LocalEngines, on_progress: OnProgress
) -> None:
    if paths.installed.exists():
        return
    from deploy.local.downloads import fetch  # slow to import, and seldom needed

    pinned = artifacts.distribution(engine.name)
    files = fetch(
        config.cache,
        pinned,
        lambda done, total: on_progress(Progress("downloading", engine.name, done, total)),
    )
    install_atomically(
        paths.installed,
        lambda folder: engine.install_files(
            files,
            folder,
            lambda done, total: on_progress(Progress("unpacking", engine.name, done, total)),
        ),
    )


def _launch(
    engine: Engine,
    paths: EnginePaths,
    config: LocalEngines,
    account: Account | None,
    on_progress: OnProgress,
) -> tuple[psutil.Process, processes.ProcessRecord]:
    on_progress(Progress("starting", engine.name))
    port = ports.choose_port(config.home, engine.name, engine.wanted_port)
    java = java_home(config.home, account)
    launch = engine.prepare(paths.installed, java, port, account)
    pid = processes.spawn(
        launch.command,
        environment=launch.environment | {"PATH": os.defpath, "LANG": "C.UTF-8"},
        folder=launch.folder,
        log=paths.log,
        account=account,
    )
    version = artifacts.distribution(engine.name).version
    processes.save_record(paths.record, pid, str(paths.folder), port, version)
    known = processes.load_record(paths.record)
    process = processes.find_process(known)
    if known is None or process is None:
        raise EngineError(_exit_error(engine, paths))
    return process, known


def require_free(title: str, port: int, port_setting: str, own_server_setting: str) -> None:
    """Raise EngineError, with the process on the port, unless the port is free."""
    if not ports.is_free(port):
        raise EngineError(
            f"starting {title}: port {port} is taken by {ports.process_on_port(port)}; choose "
            f"another with {port_setting}, or name the server you have with {own_server_setting}"
        )


def _wait_until_answering(
    engine: Engine,
    paths: EnginePaths,
    process: psutil.Process,
    known: processes.ProcessRecord,
    timeout_s: float,
    cancelled: threading.Event,
) -> None:
    deadline = time.monotonic() + timeout_s
    while not engine.is_answering(known.port):
        if processes.find_process(known) is None:
            raise EngineError(_exit_error(engine, paths))
        if time.monotonic() > deadline:
            raise EngineError(
                f"starting {engine.title}: process {process.pid} did not answer within "
                f"{timeout_s:.0f} s; its log is {paths.log}{_log_excerpt(paths.log)}"
            )
        if cancelled.wait(_POLL_INTERVAL_S):
            raise EngineError(f"starting {engine.title}: cancelled")


def _exit_error(engine: Engine, paths: EnginePaths) -> str:
    return (
        f"starting {engine.title}: it ended before it answered; its log is {paths.log}"
        f"{_log_excerpt(paths.log)}"
    )


def _log_excerpt(log: Path) -> str:
    line = processes.last_error_line(log)
    return f" and says: {line}" if line else ""


def stop(engine: Engine, config: LocalEngines, on_progress: OnProgress, timeout_s: float) -> None:
    """Stop the engine if it runs, and delete its process record."""
    paths = EnginePaths(config.home, engine.name)
    process = processes.find_process(processes.load_record(paths.record))
    if process is not None:
        on_progress(Progress("stopping", engine.name))
        processes.stop(engine.title, process, timeout_s)
    paths.record.unlink(missing_ok=True)
    on_progress(Progress("stopped", engine.name))


def get_status(engine: Engine, config: LocalEngines) -> EngineStatus:
    """Return the state of one engine."""
    paths = EnginePaths(config.home, engine.name)
    known = processes.load_record(paths.record)
    process = processes.find_process(known)
    remembered = engine.wanted_port or ports.remembered_port(config.home, engine.name)
    port = known.port if known and process else remembered
    return EngineStatus(
        name=engine.name,
        state=_state(engine, known, process, config.start_timeout_s),
        address=engine.address(port) if port else "",
        version=known.version if known else artifacts.distribution(engine.name).version,
        pid=process.pid if process else None,
        rss_bytes=processes.rss_bytes(process) if process else None,
        data=paths.data,
        log=paths.log,
    )


def _state(
    engine: Engine,
    known: processes.ProcessRecord | None,
    process: psutil.Process | None,
    start_timeout_s: float,
) -> State:
    if known is None or known.created < psutil.boot_time():
        return "stopped"
    if process is None:
        return "failed"
    if engine.is_answering(known.port):
        return "running"
    return "starting" if time.time() - known.created < start_timeout_s else "failed"
