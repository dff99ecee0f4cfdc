"""The fakes there are, found by walking ``tests/support/services``: nothing lists them."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import TypeVar

from connectors.runtime.registry import sources
from connectors.sdk.source import Context, Source
from schemas.feedback import SUBMISSION, Feedback
from tests.support.fake_service import FakeCaller, FakeService

T = TypeVar("T", FakeService, FakeCaller)

_SERVICES = Path(__file__).parent / "services"


def _find_fakes(kind: type[T]) -> dict[str, type[T]]:
    fakes: dict[str, type[T]] = {}
    for path in sorted(_SERVICES.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        module = importlib.import_module(f"tests.support.services.{path.stem}")
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, kind)
                and value.__module__ == module.__name__
                and not inspect.isabstract(value)
            ):
                fakes[value.name] = value
    return fakes


SERVICES: dict[str, type[FakeService]] = _find_fakes(FakeService)  # type: ignore[type-abstract]
CALLERS: dict[str, type[FakeCaller]] = _find_fakes(FakeCaller)  # type: ignore[type-abstract]


def build_source(
    fake: FakeService | FakeCaller, url: str, instance: str = "test", **context: object
) -> Source:
    """The connector of a fake, told to talk to it."""
    kind = sources()[fake.name]
    config = kind.Config.model_validate(fake.settings(url))
    source = kind(config, Context(instance, **{"sleep": WAITS.append, **context}))  # type: ignore[arg-type]
    OPEN.append(source)
    return source


OPEN: list[Source] = []
"""Sources that :func:`build_source` made; a fixture closes them after each test."""

WAITS: list[float] = []
"""Seconds for which connectors would have waited during this test."""


def attributes_without_submission(record: Feedback) -> dict[str, str]:
    """A record's attributes but for the mark of its submission."""
    return {name: value for name, value in record.attributes.items() if name != SUBMISSION}
