"""Programs that some tests need and pip does not bring.

``python -m tests.support.programs`` installs those that are missing with apt-get, where it may;
what stays missing is said in one line, and the tests that need it are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "dovecot": ("dovecot",),
}
_PACKAGES: Final[dict[str, str]] = {"chromium": "chromium", "dovecot": "dovecot-imapd"}
_ALSO_IN: Final = ("/usr/sbin", "/usr/local/sbin")
_APT: Final = (
    "apt-get",
    "-qq",
    "-o",
    "DPkg::Lock::Timeout=300",
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=30",
)
# Tests start a server of their own: the system's is neither started nor enabled.
_QUIETLY: Final = ("DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1")
_PATIENCE_S: Final = 900


def find(name: str) -> Path | None:
    """Return the path of a program; None if it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_ALSO_IN])
    location = next((at for each in _NAMES[name] if (at := shutil.which(each, path=path))), None)
    return Path(location) if location else None


def require(name: str) -> Path:
    """Return the path of a program; skip the test if it is missing."""
    import pytest

    location = find(name)
    if location is None:
        pytest.skip(f"{name} is not installed (Debian and Ubuntu: {_PACKAGES[name]})")
    return location


def install() -> None:
    """Install what is missing; never fails."""
    if not _missing():
        return
    root = _as_root()
    if root is None or shutil.which("apt-get") is None:
        _say(f"{_skip_notice(_missing())}: apt-get can't be used here")
        return
    _install(root, _missing())
    if _missing():  # what apt-get knows may be older than what its mirrors still have
        _run([*root, *_APT, "update"])
        _install(root, _missing())
    if _missing():
        _say(f"{_skip_notice(_missing())}: apt-get could not install what they need")


def _missing() -> list[str]:
    return [name for name in _NAMES if find(name) is None]


def _skip_notice(names: Sequence[str]) -> str:
    return f"tests that need {' or '.join(names)} are skipped"


def _as_root() -> Sequence[str] | None:
    if os.geteuid() == 0:
        return ("env", *_QUIETLY)
    if shutil.which("sudo") and _run(["sudo", "-n", "true"]):
        return ("sudo", "-n", "env", *_QUIETLY)
    return None


def _install(root: Sequence[str], names: Sequence[str]) -> None:
    for name in names:
        _say(f"installing {_PACKAGES[name]} for the tests")
        package = [*root, *_APT, "install", "--yes", "--no-install-recommends", _PACKAGES[name]]
        if _run(package) and name == "dovecot" and shutil.which("systemctl"):
            _run([*root, "systemctl", "disable", "dovecot.service", "dovecot.socket"])


def _run(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    install()
