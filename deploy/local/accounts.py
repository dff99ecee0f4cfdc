"""Which user the engines run as, and what that user can reach.

Elasticsearch refuses to run as root, and Kafka has no need to: started by root, both run as an
unprivileged account. Started by anyone else, both run as that person.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.errors import HOME, USER, EngineError

DEFAULT_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Account:
    """An account to switch to; only root has one."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments with which ``subprocess`` switches to the account, without other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def is_root() -> bool:
    """Whether this process has root's rights."""
    return os.geteuid() == 0


def account_for(user: str | None) -> Account | None:
    """The account the engines run as, or None where they run as whoever calls.

    Raises:
        EngineError: the named account does not exist, or is root's.
    """
    import pwd  # absent on Windows, where the caller has already been turned away

    if not is_root():
        return None
    name = user or DEFAULT_ACCOUNT
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise EngineError(
            f"starting the engines: there is no user {name}, and Elasticsearch does not run as "
            f"root; name an existing unprivileged user with {USER}"
        ) from None
    if entry.pw_uid == 0:
        raise EngineError(
            f"starting the engines: Elasticsearch does not run as {name}; name an unprivileged "
            f"user with {USER}, or leave it out"
        )
    return Account(name, entry.pw_uid, entry.pw_gid)


def can_read(account: Account | None, path: Path) -> bool:
    """Whether the account gets through every folder above ``path`` and may read it."""
    if account is None:
        return os.access(path, os.R_OK)
    # Asking the system as that user sees mode bits, ACLs and mount options alike.
    try:
        done = subprocess.run(
            ["test", "-r", str(path)], cwd="/", check=False, **account.popen_arguments()
        )
    except PermissionError as error:
        raise EngineError(
            f"starting the engines: this root may not become user {account.name} ({error}); run "
            "the command as an ordinary user"
        ) from error
    return done.returncode == 0


def own(folder: Path, account: Account | None, mode: int = 0o750) -> Path:
    """Make ``folder`` and give it, with all in it, to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    if account is None:
        return folder
    folder.chmod(mode)
    if folder.stat().st_uid != account.uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return folder


def open_folder(folder: Path) -> Path:
    """Make a folder that every user may pass and read, whatever the caller's umask is."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_root():
        folder.chmod(0o755)
    return folder


def require_reachable(home: Path, account: Account | None) -> None:
    """Raise EngineError when the account can't get to the engines' home."""
    if account is not None and not can_read(account, home):
        raise EngineError(
            f"starting the engines: {home} is closed to user {account.name}, as whom they run; "
            f"open the folders above it (chmod o+x), or choose another folder with {HOME}"
        )


def link_or_copy(source: str, target: str) -> str:
    """Copy a file by a hard link where source and target share a file system."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return target
