"""The ASGI application: its routes, their descriptions, and its background tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.runtime.instances import Instance
from connectors.runtime.ports import Broker, RequestPublisher
from connectors.sdk.source import Webhook
from connectors.server import openapi
from connectors.server.coverage_reporter import CoverageReporter
from connectors.server.pages import Pages
from connectors.server.problems import HTTPProblem
from connectors.server.routes import Endpoint, PlainRoute, Routes, respond_with_problems
from connectors.server.webhook_handler import ServeConfig, WebhookHandler


class Application(FastAPI):
    """FastAPI that calls the webhooks' endpoint directly.

    FastAPI's layers cost a webhook as much as verifying and parsing it. The endpoint is a route of
    FastAPI too, for the OpenAPI document.
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
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version="1",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.router.route_class = PlainRoute
    app.add_exception_handler(HTTPException, _problem_response)
    routes = Routes(handler)
    _add_webhooks(app, routes)
    _add_forms(app, routes, Pages(handler))
    _add_health(app, routes)
    _describe_security(app)
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
    app.post(path, summary="Receive a signed request", **openapi.webhook())(endpoint)
    app.post(
        path + "/{secret}",
        summary="Receive a request of a service that does not sign",
        **openapi.webhook(secret=True),
    )(endpoint)
    probe = respond_with_problems(routes.probe_webhook)
    app.head(path, include_in_schema=False)(probe)
    app.head(path + "/{secret}", include_in_schema=False)(probe)


def _add_forms(app: FastAPI, routes: Routes, pages: Pages) -> None:
    submit = "/feedback/{instance}"
    app.post(submit, summary="Submit feedback as JSON", **openapi.submission())(
        respond_with_problems(routes.submit)
    )
    app.options(submit, summary="Check what a web site may do (CORS)", **openapi.preflight())(
        respond_with_problems(routes.preflight)
    )
    page = "/form/{instance}"
    app.get(page, summary="Show a form", **openapi.page("The form."))(
        respond_with_problems(pages.show)
    )
    app.post(page, summary="Submit a form", **openapi.form_post())(
        respond_with_problems(pages.submit)
    )
    app.get(page + "/thanks", summary="Say thanks", **openapi.page("Thanks."))(
        respond_with_problems(pages.thank)
    )


def _add_health(app: FastAPI, routes: Routes) -> None:
    app.get("/healthz", summary="Check that the process is alive", **openapi.health("It is.", 500))(
        respond_with_problems(routes.healthz)
    )
    app.get("/readyz", summary="Check that Kafka answers", **openapi.health("It does.", 500, 503))(
        respond_with_problems(routes.readyz)
    )


def _describe_security(app: FastAPI) -> None:
    build_document = app.openapi

    def build_with_security() -> dict[str, Any]:
        document = build_document()
        components = document.setdefault("components", {})
        components["securitySchemes"] = openapi.security_schemes()
        return document

    app.openapi = build_with_security  # type: ignore[method-assign]
