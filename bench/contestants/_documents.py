"""Bulk requests of the contestants that write documents themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.index.sink import bulk_operation


def bulk_operations(payloads: Iterable[bytes]) -> list[Any]:
    """The lines of a bulk request; the client takes bytes, though its types do not say so."""
    return [bulk_operation(payload) for payload in payloads]
