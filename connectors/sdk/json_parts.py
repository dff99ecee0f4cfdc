"""Access to JSON documents whose parts may be missing or of another type."""

from __future__ import annotations

from typing import Any


def get_object(holder: Any, *names: str) -> dict[str, Any]:
    """Return the object below these names, or an empty one if it is absent."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def get_objects(holder: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in the list of that name, or none if it is absent."""
    values = holder.get(name) if isinstance(holder, dict) else None
    return (
        [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
    )


def get_text(holder: Any, name: str) -> str:
    """Return the value of that name as text, or an empty text if it is absent."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return "" if value is None else str(value)
