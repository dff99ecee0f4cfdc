"""Tell text with control characters from binary files. Pure."""

from __future__ import annotations

from typing import Final

_CONTROLS: Final = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B})
_MAX_KINDS: Final = 11
_MAX_SHARE: Final = 0.4
_MAX_MIXED_SHARE: Final = 0.05


def is_binary(head: bytes) -> bool:
    """Return True for a binary file.

    A text may hold many of a few control characters, as separators or as what a program has left
    there; a binary file has some of all.
    """
    head = head.strip(b"\x00")
    if not head:
        return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _MAX_SHARE * len(head):
        return True
    kinds = sum(bytes((control,)) in head for control in _CONTROLS)
    return kinds > _MAX_KINDS and controls > _MAX_MIXED_SHARE * len(head)
