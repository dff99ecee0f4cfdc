"""The registry of connectors, built by walking the families' folders: nothing lists them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType, ModuleType

from connectors.runtime.names import FAMILIES
from connectors.sdk import Source


@cache
def sources() -> MappingProxyType[str, type[Source]]:
    """Return every source by its name, in alphabetical order."""
    registry = {source.name: source for source in _walk()}
    return MappingProxyType(dict(sorted(registry.items())))


def _walk() -> Iterator[type[Source]]:
    for family in FAMILIES:
        room = importlib.import_module(f"connectors.{family}")
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            name = module.name.rpartition(".")[2]
            # A connector of more than one module is a package with a module ``connector``.
            path = f"{module.name}.connector" if module.ispkg else module.name
            yield from _declared_in(importlib.import_module(path), name)


def _declared_in(module: ModuleType, name: str) -> Iterator[type[Source]]:
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, Source)
            and value.__module__ == module.__name__
            and getattr(value, "name", None) == name
        ):
            yield value
