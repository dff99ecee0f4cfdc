"""The routes of a form's pages: shown, sent, and thanked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from connectors.forms.form.connector import Form
from connectors.sdk.base import Item
from connectors.server.form_post import Mend, Sent, keep_contact, presets, tongue
from connectors.server.html import Problem, View, form_page, thanks_page
from connectors.server.layout import message_page, page_headers
from connectors.server.problems import Refusal
from connectors.server.routes import failed, form_of
from connectors.server.translations import WORDS, tongue_of
from connectors.server.webhook_handler import Intake

_URLENCODED: Final = "application/x-www-form-urlencoded"
_TAKE_AGAIN: Final = frozenset({408, 429, 500, 503})


class Pages:
    """The endpoints of the pages; each answers one request with HTML."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def show(self, request: Request) -> Response:
        """Show the form."""
        try:
            form = self._form(request)
        except Refusal as refusal:
            return self._refused(request, refusal)
        view = View(form, tongue(form, request), uuid4().hex, presets(form, request))
        return _html(form, form_page(view))

    async def thank(self, request: Request) -> Response:
        """Show what follows the form."""
        try:
            form = self._form(request)
        except Refusal as refusal:
            return self._refused(request, refusal)
        page = thanks_page(form, tongue(form, request), presets(form, request))
        return _html(form, page)

    async def send(self, request: Request) -> Response:
        """Take what was filled in, or show the form again with what is to be mended."""
        try:
            form = self._form(request)
        except Refusal as refusal:
            return self._refused(request, refusal)
        sent = Sent(form, request)
        try:
            return await self._send(request, form, sent)
        except Mend as mend:
            return _html(form, form_page(sent.view(mend.problems)), 422)
        except Refusal as refusal:
            error = refusal
        except Exception as fault:
            error = failed(fault)
        self._intake.counts.add_refusal(form, error.status)
        if error.status not in _TAKE_AGAIN:
            return self._refused(request, error)
        words = WORDS[sent.tongue]
        said = words.too_often if error.status == 429 else words.not_saved
        page = form_page(sent.view([Problem("", said)]))
        return _html(form, page, error.status, error.headers)

    async def _send(self, request: Request, form: Form, sent: Sent) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _URLENCODED:
            raise Refusal(415, f"reading the form: its Content-Type is not {_URLENCODED}")

        def understand(body: bytes) -> list[Item]:
            items = sent.read(body)  # first, so that nobody has to write it again
            self._intake.limit(request, form, signed=False)
            return items

        await self._intake.take(request, form, understand)
        if sent.by_robot:
            self._intake.counts.add_robot(form)
        elif contact := sent.contact:
            await asyncio.to_thread(keep_contact, form, sent.submission_id, contact)
        query = urlencode({**presets(form, request), "lang": sent.tongue})
        # Relative, so that it holds below whatever path a proxy serves this at.
        return RedirectResponse(
            f"{form.context.instance}/thanks?{query}",
            303,
            page_headers(form.config.allowed_origins),
        )

    def _form(self, request: Request) -> Form:
        form = form_of(self._intake, request)
        if not form.config.page:
            raise Refusal(404, "finding the form: it has no page")
        return form

    def _refused(self, request: Request, refusal: Refusal) -> Response:
        tongue = tongue_of(None, request.headers.get("accept-language"), list(WORDS))
        not_found = refusal.status == 404
        said = WORDS[tongue].not_found if not_found else HTTPStatus(refusal.status).phrase
        headers = {**page_headers(), **refusal.headers}
        return HTMLResponse(message_page(tongue, said), refusal.status, headers)


def _html(
    form: Form, page: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return HTMLResponse(
        page, status, {**page_headers(form.config.allowed_origins), **(headers or {})}
    )
