"""Set-up meets what an earlier version left."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.settings import Settings
from schemas.documents import TEMPLATE_NAME, document, mappings
from tests.schemas.test_documents import FULL

INDEX = "feedback-1991.01.01"


def _earlier_mappings() -> dict[str, Any]:
    """As they were before there was anything urgent, and topics had no sentiment."""
    earlier = mappings()
    feedback = earlier["properties"]["feedback"]["properties"]
    for name in ("urgent", "urgent_reasons", "maybe_urgent", "maybe_urgent_reasons", "evidence",
                 "redactions", "topic_probabilities", "topic_sentiments", "positive_topics",
                 "neutral_topics", "negative_topics", "translation"):  # fmt: skip
        del feedback[name]
    for name in ("level", "mixed", "head", "not_scored", "by_translation"):
        del feedback["sentiment"]["properties"][name]
    return earlier


def test_an_index_of_an_earlier_version_takes_new_fields_after_set_up(settings: Settings) -> None:
    body = document(orjson.loads(FULL.to_payload()))
    with connect(settings) as client:
        client.indices.delete_index_template(name=TEMPLATE_NAME)
        try:
            client.indices.create(index=INDEX, mappings=_earlier_mappings())
        finally:
            put_templates(client, settings)
        client.index(index=INDEX, id=FULL.event_id, document=body)
        properties = client.indices.get_mapping(index=INDEX)[INDEX]["mappings"]
        client.indices.delete(index=INDEX)
    assert properties["dynamic"] == "strict"
    assert (
        properties["properties"]["feedback"]
        == orjson.loads(orjson.dumps(mappings()))["properties"]["feedback"]
    )
