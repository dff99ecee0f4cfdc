"""What the OpenAPI document says of each route: statuses, bodies, headers, security."""

from __future__ import annotations

from typing import Any, Final

from connectors.forms.form.config import MOST_QUESTIONS, Submission
from connectors.server.problems import PROBLEM

TITLE: Final = "Feedback"
DESCRIPTION: Final = """\
Takes in what webhooks and forms send. Every answer from 200 to 299 means that Kafka has \
acknowledged all of the request: each record, and a dead letter for each item that could not be \
understood. With any other answer, send the request again: records that are sent twice are one.\
"""

_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds until the request can be sent again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_WORDS: Final = {
    400: "The signature is too old, or the body is no submission.",
    401: "The signature, the token or the secret is missing or wrong.",
    404: "There is no such address here.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body's Content-Type is another one.",
    422: "The body is no submission of this form; `errors` names the fields.",
    429: "Too many requests came from this address.",
    500: "The server failed.",
    503: "Kafka has not acknowledged in time, or too much is waiting.",
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was being done, and why it failed."},
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
_TAKEN: Final = {
    "type": "object",
    "required": ["records", "dead_letters"],
    "properties": {
        "records": {"type": "integer", "minimum": 0, "description": "Records on Kafka."},
        "dead_letters": {
            "type": "integer",
            "minimum": 0,
            "description": "Items that could not be understood; they are kept on Kafka too.",
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


def refusals(*statuses: int) -> Responses:
    """Problems as JSON, by status."""
    return {
        status: {
            "description": _WORDS[status],
            "content": {PROBLEM: {"schema": _PROBLEM}},
            **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
        }
        for status in statuses
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _page(description: str) -> dict[str, Any]:
    return {"description": description, "content": _HTML}


def _in_path(**described: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "minLength": 1},
        }
        for name, description in described.items()
    ]


def _in_query(**described: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}
        for name, description in described.items()
    ]


_NAMES: Final = {"name": "The connector.", "instance": "Which of its kind."}
_SECRET: Final = {"secret": "What the service was told, and nobody else."}
_FORM: Final = {"instance": "Which form."}
_PRESETS: Final = {
    "site": "Site that is chosen beforehand.",
    "service": "Service that is chosen beforehand.",
    "place": "Where the form's address is shown.",
    "lang": "Language of the page.",
}
_ANY_BODY: Final = {
    "required": True,
    "description": "What the service sends, signed as its documentation says.",
    "content": {"*/*": {"schema": {}}},
}


def webhook(*, secret: bool = False) -> dict[str, Any]:
    """How a webhook is described."""
    return {
        "tags": ["webhooks"],
        "responses": {
            200: _json("Kafka has all of it.", _TAKEN),
            **refusals(400, 401, 404, 422, *_COMMON),
        },
        "openapi_extra": {
            "parameters": _in_path(**_NAMES, **(_SECRET if secret else {})),
            "requestBody": _ANY_BODY,
        },
    }


def submission() -> dict[str, Any]:
    """How the JSON endpoint is described."""
    schema = Submission.model_json_schema()
    return {
        "tags": ["forms"],
        "responses": {
            202: _json("Kafka has it.", _TAKEN),
            **refusals(400, 401, 404, 415, 422, *_COMMON),
        },
        "openapi_extra": {
            "parameters": _in_path(**_FORM),
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "security": [{}, {"token": []}, {"signature": []}],
        },
    }


def preflight() -> dict[str, Any]:
    """How a browser's question is described."""
    return {
        "tags": ["forms"],
        "responses": {
            204: {"description": "The headers say what a web site may do."},
            **refusals(404, 500),
        },
        "openapi_extra": {"parameters": _in_path(**_FORM)},
    }


def page(description: str) -> dict[str, Any]:
    """How a page is described."""
    return {
        "tags": ["forms"],
        "responses": {
            200: _page(description),
            404: _page(_WORDS[404]),
            **refusals(500),
        },
        "openapi_extra": {"parameters": [*_in_path(**_FORM), *_in_query(**_PRESETS)]},
    }


def sent_page() -> dict[str, Any]:
    """How the sending of a page is described."""
    fields = {
        "submission_id": "The page's own, so that sending it twice makes one record.",
        "score": "The chosen answer.",
        "text_1": f"Answer to the first question; text_2 … text_{MOST_QUESTIONS} to the others.",
        "site": "The chosen site.",
        "service": "The chosen service.",
        "contact_me": "`yes` where the person may be contacted.",
        "contact": "E-mail address or telephone number; never published.",
    }
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": said} for name, said in fields.items()
        },
    }
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    again = {
        status: {**_page(_WORDS[status]), **({"headers": _RETRY_AFTER} if status > 420 else {})}
        for status in (429, 503)
    }
    return {
        "tags": ["forms"],
        "responses": {
            303: {"description": "Kafka has it; the page of thanks follows."},
            422: _page("Something is missing: the form, with what to mend."),
            **{status: _page(_WORDS[status]) for status in (400, 404, 408, 413, 415, 500)},
            **again,
        },
        "openapi_extra": {
            "parameters": [*_in_path(**_FORM), *_in_query(**_PRESETS)],
            "requestBody": {"required": True, "content": content},
        },
    }


def health(description: str, *also: int) -> dict[str, Any]:
    """How a question after the server's health is described."""
    return {
        "tags": ["health"],
        "responses": {200: _json(description, _STATUS), **refusals(*also)},
    }


def security_schemes() -> dict[str, Any]:
    """What the JSON endpoint of a form with an ``api_token`` asks for."""
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
