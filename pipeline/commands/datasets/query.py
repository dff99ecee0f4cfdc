"""Data of `feedback datasets`: imports, counted from the records that they brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from connectors.file import read_dataset_name
from pipeline.commands.shared.elasticsearch import open_elasticsearch, read_pages, to_arguments
from pipeline.errors import CommandError, ExitStatus
from pipeline.search.imports import (
    Import,
    imports_query,
    named_imports_query,
    prefixed_imports_query,
    read_imports,
    records_query,
)
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS

_PAGE_SIZE: Final = 2_000
_MAX_MATCHES: Final = 10
_MIN_ID_CHARACTERS: Final = 2


def find_imports(settings: Settings, *, limit: int) -> tuple[list[Import], bool]:
    """Return the imports, latest first, and if there are more than ``limit``.

    Raises ``Unavailable`` or ``CommandError``.
    """
    imports = _search(settings, imports_query(limit=limit + 1))
    return imports[:limit], len(imports) > limit


def find_import(settings: Settings, wanted: str) -> Import:
    """Return the import whose id begins with ``wanted``, or whose file has this name.

    Raises ``Unavailable``, or ``CommandError`` unless exactly one matches.
    """
    matches = _find_matches(settings, wanted)
    if not matches:
        raise CommandError(
            f"finding the import {wanted!r}: not found; `feedback datasets list` shows all"
        )
    if len(matches) > 1:
        ids = ", ".join(each.import_id for each in matches[:_MAX_MATCHES])
        more = " and others" * (len(matches) > _MAX_MATCHES)
        raise CommandError(
            f"finding the import {wanted!r}: ambiguous: matches {ids}{more}", ExitStatus.USAGE
        )
    # All its records count, also those that came while its file had another name.
    found = _search(settings, imports_query(limit=1, import_id=matches[0].import_id))
    return found[0] if found else matches[0]


def _find_matches(settings: Settings, wanted: str) -> list[Import]:
    limit = _MAX_MATCHES + 1
    for name in filter(None, dict.fromkeys((wanted, read_dataset_name(Path(wanted))))):
        if named := _search(settings, named_imports_query(name, limit=limit)):
            return named
    if len(wanted) < _MIN_ID_CHARACTERS:
        return []
    return _search(settings, prefixed_imports_query(wanted, limit=limit))


def count_records(settings: Settings, import_id: str) -> int:
    """Return the number of records of an import that are in the index."""
    imports = _search(settings, imports_query(limit=1, import_id=import_id))
    return imports[0].records if imports else 0


def read_records(settings: Settings, import_id: str) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the documents of an import, page by page.

    Raises ``Unavailable`` or ``CommandError``.
    """
    body = records_query(import_id, size=_PAGE_SIZE)
    return read_pages(settings, "reading the import", READ_ALIAS, body)


def _search(settings: Settings, body: dict[str, Any]) -> list[Import]:
    with open_elasticsearch(settings, "listing the imports") as client:
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        response = client.search(index=READ_ALIAS, ignore_unavailable=True, **to_arguments(body))
    return read_imports(response.body)
