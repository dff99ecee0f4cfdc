"""The base of the stages' data files, which users may replace by their own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import ClassVar, Self

from schemas.strict_model import StrictModel


class DataFile(StrictModel):
    """A TOML file; ``packaged`` is the one that is used by default, for healthcare."""

    packaged: ClassVar[Path]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a file; by default the packaged one.

        Raises ``OSError``, ``tomllib.TOMLDecodeError`` or ``pydantic.ValidationError``.
        """
        with (path or cls.packaged).open("rb") as file:
            return cls.model_validate(tomllib.load(file))
