"""The application: routes, their descriptions, and what lives as long as the server."""

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
from connectors.sdk.source import Webhook
from connectors.server import openapi
from connectors.server.coverage_reporter import Ledger
from connectors.server.pages import Pages
from connectors.server.problems import Refusal
from connectors.server.publisher import Delivery
from connectors.server.routes import Endpoint, PlainRoute, Routes, guarded
from connectors.server.webhook_handler import Intake, ServeConfig


class Application(FastAPI):
    """FastAPI, but for webhooks: its layers cost them as much as verifying and understanding.

    The same endpoint is also one of FastAPI's routes, which describes it.
    """

    webhook: Endpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
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
    bootstrap_servers: str,
    config: ServeConfig | None = None,
    *,
    instances: Sequence[Instance] = (),
) -> Application:
    """The ASGI application that takes in what is sent to these sources.

    ``instances`` are what the ledger of sources is kept of.
    """
    config = config or ServeConfig()
    delivery = Delivery(bootstrap_servers, within_s=config.kafka_within_s)
    ledger = Ledger(instances, bootstrap_servers)
    intake = Intake(sources, delivery, ledger, config)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await delivery.start()
        tasks = [
            asyncio.create_task(intake.counts.say_on_and_on()),
            asyncio.create_task(ledger.write_on_and_on(delivery)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await ledger.write(delivery)
            await delivery.stop()
            intake.close()
            intake.counts.say()

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
    app.add_exception_handler(HTTPException, _problem)
    _add_webhooks(app, Routes(intake))
    _add_forms(app, Routes(intake), Pages(intake))
    _add_health(app, Routes(intake))
    _describe_security(app)
    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    headers = dict(error.headers or {})
    said = "there is nothing at this address" if error.status_code == 404 else error.detail
    detail = f"answering the request: {said}"
    return Refusal(error.status_code, detail, headers=headers).response()


def _add_webhooks(app: Application, routes: Routes) -> None:
    path = "/webhooks/{name}/{instance}"
    take = app.webhook = guarded(routes.webhook)
    app.post(path, summary="Take a signed request", **openapi.webhook())(take)
    app.post(
        path + "/{secret}",
        summary="Take a request of a service that signs nothing",
        **openapi.webhook(secret=True),
    )(take)
    for each in (path, path + "/{secret}"):
        app.head(each, include_in_schema=False)(guarded(routes.webhook_is_there))


def _add_forms(app: FastAPI, routes: Routes, pages: Pages) -> None:
    submit = "/feedback/{instance}"
    app.post(submit, summary="Submit feedback as JSON", **openapi.submission())(
        guarded(routes.submit)
    )
    app.options(submit, summary="Ask what a web site may do", **openapi.preflight())(
        guarded(routes.preflight)
    )
    page = "/form/{instance}"
    app.get(page, summary="Show a form", **openapi.page("The form."))(guarded(pages.show))
    app.post(page, summary="Send a form", **openapi.sent_page())(guarded(pages.send))
    app.get(page + "/thanks", summary="Say thanks", **openapi.page("Thanks."))(guarded(pages.thank))


def _add_health(app: FastAPI, routes: Routes) -> None:
    app.get("/healthz", summary="Is the process alive?", **openapi.health("It is.", 500))(
        guarded(routes.healthz)
    )
    app.get("/readyz", summary="Does Kafka answer?", **openapi.health("It does.", 500, 503))(
        guarded(routes.readyz)
    )


def _describe_security(app: FastAPI) -> None:
    plain = app.openapi

    def described() -> dict[str, Any]:
        document = plain()
        components = document.setdefault("components", {})
        components["securitySchemes"] = openapi.security_schemes()
        return document

    app.openapi = described  # type: ignore[method-assign]
