"""JSON documents of strangers: how deep, how many, and with broken letters."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectors.sdk.errors import Malformed
from connectors.sdk.json_parts import get_object, get_objects, get_text, json_object, load_json


def depth(document: Any) -> int:
    count = 0
    while isinstance(document, dict | list) and document:
        document = document[0] if isinstance(document, list) else document["a"]
        count += 1
    return count


@pytest.mark.parametrize(("levels", "kept"), [(5, 5), (200, 200), (300, 100), (1_000, 100)])
def test_what_is_nested_too_deep_is_left_out(levels: int, kept: int) -> None:
    for text in ("[" * levels + "1" + "]" * levels, '{"a":' * levels + "1" + "}" * levels):
        document = load_json(f'{{"deep": {text}, "text": "kind staff"}}')
        assert document["text"] == "kind staff"
        assert orjson.dumps(document)
        assert depth(document["deep"]) in (kept, kept - 1)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 5_000 + "]" * 5_000, '{"a":' * 100_000])
def test_a_hundred_thousand_brackets_are_no_document(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        load_json(text)


@pytest.mark.parametrize("value", [b"1,", b"[],", b"{},", b'"",'])
def test_a_document_of_millions_of_values_is_refused_before_it_is_read(value: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError, match="more than 1,000,000 values"):
        load_json(b"[" + value * 1_000_001 + b"1]")


def test_parts_may_be_missing() -> None:
    assert get_object({"a": {"b": {}}}, "a", "c") == get_object([], "a") == {}
    assert get_objects({"a": [1, {}]}, "a") == [{}]
    assert (get_text({"a": 1}, "a"), get_text({}, "a")) == ("1", "")
    assert get_text({"a": ["x"]}, "a") == get_text({"a": {"b": "x"}}, "a") == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": "x\\ud83d"}', {"a": "x\ufffd"}),
        (b'{"a": "\\udc00y", "b": ["\\ud800"]}', {"a": "\ufffdy", "b": ["\ufffd"]}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        *(('{"a": "é"}'.encode(name), {"a": "é"}) for name in ("utf-16", "utf-16-le", "utf-32")),
        (b'{"a": ' + b"9" * 500 + b', "b": "Cold."}', {"a": None, "b": "Cold."}),
        (b'{"a": NaN, "b": [-Infinity], "c": "Cold."}', {"a": None, "b": [None], "c": "Cold."}),
    ],
)
def test_broken_letters_are_replaced(body: bytes, expected: Any) -> None:
    assert load_json(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": NaN, "b": "kind"}', {"a": None, "b": "kind"}),
        (b'{"a": [Infinity, -Infinity]}', {"a": [None, None]}),
        (
            b'{"a": NaN, "b": 123456789012345678901234567890}',
            {"a": None, "b": 1.2345678901234568e29},
        ),
        (b'{"a": NaN, "b": -9223372036854775808}', {"a": None, "b": -(2**63)}),
        (b'{"a": NaN, "b": ' + b"9" * 5_000 + b', "c": 1e999}', {"a": None, "b": None, "c": None}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
    ids=["nan", "infinity", "more than 64 bits", "64 bits", "thousands of digits", "twice"],
)
def test_numbers_that_are_none_cost_only_themselves(body: bytes, expected: Any) -> None:
    document = load_json(body)
    assert document == expected
    assert orjson.dumps(document)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": }', b"NaN,", b'{"a": Nan}', b"[" * 100_000, b'{"a":' * 50_000]
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        load_json(body)
    with pytest.raises(Malformed):
        json_object(body)
