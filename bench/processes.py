"""A contestant's processes, and what processes use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from bench.contestants import Contestant
from bench.errors import ContestantError
from bench.servers import Servers

_CHECKOUT: Final = Path(__file__).parent.parent
_STOP_S: Final = 20.0


class Running:
    """One contestant at work, with whatever processes it starts."""

    def __init__(self, started: subprocess.Popen[bytes], log: Path) -> None:
        self._started = started
        self._process = psutil.Process(started.pid)
        self._log = log
        self.peak_rss_bytes = 0

    def look(self) -> None:
        """Note the memory now; raises :class:`ContestantError` when the process ended."""
        status = self._started.poll()
        if status is not None:
            raise ContestantError(f"ended with status {status}: {self._last_words()}")
        self.peak_rss_bytes = max(self.peak_rss_bytes, _rss_bytes(self._process))

    def cpu_s(self) -> float:
        """Seconds of CPU that the processes used so far."""
        return cpu_s(self._process)

    def _last_words(self) -> str:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "no word why"


@contextmanager
def running(contestant: Contestant, servers: Servers) -> Iterator[Running]:
    """Start a contestant's processes, and end them at the end."""
    log = servers.logs / f"{contestant.name}.log"
    addresses = (
        *("--kafka", servers.settings.kafka_bootstrap_servers),
        *("--elasticsearch", servers.settings.elasticsearch_url),
    )
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, *contestant.command, *addresses],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield Running(started, log)
    finally:
        _end(started)


def _end(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    try:
        started.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU that a process and those it started have used so far."""
    total = 0.0
    for each in _family(process):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
    return total


def machine_cpu_s() -> float:
    """Seconds of CPU that the whole machine has spent on anything but waiting."""
    times = psutil.cpu_times()._asdict()
    # A guest's time is counted in the user's too.
    idle = {"idle", "iowait", "guest", "guest_nice"}
    return float(sum(seconds for name, seconds in times.items() if name not in idle))


def _rss_bytes(process: psutil.Process) -> int:
    total = 0
    for each in _family(process):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
