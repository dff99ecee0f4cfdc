"""The alerts' documents in Elasticsearch, and the comments that an alert names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pipeline.failures import Failure, PermanentError, TransientError
from pipeline.index.sink import verdicts
from schemas.alert import Alert
from schemas.alert_documents import ALERTS_INDEX, ALERTS_TEMPLATE, alert_document, alert_version
from schemas.documents import READ_ALIAS

_WAIT: Final = frozenset({408, 429})
_MOST_EXAMPLES: Final = 3
_MOST_CHARACTERS: Final = 300


class AlertDocuments:
    """Writes each alert's latest revision; a repeat, late or not, changes nothing."""

    def __init__(self, client: Any) -> None:
        """``client``: the asynchronous one."""
        self._client = client
        self._set_up = False

    async def write(self, alerts: Sequence[Alert]) -> list[Failure]:
        """Write documents; returns those that are refused for good.

        Raises :class:`TransientError` where the server does not answer or take them all now, and
        :class:`PermanentError` without the index template or with refused credentials.
        """
        from elasticsearch import ApiError, TransportError

        if not alerts:
            return []
        try:
            await self._check_set_up()
            response = await self._client.bulk(operations=_operations(alerts))
        except ApiError as error:
            status = error.meta.status
            if status in _WAIT or status >= 500:
                raise TransientError(f"writing alerts to Elasticsearch: status {status}") from None
            raise PermanentError(
                f"writing alerts to Elasticsearch: it refuses with status {status}"
            ) from None
        except TransportError as error:
            raise TransientError(
                f"writing alerts to Elasticsearch: {type(error).__name__}"
            ) from None
        failures = verdicts(range(len(alerts)), response["items"])
        for failure in failures:
            if failure.retryable:
                raise TransientError(failure.reason)
        return failures

    async def examples(self, alert: Alert) -> list[str]:
        """Up to three of the alert's comments, personal data hidden, cut at 300 characters.

        None where they can't be had now: a notice does not wait for them.
        """
        from elasticsearch import ApiError, TransportError

        wanted = alert.example_ids[:_MOST_EXAMPLES]
        if not wanted:
            return []
        try:
            found = await self._client.options(request_timeout=2.0).search(
                index=READ_ALIAS,
                query={"ids": {"values": list(wanted)}},
                source=["message"],
                size=_MOST_EXAMPLES,
            )
        except (ApiError, TransportError):
            return []
        return [_cut(hit["_source"].get("message", "")) for hit in found["hits"]["hits"]]

    async def _check_set_up(self) -> None:
        if not self._set_up:
            if not await self._client.indices.exists_index_template(name=ALERTS_TEMPLATE):
                raise PermanentError(
                    "writing alerts to Elasticsearch: there is no index template "
                    f"{ALERTS_TEMPLATE!r}; run `feedback setup`"
                )
            self._set_up = True


def _operations(alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for alert in alerts:
        action = {
            "_index": ALERTS_INDEX,
            "_id": alert.alert_id,
            "version": alert_version(alert),
            "version_type": "external",
        }
        lines += [{"index": action}, alert_document(alert)]
    return lines


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
