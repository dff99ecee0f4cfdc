"""Alerts in Elasticsearch, and the comments that are examples of an alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.elasticsearch.document_index import Document, DocumentIndex
from pipeline.elasticsearch.errors import role_errors
from pipeline.failures import Failure, PermanentError, TransientError
from schemas.alert import Alert
from schemas.alert_documents import ALERTS_INDEX, ALERTS_TEMPLATE, alert_document, alert_version
from schemas.documents import READ_ALIAS

_MAX_EXAMPLES: Final = 3
_MAX_CHARACTERS: Final = 300
_EXAMPLES_TIMEOUT_S: Final = 2.0


class AlertIndex:
    """The index of alerts: one document per alert, its latest revision."""

    def __init__(self, client: AsyncElasticsearch) -> None:
        """The caller closes the client."""
        self._client = client
        self._index = DocumentIndex(client, ALERTS_INDEX, ALERTS_TEMPLATE, title="alerts")

    async def write(self, alerts: Sequence[Alert]) -> list[Failure]:
        """Write documents; returns those that are rejected permanently.

        Raises ``TransientError`` if the server is unavailable or rejected some for now, and
        ``PermanentError`` without the index template or with refused credentials.
        """
        return await self._index.write(
            [
                Document(alert.alert_id, alert_version(alert), alert_document(alert))
                for alert in alerts
            ]
        )

    async def read_examples(self, alert: Alert) -> list[str]:
        """Return up to three of the alert's comments, personal data hidden, cut at 300 characters.

        Empty if the server is unavailable: a notice does not wait for them.
        """
        ids = list(alert.example_ids[:_MAX_EXAMPLES])
        if not ids:
            return []
        try:
            with role_errors("reading an alert's examples"):
                response = await self._client.options(request_timeout=_EXAMPLES_TIMEOUT_S).search(
                    index=READ_ALIAS,
                    query={"ids": {"values": ids}},
                    source_includes=["message"],
                    size=_MAX_EXAMPLES,
                )
        except (TransientError, PermanentError):
            return []
        return [_cut(hit["_source"].get("message", "")) for hit in response["hits"]["hits"]]


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 1] + "…"
