"""Cases among the scores of `feedback report`, in every format, and published."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.cases.store import CaseStore
from pipeline.elasticsearch.client import connect, connect_async
from pipeline.settings import Settings
from schemas.case import Case
from schemas.case_documents import CASES_INDEX
from schemas.score_documents import SCORES_INDEX
from tests.pipeline.scores.test_case_scores import case
from tests.support.cli import feedback_output, invoke_feedback

JANUARY = datetime(2019, 1, 5, tzinfo=UTC)
SPAN = "--since 2019-01-01 --until 2019-01-31 --site Southgate"


@pytest.fixture(scope="module", autouse=True)
def cases(settings: Settings) -> None:
    """Nine cases, of which six were answered after an hour or more."""
    made = [
        case(
            number + 700, site="Southgate", source="old",
            first_overdue_at=JANUARY if number < 2 else None,
        ).model_copy(
            update={
                "opened_at": JANUARY,
                "first_answered_at": JANUARY + timedelta(hours=number + 1) if number < 6 else None,
            }
        )
        for number in range(9)
    ]  # fmt: skip

    async def write(response: list[Case]) -> None:
        async with connect_async(settings) as client:
            await CaseStore(client).write(response)

    asyncio.run(write(made))
    with connect(settings) as client:
        client.indices.refresh(index=CASES_INDEX)
        client.options(ignore_status=400).indices.create(index="feedback-2019.01.01")


def test_the_scores_of_cases_are_in_every_format(
    environment: dict[str, str], tmp_path: Path
) -> None:
    output = feedback_output(f"feedback report {SPAN} -f json", environment, tmp_path)
    report = json.loads(output)["cases"]
    scores = report["overall"]
    assert scores["cases_opened"]["value"] == 9
    waited = scores["case_hours_to_answer"]
    assert (waited["value"], waited["low"], "high" in waited) == (5.0, 2.0, False)
    assert scores["share_cases_overdue"]["value"] == pytest.approx(200 / 9)
    assert "value" not in scores["case_hours_to_resolve"]
    assert [row["name"] for row in report["groups"]["site"]] == ["Southgate"]
    for form in ("table", "markdown", "html"):
        page = feedback_output(f"feedback report {SPAN} -f {form}", environment, tmp_path)
        assert "Hours to first answer" in page
        assert "2.0 or more" in page
        assert "not yet" in page


def test_a_scope_without_cases_has_none(environment: dict[str, str], tmp_path: Path) -> None:
    nowhere = SPAN.replace("Southgate", "Nowhere")
    assert "cases" not in json.loads(
        feedback_output(f"feedback report {nowhere} -f json", environment, tmp_path)
    )


def test_they_are_published_as_scores(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    feedback_output(f"feedback report {SPAN} --publish", environment, tmp_path)
    with connect(settings) as client:
        response = client.search(
            index=SCORES_INDEX, query={"prefix": {"score.measure": "case"}}, size=100
        )
    measures = {hit["_source"]["score"]["measure"] for hit in response["hits"]["hits"]}
    assert measures == {"cases_opened", "case_hours_to_answer", "case_hours_to_resolve"}


def test_a_measure_of_cases_is_not_asked_for(environment: dict[str, str], tmp_path: Path) -> None:
    done = invoke_feedback(f"feedback report {SPAN} --measure cases_opened", environment, tmp_path)
    assert (done.returncode, "those of cases are always shown" in done.stderr) == (2, True)
