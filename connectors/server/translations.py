"""The page's own texts, from a file per language in ``languages``.

The answers in these files are ordered: ``stars`` from 1 to 5 stars, ``fft`` by the codes 1 to 6.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from connectors.forms.form.config import Language


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class StaffTranslation:
    """The texts of the page on which staff enter feedback, in one language."""

    heading: str
    day: str
    channel: str
    channels: Sequence[str]
    """Paper card, phone, in person, letter."""
    words: str
    place: str
    consent: str
    consents: Sequence[str]
    """Yes, not asked, no."""
    noted_by: str
    noted_by_use: str
    save: str
    saved: str
    day_wrong: str
    channel_missing: str
    consent_missing: str
    consent_refused: str


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Translation:
    """The page's texts in one language."""

    name: str
    """The language's own name."""
    stars_question: str
    nps_question: str
    fft_question: str
    stars: Sequence[str]
    """Names of 1 to 5 stars."""
    fft: Sequence[str]
    """Answers 1 to 6 of the Friends and Family Test."""
    nps_ends: str
    private: str
    site: str
    service: str
    no_choice: str
    contact_heading: str
    contact_me: str
    contact: str
    contact_use: str
    privacy: str
    send: str
    languages: str
    leave_empty: str
    error: str
    problems: str
    nothing_given: str
    too_long: str
    contact_missing: str
    contact_unasked: str
    not_saved: str
    too_often: str
    thanks: str
    received: str
    again: str
    kiosk_received: str
    start_over: str
    scan: str
    not_found: str
    staff: StaffTranslation
    direction: Literal["ltr", "rtl"] = "ltr"
    """The direction of its script."""


_FOLDER: Final = Path(__file__).with_name("languages")

TRANSLATIONS: Final = TypeAdapter(dict[Language, Translation]).validate_python(
    {
        language: tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
        for language in get_args(Language)
    }
)


def negotiate_language(
    requested: str | None, accept_language: str | None, offered: Sequence[Language]
) -> Language:
    """Return the requested language, or the one that the browser prefers, or the first offered."""
    for tag in (requested or "", *_tags_by_preference(accept_language or "")):
        for language in offered:
            if tag.lower().partition("-")[0] == language:
                return language
    return offered[0]


def _tags_by_preference(header: str) -> Iterable[str]:
    weighted: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        try:
            weighted.append((float(weight.strip().removeprefix("q=") or 1), tag.strip()))
        except ValueError:
            continue
    weighted.sort(key=lambda pair: -pair[0])
    return [tag for weight, tag in weighted if weight > 0]
