"""Tables of settings as the pages under docs/ show them."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic_core import PydanticUndefined


def setting_rows(model: type[BaseModel]) -> list[str]:
    """A row a setting: name, default, what it does."""
    return [_row(name, field) for name, field in model.model_fields.items()]


def _row(name: str, field: object) -> str:
    default = getattr(field, "default", None)
    shown = {None: "none", (): "none", PydanticUndefined: "required"}.get(default, str(default))
    if isinstance(default, bool):
        shown = str(default).lower()
    for long, short in (("2 days, 0:00:00", "2d"), ("0:00:30", "30s"), ("08:00:00", "08:00")):
        shown = short if shown == long else shown
    shown = shown if shown in ("none", "required") else f"`{shown}`"
    return f"| `{name}` | {shown} | {getattr(field, 'description', '')} |"
