"""Outcome of each item of a bulk response."""

from __future__ import annotations

import pytest

from pipeline.elasticsearch.bulk import failed_items
from pipeline.failures import PermanentError


@pytest.mark.parametrize(
    ("item", "failure"),
    [
        ({"index": {"status": 201}}, None),
        ({"index": {"status": 409, "error": {"type": "version_conflict"}}}, None),
        ({"delete": {"status": 404}}, None),
        ({"index": {"status": 429, "error": {"type": "rejected"}}}, True),
        ({"index": {"status": 503, "error": {"type": "unavailable"}}}, True),
        ({"index": {"status": 403, "error": {"type": "cluster_block_exception"}}}, True),
        ({"index": {"status": 400, "error": {"type": "strict_dynamic_mapping"}}}, False),
    ],
)
def test_each_document_has_its_own_outcome(item: dict[str, object], failure: bool | None) -> None:
    failures = failed_items("writing", [7], [item])
    assert [(f.index, f.retryable) for f in failures] == ([] if failure is None else [(7, failure)])


def test_refused_credentials_stop_the_worker() -> None:
    with pytest.raises(PermanentError, match="security_exception"):
        failed_items(
            "writing", [0], [{"index": {"status": 403, "error": {"type": "security_exception"}}}]
        )
