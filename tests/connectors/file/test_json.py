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
from connectors.file.tables.loose_json import parse_loosely
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


FIRST, SECOND = '{"comment": "Calm", "n": 1}', '{"comment": "Loud", "n": 2}'


@pytest.mark.parametrize(
    "content",
    [
        '[{"comment": "Calm", "n": 1,}, {"comment": "Loud", "n": 2,},]',
        '{"comment": "Calm", "n": 1,}\n{"comment": "Loud", "n": 2,}\n',
        f"[{FIRST},\n{SECOND},\n]",
        f"// export\n/* of the ward */\n[{FIRST}, // one\n{SECOND}]",
        f"# export\n{FIRST}\n# more\n{SECOND}\n",
        "[{comment: 'Calm', n: undefined}, {comment: \"Loud\", n: -Infinity}]",
        "[{'comment': 'Calm', 'n': None, 'ok': True}, {'comment': u'Loud', 'n': 2}]",
        '[{"comment": "Calm" "n": 1} {"comment": "Loud", "n": .5}]',
        f"show([{FIRST}, {SECOND}]);",
        f"window.YTD.part0 = [{FIRST}, {SECOND}]",
        f")]}}'\n[{FIRST}, {SECOND}]",
        f"\x1e{FIRST}\n\x1e{SECOND}\n",
        f"[[{FIRST}], [{SECOND}]]",
        '[["comment", "n"], ["Calm", 1], ["Loud", 2]]',
        '["comment", "n"]\n["Calm", 1]\n["Loud", 2]\n',
        '{"columns": ["comment", "n"], "index": [0, 1], "data": [["Calm", 1], ["Loud", 2]]}',
        '{"comment": {"0": "Calm", "1": "Loud"}, "n": {"0": 1, "1": 2}}',
        '{"comment": ["Calm", "Loud"], "n": [1, 2]}',
        '[{"comment": "Calm", "n": ' + "9" * 5_000 + '}, {"comment": "Loud", "n": [1e999]}]',
        '[{"comment": "Calm", "comment": ""}, {"comment": "", "comment": "Loud"}]',
        '[{"_id": 1, "_source": {"comment": "Calm"}}, {"_id": 2, "_source": {"comment": "Loud"}}]',
        '{"Item": {"comment": {"S": "Calm"}}}\n{"Item": {"comment": {"S": "Loud"}}}\n',
        f'{{"page": {{"items": [{FIRST}, {SECOND}, {{"comment": ""',
    ],
    ids=["commas in objects", "commas in lines", "array over lines", "comments", "remarks",
         "JavaScript", "Python", "no commas", "call", "assignment", "guard", "separators",
         "arrays in an array", "rows", "rows in lines", "names and rows", "columns by number",
         "columns", "long numbers", "names twice", "search engine", "types", "cut off"],
)  # fmt: skip
def test_what_is_nearly_json_is_read(json: Path, content: str) -> None:
    assert read(json, content)[0] == ["Calm", "Loud"]


def test_quotes_and_backslashes_that_are_not_escaped_stay_in_the_text(json: Path) -> None:
    content = '[{"comment": "Said "wait" twice", "n": 1}, {"comment": "It\\\'s \\w", "n": 2}]'
    assert read(json, content)[0] == ['Said "wait" twice', "It's \\w"]


def test_what_is_cut_off_at_the_end_is_its_own_error(json: Path) -> None:
    texts, tally, connector = read(json, f'{{"data": [{FIRST}, {SECOND}, {{"comment": "Col')
    assert texts == ["Calm", "Loud"]
    assert connector.writing.path == "data"
    assert [count.count for count in tally.reasons.values()] == [1]


def test_names_that_flatten_to_the_same_are_both_kept(json: Path) -> None:
    json.write_text('{"feedback.text": "Calm", "feedback": {"text": "Loud"}}\n')
    page = next(
        iter(FileConnector(FileConfig(path=json, columns={"text": "feedback.text"})).fetch(None))
    )
    assert page.items[0].data.values == {"feedback.text": "Calm", "feedback.text (2)": "Loud"}


@pytest.mark.parametrize("part", ["/*", "'", '"', '\\"', "{'", "[[", "//"])
def test_nearly_json_takes_linear_time(part: str) -> None:
    with pytest.raises(ValueError, match="not JSON"):  # the square of it would take an hour
        parse_loosely("{" + part * 300_000)
