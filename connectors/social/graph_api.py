"""Requests to Meta's Graph API, which Facebook and Instagram share.

Facts: https://developers.facebook.com/docs/graph-api/guides/error-handling (codes of errors),
https://developers.facebook.com/docs/graph-api/overview/rate-limiting (limits and their headers),
https://developers.facebook.com/docs/graph-api/guides/secure-requests (``appsecret_proof``) and
https://developers.facebook.com/docs/graph-api/results (pages). A page names the address of the
next one, with the token in it: only its position is taken from there.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from pydantic import SecretStr

from connectors.sdk import (
    Fatal,
    Http,
    HttpResponse,
    Retry,
    Unauthorized,
    classify_response,
    get_object,
    get_text,
)

_EXPIRED: Final = frozenset({102, 190, 463, 467})
_LIMITS: Final = frozenset({4, 17, 32, 341, 368, 613, *range(80_000, 80_015)})
_PASSING: Final = frozenset({1, 2})
_TOO_MUCH: Final = 1
"""Also what a request gets that asks for too much data."""
_INVALID: Final = 100
_EXPLANATIONS: Final = {
    12: "this version of the API no longer has it",
    803: "the page or account does not exist",
    2635: "this version of the API has ended: set `version` to a later one",
}
_POSITIONS: Final = frozenset({"__paging_token", "after", "offset", "page", "until"})
"""Parameters of a next page's address that are kept."""
_MAX_POSITION_CHARACTERS: Final = 2_000
_MAX_ADDRESS_CHARACTERS: Final = 20_000
_UNTIL_LIMIT_S: Final = 1_800.0
"""Limits count the calls of the last hour, or of the last day."""
_MAX_REGAIN_MINUTES: Final = 1_440
_MAX_USAGE_CHARACTERS: Final = 10_000


class InvalidRequest(Fatal):
    """The service does not understand a request, or what it is about is gone."""


class GraphApi:
    """Requests with a token, which is sent as a header and stands in no address."""

    def __init__(self, http: Http, version: str, app_secret: SecretStr | None) -> None:
        """``http`` must classify responses by :func:`classify`."""
        self._http = http
        self._version = version
        self._app_secret = app_secret

    def get(self, token: SecretStr, path: str, params: Mapping[str, Any]) -> Any:
        """GET the document at a path below the version. Raises ``Retry`` or ``Fatal``."""
        secret = token.get_secret_value()
        if self._app_secret is not None:
            key = self._app_secret.get_secret_value().encode()
            proof = hmac.digest(key, secret.encode(), "sha256").hex()
            params = {**params, "appsecret_proof": proof}
        headers = {"Authorization": f"Bearer {secret}"}
        return self._http.get_json(f"/{self._version}/{path}", params=params, headers=headers)


def next_position(document: Any) -> str | None:
    """Return where the page that follows begins, as a query; None if this is the last one.

    Raises ``Retry`` for a position that is too long to be one.
    """
    paging = get_object(document, "paging")
    following = get_text(paging, "next")
    if not following:
        return None
    after = get_text(get_object(paging, "cursors"), "after")
    if len(after) > _MAX_POSITION_CHARACTERS or len(following) > _MAX_ADDRESS_CHARACTERS:
        raise Retry("reading the position of the next page: it is too long")
    if after:
        return urlencode({"after": after})
    try:
        pairs = parse_qsl(urlsplit(following).query, max_num_fields=100)
    except ValueError:
        return None
    return urlencode(sorted(pair for pair in pairs if pair[0] in _POSITIONS)) or None


def read_position(position: str | None) -> dict[str, str]:
    """Return the parameters of a position."""
    return dict(parse_qsl(position or "", max_num_fields=100))


def classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; its message names codes, and quotes nothing."""
    error = _read_error(response)
    if error is None:
        return classify_response(response)
    code, message = _as_int(error.get("code")), f"requesting {response.request_line}"
    message = f"{message}: error {code}"
    if code in _EXPIRED:
        return Unauthorized(f"{message}: the access token has expired or is not valid")
    if code in _LIMITS:
        return Retry(f"{message}: the rate limit is reached", wait=_regain_s(response))
    if code in _PASSING or error.get("is_transient") is True:
        hint = "; a smaller `per_page` may help" if code == _TOO_MUCH else ""
        return Retry(f"{message}{hint}")
    if code in {3, 10} or 200 <= code < 300:
        return Unauthorized(f"{message}: the access token lacks a permission")
    if code == _INVALID:
        return InvalidRequest(
            f"{message}: it does not exist, the access token may not read it, or `app_secret` is "
            "missing or wrong"
        )
    if code in _EXPLANATIONS:
        return Fatal(f"{message}: {_EXPLANATIONS[code]}")
    return classify_response(response) or Fatal(message)


def _read_error(response: HttpResponse) -> dict[str, Any] | None:
    """Return the error in a body, which may come with any status."""
    if response.status == 200 and b'"error"' not in response.body[:100]:
        return None
    try:
        document = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else None


def _as_int(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _regain_s(response: HttpResponse) -> float:
    """Return how long to wait (s): the longest that the headers name, or half an hour."""
    header = response.headers.get("x-business-use-case-usage", "")[:_MAX_USAGE_CHARACTERS]
    try:
        usage = orjson.loads(header)
    except orjson.JSONDecodeError:
        usage = None
    minutes = max([0, *_minutes(usage)])
    return min(minutes, _MAX_REGAIN_MINUTES) * 60.0 or _UNTIL_LIMIT_S


def _minutes(usage: Any) -> Iterator[int]:
    """Yield the minutes until access is regained, of each page or account and kind of call."""
    for entries in usage.values() if isinstance(usage, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield _as_int(entry.get("estimated_time_to_regain_access"))
