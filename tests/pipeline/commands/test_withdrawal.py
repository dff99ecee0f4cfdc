"""Deletions of an import's records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sdk.timestamps import unix_ms
from pipeline.commands.datasets.withdrawal import Withdrawal
from schemas.feedback import Family, Feedback, Operation


def document(revision: int) -> dict[str, Any]:
    return {
        "@timestamp": "2026-03-04T00:00:00+00:00",
        "event": {"id": "e1", "dataset": "file"},
        "feedback": {"native_id": "n1", "revision": revision, "family": Family.REVIEW.value},
    }


def delete(withdrawal: Withdrawal) -> Feedback:
    (page,) = withdrawal.fetch(None)
    (item,) = page.items
    return withdrawal.parse(item)


@pytest.mark.parametrize("ahead_ms", [-1_000_000, 1_000_000], ids=["past", "future"])
def test_a_deletion_is_later_than_its_record(ahead_ms: int) -> None:
    revision = unix_ms(datetime.now(UTC)) + ahead_ms
    deletion = delete(Withdrawal([[document(revision)]]))
    assert deletion.operation is Operation.DELETE
    assert deletion.revision > revision


def test_what_another_import_brings_meanwhile_is_later_than_the_deletion() -> None:
    withdrawal = Withdrawal([[document(0)]])
    brought = unix_ms(datetime.now(UTC))
    while unix_ms(datetime.now(UTC)) == brought:
        pass
    assert delete(withdrawal).revision <= brought
