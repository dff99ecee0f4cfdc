"""Texts to translate, packed into requests by language and by the service's limits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import orjson

_PUNCTUATION_BYTES: Final = 16
"""Upper bound of what a request writes around each text."""
_ALIASES: Final = {"no": ("nb",), "nn": ("nb",), "tl": ("fil",), "iw": ("he",)}
"""Other codes of a language, by that of the language detector."""


class RequestLimits(Protocol):
    """Limits of one request."""

    @property
    def texts(self) -> int:
        """Maximum number of texts."""

    @property
    def characters(self) -> int:
        """Maximum number of characters."""

    @property
    def bytes(self) -> int:
        """Maximum size of the texts as JSON."""

    @property
    def detected_texts(self) -> int:
        """Maximum number of texts if the service has to detect their language."""


class WaitingText(NamedTuple):
    """One text to translate."""

    text: str
    language: str | None
    """As the detector writes it, or the service; None to have it detected."""
    until: datetime
    """Time to give up."""


def match_language(code: str, supported: Collection[str]) -> str | None:
    """Return the service's code for a language: its own, another name, or its first variant."""
    by_folded = {each.lower(): each for each in sorted(supported, reverse=True)}
    for name in (code, *_ALIASES.get(code, ())):
        if name in by_folded:
            return by_folded[name]
    return next((by_folded[e] for e in sorted(by_folded) if e.startswith(f"{code}-")), None)


def pack_requests(
    texts: Sequence[WaitingText], limits: RequestLimits
) -> Iterator[list[WaitingText]]:
    """Yield requests: texts of one language within the limits, in their order.

    A text that is larger than the limits has a request of its own.
    """
    by_language: dict[str | None, list[WaitingText]] = {}
    for each in texts:
        by_language.setdefault(each.language, []).append(each)
    for language, group in by_language.items():
        most = limits.detected_texts if language is None else limits.texts
        yield from _pack(group, most, limits)


def _pack(
    texts: Sequence[WaitingText], most: int, limits: RequestLimits
) -> Iterator[list[WaitingText]]:
    request: list[WaitingText] = []
    characters = size = 0
    for each in texts:
        own_size = len(orjson.dumps(each.text)) + _PUNCTUATION_BYTES
        is_full = (
            len(request) >= most
            or characters + len(each.text) > limits.characters
            or size + own_size > limits.bytes
        )
        if request and is_full:
            yield request
            request, characters, size = [], 0, 0
        request.append(each)
        characters += len(each.text)
        size += own_size
    if request:
        yield request
