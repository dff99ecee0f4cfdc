"""The base of every record, and the deterministic identifiers that make delivery idempotent."""

from __future__ import annotations

import hashlib
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

_ID_HEX_DIGITS = 32  # 128 bits of SHA-256: collisions stay negligible far beyond 10^15 records


class Record(BaseModel):
    """A frozen model that travels on a Kafka topic as JSON.

    Unknown fields are ignored when reading, so that a newer producer never breaks an older
    subscriber.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    def to_payload(self) -> bytes:
        """Return the record as compact UTF-8 JSON without optional values that are None."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)

    @classmethod
    def construct_unchecked(cls, fields: dict[str, Any]) -> Self:
        """Build a record from all of its fields without validation or defaults.

        Like ``model_construct`` without its pass over defaults and aliases, which costs more per
        record than a stage.
        """
        record = cls.__new__(cls)
        _set_fields(record, fields)
        _set_names(record, set())
        _set_extra(record, None)
        _set_private(record, None)
        return record

    @classmethod
    def from_payload(cls, payload: bytes) -> Self:
        """Parse a record from JSON bytes; raise ``pydantic.ValidationError``."""
        record: Self = cls.__pydantic_validator__.validate_json(payload)
        return record


# The descriptors of the slots: setting them by name costs three times as much.
_set_fields, _set_names, _set_extra, _set_private = (
    vars(BaseModel)[name].__set__
    for name in (
        "__dict__",
        "__pydantic_fields_set__",
        "__pydantic_extra__",
        "__pydantic_private__",
    )
)


def deterministic_id(*parts: str) -> str:
    """Return an identifier that depends on the parts alone: 128 bits of SHA-256, 32 hex digits.

    Parts are length-prefixed, so ``("ab", "c")`` and ``("a", "bc")`` differ.
    """
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    content = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
    return hashlib.sha256(content).hexdigest()[:_ID_HEX_DIGITS]
