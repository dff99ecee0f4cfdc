"""The tests that ``make test-changed`` runs."""

from __future__ import annotations

import pytest

from tests.support.changed import ALWAYS, ROOT, select_tests


@pytest.mark.parametrize(
    ("changed", "covering"),
    [
        ("connectors/sdk/http.py", "tests/connectors/sdk/test_http.py"),  # mirrored
        ("pipeline/settings.py", "tests/end_to_end/test_walk.py"),  # imported
        ("deploy/local/model.py", "tests/deploy/local/test_engines.py"),  # the folder's
        ("tests/support/fakes.py", "tests/connectors/test_conformance.py"),
        ("tests/connectors/conftest.py", "tests/connectors/sdk/test_http.py"),
        ("tests/end_to_end/test_walk.py", "tests/end_to_end/test_walk.py"),
        ("docs/settings.md", "tests/end_to_end/test_readme.py"),
        ("docker-compose.yml", "tests/deploy/test_compose.py"),
    ],
)
def test_what_covers_a_change_is_selected(changed: str, covering: str) -> None:
    assert {ALWAYS, ROOT / covering} <= select_tests([changed])


def test_a_deleted_test_selects_nothing() -> None:
    assert select_tests(["tests/test_deleted.py"]) == set()
