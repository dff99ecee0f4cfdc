"""The worker's processes: none outlives the others, and none outlives its parent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.errors import ExitStatus
from pipeline.settings import Settings
from pipeline.streams import lag
from pipeline.streams.roles import PROCESSES, Role
from pipeline.worker import supervisor
from tests.support.pipeline import ROOT, wait_until

pytestmark = pytest.mark.slow

CONFIGURED = [process for process in PROCESSES if process != (Role.TRANSLATE,)]
"""Processes of a worker whose settings name no translator."""

Start = Callable[..., subprocess.Popen[bytes]]


def role_processes(worker: subprocess.Popen[bytes], log: Path) -> list[psutil.Process]:
    """The processes of a worker, once every role is ready."""
    ready = len(set(Role) - {Role.TRANSLATE})
    wait_until(lambda: log.read_bytes().count(b"worker_ready") == ready, seconds=60, what="ready")
    children = psutil.Process(worker.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_worker_leaves_no_role_behind(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    worker = start_worker()
    roles = role_processes(worker, tmp_path / "worker-0.log")
    assert len(roles) == len(CONFIGURED)
    worker.kill()
    _, alive = psutil.wait_procs(roles, timeout=30)
    assert alive == []


def test_a_role_that_dies_ends_the_worker_with_a_sentence(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    log = tmp_path / "worker-0.log"
    worker = start_worker()
    roles = role_processes(worker, log)
    roles[0].kill()
    assert worker.wait(60) == 1
    assert b"role: it ended with status -9" in log.read_bytes()
    _, alive = psutil.wait_procs(roles, timeout=10)
    assert alive == []


def test_a_worker_at_rest_uses_little(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    worker = start_worker()
    roles = role_processes(worker, tmp_path / "worker-0.log")
    used = [role.cpu_percent(interval=None) for role in roles]
    assert used == [0.0] * len(CONFIGURED)  # the first look only begins the measure
    wait_until(lambda: all(role.is_running() for role in roles), seconds=1, what="running")
    psutil.wait_procs(roles, timeout=5)
    assert sum(role.cpu_percent(interval=None) for role in roles) < 30


def test_a_role_that_is_told_to_stop_while_it_still_loads_has_not_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing waits, which the parent may know before its children have imported what they do.
    monkeypatch.setattr(supervisor, "_POLL_INTERVAL_S", 0.0)
    monkeypatch.setattr(lag, "count_waiting_records", lambda *_: 0)
    supervisor.run_roles(Settings(), [Role.ENRICH, Role.INDEX], drain=True)


async def hang() -> None:
    """Be told to stop, and block the event loop for longer than is allowed."""
    supervisor._EXIT_TIMEOUT_S = 1.0  # type: ignore[misc]
    stop = asyncio.Event()
    exiting = asyncio.ensure_future(supervisor._exit_after_timeout(stop))
    stop.set()
    await asyncio.sleep(0.1)
    time.sleep(60)  # noqa: ASYNC251 - which is what hangs
    exiting.cancel()


def test_a_role_that_no_server_lets_end_ends_all_the_same() -> None:
    # With the worker's parent and Kafka gone, nobody else would end it; on real servers it took
    # as long as the limit says.
    began = time.monotonic()
    script = f"import asyncio; from {__name__} import hang; asyncio.run(hang())"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=50, check=False)
    assert done.returncode == ExitStatus.UNAVAILABLE
    assert time.monotonic() - began < 30


def test_every_role_has_its_place_in_a_process() -> None:
    assert sorted(role for process in PROCESSES for role in process) == sorted(Role)
