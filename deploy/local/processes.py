"""Engine processes: started detached, recorded, found again, stopped.

A process is taken for the recorded one only if its id, its time of creation and a mark on its
command line agree, so that an id which the system gave to somebody else is never signalled.
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

STOP_SECONDS = 20.0
_CLOCK_SLACK_SECONDS = 2.0
_EXEC_SECONDS = 2.0
_TAIL_BYTES = 64 * 1024
_NO_JAVA = ("Error occurred during initialization",)
# In this order, the last line with one of the signs is the most telling.
_TELLING = (_NO_JAVA, ("Caused by:",), ("Exception", "ERROR", "FATAL", "Error:"))
_EMPTY_WORDS = ("died while starting up", "did not exit normally")
# The shell puts the engine in the background and ends, so that the engine is no child of ours:
# it survives us, and leaves no zombie in a caller that lives on.
# Both engines keep many files open, and desktops start programs with a low limit.
_DETACH = 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; "$@" </dev/null >&2 & echo $!'


@dataclass(frozen=True)
class Record:
    """What is remembered of a started engine; times are seconds since 1970."""

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
    """Start a detached process whose output goes to ``log`` (the one before is kept as .1)."""
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


def record(file: Path, pid: int, mark: str, port: int, version: str) -> None:
    """Remember a process that was just started."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    partial = file.with_suffix(".partial")
    content = json.dumps(asdict(Record(pid, created, mark, port, version)))
    partial.write_text(content, "utf-8")
    partial.replace(file)


def recorded(file: Path) -> Record | None:
    """The record, or None where there is none that can be read."""
    try:
        return Record(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def find(known: Record | None) -> psutil.Process | None:
    """The recorded process if it still runs and really is the one."""
    if known is None:
        return None
    try:
        process = psutil.Process(known.pid)
        same_time = abs(process.create_time() - known.created) < _CLOCK_SLACK_SECONDS
        if not same_time or process.status() == psutil.STATUS_ZOMBIE:
            return None
        marked = any(known.mark in word for word in _words(process))
    except psutil.Error:
        return None
    return process if marked else None


def _words(process: psutil.Process) -> list[str]:
    """The command line; for a moment it is empty while one program makes way for the next, as
    when a start script becomes the Java that it starts."""
    deadline = time.monotonic() + _EXEC_SECONDS
    while not (words := process.cmdline()) and time.monotonic() < deadline:
        time.sleep(_EXEC_SECONDS / 100)
    return words


def rss_bytes(process: psutil.Process) -> int:
    """Memory in use by the process and those it started."""
    total = 0
    for each in family(process):
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and those it started."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def stop(engine: str, process: psutil.Process, seconds: float = STOP_SECONDS) -> None:
    """Ask the process to end, and end it (with those it started) when it does not in time."""
    members = family(process)
    try:
        process.terminate()
        _, alive = psutil.wait_procs(members, timeout=seconds)
        for member in alive:
            member.kill()
        psutil.wait_procs(alive, timeout=seconds)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise EngineError(
            f"stopping {engine}: process {process.pid} belongs to another user; stop it as the "
            "user who started it"
        ) from error


def last_words(log: Path) -> str:
    """The line of a log that best tells why a process ended."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    said = [line for line in said if not any(sign in line for sign in _EMPTY_WORDS)]
    for signs in _TELLING:
        found = [at for at, line in enumerate(said) if any(sign in line for sign in signs)]
        if found:
            # Java tells why it did not come up on the line below.
            upto = found[-1] + (2 if signs == _NO_JAVA else 1)
            return ": ".join(said[found[-1] : upto])[:300]
    return said[-1][:300] if said else ""
