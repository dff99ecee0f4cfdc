"""Folders of the engines: whole or absent, writable, and with room left."""

import errno
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.accounts import link_or_copy
from deploy.local.errors import CACHE, HOME, EngineError

_OPEN_FOLDER, _OPEN_FILE = 0o755, 0o644


def put_whole(target: Path, fill: Callable[[Path], None]) -> Path:
    """Fill a folder beside ``target`` and rename it, so that a half-filled one is never taken.

    Args:
        target: returned at once if it is there already.
        fill: writes everything into the folder it is given.

    Raises:
        EngineError: the disk is full.
    """
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        fill(partial)
        _open_to_all(target.parent, partial)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EngineError(
                f"unpacking into {target.parent}: the disk is full; free some space, or choose "
                f"another folder with {HOME}"
            ) from error
        raise EngineError(f"unpacking into {target.parent}: {error}") from error
    return target


def _open_to_all(parent: Path, folder: Path) -> None:
    """Let the engines' user in, whatever the caller's umask is."""
    if os.geteuid() != 0:
        return
    parent.chmod(_OPEN_FOLDER)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(_OPEN_FOLDER)


def gather(paths: list[Path]) -> Callable[[Path], None]:
    """A filling that links or copies files side by side."""

    def fill(folder: Path) -> None:
        for path in paths:
            link_or_copy(str(path), str(folder / path.name))

    return fill


def unzip(archive: Path, on_bytes: Callable[[int, int], None]) -> Callable[[Path], None]:
    """A filling that unpacks a zip without its top folder, keeping which files can be run."""

    def fill(folder: Path) -> None:
        with zipfile.ZipFile(archive) as source:
            entries = source.infolist()
            total = sum(entry.file_size for entry in entries)
            done = 0
            for entry in entries:
                _unzip_one(source, entry, folder)
                done += entry.file_size
                on_bytes(done, total)

    return fill


def _unzip_one(source: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    inner = Path(*Path(entry.filename).parts[1:])
    target = folder / inner
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open(entry) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    runnable = (entry.external_attr >> 16) & 0o111
    target.chmod(_OPEN_FOLDER if runnable else _OPEN_FILE)


def require_writable(folder: Path, setting: str = HOME) -> None:
    """Make the folder and raise EngineError if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise EngineError(
            f"writing to {folder}: {reason.lower()}; choose a folder you may write to with "
            f"{setting}"
        ) from error


def require_room(needs: dict[Path, int], reserve: int) -> None:
    """Raise EngineError if a disk can't take what is to come and keep ``reserve`` bytes free.

    Args:
        needs: bytes to be written below each (existing) folder; those on one disk add up.
        reserve: bytes that have to stay free on each.
    """
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, count in needs.items():
        first, sum_so_far = by_disk.get(folder.stat().st_dev, (folder, 0))
        by_disk[folder.stat().st_dev] = (first, sum_so_far + count)
    for folder, count in by_disk.values():
        free = shutil.disk_usage(folder).free
        if free < count + reserve:
            raise EngineError(
                f"making room for the engines: the disk of {folder} has {_mb(free)} MB free and "
                f"{_mb(count + reserve)} MB are needed; free some space, or choose another disk "
                f"with {HOME} and {CACHE}"
            )


def _mb(count: int) -> int:
    return round(count / 1e6)
