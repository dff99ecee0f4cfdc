"""A set of ids that keeps their order and little memory."""

from __future__ import annotations

import hashlib

from connectors.sdk.id_set import IdSet


def test_ids_are_kept_once_and_in_order() -> None:
    ids = [hashlib.md5(b"%d" % n, usedforsecurity=False).digest() for n in range(5_000)]
    kept = IdSet()
    assert all(kept.add(key) for key in ids)
    assert not any(kept.add(key) for key in ids)
    assert list(kept) == ids
    assert len(kept) == 5_000
    assert ids[7] in kept
    assert b"\0" * 16 not in kept
    assert "text" not in kept
