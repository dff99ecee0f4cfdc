"""Access tokens that ``_http.OAuth2`` alone does not get: for what is no HTTP, and for a signature.

A service account of Google signs for itself (RFC 7523), as
https://developers.google.com/identity/protocols/oauth2/service-account has it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any, Final

import httpx
from pydantic import AfterValidator, BaseModel, SecretStr, StringConstraints, ValidationError

from connectors.sdk.errors import Fatal, Retry, Unauthorized
from connectors.sdk.http import Http, HttpResponse, OAuth2, classify_response

_SIGNED: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS_S: Final = 3_600
_Filled = Annotated[str, StringConstraints(min_length=1)]


def request_access_token(token_url: str, form: Mapping[str, str]) -> SecretStr:
    """Ask for a token with a grant. Raises ``Retry`` or ``Unauthorized``."""
    with closing(Http(token_url, classify=_granted)) as http:
        answer = http.json("POST", token_url, data=dict(form))
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise Retry(f"asking {httpx.URL(token_url).host} for a token: the answer holds none")
    return SecretStr(token)


def _granted(answer: HttpResponse) -> Exception | None:
    problem = classify_response(answer)
    if isinstance(problem, Fatal):  # a grant that is refused comes back as 400
        return Unauthorized(f"asking for a token, {answer.request_line}: status {answer.status}")
    return problem


class _KeyFile(BaseModel):
    client_email: _Filled
    private_key: _Filled
    private_key_id: str | None = None


def _readable(file: SecretStr) -> SecretStr:
    _key_of(file)
    return file


def _key_of(file: SecretStr) -> tuple[_KeyFile, Any]:
    """The file's fields and its RSA key. Raises ``ValueError`` without any of them in it."""
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        told = _KeyFile.model_validate_json(file.get_secret_value())
        return told, RSAKey.import_key(told.private_key)
    except (ValidationError, JoseError, ValueError, TypeError):
        raise ValueError("it is no key file of a service account, in JSON") from None


KeyFile = Annotated[SecretStr, AfterValidator(_readable)]
"""The key file of a service account, as the Google Cloud console gives it out."""


class ServiceAccount(OAuth2):
    """A service account's token, signed for when first needed and when it is refused."""

    def __init__(
        self, token_url: str, key_file: SecretStr, *, scope: str, act_as: str | None = None
    ) -> None:
        """``act_as``: an account of a domain that lets the service account act for its people."""
        super().__init__(token_url, {})
        self._told, self._key = _key_of(key_file)
        self._claims = {"iss": self._told.client_email, "scope": scope, "aud": token_url}
        if act_as is not None:
            self._claims["sub"] = act_as

    def _token_request(self) -> httpx.Request:
        from joserfc import jwt

        header = {"alg": "RS256"}
        if self._told.private_key_id:
            header["kid"] = self._told.private_key_id
        now = int(time.time())
        claims = {**self._claims, "iat": now, "exp": now + _LASTS_S}
        self._form = {"grant_type": _SIGNED, "assertion": jwt.encode(header, claims, self._key)}
        return super()._token_request()
