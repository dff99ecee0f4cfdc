"""The routes of a form's pages: show it, submit it, say thanks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from connectors.forms.form.connector import Form
from connectors.sdk.base import Item
from connectors.sdk.request_bodies import MULTIPART, URLENCODED, media_type
from connectors.server.form_post import (
    FormPost,
    InvalidForm,
    append_contact,
    read_kiosk,
    read_language,
    read_presets,
)
from connectors.server.html import (
    FieldError,
    FormView,
    build_query,
    render_form,
    render_thanks,
)
from connectors.server.layout import page_headers, render_message
from connectors.server.problems import HTTPProblem, log_server_error
from connectors.server.routes import get_form
from connectors.server.translations import TRANSLATIONS, negotiate_language
from connectors.server.webhook_handler import WebhookHandler

_RETRYABLE: Final = frozenset({408, 429, 500, 503})


class Pages:
    """The endpoints of the pages; each answers one request with HTML."""

    _is_signed = False
    """True if only holders of a secret may submit the form."""

    def __init__(self, handler: WebhookHandler) -> None:
        self._handler = handler

    async def show(self, request: Request) -> Response:
        """Show the form."""
        try:
            form = self._form(request)
        except HTTPProblem as problem:
            return self._problem_page(request, problem)
        presets = read_presets(form, request)
        view = FormView(
            form,
            read_language(form, request),
            uuid4().hex,
            presets,
            presets=presets,
            is_kiosk=read_kiosk(form, request),
        )
        return self._respond(view)

    async def thank(self, request: Request) -> Response:
        """Show the page that follows the form."""
        try:
            form = self._form(request)
        except HTTPProblem as problem:
            return self._problem_page(request, problem)
        page = render_thanks(
            form,
            read_language(form, request),
            read_presets(form, request),
            is_kiosk=read_kiosk(form, request),
        )
        return HTMLResponse(page, headers=page_headers(form.config.allowed_origins))

    async def submit(self, request: Request) -> Response:
        """Accept a filled-in form, or show it again with its errors."""
        try:
            form = self._form(request)
        except HTTPProblem as not_found:
            return self._problem_page(request, not_found)
        post = self._make_post(form, request)
        try:
            return await self._submit(request, form, post)
        except InvalidForm as invalid:
            return self._respond(post.view(invalid.errors), 422)
        except HTTPProblem as error:
            problem = error
        except Exception as error:
            problem = log_server_error(error)
        self._handler.request_log.add_problem(form, problem.status)
        # A page with nothing but a problem would be the end of a tablet's day.
        if problem.status not in _RETRYABLE and not post.is_kiosk:
            return self._problem_page(request, problem)
        words = TRANSLATIONS[post.language]
        message = words.too_often if problem.status == 429 else words.not_saved
        view = post.view([FieldError("", message)])
        return self._respond(view, problem.status, problem.headers)

    async def _submit(self, request: Request, form: Form, post: FormPost) -> Response:
        if media_type(request.headers) not in (URLENCODED, MULTIPART):
            raise HTTPProblem(415, f"reading the form: its Content-Type is not {URLENCODED}")

        def parse(body: bytes) -> list[Item]:
            # Read first: the page with an error then still holds what the person has written.
            items = post.read(body)
            self._handler.check_rate(request, form, signed=self._is_signed)
            return items

        await self._handler.handle(request, form, parse)
        if post.is_suspect:
            self._handler.request_log.add_suspect(form)
        if contact := post.contact:
            await asyncio.to_thread(append_contact, form, post.items[0], contact)
        headers = page_headers(form.config.allowed_origins)
        return RedirectResponse(self._next_url(request, form, post), 303, headers)

    def _make_post(self, form: Form, request: Request) -> FormPost:
        return FormPost(form, request)

    def _next_url(self, request: Request, form: Form, post: FormPost) -> str:
        """Return the relative address of the page that follows, which holds below any proxy's."""
        presets = read_presets(form, request)
        query = build_query(form, presets, post.language, is_kiosk=post.is_kiosk)
        return f"{form.context.instance}/thanks?{query}"

    def _respond(
        self, view: FormView, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the page of a form."""
        own = page_headers(view.form.config.allowed_origins, is_kiosk=view.is_kiosk)
        return HTMLResponse(render_form(view), status, {**own, **(headers or {})})

    def _form(self, request: Request) -> Form:
        form = get_form(self._handler, request)
        if not form.config.page:
            raise HTTPProblem(404, "finding the form: it has no page")
        return form

    def _problem_page(self, request: Request, problem: HTTPProblem) -> Response:
        accepted = request.headers.get("accept-language")
        language = negotiate_language(None, accepted, list(TRANSLATIONS))
        not_found = TRANSLATIONS[language].not_found
        message = not_found if problem.status == 404 else HTTPStatus(problem.status).phrase
        headers = {**page_headers(), **problem.headers}
        return HTMLResponse(render_message(language, message), problem.status, headers)
