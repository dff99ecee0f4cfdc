"""The tests that ``make test-changed`` runs."""

from __future__ import annotations

import pytest

from tests.support.changed import ALWAYS, select_tests
from tests.support.module_graph import ROOT, importers, list_test_files


@pytest.mark.parametrize(
    ("changed", "covering"),
    [
        ("connectors/sdk/http.py", "tests/connectors/sdk/test_http.py"),
        ("connectors/sdk/http.py", "tests/connectors/test_conformance.py"),  # found by the registry
        ("connectors/social/reddit/connector.py", "tests/connectors/test_conformance.py"),
        ("connectors/forms/zendesk/ticket.py", "tests/connectors/test_conformance.py"),
        ("pipeline/settings.py", "tests/end_to_end/test_walk.py"),
        ("pipeline/cases/trackers/jira.py", "tests/pipeline/cases/test_trackers.py"),
        ("pipeline/cases/trackers/jira.py", "tests/end_to_end/test_cases.py"),  # the worker's roles
        ("pipeline/stages/_personal/dates.py", "tests/pipeline/stages/test_redact.py"),
        ("pipeline/commands/cases/act.py", "tests/end_to_end/test_cases.py"),  # a command
        ("pipeline/commands/model/train.py", "tests/pipeline/commands/test_train.py"),
        ("pipeline/commands/shared/options.py", "tests/pipeline/commands/test_report.py"),
        ("pipeline/commands/commands.toml", "tests/pipeline/test_cli.py"),
        ("pipeline/reports/views/templates/report.html.j2", "tests/pipeline/reports/test_html.py"),
        ("pipeline/reports/views/templates/parts.html.j2", "tests/pipeline/reports/test_html.py"),
        ("pipeline/taxonomies/healthcare.toml", "tests/pipeline/stages/test_classify_topics.py"),
        ("connectors/server/translations.toml", "tests/connectors/server/test_pages.py"),
        ("schemas/exports/feedback.scores.v1.schema.json", "tests/schemas/test_export.py"),
        ("deploy/local/model.py", "tests/deploy/local/test_engines.py"),
        ("tests/support/fakes.py", "tests/connectors/test_conformance.py"),
        ("tests/support/engines.py", "tests/end_to_end/test_walk.py"),  # a fixture
        ("tests/connectors/conftest.py", "tests/connectors/sdk/test_http.py"),
        ("tests/end_to_end/test_walk.py", "tests/end_to_end/test_walk.py"),
        ("docs/settings.md", "tests/end_to_end/test_readme.py"),
        ("docs/cases.md", "tests/test_docs.py"),
        ("docker-compose.yml", "tests/deploy/test_compose.py"),
        ("Makefile", "tests/test_docs.py"),
    ],
)
def test_what_can_notice_a_change_is_selected(changed: str, covering: str) -> None:
    assert {*ALWAYS, ROOT / covering} <= select_tests([changed])


@pytest.mark.parametrize(
    ("changed", "unaffected"),
    [
        ("pipeline/commands/cases/act.py", "tests/pipeline/commands/test_train.py"),
        ("pipeline/stages/_personal/dates.py", "tests/connectors/sdk/test_http.py"),
        ("docs/cases.md", "tests/end_to_end/test_walk.py"),
    ],
)
def test_what_cannot_notice_a_change_is_not(changed: str, unaffected: str) -> None:
    assert (ROOT / unaffected).exists()
    assert ROOT / unaffected not in select_tests([changed])


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt", "tests/conftest.py"])
def test_everything_is_selected_where_it_must_run(
    changed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert select_tests([changed]) == set(list_test_files())
    assert changed in capsys.readouterr().err


def test_a_deleted_module_selects_the_tests_of_what_still_imports_it() -> None:
    assert importers("pipeline.no_such_module") == set()
    assert "pipeline.cases.trackers.factory" in importers("pipeline.cases.trackers.jira")


def test_a_deleted_test_selects_only_what_reads_the_tree() -> None:
    assert select_tests(["tests/test_deleted.py"]) == ALWAYS
    assert select_tests([]) == set()
