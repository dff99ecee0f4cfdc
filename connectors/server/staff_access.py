"""Access to the page on which staff enter feedback: a password, and a proof for each page.

Browsers send the password by themselves, also with a form of another web site. So each page holds
a proof that this server has made it, which no other site can read.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from hashlib import sha256
from hmac import digest
from typing import Final

from pydantic import SecretStr
from starlette.requests import Request

from connectors.forms.form.connector import Form
from connectors.sdk import Forged, require_equal
from connectors.server.problems import HTTPProblem

_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="Feedback", charset="UTF-8"'}


class WrongPassword(HTTPProblem):
    """A password was sent, and it is wrong."""

    def __init__(self) -> None:
        super().__init__(401, "checking the password: it is wrong", headers=_CHALLENGE)


def require_staff(form: Form, request: Request) -> None:
    """Check the password of HTTP's Basic authentication; any user name fits.

    Raise ``HTTPProblem``: 404 if the form has no such page, 401 without a password;
    ``WrongPassword`` for a wrong one.
    """
    password = form.config.staff_password
    if password is None:
        raise HTTPProblem(404, "finding the form: it has no page for staff")
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise HTTPProblem(401, "checking the password: it is missing", headers=_CHALLENGE)
    try:
        _, _, attempt = b64decode(credentials.strip(), validate=True).decode().partition(":")
        require_equal(attempt, password)
    except (Error, UnicodeDecodeError, Forged):
        raise WrongPassword from None


def make_proof(form: Form, submission_id: str) -> str:
    """Return the proof that a page with this id was made for a person with the password."""
    password = form.config.staff_password or SecretStr("")
    message = f"{form.context.instance}/{submission_id}".encode()
    return digest(password.get_secret_value().encode(), message, sha256).hex()


def require_proof(form: Form, submission_id: str, proof: str | None) -> None:
    """Raise ``HTTPProblem`` (403) unless the page was made by this server."""
    try:
        require_equal(proof, SecretStr(make_proof(form, submission_id)))
    except Forged:
        raise HTTPProblem(403, "reading the form: it is not from this server") from None
