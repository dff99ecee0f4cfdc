"""Parts of JSON documents that may be missing, or other than they should be."""

from __future__ import annotations

from typing import Any


def get_object(holder: Any, name: str) -> dict[str, Any]:
    """The object of that name; empty where there is none."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def get_objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """The objects of the list of that name; none where there is none."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
