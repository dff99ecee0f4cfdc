"""Payloads of parts, from transfer encodings that servers and list programs have damaged."""

from __future__ import annotations

import binascii
import copy
import re
from collections.abc import Iterator
from email.message import Message
from itertools import groupby
from typing import Final

_HEADER: Final = "content-transfer-encoding"
_TOKEN: Final = re.compile(r"[\s\"']*([\w-]+)")
_CODED: Final = re.compile(rb"[>!\s]*([A-Za-z0-9+/]{4,}={0,3}|={1,3})[!\s]*")
"""A line of base64, with what old servers write where they break one."""
_CHUNK: Final = re.compile(rb"[A-Za-z0-9+/]+")
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_GROUP: Final = 4


def decode_payload(part: Message) -> bytes | None:
    """Return the bytes of a part that holds no other parts."""
    match = _TOKEN.match(str(part.get(_HEADER, "")))
    encoding = match[1].casefold() if match else ""
    bare = copy.copy(part)
    del bare[_HEADER]  # of the copy alone
    if encoding == "quoted-printable":
        bare[_HEADER] = encoding
    elif encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return _as_bytes(part)
    payload = _as_bytes(bare)
    return decode_base64(payload) if payload is not None and encoding == "base64" else payload


def _as_bytes(part: Message) -> bytes | None:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else None


def decode_base64(raw: bytes) -> bytes:
    """Return the bytes of base64; lines that are none, such as a list's footer, stay as they are.

    A text that was never encoded, although its header says so, is returned unchanged.
    """
    lines = [line for line in raw.splitlines() if line.strip()]
    pieces: list[bytes] = []
    has_decoded = False
    for is_coded, group in groupby(lines, key=lambda line: _CODED.fullmatch(line) is not None):
        run = list(group)
        data = b"".join(_decode_chunks(run)) if is_coded else None
        if data is None or (has_decoded and not _is_text(data)):
            is_new_line = not pieces or pieces[-1].endswith(b"\n")
            pieces.append((b"" if is_new_line else b"\n") + b"\n".join([*run, b""]))
        else:
            has_decoded = True
            pieces.append(data)
    if not has_decoded:
        data = _decode_chunk(b"".join(_CHUNK.findall(raw)))
        return data if data and _is_text(data) else raw
    return b"".join(pieces)


def _decode_chunks(lines: list[bytes]) -> Iterator[bytes]:
    """Yield the bytes between the paddings, which may stand in the middle."""
    coded = (match[1] for line in lines if (match := _CODED.fullmatch(line)))
    for chunk in _CHUNK.findall(b"".join(coded)):
        yield _decode_chunk(chunk)


def _decode_chunk(chunk: bytes) -> bytes:
    if len(chunk) % _GROUP == 1:
        chunk = chunk[:-1]  # six bits of a byte that was cut off
    return binascii.a2b_base64(chunk + b"=" * (-len(chunk) % _GROUP))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except ValueError:
        return False
    return _CONTROLS.search(data) is None
