"""The connectors there are, found by walking this room: nothing lists them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType

import connectors
from connectors.sdk.source import Source


@cache
def sources() -> MappingProxyType[str, type[Source]]:
    """Every source by its name, in alphabetical order."""
    found = {source.name: source for source in _walk()}
    return MappingProxyType(dict(sorted(found.items())))


def _walk() -> Iterator[type[Source]]:
    for module in pkgutil.walk_packages(connectors.__path__, "connectors."):
        parts = module.name.split(".")[1:]
        if any(part.startswith("_") for part in parts) or module.ispkg:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, Source)
                and value.__module__ == module.name
                and getattr(value, "name", None) == parts[-1]
            ):
                yield value
