"""Data of `feedback datasets`: imports, counted from the records that they brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.commands.shared.elasticsearch import open_elasticsearch
from pipeline.errors import CommandError, ExitStatus
from pipeline.search.imports import Import, imports_query, read_imports, records_query
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS

_PAGE_SIZE: Final = 2_000
_MAX_IMPORTS: Final = 10_000


def find_imports(settings: Settings, *, limit: int = _MAX_IMPORTS) -> list[Import]:
    """Return the imports, latest first; raises ``Unavailable`` or ``CommandError``."""
    return _search(settings, imports_query(limit=limit))


def find_import(settings: Settings, wanted: str) -> Import:
    """Return the import whose id begins with ``wanted``, or whose name it is.

    Raises ``Unavailable``, or ``CommandError`` unless exactly one matches.
    """
    imports = find_imports(settings)
    matches = [each for each in imports if each.name == wanted] or [
        each for each in imports if each.import_id.startswith(wanted) and len(wanted) > 1
    ]
    if not matches:
        raise CommandError(
            f"finding the import {wanted!r}: not found; `feedback datasets list` shows all"
        )
    if len(matches) > 1:
        ids = ", ".join(each.import_id for each in matches)
        raise CommandError(
            f"finding the import {wanted!r}: ambiguous: matches {ids}", ExitStatus.USAGE
        )
    return matches[0]


def count_records(settings: Settings, import_id: str) -> int:
    """Return the number of records of an import that are in the index."""
    imports = _search(settings, imports_query(limit=1, import_id=import_id))
    return imports[0].records if imports else 0


def read_records(settings: Settings, import_id: str) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the documents of an import, page by page.

    Raises ``Unavailable`` or ``CommandError``.
    """
    body = records_query(import_id, size=_PAGE_SIZE)
    after: dict[str, Any] = {}
    with open_elasticsearch(settings, "reading the import") as client:
        point = client.open_point_in_time(index=READ_ALIAS, keep_alive="5m")["id"]
        try:
            while True:
                pit = {"id": point, "keep_alive": "5m"}
                hits = client.search(**_arguments(body), pit=pit, **after)["hits"]["hits"]
                if not hits:
                    return
                yield [hit["_source"] for hit in hits]
                after = {"search_after": hits[-1]["sort"]}
        finally:
            client.close_point_in_time(id=point)


def _search(settings: Settings, body: dict[str, Any]) -> list[Import]:
    with open_elasticsearch(settings, "listing the imports") as client:
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        response = client.search(index=READ_ALIAS, ignore_unavailable=True, **_arguments(body))
    return read_imports(response.body)


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a search body as arguments of the client, which calls ``_source`` otherwise."""
    return {name.removeprefix("_"): value for name, value in body.items()}
