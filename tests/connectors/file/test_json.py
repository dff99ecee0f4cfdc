"""JSON as tools write it: arrays, objects with a list in them, objects over lines, damage."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.file import FileConfig, FileConnector
from connectors.file.tables import json_elements
from connectors.file.tables.json_elements import split_elements
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import Fatal


def read(path: Path, content: bytes | str) -> tuple[list[str], RunStats, FileConnector]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    connector = FileConnector(FileConfig(path=path))
    tally = RunStats()
    records = list(dry_run(connector, tally))
    assert tally.read == tally.published + tally.dead_lettered + tally.skipped + tally.repeated
    return [record.text for record in records], tally, connector


@pytest.fixture
def json(tmp_path: Path) -> Path:
    return tmp_path / "visits.json"


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": 1, "comment": "Calm [really]"}, {"id": 2, "comment": "Loud }"}]',
        '[\n  {"id": 1, "comment": "Calm [really]"},\n  {"id": 2, "comment": "Loud }"},\n]\n',
        '[{"id": 1, "comment": "Calm [really]"},\n{"id": 2, "comment": "Loud }"}]',
        '{"id": 1, "comment": "Calm [really]"},\n{"id": 2, "comment": "Loud }"},\n',
        '{\n"id": 1,\n"comment": "Calm [really]"\n}\n{\n"id": 2,\n"comment": "Loud }"\n}\n',
        '\ufeff[{"id": 1, "comment": "Calm [really]"}][{"id": 2, "comment": "Loud }"}]',
        '[{"id": 1, "comment": "Calm [really]", "n": NaN}, {"id": 2, "comment": "Loud }"}]',
        '{"id": 1, "comment": "Calm [really]"}\r\n\ufeff{"id": 2, "comment": "Loud }"}\r\n',
    ],
    ids=["array", "over lines", "a line each", "commas", "objects over lines", "joined", "nan",
         "joined lines"],
)  # fmt: skip
def test_objects_are_read_however_they_are_laid_out(json: Path, content: str) -> None:
    assert read(json, content)[0] == ["Calm [really]", "Loud }"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"reviews": ["RECORDS"], "total": 2}, "reviews"),
        ({"data": {"page": {"items": ["RECORDS"], "next": None}}}, "data.page.items"),
        ({"users": [{"name": "A", "role": "x"}], "comments": ["RECORDS"]}, "comments"),
    ],
)
def test_the_list_of_objects_in_an_object_is_read_and_named(
    json: Path, document: dict[str, Any], path: str
) -> None:
    records = (
        b'{"comment": "Calm", "date": "2026-02-01"}, {"comment": "Loud", "date": "2026-02-02"}'
    )
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2).replace(b'"RECORDS"', records)
    texts, _, connector = read(json, content)
    assert texts == ["Calm", "Loud"]
    assert connector.writing.path == path


def test_records_by_their_id_are_records(json: Path) -> None:
    content = '{"a1": {"comment": "Calm", "rating": 4}, "b2": {"comment": "Loud", "rating": 2}}'
    texts, _, connector = read(json, content)
    assert (texts, connector.writing.path) == (["Calm", "Loud"], "*")


def test_pages_of_an_interface_are_joined(json: Path) -> None:
    page = '{"results": [{"comment": "Calm", "date": "2026-02-01"}], "next": "x"}\n'
    assert read(json, page + page.replace("Calm", "Loud"))[0] == ["Calm", "Loud"]


def test_a_record_with_a_list_of_its_own_stays_a_record(json: Path) -> None:
    content = '{"id": 1, "comment": "Calm", "date": "2026-02-01", "tags": [{"name": "food"}]}\n'
    texts, _, connector = read(json, content * 2)
    assert (texts[0], connector.writing.path) == ("Calm", None)


def test_a_damaged_element_is_its_own_error(json: Path) -> None:
    content = '[{"comment": "Calm"},\n  oops,\n{"comment": "Lo\n'
    texts, tally, _ = read(json, content)
    assert texts == ["Calm"]
    assert {reason: found.examples for reason, found in tally.reasons.items()} == {
        "reading the row: it is not a JSON object": ["visits:line 1"],
        "reading the row: it is not valid JSON": ["visits:line 3"],
    }


def test_elements_are_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'\n[{"a": "\\"]}"}, 7,\n{"b": [{}, "{"]}]{"c":1} junk {"d'
    whole = list(split_elements(io.BytesIO(content), max_bytes=1_000))
    assert [element.line for element in whole] == [2, 2, 3, 3, 3, 3]
    for size in range(1, 20):
        monkeypatch.setattr(json_elements, "_BLOCK_BYTES", size)
        assert list(split_elements(io.BytesIO(content), max_bytes=1_000)) == whole


def test_an_element_beyond_the_bound_is_refused_and_the_next_one_read() -> None:
    content = b'[{"a": "' + b"x" * 3_000_000 + b'"}, {"b": 1}]'
    first, second = split_elements(io.BytesIO(content), max_bytes=1_000_000)
    assert first.error is not None
    assert (len(first.raw), second.raw, second.error) == (1_000, b'{"b": 1}', None)


@pytest.mark.parametrize("content", ['["Calm", "Loud"]', "[[1, 2]]", '{"comment": '])
def test_json_without_an_object_is_refused(json: Path, content: str) -> None:
    with pytest.raises(Fatal, match=r"no JSON object|no rows"):
        read(json, content)
