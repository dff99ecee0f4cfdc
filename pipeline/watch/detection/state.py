"""The detector's state as bytes: a version, facts as JSON, arrays as they are; all compressed.

Reading executes nothing, so the bytes may be untrusted.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

VERSION: Final = 2
_MAGIC: Final = b"feedback-alerting"
_TYPES: Final = {"<f8", "<f4", "<i8", "<u4"}


class StateError(ValueError):
    """Bytes that are not a state of this version."""


def pack(facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    """Serialize facts and arrays."""
    shapes = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    head = orjson.dumps({"facts": facts, "arrays": shapes})
    body = b"".join([len(head).to_bytes(8, "big"), head, *(a.tobytes() for a in arrays.values())])
    return _MAGIC + VERSION.to_bytes(2, "big") + zlib.compress(body, 1)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the arguments of :func:`pack`; raises :class:`StateError`."""
    if not data.startswith(_MAGIC):
        raise StateError("reading the alerts' state: these are other bytes")
    version = int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 2], "big")
    if version != VERSION:
        raise StateError(f"reading the alerts' state: version {version} is not {VERSION}")
    try:
        return _unpack_body(zlib.decompress(data[len(_MAGIC) + 2 :]))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise StateError("reading the alerts' state: it is damaged") from error


def _unpack_body(body: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    at = 8 + int.from_bytes(body[:8], "big")
    head = orjson.loads(body[8:at])
    arrays = {}
    for name, (kind, shape) in head["arrays"].items():
        if kind not in _TYPES:
            raise ValueError(kind)
        count = math.prod(shape)
        array = np.frombuffer(body, dtype=kind, count=count, offset=at)
        arrays[name] = array.reshape(shape).copy()
        at += array.nbytes
    return head["facts"], arrays
