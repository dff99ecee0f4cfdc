"""JSON of records whose fields have no serializers of their own, in a third of pydantic's time.

Pure. The output is that of :meth:`schemas.record.Record.to_payload`, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

_WHOLE: Final = ("stars", "nps", "csat", "ces", "fft", "detected_language")
"""Records none of whose fields is ever None."""


def dump_fields(fields: Mapping[str, Any]) -> bytes:
    """Return a record's fields, and those of the records in them, without values that are None.

    Raises ``TypeError`` for a value that JSON does not have, and for text that is not Unicode.
    """
    shown = {name: value for name, value in fields.items() if value is not None}
    # Unpacking these here costs less than being asked for them.
    for name in _WHOLE:
        if name in shown:
            shown[name] = shown[name].__dict__
    if "sentiment" in shown:
        shown["sentiment"] = _unpack(shown["sentiment"])
    if shown.get("topic_sentiments"):
        shown["topic_sentiments"] = [each.__dict__ for each in shown["topic_sentiments"]]
    return orjson.dumps(shown, default=_unpack, option=orjson.OPT_UTC_Z)


def _unpack(value: Any) -> dict[str, Any]:
    """Return the fields of a record that are not None; raise ``TypeError`` for anything else."""
    if not hasattr(value, "__pydantic_serializer__"):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return {name: inner for name, inner in value.__dict__.items() if inner is not None}
