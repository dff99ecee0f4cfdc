"""Start, stop and inspect both engines."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deploy.local import artifacts, processes
from deploy.local.accounts import create_shared_folder, require_reachable, resolve_account
from deploy.local.elasticsearch import Elasticsearch
from deploy.local.engine import Engine, EnginePaths, get_status, require_free, start, stop
from deploy.local.errors import CACHE, EngineError
from deploy.local.folders import require_disk_space, require_writable
from deploy.local.kafka import Kafka
from deploy.local.model import EngineStatus, LocalEngines, OnProgress, Progress, Status

_LOCK_TIMEOUT_S = 600.0


def _ignore_progress(_progress: Progress) -> None:
    pass


def up(config: LocalEngines, *, on_progress: OnProgress = _ignore_progress) -> Status:
    """Start the engines that do not run, and wait until both serve.

    Args:
        config: options of the engines.
        on_progress: called on every step, from several threads.

    Raises:
        EngineError: an engine can't be installed or started.
    """
    _require_platform()
    account = resolve_account(config.user)
    require_writable(config.home)
    create_shared_folder(config.home)
    require_reachable(config.home, account)
    engines = _engines(config)
    with _exclusive_lock(config.home, on_progress):
        for engine in engines:
            EnginePaths(config.home, engine.name).create()
        _require_disk_space(config, engines)
        _require_ports(config, engines)
        cancelled = threading.Event()
        report = _until_cancelled(cancelled, on_progress)
        _in_parallel(
            lambda engine: start(engine, config, account, report, cancelled),
            engines,
            cancelled,
        )
    return status(config)


def down(
    config: LocalEngines,
    *,
    on_progress: OnProgress = _ignore_progress,
    timeout_s: float = processes.STOP_TIMEOUT_S,
) -> Status:
    """Stop both engines; their data stays.

    Args:
        config: as for ``up``.
        on_progress: called on every step, from several threads.
        timeout_s: time until an engine that has not ended is killed.

    Raises:
        EngineError: the engines belong to another user.
    """
    _require_platform()
    if config.home.exists():
        require_writable(config.home)
        with _exclusive_lock(config.home, on_progress):
            _in_parallel(
                lambda engine: stop(engine, config, on_progress, timeout_s),
                _engines(config),
                threading.Event(),
            )
    return status(config)


def status(config: LocalEngines) -> Status:
    """Return the state of both engines."""
    with ThreadPoolExecutor(2) as pool:
        statuses: list[EngineStatus] = list(
            pool.map(lambda engine: get_status(engine, config), _engines(config))
        )
    return Status(*statuses)


def _engines(config: LocalEngines) -> tuple[Engine, Engine]:
    return (Kafka(config), Elasticsearch(config))


def _require_platform() -> None:
    if sys.platform == "win32":
        raise EngineError(
            "starting the engines: they run on Linux and macOS only; use WSL, or servers on "
            "another machine"
        )


def _require_disk_space(config: LocalEngines, engines: tuple[Engine, Engine]) -> None:
    """Check the disks before anything is written; running and installed engines need nothing."""
    idle = [engine for engine in engines if not _is_running(config.home, engine)]
    if not idle:
        return
    absent = [
        artifacts.distribution(engine.name)
        for engine in idle
        if not EnginePaths(config.home, engine.name).installed.exists()
    ]
    needs = {config.home: sum(pinned.unpacked_bytes for pinned in absent)}
    if absent:
        require_writable(config.cache, CACHE)
        needs[config.cache] = sum(
            artifacts.missing_bytes(config.cache, pinned) for pinned in absent
        )
        if config.cache == config.home:
            needs[config.home] += sum(pinned.unpacked_bytes for pinned in absent)
    require_disk_space(needs, config.reserve_bytes)


def _require_ports(config: LocalEngines, engines: tuple[Engine, Engine]) -> None:
    """Check the ports before either engine starts."""
    for engine in engines:
        if engine.wanted_port and not _is_running(config.home, engine):
            require_free(
                engine.title, engine.wanted_port, engine.port_setting, engine.own_server_setting
            )


def _until_cancelled(cancelled: threading.Event, on_progress: OnProgress) -> OnProgress:
    """Return a callback that reports, and raises EngineError once cancelled.

    It ends long steps such as downloads.
    """

    def report(progress: Progress) -> None:
        if cancelled.is_set():
            raise EngineError(f"{progress.stage} {progress.engine}: cancelled")
        on_progress(progress)

    return report


def _is_running(home: Path, engine: Engine) -> bool:
    return (
        processes.find_process(processes.load_record(EnginePaths(home, engine.name).record))
        is not None
    )


@contextmanager
def _exclusive_lock(home: Path, on_progress: OnProgress) -> Iterator[None]:
    """Let only one process at a time start or stop the engines of ``home``."""
    lock = FileLock(home / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress(Progress("waiting", ""))
        try:
            lock.acquire(timeout=_LOCK_TIMEOUT_S)
        except Timeout:
            raise EngineError(
                f"waiting for another start or stop of the engines in {home}: it did not end "
                f"within {_LOCK_TIMEOUT_S:.0f} s; end that process and try again"
            ) from None
    try:
        yield
    finally:
        lock.release()


def _in_parallel(
    work: Callable[[Engine], None], engines: tuple[Engine, Engine], cancelled: threading.Event
) -> None:
    """Do the work on both engines in parallel; wait for both even if one fails."""
    with ThreadPoolExecutor(len(engines)) as pool:
        futures: list[Future[None]] = [pool.submit(work, engine) for engine in engines]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            wait(futures)
        except BaseException:  # Ctrl-C: the threads would wait until both answer
            cancelled.set()
            raise
    failures = [error for future in futures if (error := future.exception())]
    if len(failures) > 1 and all(isinstance(error, EngineError) for error in failures):
        raise EngineError("; and ".join(dict.fromkeys(map(str, failures))))
    if failures:
        raise failures[0]
