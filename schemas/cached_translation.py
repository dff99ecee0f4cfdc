"""``CachedTranslation``: one translation as a service made it, to be used again and counted."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.record import Record, deterministic_id


class CachedTranslation(Record):
    """A translation of a redacted text, and the number of characters that it cost."""

    text_id: str = Field(description="Hash of the text; the same text is translated once.")
    text: str = Field(description="The translation.")
    language: str = Field(description="ISO 639-1 code of the language that it was made from.")
    service: str = Field(description="Service that made it.")
    characters: int = Field(ge=0, description="Number of characters sent to the service.")
    at: AwareDatetime = Field(description="Time of the response.")


def derive_text_id(text: str) -> str:
    """Return the hash of a text to translate."""
    return deterministic_id("translation", text)
