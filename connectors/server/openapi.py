"""Descriptions of the routes for the OpenAPI document: statuses, bodies, headers, security."""

from __future__ import annotations

from typing import Any, Final

from connectors.forms.form.config import MAX_QUESTIONS, Submission
from connectors.server.problems import PROBLEM_JSON

TITLE: Final = "Feedback"
DESCRIPTION: Final = """\
Receives webhooks and forms. Every status from 200 to 299 means that Kafka has acknowledged all \
of the request: each record, and a dead letter for each item that could not be parsed. After any \
other status, send the request again: a record that is sent twice is stored once.\
"""

_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds until the request can be sent again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_DESCRIPTIONS: Final = {
    400: "The signature is too old, or the body is not a submission.",
    401: "The signature, the token or the secret is missing or wrong.",
    404: "Nothing exists at this address.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body's Content-Type is not supported.",
    422: "The body is not a valid submission of this form; `errors` names the fields.",
    429: "Too many requests came from this address.",
    500: "The server failed.",
    503: "Kafka has not acknowledged in time, or too many requests are waiting.",
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The action that failed, and the reason."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}
_RECEIPT: Final = {
    "type": "object",
    "required": ["records", "dead_letters"],
    "properties": {
        "records": {"type": "integer", "minimum": 0, "description": "Records on Kafka."},
        "dead_letters": {
            "type": "integer",
            "minimum": 0,
            "description": "Items that could not be parsed; they are kept on Kafka too.",
        },
    },
}
_STATUS: Final = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
}
_HTML: Final = {"text/html": {"schema": {"type": "string"}}}
_COMMON: Final = (408, 413, 429, 500, 503)

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Return the descriptions of problem details, by status."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {PROBLEM_JSON: {"schema": _PROBLEM}},
            **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
        }
        for status in statuses
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _page(description: str) -> dict[str, Any]:
    return {"description": description, "content": _HTML}


def _path_parameters(**descriptions: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "minLength": 1},
        }
        for name, description in descriptions.items()
    ]


def _query_parameters(**descriptions: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}
        for name, description in descriptions.items()
    ]


_NAMES: Final = {"name": "The connector.", "instance": "The connector's instance."}
_SECRET: Final = {"secret": "Shared with the service alone."}
_FORM: Final = {"instance": "The form's instance."}
_PRESETS: Final = {
    "site": "Site that is preselected.",
    "service": "Service that is preselected.",
    "place": "Place where the form's address is shown.",
    "lang": "Language of the page.",
}
_ANY_BODY: Final = {
    "required": True,
    "description": "The service's body, signed as its documentation says.",
    "content": {"*/*": {"schema": {}}},
}


def webhook(*, secret: bool = False) -> dict[str, Any]:
    """Return the description of a webhook."""
    return {
        "tags": ["webhooks"],
        "responses": {
            200: _json("Kafka has all of it.", _RECEIPT),
            **problems(400, 401, 404, 422, *_COMMON),
        },
        "openapi_extra": {
            "parameters": _path_parameters(**_NAMES, **(_SECRET if secret else {})),
            "requestBody": _ANY_BODY,
        },
    }


def submission() -> dict[str, Any]:
    """Return the description of the JSON endpoint."""
    schema = Submission.model_json_schema()
    return {
        "tags": ["forms"],
        "responses": {
            202: _json("Kafka has it.", _RECEIPT),
            **problems(400, 401, 404, 415, 422, *_COMMON),
        },
        "openapi_extra": {
            "parameters": _path_parameters(**_FORM),
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "security": [{}, {"token": []}, {"signature": []}],
        },
    }


def preflight() -> dict[str, Any]:
    """Return the description of a browser's preflight request."""
    return {
        "tags": ["forms"],
        "responses": {
            204: {"description": "The headers tell what a web site may do."},
            **problems(404, 500),
        },
        "openapi_extra": {"parameters": _path_parameters(**_FORM)},
    }


def page(description: str) -> dict[str, Any]:
    """Return the description of a page."""
    return {
        "tags": ["forms"],
        "responses": {
            200: _page(description),
            404: _page(_DESCRIPTIONS[404]),
            **problems(500),
        },
        "openapi_extra": {
            "parameters": [*_path_parameters(**_FORM), *_query_parameters(**_PRESETS)]
        },
    }


def form_post() -> dict[str, Any]:
    """Return the description of a form's submission by its page."""
    fields = {
        "submission_id": "Key of the page; submitting it twice makes one record.",
        "score": "The chosen answer.",
        "text_1": f"Answer to the first question; text_2 … text_{MAX_QUESTIONS} to the others.",
        "site": "The chosen site.",
        "service": "The chosen service.",
        "contact_me": "`yes` if the person may be contacted.",
        "contact": "E-mail address or telephone number; never published.",
    }
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": text} for name, text in fields.items()
        },
    }
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    retryable = {
        status: {
            **_page(_DESCRIPTIONS[status]),
            **({"headers": _RETRY_AFTER} if status > 420 else {}),
        }
        for status in (429, 503)
    }
    return {
        "tags": ["forms"],
        "responses": {
            303: {"description": "Kafka has it; the thank-you page follows."},
            422: _page("The form with its errors."),
            **{status: _page(_DESCRIPTIONS[status]) for status in (400, 404, 408, 413, 415, 500)},
            **retryable,
        },
        "openapi_extra": {
            "parameters": [*_path_parameters(**_FORM), *_query_parameters(**_PRESETS)],
            "requestBody": {"required": True, "content": content},
        },
    }


def health(description: str, *statuses: int) -> dict[str, Any]:
    """Return the description of a health check, with the statuses of its problems."""
    return {
        "tags": ["health"],
        "responses": {200: _json(description, _STATUS), **problems(*statuses)},
    }


def security_schemes() -> dict[str, Any]:
    """Return the ways to authenticate at the JSON endpoint of a form with an ``api_token``."""
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "The form's `api_token`."},
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Hub-Signature-256",
            "description": "`sha256=` and the HMAC-SHA256 of the body in hexadecimal digits, with "
            "the form's `api_token` as its key.",
        },
    }
