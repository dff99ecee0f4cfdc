"""A translation service: its contract, and JSON requests whose errors say what to do next.

Messages name the service and the status only: bodies hold what people wrote, and headers the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol

import aiohttp
import orjson

from connectors.sdk.http_status import StatusClass, classify_status, retry_after_seconds
from pipeline.failures import PermanentError, TransientError

TARGET: Final = "en"
_CONNECT_TIMEOUT_S: Final = 10.0
_SETTINGS_WAIT: Final = timedelta(minutes=5)
"""Wait after an answer that only an operator can change."""
_QUOTA_WAIT: Final = timedelta(hours=1)
_QUOTA_EXCEEDED: Final = 456
_UNUSABLE_ADDRESS: Final = frozenset({404, 405, 410})
_SERVER_FAILURES: Final = range(500, 505)
_MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024


class ServiceUnavailable(TransientError):
    """The service may translate the same texts later."""

    def __init__(
        self,
        message: str,
        retry_after: timedelta | None = None,
        *,
        may_be_texts: bool = False,
        may_be_billed: bool = False,
    ) -> None:
        """``may_be_texts``: the texts may be the cause, since the service fails and does not say
        why. ``may_be_billed``: it may have translated them.
        """
        super().__init__(message, retry_after)
        self.may_be_texts = may_be_texts
        self.may_be_billed = may_be_billed


class TextsRefused(PermanentError):
    """The service refuses these texts, and will whenever they are sent."""

    may_be_billed = False


class AnswerUnusable(TextsRefused):
    """The service translated, and its answer is of no use."""

    may_be_billed = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request."""

    texts: int
    characters: int
    bytes: int
    detected_texts: int
    """Maximum number of texts if the service has to detect their language."""


class Translated(NamedTuple):
    """One translation."""

    text: str
    detected: str | None
    """Code of the language that the service detected, in lower case."""


class TranslationService(Protocol):
    """A service that translates into English.

    Every method raises :class:`ServiceUnavailable` or :class:`TextsRefused`.
    """

    name: str
    limits: Limits

    async def list_languages(self) -> frozenset[str]:
        """Return the codes of the languages that it translates from, as it writes them."""

    async def translate(self, texts: Sequence[str], language: str | None) -> list[Translated]:
        """Return the translations in the order of the texts.

        ``language`` is a code of :meth:`list_languages`, or None to have it detected.
        """


class ServiceApi:
    """JSON requests to one service."""

    def __init__(
        self, title: str, address: str, headers: Mapping[str, str], timeout: timedelta
    ) -> None:
        """Create it inside a running loop. ``title`` names the service in messages."""
        total = timeout.total_seconds()
        self._title = title
        self._address = address
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=total, connect=min(total, _CONNECT_TIMEOUT_S)),
            headers={"User-Agent": "feedback-pipeline", "Accept": "application/json", **headers},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def get_json(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of a GET; raises like :class:`TranslationService`."""
        return await self._request("GET", path, params, None)

    async def post_json(self, path: str, body: Any, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of a POST; raises like :class:`TranslationService`."""
        return await self._request("POST", path, params, orjson.dumps(body))

    async def _request(
        self, method: str, path: str, params: Mapping[str, str] | None, body: bytes | None
    ) -> Any:
        headers = {} if body is None else {"Content-Type": "application/json; charset=utf-8"}
        try:
            async with self._session.request(
                method,
                f"{self._address}{path}",
                params=params,
                data=body,
                headers=headers,
                allow_redirects=False,  # texts and key go to the configured address only
            ) as response:
                self._raise_for_status(response)
                return orjson.loads(await self._read(response))
        except TimeoutError as error:
            is_sent = not isinstance(error, aiohttp.ConnectionTimeoutError)
            message = f"{self._title}: no answer in time"
            raise ServiceUnavailable(message, may_be_texts=is_sent, may_be_billed=is_sent) from None
        except orjson.JSONDecodeError:
            message = f"{self._title}: the answer is not JSON"
            raise ServiceUnavailable(message, may_be_texts=True, may_be_billed=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            is_sent = not isinstance(error, aiohttp.ClientConnectorError)
            message = f"{self._title}: {type(error).__name__}"
            raise ServiceUnavailable(message, may_be_texts=is_sent, may_be_billed=is_sent) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytearray:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > _MAX_ANSWER_BYTES:
                raise AnswerUnusable(f"{self._title}: the answer is too large")
        return body

    def _raise_for_status(self, response: aiohttp.ClientResponse) -> None:
        status, message = response.status, f"{self._title}: status {response.status}"
        if status == _QUOTA_EXCEEDED:
            raise ServiceUnavailable(f"{message}: the account's quota is used up", _QUOTA_WAIT)
        match classify_status(status):
            case StatusClass.OK:
                return
            case StatusClass.TRANSIENT:
                seconds = retry_after_seconds(response.headers)
                wait = None if seconds is None else timedelta(seconds=seconds)
                is_failure = wait is None and status in _SERVER_FAILURES
                raise ServiceUnavailable(message, wait, may_be_texts=is_failure)
            case StatusClass.PERMANENT if status >= 400 and status not in _UNUSABLE_ADDRESS:
                raise TextsRefused(message)
            case _:
                raise ServiceUnavailable(f"{message}; are the settings right?", _SETTINGS_WAIT)


def check_count(title: str, translations: Any, texts: Sequence[str]) -> None:
    """Raise :class:`AnswerUnusable` unless there is one translation per text."""
    if not isinstance(translations, list) or len(translations) != len(texts):
        raise AnswerUnusable(f"{title}: the answer does not have one translation per text")
