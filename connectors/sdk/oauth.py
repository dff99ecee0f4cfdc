"""Access tokens for protocols other than HTTP, and tokens that a service account signs for.

A service account of Google signs for itself (RFC 7523), as
https://developers.google.com/identity/protocols/oauth2/service-account has it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any, Final

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import AfterValidator, BaseModel, SecretStr, StringConstraints, ValidationError

from connectors.sdk.errors import Fatal, Unauthorized
from connectors.sdk.http import Http, HttpResponse, classify_response
from connectors.sdk.http_auth import OAuth2, read_token

_JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME_S: Final = 3_600
_Filled = Annotated[str, StringConstraints(min_length=1)]


def request_access_token(token_url: str, form: Mapping[str, str]) -> SecretStr:
    """Request a token with a grant. Raises ``Retry`` or ``Unauthorized``."""
    with closing(Http(token_url, classify=_classify_grant)) as http:
        response = http.request("POST", token_url, data=dict(form))
    action = f"requesting a token from {httpx.URL(token_url).host}"
    return SecretStr(read_token(response.body, "access_token", action))


def _classify_grant(response: HttpResponse) -> Exception | None:
    problem = classify_response(response)
    if isinstance(problem, Fatal):  # a grant that is refused comes back as 400
        return Unauthorized(
            f"requesting a token, {response.request_line}: status {response.status}"
        )
    return problem


class _KeyFile(BaseModel):
    client_email: _Filled
    private_key: _Filled
    private_key_id: str | None = None


def _require_readable(file: SecretStr) -> SecretStr:
    _read_key_file(file)
    return file


def _read_key_file(file: SecretStr) -> tuple[_KeyFile, Any]:
    """Return a file's fields and its RSA key. Raises ``ValueError`` if either is missing."""
    try:
        fields = _KeyFile.model_validate_json(file.get_secret_value())
        return fields, RSAKey.import_key(fields.private_key)
    except (ValidationError, JoseError, ValueError, TypeError):
        raise ValueError("it is not the JSON key file of a service account") from None


KeyFile = Annotated[SecretStr, AfterValidator(_require_readable)]
"""The key file of a service account, as issued by the Google Cloud console."""


class ServiceAccount(OAuth2):
    """Authentication of a service account, which signs a request for each token."""

    def __init__(
        self, token_url: str, key_file: SecretStr, *, scope: str, act_as: str | None = None
    ) -> None:
        """``act_as`` is an account of a domain that has delegated to the service account."""
        super().__init__(token_url, {})
        self._fields, self._key = _read_key_file(key_file)
        self._claims = {"iss": self._fields.client_email, "scope": scope, "aud": token_url}
        if act_as is not None:
            self._claims["sub"] = act_as

    def _token_request(self) -> httpx.Request:
        header = {"alg": "RS256"}
        if self._fields.private_key_id:
            header["kid"] = self._fields.private_key_id
        now = int(time.time())
        claims = {**self._claims, "iat": now, "exp": now + _LIFETIME_S}
        self._form = {"grant_type": _JWT_GRANT, "assertion": jwt.encode(header, claims, self._key)}
        return super()._token_request()
