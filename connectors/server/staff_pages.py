"""The routes of the page on which staff enter feedback: behind a password, never in a frame."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from connectors.forms.form.connector import Form
from connectors.server.form_post import FormPost
from connectors.server.html import FormView
from connectors.server.layout import page_headers
from connectors.server.pages import Pages
from connectors.server.problems import HTTPProblem
from connectors.server.routes import get_form
from connectors.server.staff_access import WrongPassword, require_staff
from connectors.server.staff_post import StaffPost, StaffView, render_staff


class StaffPages(Pages):
    """The endpoints of the page; each checks the password first."""

    _is_signed = True

    async def show(self, request: Request) -> Response:
        """Show the form for the next piece of feedback."""
        try:
            form = self._form(request)
        except HTTPProblem as problem:
            return self._problem_page(request, problem)
        return self._respond(StaffPost(form, request).view([]))

    def _form(self, request: Request) -> Form:
        form = get_form(self._handler, request)
        try:
            require_staff(form, request)
        except WrongPassword:
            self._handler.request_log.add_problem(form, 401)
            # As slow as submissions of strangers, so that passwords cannot be tried out.
            self._handler.check_rate(request, form, signed=False)
            raise
        return form

    def _make_post(self, form: Form, request: Request) -> FormPost:
        return StaffPost(form, request)

    def _next_url(self, request: Request, form: Form, post: FormPost) -> str:
        assert isinstance(post, StaffPost)  # noqa: S101 - made by this class
        return f"staff?{post.next_query()}"

    def _respond(
        self, view: FormView, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        assert isinstance(view, StaffView)  # noqa: S101 - made by this class
        return HTMLResponse(render_staff(view), status, {**page_headers(), **(headers or {})})
