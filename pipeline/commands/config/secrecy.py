"""Values of settings as they may be shown: no secret, nor a part of one."""

from __future__ import annotations

import re
from datetime import timedelta
from inspect import isclass
from typing import Any, Final, get_args

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

_UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_SECRET_TYPES: Final = (Secret, SecretStr, SecretBytes)
_SECRET_WORDS: Final = frozenset(
    {"key", "keys", "password", "passwords", "secret", "secrets", "token", "tokens"}
)

# A password may have any character, so all up to the last @ is hidden; keys stand in queries.
_LOGIN: Final = re.compile(r"//.*@", re.DOTALL)
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


def may_be_secret(name: str, annotation: Any) -> bool:
    """Return True if a setting is a secret by its type or, if any text will do, by its name."""
    return holds_secret(annotation) or not _SECRET_WORDS.isdisjoint(name.split("_"))


def holds_secret(annotation: Any) -> bool:
    """Return True if a type has secrets, or may have whatever an operator writes."""
    if annotation is Any:
        return True
    if isclass(annotation) and issubclass(annotation, _SECRET_TYPES):
        return True
    if isclass(annotation) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return any(may_be_secret(name, field.annotation) for name, field in fields)
    return any(map(holds_secret, get_args(annotation)))


def to_shown(value: Any) -> Any:
    """Return a value for JSON, without the logins and queries of the addresses in it."""
    if isinstance(value, dict):
        return {str(name): to_shown(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_shown(part) for part in value]
    if isinstance(value, timedelta):
        return _to_duration(value)
    plain = to_jsonable_python(value, fallback=str)
    if not isinstance(plain, str) or "//" not in plain:
        return plain
    return _QUERY.sub("?…", _LOGIN.sub("//…@", plain))


def _to_duration(value: timedelta) -> str:
    """Return a duration as the settings file has it: 15m."""
    for unit, length in _UNITS.items():
        if value and not value % length:
            return f"{value // length}{unit}"
    return f"{value.total_seconds():g}s"
