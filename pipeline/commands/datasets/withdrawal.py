"""Take an import back: publish the deletion of every record that it brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.file import FileConnector, derive_import_id
from connectors.runtime.cursors import cursor_message, load_cursors
from connectors.runtime.ports import Broker
from connectors.runtime.runner import run
from connectors.sdk.base import Item, Page
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Feedback, Operation

Documents = Iterable[list[Mapping[str, Any]]]


class Withdrawal:
    """The deletions of an import's records, run as a connector is."""

    name = FileConnector.name
    instance_key = None
    handles_empty_answers = True

    def __init__(self, documents: Documents) -> None:
        """``documents``: pages of documents of the index, with what names the records.

        They are read from now on: what another import brings meanwhile is later, and stays.
        """
        self._documents = documents
        self._started_at = datetime.now(UTC)

    def fetch(self, _: str | None) -> Iterator[Page]:
        """Yield the documents, page by page."""
        for number, documents in enumerate(self._documents):
            items = [
                Item(document, f"event {document['event']['id']}", None, self._started_at)
                for document in documents
            ]
            yield Page(items, str(number))

    @staticmethod
    def parse(item: Item) -> Feedback:
        """Return the deletion of one record, later than the record itself."""
        document = item.data
        feedback = document["feedback"]
        return Feedback.collect(
            source=document["event"]["dataset"],
            native_id=feedback["native_id"],
            created_at=datetime.fromisoformat(document["@timestamp"]),
            collected_at=item.collected_at,
            family=feedback["family"],
            operation=Operation.DELETE,
            revision=max(unix_ms(item.collected_at), feedback["revision"] + 1),
            backfill=True,
        )


def withdraw(
    documents: Documents, import_id: str, broker: Broker, show: Callable[[int], None]
) -> int:
    """Publish the deletions, and forget that the file was read; return their number.

    ``show`` is given the number of those that are published. Raises ``Retry`` if Kafka fails.
    """
    outcome = run(Withdrawal(documents), broker, progress=lambda done: show(done.rows))
    _forget_file(import_id, broker)
    return outcome.stats.published


def _forget_file(import_id: str, broker: Broker) -> None:
    """Set the cursor of the file back, so that it can be imported again."""
    keys = [
        instance
        for source, instance in load_cursors(broker)
        if source == FileConnector.name and derive_import_id(instance) == import_id
    ]
    with broker.borrow() as producer:
        for key in keys:
            start = orjson.dumps({"rows": 0}).decode()
            producer.send(cursor_message(FileConnector.name, key, start))
        producer.wait_for_acks(producer.flush())
