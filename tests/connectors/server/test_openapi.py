"""The OpenAPI document says what the server does: schemathesis tries to prove it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from connectors.forms.form.config import MAX_QUESTIONS
from connectors.server.application import build_application, openapi_document
from connectors.server.routes import PlainRoute
from connectors.server.webhook_handler import ServeConfig
from pipeline.settings import Settings
from tests.connectors.server.conftest import form, serving

TOKEN = "token-of-sixteen-characters"  # noqa: S105
OPERATIONS = (
    "POST /webhooks/{name}/{instance}",
    "POST /webhooks/{name}/{instance}/{secret}",
    "POST /feedback/{instance}",
    "OPTIONS /feedback/{instance}",
    "GET /form/{instance}",
    "POST /form/{instance}",
    "GET /form/{instance}/thanks",
    "GET /form/{instance}/staff",
    "POST /form/{instance}/staff",
    "GET /healthz",
    "GET /readyz",
)


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[Any]:
    sources = (form("open", score="nps", staff_password=TOKEN), form("closed", api_token=TOKEN))
    config = ServeConfig(form_rate=100_000, rate=100_000)
    with serving(settings.kafka, sources, config) as live:
        load_all_checks()
        yield schemathesis.openapi.from_url(f"{live.url}/openapi.json")


def test_the_document_describes_every_route() -> None:
    described = openapi_document()["paths"]
    served = {
        f"{method} {route.path}"
        for route in build_application([], Mock(), Mock()).routes
        if isinstance(route, PlainRoute) and route.include_in_schema
        for method in route.methods
    }
    assert served == set(OPERATIONS)
    assert {f"{m.upper()} {path}" for path, methods in described.items() for m in methods} == served


def test_the_document_knows_every_question_of_a_form() -> None:
    body = openapi_document()["paths"]["/form/{instance}"]["post"]["requestBody"]
    fields = body["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert f"text_2 … text_{MAX_QUESTIONS} " in fields["text_1"]["description"]


def test_all_operations_are_tried_and_described(api: Any) -> None:
    operations = [operation.ok() for operation in api.get_all_operations()]
    assert sorted(operation.label for operation in operations) == sorted(OPERATIONS)
    for operation in operations:
        raw = operation.definition.raw
        assert raw["summary"]
        assert all(_description(response) for response in raw["responses"].values())


def _description(response: dict[str, Any]) -> str:
    """Return the description of a response, which may be a reference to a shared one."""
    name = response.get("$ref", "").removeprefix("#/components/responses/")
    shared = openapi_document()["components"]["responses"]
    described: str = (shared[name] if name else response)["description"]
    return described


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_every_answer_is_as_declared(api: Any, label: str, mode: Any) -> None:
    method, path = label.split(" ")
    operation = api[path][method]

    @bounded(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        given_body = repr(case.body)
        for name, known in (("instance", ("open", "closed", None)), ("name", ("form", None))):
            if name in case.path_parameters and (instance := known[len(given_body) % len(known)]):
                case.path_parameters[name] = instance  # else nothing but 404 would be seen
        # A form's scale and choices are its owner's: the document can't know them.
        case.call_and_validate(excluded_checks=[positive_data_acceptance], timeout=30)

    try:
        answers()
    except Exception as error:
        if type(error).__name__ != "Unsatisfiable":  # nothing to send that is not allowed
            raise
