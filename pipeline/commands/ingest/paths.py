"""Files that are named by the arguments of `feedback ingest`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import print_note

_SUFFIXES: Final = frozenset(
    {".csv", ".tsv", ".txt", ".tab", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".xls",
     ".xlsb", ".ods", ".vtt", ".srt"}
)  # fmt: skip
_MAX_SHOWN: Final = 12


def expand_paths(paths: Sequence[str]) -> list[str]:
    """Return the files, with those of a folder in the order of their names; raises `CommandError`.

    Files of a folder that are not tables by their suffix are left out, and named.
    """
    files: list[str] = []
    for path in paths:
        folder = Path(path)
        if path == "-" or not folder.is_dir():
            files.append(path)
            continue
        inside = sorted(each for each in folder.iterdir() if each.is_file())
        tables = [each for each in inside if _is_table(each)]
        others = [each.name for each in inside if not _is_table(each)]
        if not tables:
            raise CommandError(
                f"reading {folder.name}: the folder holds no CSV, JSON or Excel file",
                ExitStatus.BAD_INPUT,
            )
        if others:
            more = f" and {len(others) - _MAX_SHOWN} more" if len(others) > _MAX_SHOWN else ""
            print_note(f"left out in {folder.name}: {', '.join(others[:_MAX_SHOWN])}{more}")
        files += map(str, tables)
    return files


def _is_table(path: Path) -> bool:
    is_hidden = path.name.startswith((".", "~$"))  # Excel's locks begin with the latter
    return not is_hidden and Path(path.name.removesuffix(".gz")).suffix.lower() in _SUFFIXES
