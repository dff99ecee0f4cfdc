"""Bodies of requests in the formats that services send: JSON in any encoding, or a form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field as FormField
from python_multipart.multipart import create_form_parser

from connectors.sdk.errors import Malformed
from connectors.sdk.json_parts import load_json

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
_MAX_FIELDS: Final = 1_000
_CHARSET: Final = re.compile(r'charset\s*=\s*"?([\w.:-]{1,40})', re.IGNORECASE)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the type in a request's headers, without its parameters, in lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_document(body: bytes, headers: Mapping[str, str]) -> Any:
    """Return the document of a request: JSON, or the fields of a form. Raises ``Malformed``.

    Of a form, fields of the same name are a list, and JSON in a field is the value it stands for.
    """
    if media_type(headers) not in (URLENCODED, MULTIPART):
        return _read_json(body, headers)
    fields: dict[str, Any] = {}
    for name, text in read_form(body, headers):
        value = unpack_json(text)
        before = fields.get(name)
        fields[name] = value if before is None else [*_as_list(before), value]
    return fields


def read_form(body: bytes, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the fields of a form in their order, without files. Raises ``Malformed``."""
    pairs: list[tuple[str, str]] = []
    if media_type(headers) == URLENCODED:
        try:
            text = body.decode("utf-8", "replace")
            return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
        except ValueError:
            raise Malformed("reading the form: it has too many fields") from None

    def keep(field: FormField) -> None:
        if len(pairs) >= _MAX_FIELDS:
            raise Malformed("reading the form: it has too many fields")
        name, value = field.field_name or b"", field.value or b""
        pairs.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))

    try:
        content_type = headers.get("content-type", "").encode("latin-1", "replace")
        parser = create_form_parser({"Content-Type": content_type}, keep, None)
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise Malformed("reading the form: it is not form data") from None
    return pairs


def unpack_json(value: Any) -> Any:
    """Return the object or list that a text holds as JSON, and any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return load_json(value)
    except ValueError:
        return value


def _read_json(body: bytes, headers: Mapping[str, str]) -> Any:
    charset = _CHARSET.search(headers.get("content-type", ""))
    try:
        if charset and not charset[1].lower().startswith("utf"):
            return unpack_json(load_json(body.decode(charset[1], "replace")))
    except LookupError:
        pass  # of no known encoding: read as JSON is by default
    except ValueError:
        raise Malformed("reading the request: it is not JSON") from None
    try:
        return unpack_json(load_json(body))
    except ValueError:
        raise Malformed("reading the request: it is not JSON") from None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
