"""Outcome of each item of a bulk request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.elasticsearch.errors import is_transient
from pipeline.failures import Failure, PermanentError


def failed_items(
    action: str, indexes: Sequence[int], items: Sequence[Mapping[str, Any]]
) -> list[Failure]:
    """Return the failures among a bulk response's items; ``indexes`` are their places in the batch.

    Successful are 2xx, 409 since a newer version exists, and 404 of a delete. Raises
    :class:`PermanentError` on refused credentials.
    """
    failures: list[Failure] = []
    for index, item in zip(indexes, items, strict=True):
        ((operation, result),) = item.items()
        status = result["status"]
        if status < 300 or status == 409 or (status == 404 and operation == "delete"):
            continue
        kind = result.get("error", {}).get("type", "unknown")
        reason = f"{action}: {kind}"
        # A disk that is too full blocks writing with status 403, and until there is room again.
        retryable = is_transient(status) or kind == "cluster_block_exception"
        if status in (401, 403) and not retryable:
            raise PermanentError(reason)
        failures.append(Failure(index, reason, kind, retryable))
    return failures
