"""The ASGI application: its routes and background tasks.

``openapi.json`` describes the routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.forms.form.config import Submission
from connectors.runtime.instances import Instance
from connectors.runtime.ports import Broker, RequestPublisher
from connectors.sdk.source import Webhook
from connectors.server.coverage_reporter import CoverageReporter
from connectors.server.pages import Pages
from connectors.server.problems import HTTPProblem
from connectors.server.routes import Endpoint, PlainRoute, Routes, respond_with_problems
from connectors.server.staff_pages import StaffPages
from connectors.server.webhook_handler import ServeConfig, WebhookHandler

_OPENAPI: Final = Path(__file__).with_name("openapi.json")


class Application(FastAPI):
    """FastAPI that calls the webhooks' endpoint directly.

    FastAPI's layers cost a webhook as much as verifying and parsing it. The endpoint is a route of
    FastAPI too.
    """

    webhook: Endpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if self.webhook is not None and scope["type"] == "http" and scope["method"] == "POST":
            parts = scope["path"].split("/")
            if 4 <= len(parts) <= 5 and parts[1] == "webhooks" and all(parts[2:]):
                names = ("name", "instance", "secret")
                scope["path_params"] = dict(zip(names, parts[2:], strict=False))
                response = await self.webhook(Request(scope, receive))
                await response(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def build_application(
    sources: Sequence[Webhook],
    publisher: RequestPublisher,
    broker: Broker,
    config: ServeConfig | None = None,
    *,
    instances: Sequence[Instance] = (),
) -> Application:
    """Return the ASGI application that receives the requests to these sources.

    Coverage is reported for ``instances``.
    """
    config = config or ServeConfig()
    coverage = CoverageReporter(instances, broker)
    handler = WebhookHandler(sources, publisher, coverage, config)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await publisher.start()
        tasks = [
            asyncio.create_task(handler.request_log.log_periodically()),
            asyncio.create_task(coverage.write_periodically(publisher)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await coverage.write(publisher)
            await publisher.stop()
            handler.close()
            handler.request_log.flush()

    app = Application(
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.router.route_class = PlainRoute
    app.add_exception_handler(HTTPException, _problem_response)
    routes = Routes(handler)
    _add_webhooks(app, routes)
    _add_forms(app, routes, Pages(handler), StaffPages(handler))
    _add_health(app, routes)
    app.openapi = openapi_document  # type: ignore[method-assign]
    return app


async def _problem_response(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    headers = dict(error.headers or {})
    reason = "nothing exists at this address" if error.status_code == 404 else error.detail
    detail = f"answering the request: {reason}"
    return HTTPProblem(error.status_code, detail, headers=headers).response()


def _add_webhooks(app: Application, routes: Routes) -> None:
    path = "/webhooks/{name}/{instance}"
    endpoint = app.webhook = respond_with_problems(routes.webhook)
    probe = respond_with_problems(routes.probe_webhook)
    for address in (path, path + "/{secret}"):
        app.post(address)(endpoint)
        app.head(address, include_in_schema=False)(probe)


def _add_forms(app: FastAPI, routes: Routes, pages: Pages, staff_pages: StaffPages) -> None:
    app.post("/feedback/{instance}")(respond_with_problems(routes.submit))
    app.options("/feedback/{instance}")(respond_with_problems(routes.preflight))
    app.get("/form/{instance}")(respond_with_problems(pages.show))
    app.post("/form/{instance}")(respond_with_problems(pages.submit))
    app.get("/form/{instance}/thanks")(respond_with_problems(pages.thank))
    app.get("/form/{instance}/staff")(respond_with_problems(staff_pages.show))
    app.post("/form/{instance}/staff")(respond_with_problems(staff_pages.submit))


def _add_health(app: FastAPI, routes: Routes) -> None:
    app.get("/healthz")(respond_with_problems(routes.healthz))
    app.get("/readyz")(respond_with_problems(routes.readyz))


@cache
def openapi_document() -> dict[str, Any]:
    """Return ``openapi.json`` with the schema of a submission."""
    document: dict[str, Any] = orjson.loads(_OPENAPI.read_bytes())
    document["components"]["schemas"]["Submission"] = Submission.model_json_schema()
    return document
