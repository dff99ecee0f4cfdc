"""Names of connectors, found without importing any: the reader of the settings file needs no more.

A module of a family that only helps connectors counts too; the registry knows better.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from pathlib import Path
from typing import Final

FAMILIES: Final = ("forms", "reviews", "social")
"""Folders of connectors."""


@cache
def connector_names() -> frozenset[str]:
    """Return the names that sections of connectors may have."""
    folders = [str(Path(__file__).parents[1] / family) for family in FAMILIES]
    return frozenset(module.name for module in pkgutil.iter_modules(folders))
