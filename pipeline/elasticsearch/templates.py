"""Index templates, and new fields in existing indices. Idempotent."""

from __future__ import annotations

from elasticsearch import BadRequestError

from pipeline.elasticsearch.client import Elasticsearch
from pipeline.elasticsearch.errors import command_errors
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


def put_templates(client: Elasticsearch, settings: Settings) -> tuple[str, ...]:
    """Put the component and index templates, current or not; returns their names.

    Existing indices get the fields they lack. Uses the server's English analyzer if it has one.
    Raises ``Unavailable`` or ``CommandError``.
    """
    with command_errors("putting index templates", settings):
        analyzer = "english" if _has_analyzer(client, "english") else None
        templates = component_templates(analyzer=analyzer)
        for name, body in templates.items():
            client.cluster.put_component_template(name=name, **body)
        client.indices.put_index_template(name=TEMPLATE_NAME, **index_template())
        client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
        client.indices.put_index_template(name=ALERTS_TEMPLATE, **alert_index_template())
        client.indices.put_index_template(name=CASES_TEMPLATE, **case_index_template())
        # Kibana's dashboard shows alerts and cases even before the first one.
        client.options(ignore_status=400).indices.create(index=ALERTS_INDEX)
        client.options(ignore_status=400).indices.create(index=CASES_INDEX)
        # Templates apply to new indices only; older ones are strict, and would reject documents
        # with fields added since.
        client.indices.put_mapping(
            index=INDEX_PATTERN, allow_no_indices=True, **mappings(analyzer=analyzer)
        )
    return (*templates, TEMPLATE_NAME, SCORES_TEMPLATE, ALERTS_TEMPLATE, CASES_TEMPLATE)


def _has_analyzer(client: Elasticsearch, name: str) -> bool:
    try:
        client.indices.analyze(analyzer=name, text="waiting")
    except BadRequestError:
        return False
    return True
