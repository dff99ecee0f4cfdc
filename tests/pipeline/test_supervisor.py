"""The worker's processes: none outlives the others, and none outlives its parent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil

from pipeline.settings import Settings
from tests.walk import wait_until

Start = Callable[..., subprocess.Popen[bytes]]


def roles_of(worker: subprocess.Popen[bytes], log: Path) -> list[psutil.Process]:
    """The two processes of a worker, once both are ready."""
    wait_until(lambda: log.read_bytes().count(b"worker_ready") == 2, seconds=60, what="ready")
    children = psutil.Process(worker.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_worker_leaves_no_role_behind(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    worker = start_worker()
    roles = roles_of(worker, tmp_path / "worker-0.log")
    assert len(roles) == 2
    worker.kill()
    _, alive = psutil.wait_procs(roles, timeout=30)
    assert alive == []


def test_a_role_that_dies_ends_the_worker_with_a_sentence(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    log = tmp_path / "worker-0.log"
    worker = start_worker()
    roles = roles_of(worker, log)
    roles[0].kill()
    assert worker.wait(60) == 1
    assert b"role: it ended with status -9" in log.read_bytes()
    _, alive = psutil.wait_procs(roles, timeout=10)
    assert alive == []


def test_a_worker_at_rest_uses_little(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    worker = start_worker()
    roles = roles_of(worker, tmp_path / "worker-0.log")
    used = [role.cpu_percent(interval=None) for role in roles]
    assert used == [0.0, 0.0]  # the first look only begins the measure
    wait_until(lambda: all(role.is_running() for role in roles), seconds=1, what="running")
    psutil.wait_procs(roles, timeout=5)
    assert sum(role.cpu_percent(interval=None) for role in roles) < 30
