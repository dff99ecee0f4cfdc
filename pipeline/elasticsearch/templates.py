"""Index templates, and new fields in the indices there are. Safe to repeat."""

from __future__ import annotations

from typing import Any

from pipeline.elasticsearch.client import shown_urls
from pipeline.errors import CommandError, Unavailable
from pipeline.settings import Settings
from schemas.alert_documents import ALERTS_INDEX, ALERTS_TEMPLATE, alert_index_template
from schemas.case_documents import CASES_INDEX, CASES_TEMPLATE, case_index_template
from schemas.documents import (
    INDEX_PATTERN,
    TEMPLATE_NAME,
    component_templates,
    index_template,
    mappings,
)
from schemas.score_documents import SCORES_TEMPLATE, score_index_template


def put_templates(client: Any, settings: Settings) -> tuple[str, ...]:
    """Put component templates and index template, current or not; returns their names.

    Indices that are there get the fields that they lack. ``client`` is a synchronous one. Uses
    the server's English analyzer where it has one. Raises :class:`Unavailable` where no server
    answers, :class:`CommandError` where it refuses.
    """
    from elasticsearch import ApiError, TransportError

    try:
        analyzer = "english" if _has_analyzer(client, "english") else None
        templates = component_templates(analyzer=analyzer)
        for name, body in templates.items():
            client.cluster.put_component_template(name=name, **body)
        client.indices.put_index_template(name=TEMPLATE_NAME, **index_template())
        client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
        client.indices.put_index_template(name=ALERTS_TEMPLATE, **alert_index_template())
        client.indices.put_index_template(name=CASES_TEMPLATE, **case_index_template())
        # Kibana's dashboard has a place for alerts before there is one.
        client.options(ignore_status=400).indices.create(index=ALERTS_INDEX)
        client.options(ignore_status=400).indices.create(index=CASES_INDEX)
        # A template is for indices to come; those that an earlier version made are strict and
        # would refuse what has a field that they don't know.
        client.indices.put_mapping(
            index=INDEX_PATTERN, allow_no_indices=True, **mappings(analyzer=analyzer)
        )
    except TransportError as error:
        raise Unavailable(
            f"connecting to Elasticsearch at {shown_urls(settings)}: {type(error).__name__}; start "
            "one with `feedback up`, or name yours in FEEDBACK_ELASTICSEARCH_URL"
        ) from None
    except ApiError as error:
        raise CommandError(f"putting index templates: {error}") from None
    return (*templates, TEMPLATE_NAME, SCORES_TEMPLATE, ALERTS_TEMPLATE, CASES_TEMPLATE)


def _has_analyzer(client: Any, name: str) -> bool:
    from elasticsearch import BadRequestError

    try:
        client.indices.analyze(analyzer=name, text="waiting")
    except BadRequestError:
        return False
    return True
