"""Both engines together: up, down, status."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deploy.local import artifacts, processes
from deploy.local.accounts import account_for, open_folder, require_reachable
from deploy.local.elasticsearch import Elasticsearch
from deploy.local.engine import Engine, Place, bring_up, require_free, status_of, take_down
from deploy.local.errors import CACHE, EngineError
from deploy.local.folders import require_room, require_writable
from deploy.local.kafka import Kafka
from deploy.local.model import EngineStatus, LocalEngines, OnProgress, Progress, Status

_LOCK_SECONDS = 600.0


def _silent(_progress: Progress) -> None:
    pass


def up(config: LocalEngines, *, on_progress: OnProgress = _silent) -> Status:
    """Have both engines running and answering; those that run already are left alone.

    Args:
        config: how and where.
        on_progress: told of every step, from several threads.

    Raises:
        EngineError: one sentence on what is in the way.
    """
    _require_platform()
    account = account_for(config.user)
    require_writable(config.home)
    open_folder(config.home)
    require_reachable(config.home, account)
    engines = _engines(config)
    with _alone(config.home, on_progress):
        for engine in engines:
            Place(config.home, engine.name).make()
        _require_room(config, engines)
        _require_ports(config, engines)
        cancelled = threading.Event()
        report = _until(cancelled, on_progress)
        _together(
            lambda engine: bring_up(engine, config, account, report, cancelled),
            engines,
            cancelled,
        )
    return status(config)


def down(
    config: LocalEngines,
    *,
    on_progress: OnProgress = _silent,
    seconds: float = processes.STOP_SECONDS,
) -> Status:
    """Stop both engines; their data stays.

    Args:
        config: as for ``up``.
        on_progress: told of every step, from several threads.
        seconds: how long an engine may take to end before it is killed.

    Raises:
        EngineError: they belong to somebody else.
    """
    _require_platform()
    if config.home.exists():
        require_writable(config.home)
        with _alone(config.home, on_progress):
            _together(
                lambda engine: take_down(engine, config, on_progress, seconds),
                _engines(config),
                threading.Event(),
            )
    return status(config)


def status(config: LocalEngines) -> Status:
    """Look at both engines; changes nothing."""
    with ThreadPoolExecutor(2) as pool:
        seen: list[EngineStatus] = list(
            pool.map(lambda engine: status_of(engine, config), _engines(config))
        )
    return Status(*seen)


def _engines(config: LocalEngines) -> tuple[Engine, Engine]:
    return (Kafka(config), Elasticsearch(config))


def _require_platform() -> None:
    if sys.platform == "win32":
        raise EngineError(
            "starting the engines: they run on Linux and macOS only; use WSL, or servers that run "
            "elsewhere"
        )


def _require_room(config: LocalEngines, engines: tuple[Engine, Engine]) -> None:
    """Check the disks before anything is written; what runs or is installed needs nothing new."""
    idle = [each for each in engines if not _runs(config.home, each)]
    if not idle:
        return
    absent = [
        artifacts.distribution(each.name)
        for each in idle
        if not Place(config.home, each.name).installed.exists()
    ]
    needs = {config.home: sum(each.unpacked_bytes for each in absent)}
    if absent:
        require_writable(config.cache, CACHE)
        needs[config.cache] = sum(artifacts.missing_bytes(config.cache, each) for each in absent)
        if config.cache == config.home:
            needs[config.home] += sum(each.unpacked_bytes for each in absent)
    require_room(needs, config.reserve_bytes)


def _require_ports(config: LocalEngines, engines: tuple[Engine, Engine]) -> None:
    """Check the ports before one engine starts without the other."""
    for each in engines:
        if each.wanted_port and not _runs(config.home, each):
            require_free(each.title, each.wanted_port, each.port_setting, each.own_server_setting)


def _until(cancelled: threading.Event, on_progress: OnProgress) -> OnProgress:
    """Report until cancelled; then the next report ends the work, as in a long download."""

    def report(progress: Progress) -> None:
        if cancelled.is_set():
            raise EngineError(f"{progress.stage} {progress.engine}: cancelled")
        on_progress(progress)

    return report


def _runs(home: Path, engine: Engine) -> bool:
    return processes.find(processes.recorded(Place(home, engine.name).record)) is not None


@contextmanager
def _alone(home: Path, on_progress: OnProgress) -> Iterator[None]:
    """Let only one process at a time start or stop what lives in ``home``."""
    lock = FileLock(home / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress(Progress("waiting", ""))
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout:
            raise EngineError(
                f"waiting for another start or stop of the engines in {home}: it did not end "
                f"within {_LOCK_SECONDS:.0f} s; end that process and try again"
            ) from None
    try:
        yield
    finally:
        lock.release()


def _together(
    work: Callable[[Engine], None], engines: tuple[Engine, Engine], cancelled: threading.Event
) -> None:
    """Do the work on both engines side by side; both end, whatever becomes of the other."""
    with ThreadPoolExecutor(len(engines)) as pool:
        futures: list[Future[None]] = [pool.submit(work, engine) for engine in engines]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            wait(futures)
        except BaseException:  # Ctrl-C: the threads would wait on until both answer
            cancelled.set()
            raise
    failures = [error for future in futures if (error := future.exception())]
    if len(failures) > 1 and all(isinstance(error, EngineError) for error in failures):
        raise EngineError("; and ".join(dict.fromkeys(map(str, failures))))
    if failures:
        raise failures[0]
