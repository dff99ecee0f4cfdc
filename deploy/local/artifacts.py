"""The pinned files of the engines, and how they are verified.

The table (``artifacts.json``) names every file by exact Maven coordinates, size and SHA-256, so
downloading needs no dependency resolution, and the engines are the tested ones.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PinnedFile:
    """One file of the table: its Maven coordinates, size and SHA-256."""

    group: str
    name: str
    version: str
    packaging: str
    size: int
    sha256: str

    @property
    def coordinates(self) -> str:
        """The Maven coordinates in their usual notation."""
        return f"{self.group}:{self.name}:{self.version}@{self.packaging}"


@dataclass(frozen=True)
class Distribution:
    """All files of one engine; ``unpacked_bytes`` is their size once installed."""

    engine: str
    version: str
    unpacked_bytes: int
    files: tuple[PinnedFile, ...]

    @property
    def size(self) -> int:
        """Bytes to download with an empty cache."""
        return sum(file.size for file in self.files)


@cache
def distribution(engine: str) -> Distribution:
    """Return the pinned distribution of ``kafka`` or ``elasticsearch``."""
    table = json.loads(files(__package__).joinpath("artifacts.json").read_text("utf-8"))
    entry: dict[str, Any] = table[engine]
    pinned = tuple(PinnedFile(**file) for file in entry["files"])
    return Distribution(engine, entry["version"], entry["unpacked_bytes"], pinned)


def cached_path(cache_dir: Path, file: PinnedFile) -> Path:
    """Return the path of a downloaded file in the cache, in Maven's layout."""
    folder = cache_dir.joinpath("maven", *file.group.split("."), file.name, file.version)
    return folder / f"{file.name}-{file.version}.{file.packaging}"


def is_intact(path: Path, file: PinnedFile) -> bool:
    """Return True if the file exists with the pinned size and SHA-256."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def missing_bytes(cache_dir: Path, pinned: Distribution) -> int:
    """Return the bytes still to download, by size alone (hashes are verified by ``fetch``)."""
    paths = ((cached_path(cache_dir, file), file.size) for file in pinned.files)
    return sum(size for path, size in paths if not path.is_file() or path.stat().st_size != size)
