"""An OAuth 2.0 server: it gives tokens out (RFC 6749) and says whether they are good (RFC 7662)."""

from __future__ import annotations

from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT: Final = "4711.apps.example"
SECRET: Final = "client-secret-4711"  # noqa: S105
REFRESH: Final = "refresh-token-0815"
SCOPE: Final = "https://mail.example/.default"


class TokenServer:
    """Knows one client, one refresh token, and whose mailbox they open."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.forms: list[dict[str, Any]] = []
        self.given = 0
        self.takes_back = False
        """True if tokens have expired by the time they are shown."""
        self.is_away = False
        """True if it does not answer whether a token is valid."""

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/token", self._give, methods=["POST"]),
                Route("/introspect", self._introspect, methods=["POST"]),
            ]
        )

    async def _give(self, request: Request) -> Response:
        form = dict(await request.form())
        self.forms.append(form)
        client = {"client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE}
        grants: tuple[dict[str, Any], ...] = (
            {**client, "grant_type": "client_credentials"},
            {"client_id": CLIENT, "grant_type": "refresh_token", "refresh_token": REFRESH},
        )
        if form not in grants:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.given += 1
        token = {"access_token": f"access.{self.given}", "token_type": "Bearer"}
        return JSONResponse({**token, "expires_in": 3599})

    async def _introspect(self, request: Request) -> Response:
        if self.is_away:
            return Response(status_code=503)
        token = (await request.form()).get("token")
        if self.takes_back or token != f"access.{self.given}":
            return JSONResponse({"active": False})
        return JSONResponse({"active": True, "username": self.user, "client_id": CLIENT})
