"""Bodies of requests: documents and forms, however they are written."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sdk.errors import Malformed
from connectors.sdk.request_bodies import read_document, read_form

MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


def part(name: str, text: str, more: str = "") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return f"{head}{text}\r\n".encode()


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"a": 1}', {}, {"a": 1}),
        (b'"{\\"a\\": 1}"', {}, {"a": 1}),
        ('{"a": "é"}'.encode("cp1252"), {"content-type": "text/plain;charset=cp1252"}, {"a": "é"}),
        (b"b=x&b=y&c=%7B%22d%22%3A2%7D", URLENCODED, {"b": ["x", "y"], "c": {"d": 2}}),
        (part("a", "1") + part("f", "file", '; filename="f"') + b"--x--", MULTIPART, {"a": "1"}),
    ],
    ids=["json", "json in json", "charset", "urlencoded", "multipart"],
)  # fmt: skip
def test_a_document_is_read_in_every_shape(
    body: bytes, headers: dict[str, str], expected: Any
) -> None:
    assert read_document(body, headers) == expected


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"a=1&" * 1_001, URLENCODED),
        (part("a", "") * 1_001 + b"--x--", MULTIPART),
        (b"not parts", MULTIPART),
        (b"", {"content-type": "multipart/form-data"}),
        (b"a=1", {}),
    ],
    ids=["many fields", "many parts", "no parts", "no boundary", "no type"],
)
def test_what_is_no_form_is_refused(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        read_form(body, headers)
