"""Engine processes: start them detached, record them, find them again, stop them.

A process is the recorded one only if its id, its creation time and a mark on its command line
agree, so that a process that got the same id later is never signalled.
"""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from deploy.local.accounts import Account
from deploy.local.errors import EngineError

STOP_TIMEOUT_S = 20.0
_CLOCK_TOLERANCE_S = 2.0
_EXEC_TIMEOUT_S = 2.0
_TAIL_BYTES = 64 * 1024
_JAVA_START_ERROR = ("Error occurred during initialization",)
# In this order, the last line with one of the marks is the most informative.
_ERROR_MARKS = (_JAVA_START_ERROR, ("Caused by:",), ("Exception", "ERROR", "FATAL", "Error:"))
_UNINFORMATIVE = ("died while starting up", "did not exit normally")
# The shell puts the engine in the background and exits, so that the engine is not our child: it
# survives this process, and leaves no zombie in a caller that keeps running.
# Both engines keep many files open, and desktops start programs with a low limit.
_DETACH = 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; "$@" </dev/null >&2 & echo $!'


@dataclass(frozen=True)
class ProcessRecord:
    """A started engine; ``created`` is Unix time (s)."""

    pid: int
    created: float
    mark: str
    port: int
    version: str


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    account: Account | None,
) -> int:
    """Start a detached process that writes to ``log``; return its id. The old log is kept as .1."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    identity = account.popen_arguments() if account else {}
    with log.open("wb") as output:
        shell = subprocess.run(
            ["/bin/sh", "-c", _DETACH, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            env=dict(environment),
            cwd=folder,
            check=True,
            umask=0o027,
            **identity,
        )
    return int(shell.stdout)


def save_record(file: Path, pid: int, mark: str, port: int, version: str) -> None:
    """Record a process that was just started."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    partial = file.with_suffix(".partial")
    content = json.dumps(asdict(ProcessRecord(pid, created, mark, port, version)))
    partial.write_text(content, "utf-8")
    partial.replace(file)


def load_record(file: Path) -> ProcessRecord | None:
    """Return the record, or None if it is missing or unreadable."""
    try:
        return ProcessRecord(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def find_process(known: ProcessRecord | None) -> psutil.Process | None:
    """Return the recorded process, or None if it has ended."""
    if known is None:
        return None
    try:
        process = psutil.Process(known.pid)
        same_time = abs(process.create_time() - known.created) < _CLOCK_TOLERANCE_S
        if not same_time or process.status() == psutil.STATUS_ZOMBIE:
            return None
        marked = any(known.mark in word for word in _command_line(process))
    except psutil.Error:
        return None
    return process if marked else None


def _command_line(process: psutil.Process) -> list[str]:
    """Return the command line.

    It is empty for a moment while a program replaces itself, as a start script by its Java.
    """
    deadline = time.monotonic() + _EXEC_TIMEOUT_S
    while not (words := process.cmdline()) and time.monotonic() < deadline:
        time.sleep(_EXEC_TIMEOUT_S / 100)
    return words


def rss_bytes(process: psutil.Process) -> int:
    """Return the memory of the process and its children in bytes."""
    total = 0
    for member in process_tree(process):
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def process_tree(process: psutil.Process) -> list[psutil.Process]:
    """Return the process and its children, recursively."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def stop(engine: str, process: psutil.Process, timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Terminate the process; kill it with its children if it does not end in time."""
    members = process_tree(process)
    try:
        process.terminate()
        _, alive = psutil.wait_procs(members, timeout=timeout_s)
        for member in alive:
            member.kill()
        psutil.wait_procs(alive, timeout=timeout_s)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise EngineError(
            f"stopping {engine}: process {process.pid} belongs to another user; stop it as the "
            "user who started it"
        ) from error


def last_error_line(log: Path) -> str:
    """Return the line of a log that best explains why a process ended."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    lines = [line.strip() for line in lines if line.strip()]
    lines = [line for line in lines if not any(mark in line for mark in _UNINFORMATIVE)]
    for marks in _ERROR_MARKS:
        matches = [at for at, line in enumerate(lines) if any(mark in line for mark in marks)]
        if matches:
            # Java gives the reason on the line below.
            end = matches[-1] + (2 if marks == _JAVA_START_ERROR else 1)
            return ": ".join(lines[matches[-1] : end])[:300]
    return lines[-1][:300] if lines else ""
