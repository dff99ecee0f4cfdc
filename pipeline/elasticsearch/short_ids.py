"""Finding one document by the beginning of its id, as people type it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pipeline.elasticsearch.client import Elasticsearch
from pipeline.errors import CommandError, ExitStatus

_PREFIX: Final = re.compile(r"[0-9a-f]{4,32}")
_MAX_MATCHES: Final = 5

T = TypeVar("T")


def validate_prefix(text: str, title: str) -> str:
    """Return the beginning of an id in lower case; raises ``CommandError`` if it is invalid."""
    prefix = text.strip().lower()
    if _PREFIX.fullmatch(prefix) is None:
        raise CommandError(
            f"finding {title}: an id is 4 to 32 of the characters 0-9 and a-f", ExitStatus.USAGE
        )
    return prefix


def require_single(matches: Mapping[str, T], prefix: str, title: str, *, hint: str = "") -> T:
    """Return the only match, given by id; raises ``CommandError`` for none and for several."""
    if not matches:
        raise CommandError(f"finding {title} {prefix}: not found{hint}")
    if len(matches) > 1:
        raise CommandError(
            f"finding {title} {prefix}: ambiguous: matches {', '.join(matches)}", ExitStatus.USAGE
        )
    return next(iter(matches.values()))


def find_by_prefix(
    client: Elasticsearch,
    index: str,
    prefix: str,
    title: str,
    *,
    fields: tuple[str, ...] = ("event.id",),
    hint: str = "",
) -> dict[str, Any]:
    """Return the only document with a field that begins with ``prefix``; raises ``CommandError``.

    Documents of the same ``event.id`` count as one. ``prefix`` is a validated one.
    """
    response = client.search(
        index=index,
        ignore_unavailable=True,
        query={"bool": {"should": [{"prefix": {field: prefix}} for field in fields]}},
        size=_MAX_MATCHES,
    )
    sources = (hit["_source"] for hit in response["hits"]["hits"])
    return require_single(
        {source["event"]["id"]: source for source in sources}, prefix, title, hint=hint
    )
