"""Folders of the engines: installed atomically, writable, and with disk space left."""

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


def install_atomically(target: Path, install: Callable[[Path], None]) -> Path:
    """Fill a folder next to ``target`` and rename it, so that ``target`` is never incomplete.

    Args:
        target: returned at once if it exists.
        install: writes all files into the folder it is given.

    Raises:
        EngineError: the disk is full.
    """
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        install(partial)
        _open_to_engines_user(target.parent, partial)
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


def _open_to_engines_user(parent: Path, folder: Path) -> None:
    """Give the engines' user access, whatever the umask."""
    if os.geteuid() != 0:
        return
    parent.chmod(_OPEN_FOLDER)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(_OPEN_FOLDER)


def link_files(paths: list[Path], folder: Path) -> None:
    """Link or copy files into a folder."""
    for path in paths:
        link_or_copy(str(path), str(folder / path.name))


def unzip(archive: Path, folder: Path, on_bytes: Callable[[int, int], None]) -> None:
    """Unpack a zip archive without its top folder, keeping executable bits."""
    with zipfile.ZipFile(archive) as source:
        entries = source.infolist()
        total = sum(entry.file_size for entry in entries)
        done = 0
        for entry in entries:
            _extract(source, entry, folder)
            done += entry.file_size
            on_bytes(done, total)


def _extract(source: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    inner = Path(*Path(entry.filename).parts[1:])
    target = folder / inner
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open(entry) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    is_executable = (entry.external_attr >> 16) & 0o111
    target.chmod(_OPEN_FOLDER if is_executable else _OPEN_FILE)


def require_writable(folder: Path, setting: str = HOME) -> None:
    """Create the folder and raise EngineError if it is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise EngineError(
            f"writing to {folder}: {reason.lower()}; choose a folder you can write to with "
            f"{setting}"
        ) from error


def require_disk_space(needs: dict[Path, int], reserve: int) -> None:
    """Raise EngineError if a disk would have less than ``reserve`` bytes free afterwards.

    Args:
        needs: bytes to be written below each existing folder; those on one disk add up.
        reserve: bytes that must stay free on each disk.
    """
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, count in needs.items():
        first, subtotal = by_disk.get(folder.stat().st_dev, (folder, 0))
        by_disk[folder.stat().st_dev] = (first, subtotal + count)
    for folder, count in by_disk.values():
        free = shutil.disk_usage(folder).free
        if free < count + reserve:
            raise EngineError(
                f"installing the engines: the disk of {folder} has {_megabytes(free)} MB free and "
                f"{_megabytes(count + reserve)} MB are needed; free some space, or choose another "
                f"disk with {HOME} and {CACHE}"
            )


def _megabytes(count: int) -> int:
    return round(count / 1e6)
