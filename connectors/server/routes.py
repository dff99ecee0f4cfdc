"""The routes: webhooks, JSON submissions, and whether the server is well."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from connectors.forms.form.connector import Form
from connectors.sdk.source import Webhook
from connectors.server.problems import PLAIN_HEADERS, Refusal
from connectors.server.webhook_handler import Intake

_JSON: Final = "application/json"

log = structlog.get_logger("serve")

Work = Callable[[Request], Awaitable[Response]]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(APIRoute):
    """A route that is described in the OpenAPI document, and called without FastAPI's parsing.

    Signatures are over raw bodies, and nothing is left to be parsed before they are checked.
    """

    def get_route_handler(self) -> Endpoint:
        """The endpoint itself."""
        return self.endpoint


def guarded(work: Work) -> Endpoint:
    """An endpoint that answers its refusals; a fault is logged without what it was about."""

    async def endpoint(request: Request) -> Response:
        try:
            return await work(request)
        except Refusal as refusal:
            return refusal.response()
        except Exception as error:
            return failed(error).response()

    return endpoint


def failed(error: Exception) -> Refusal:
    """The answer to a fault of ours; its message may hold what people wrote, so it is not said."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    log.error("failed", error=type(error).__name__, where=where)
    return Refusal(500, "answering the request: the server failed")


def json_response(content: Any, status: int = 200) -> Response:
    """A small JSON document."""
    return Response(orjson.dumps(content), status, PLAIN_HEADERS, _JSON)


class Routes:
    """The endpoints; each answers one request."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def _source(self, request: Request) -> Webhook:
        params = request.path_params
        source = self._intake.sources.get((params["name"], params["instance"]))
        if source is None or (source.secret_in_path is False and "secret" in params):
            raise Refusal(404, "finding the webhook: there is none at this address")
        return source

    async def webhook(self, request: Request) -> Response:
        """Take what a service sends."""
        source = self._source(request)
        secret = request.path_params.get("secret")
        try:
            self._intake.limit(request, source, signed=True)
            records, dead = await self._intake.take(request, source, path_secret=secret)
        except Refusal as refusal:
            self._intake.counts.add_refusal(source, refusal.status)
            raise
        return json_response({"records": records, "dead_letters": dead})

    async def webhook_is_there(self, request: Request) -> Response:
        """Answer a service that asks whether the address exists before it uses it."""
        self._source(request)
        return Response(headers=PLAIN_HEADERS)

    async def submit(self, request: Request) -> Response:
        """Take one JSON submission."""
        form = form_of(self._intake, request)
        try:
            response = await self._submit(request, form)
        except Refusal as refusal:
            self._intake.counts.add_refusal(form, refusal.status)
            response = refusal.response()
        response.headers.update(_cors(form, request))
        return response

    async def _submit(self, request: Request, form: Form) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._intake.limit(request, form, signed=form.config.api_token is not None)
        if kind != _JSON:
            raise Refusal(415, f"reading the submission: its Content-Type is not {_JSON}")
        records, dead = await self._intake.take(request, form)
        return json_response({"records": records, "dead_letters": dead}, 202)

    async def preflight(self, request: Request) -> Response:
        """Tell a browser whether a web site may call the JSON endpoint."""
        form = form_of(self._intake, request)
        headers = {**PLAIN_HEADERS, "Allow": "POST, OPTIONS", **_cors(form, request)}
        if "Access-Control-Allow-Origin" in headers:
            headers["Access-Control-Allow-Methods"] = "POST"
            headers["Access-Control-Allow-Headers"] = "authorization, content-type"
            headers["Access-Control-Max-Age"] = "600"
        return Response(status_code=204, headers=headers)

    async def healthz(self, request: Request) -> Response:
        """Say that the process is alive."""
        return json_response({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """Say whether requests can be taken."""
        if not await self._intake.delivery.ready():
            raise Refusal(503, "asking Kafka: it does not answer", wait=2)
        return json_response({"status": "ready"})


def form_of(intake: Intake, request: Request) -> Form:
    """The form that the address names; raises ``Refusal`` (404)."""
    form = intake.sources.get((Form.name, request.path_params["instance"]))
    if not isinstance(form, Form):
        raise Refusal(404, "finding the form: there is none at this address")
    return form


def _cors(form: Form, request: Request) -> dict[str, str]:
    if not form.config.allowed_origins:
        return {}
    origin = request.headers.get("origin")
    if origin not in form.config.allowed_origins:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}
