"""The JSON routes: webhooks, submissions and health."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from connectors.forms.form.connector import Form
from connectors.sdk.request_bodies import media_type
from connectors.sdk.source import Webhook
from connectors.server.problems import PLAIN_HEADERS, HTTPProblem, log_server_error
from connectors.server.webhook_handler import WebhookHandler

_JSON: Final = "application/json"

Handler = Callable[[Request], Awaitable[Response]]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class PlainRoute(APIRoute):
    """A route that is called without FastAPI's parsing.

    Signatures cover raw bodies, so nothing may be parsed before they are checked.
    """

    def get_route_handler(self) -> Endpoint:
        """Return the endpoint itself."""
        return self.endpoint


def respond_with_problems(handler: Handler) -> Endpoint:
    """Return an endpoint that turns the handler's errors into problem details."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPProblem as problem:
            return problem.response()
        except Exception as error:
            return log_server_error(error).response()

    return endpoint


def json_response(content: Any, status: int = 200) -> Response:
    """Return a small JSON document."""
    return Response(orjson.dumps(content), status, PLAIN_HEADERS, _JSON)


class Routes:
    """The endpoints; each answers one request."""

    def __init__(self, handler: WebhookHandler) -> None:
        self._handler = handler

    def _source(self, request: Request) -> Webhook:
        params = request.path_params
        source = self._handler.sources.get((params["name"], params["instance"]))
        # A form has an address of its own, with the limits of requests that are not signed.
        is_webhook = source is not None and not isinstance(source, Form)
        if source is None or not is_webhook or ("secret" in params and not source.secret_in_path):
            raise HTTPProblem(404, "finding the webhook: none exists at this address")
        return source

    async def webhook(self, request: Request) -> Response:
        """Accept a request of a service."""
        source = self._source(request)
        secret = request.path_params.get("secret")
        try:
            self._handler.check_rate(request, source, signed=True)
            receipt = await self._handler.handle(request, source, path_secret=secret)
        except HTTPProblem as problem:
            self._handler.request_log.add_problem(source, problem.status)
            raise
        if source.acknowledgement is not None:
            content_type, body = source.acknowledgement
            return Response(body, headers=PLAIN_HEADERS, media_type=content_type)
        return json_response(receipt._asdict())

    async def probe_webhook(self, request: Request) -> Response:
        """Answer a service that checks the address before it uses it."""
        self._source(request)
        return Response(headers=PLAIN_HEADERS)

    async def submit(self, request: Request) -> Response:
        """Accept one JSON submission."""
        form = get_form(self._handler, request)
        try:
            response = await self._submit(request, form)
        except HTTPProblem as problem:
            self._handler.request_log.add_problem(form, problem.status)
            response = problem.response()
        response.headers.update(_cors_headers(form, request))
        return response

    async def _submit(self, request: Request, form: Form) -> Response:
        self._handler.check_rate(request, form, signed=form.config.api_token is not None)
        if media_type(request.headers) != _JSON:
            raise HTTPProblem(415, f"reading the submission: its Content-Type is not {_JSON}")
        receipt = await self._handler.handle(request, form)
        return json_response(receipt._asdict(), 202)

    async def preflight(self, request: Request) -> Response:
        """Answer a browser that checks if a web site may call the JSON endpoint (CORS)."""
        form = get_form(self._handler, request)
        headers = {**PLAIN_HEADERS, "Allow": "POST, OPTIONS", **_cors_headers(form, request)}
        if "Access-Control-Allow-Origin" in headers:
            headers["Access-Control-Allow-Methods"] = "POST"
            headers["Access-Control-Allow-Headers"] = "authorization, content-type"
            headers["Access-Control-Max-Age"] = "600"
        return Response(status_code=204, headers=headers)

    async def healthz(self, request: Request) -> Response:
        """Report that the process is alive."""
        return json_response({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """Report if requests can be accepted: if Kafka answers."""
        if not await self._handler.publisher.is_ready():
            raise HTTPProblem(503, "asking Kafka: it does not answer", wait=2)
        return json_response({"status": "ready"})


def get_form(handler: WebhookHandler, request: Request) -> Form:
    """Return the form that the address names; raise ``HTTPProblem`` (404)."""
    form = handler.sources.get((Form.name, request.path_params["instance"]))
    if not isinstance(form, Form):
        raise HTTPProblem(404, "finding the form: none exists at this address")
    return form


def _cors_headers(form: Form, request: Request) -> dict[str, str]:
    if not form.config.allowed_origins:
        return {}
    origin = request.headers.get("origin")
    if origin not in form.config.allowed_origins:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}
