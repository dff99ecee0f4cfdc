"""However rows are written, each is a record, a dead letter, or counted; no comment is dropped.

``FEEDBACK_EXAMPLES`` sets how many files are tried.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.file import FileConfig, FileConnector
from connectors.file.reader import IdentifiedRow
from connectors.file.tables import findings as kinds
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Fatal, Skip

EXAMPLES = int(os.environ.get("FEEDBACK_EXAMPLES", "60"))
LEFT_OUT = (kinds.TITLE, kinds.SEPARATOR, kinds.REPEATED_HEADER, kinds.TOTAL)
OUTCOMES: Counter[str] = Counter()

comments = st.one_of(
    st.text(st.sampled_from("abcXYZ ,;|\t\"'\\\n.:-éüßñ’–…"), max_size=40),
    st.sampled_from(["total", "comment", "Page 2", "sep=;", "12 rows", "N/A", "# x", "\ufeffa b"]),
)
rows = st.lists(st.tuples(comments, st.sampled_from(["5", "1", "", "x"])), min_size=1, max_size=12)


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    delimiter: str
    quoting: str
    end: str
    encoding: str
    titles: bool
    repeats_header: bool
    has_ids: bool
    drops_empty_cells: bool


styles = st.builds(
    Style,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from(
        ["usual", "all", "backslash", "single", "spaced", "lines", "none", "json", "array"]
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"]),
    titles=st.booleans(),
    repeats_header=st.booleans(),
    has_ids=st.booleans(),
    drops_empty_cells=st.booleans(),
)  # fmt: skip


def write(table: Sequence[Sequence[str]], style: Style) -> bytes:
    if style.quoting in {"json", "array"}:
        return write_json(table, style)
    header, *body = [list(row) for row in table]
    table = [header, *body, header] if style.repeats_header else [header, *body]
    if style.drops_empty_cells:
        table = [row if row[-1] else row[:-1] for row in table]
    lines = [write_row(row, style) for row in table]
    if style.titles:
        lines = ["Report of the ward", "", *lines]
    return style.end.join([*lines, ""]).encode(style.encoding, "replace")


def write_row(row: list[str], style: Style) -> str:
    delimiter = style.delimiter
    match style.quoting:
        case "all":
            return format_row(row, delimiter, quoting=csv.QUOTE_ALL)
        case "backslash":
            return format_row(row, delimiter, doublequote=False, escapechar="\\")
        case "single":
            return format_row(row, delimiter, quotechar="'")
        case "spaced":
            return f"{delimiter} ".join('"' + cell.replace('"', '""') + '"' for cell in row)
        case "lines":
            return format_row([format_row(row, delimiter)], delimiter, quoting=csv.QUOTE_ALL)
        case "none":
            return delimiter.join(" ".join(cell.split("\n")) for cell in row)
    return format_row(row, delimiter)


def format_row(row: list[str], delimiter: str, **options: Any) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n", **options).writerow(row)
    return text.getvalue().removesuffix("\r\n")


def write_json(table: Sequence[Sequence[str]], style: Style) -> bytes:
    header, *body = table
    lines = [orjson.dumps(dict(zip(header, row, strict=True))) for row in body]
    return b"\n".join(lines) if style.quoting == "json" else b"[" + b",\n".join(lines) + b"]"


def decode_payload(payload: bytes, style: Style) -> str:
    if style.quoting in {"json", "array"}:
        return "".join(map(str, orjson.loads(payload.strip(b", \n[]")).values()))
    encoding = "utf-8" if style.encoding.startswith("utf") else style.encoding
    return payload.decode(encoding, "replace")


def letters(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]", "", text)


def show_left_out(connector: FileConnector, item: Item) -> str:
    """Return the cells of columns that the screen shows as left out, with how many are filled."""
    if not isinstance(item.data, IdentifiedRow):
        return ""
    return "".join(item.data.values.get(name, "") for name in connector.plan.mapping.left_out)


@hypothesis.settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows=rows, style=styles)
def test_no_comment_is_dropped_unseen(
    tmp_path: Path, rows: list[tuple[str, str]], style: Style
) -> None:
    header = ["comment", "rating"]
    table = [header, *([text, rating] for text, rating in rows)]
    if style.has_ids:
        table = [["id", *header], *([f"{n}", *row] for n, row in enumerate(table[1:], start=1))]
    path = tmp_path / "any.csv"
    path.write_bytes(write(table, style))
    connector = FileConnector(FileConfig(path=path, columns={"text": "comment"}, textless=True))
    try:
        _ = connector.plan
    except Fatal:
        OUTCOMES["refused"] += 1
        return  # the whole file, in a sentence
    seen: list[str] = []
    outcomes: Counter[str] = Counter()
    for page in connector.fetch(None):
        for item in page.items:
            outcomes["read"] += 1
            try:
                record = connector.parse(item)
                rating = record.attributes.get("stars", "")
                seen.append(letters(record.text + rating + show_left_out(connector, item)))
                outcomes["records"] += 1
            except BadRecord:
                seen.append(letters(decode_payload(item.payload or b"", style)))
                outcomes["dead letters"] += 1
            except Skip as reason:
                seen.append(letters(show_left_out(connector, item)))
                outcomes["no text"] += 1
                outcomes["says nothing"] += "says nothing" in str(reason)
    OUTCOMES.update(outcomes)
    assert outcomes["read"] == sum(
        outcomes[kind] for kind in ("records", "dead letters", "no text")
    )
    left_out = sum(
        connector.oddities.tallies[k].count for k in LEFT_OUT if k in connector.oddities.tallies
    )
    left_out += outcomes["says nothing"] + connector.count_empty_answers()
    everything = "\n".join(seen)
    lost = [text for text, _ in rows if any(
        part not in everything for part in map(letters, re.split(r"[\n\r]", text)))]  # fmt: skip
    if len(lost) > left_out:
        pytest.fail(f"{lost} of {rows} are in no record, dead letter or count")
