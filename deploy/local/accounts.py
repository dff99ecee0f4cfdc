"""The user that the engines run as, and the files it can access.

Elasticsearch refuses to run as root, and Kafka has no need to: started by root, both run as an
unprivileged account. Started by any other user, both run as that user.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.errors import HOME, USER, EngineError

if sys.platform != "win32":
    import pwd

DEFAULT_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Account:
    """An account to switch to, which only root can do."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Return arguments for ``subprocess`` to run as this account, without other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def is_root() -> bool:
    """Return True if this process runs as root."""
    return os.geteuid() == 0


def resolve_account(user: str | None) -> Account | None:
    """Return the account that the engines run as, or None to run as the current user.

    Raises:
        EngineError: the named account does not exist, or is root's.
    """
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
    """Return True if the account can read ``path``, through every folder above it."""
    if account is None:
        return os.access(path, os.R_OK)
    # A test as that user covers mode bits, ACLs and mount options alike.
    try:
        result = subprocess.run(
            ["test", "-r", str(path)], cwd="/", check=False, **account.popen_arguments()
        )
    except PermissionError as error:
        raise EngineError(
            f"starting the engines: this root may not become user {account.name} ({error}); run "
            "the command as an ordinary user"
        ) from error
    return result.returncode == 0


def create_owned_folder(folder: Path, account: Account | None, mode: int = 0o750) -> Path:
    """Create ``folder`` and give it, with its contents, to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    if account is None:
        return folder
    folder.chmod(mode)
    if folder.stat().st_uid != account.uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return folder


def create_shared_folder(folder: Path) -> Path:
    """Create a folder that every user can read and traverse, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    if is_root():
        folder.chmod(0o755)
    return folder


def require_reachable(home: Path, account: Account | None) -> None:
    """Raise EngineError if the account can't access the engines' home."""
    if account is not None and not can_read(account, home):
        raise EngineError(
            f"starting the engines: {home} is closed to user {account.name}, which they run as; "
            f"open the folders above it (chmod o+x), or choose another folder with {HOME}"
        )


def link_or_copy(source: str, target: str) -> str:
    """Create a hard link, or a copy if source and target are on different file systems."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return target
