"""Consoles show text from others without obeying it."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import Progress, TextColumn
from rich.text import Text

from connectors.runtime.run_stats import Reason, RunStats
from pipeline.commands.alerts.query import AlertWithSilence
from pipeline.commands.alerts.view import alert_page, alerts_table, silences_table
from pipeline.commands.cases.view import case_page, cases_table
from pipeline.commands.dead import _reasons_table, _table
from pipeline.commands.ingest.result import IngestResult
from pipeline.commands.ingest.view import table as ingest_table
from pipeline.commands.model.figures import figures_tables
from pipeline.commands.search.view import render as drawn_search
from pipeline.commands.shared.records import records_table
from pipeline.reports.views import terminal as report_view
from pipeline.scores.cases import case_scores
from pipeline.search.hits import Hit
from pipeline.search.query import SearchResult
from pipeline.terminal import SafeConsole, clean, print_json, print_note
from schemas.case import CaseEventType, CaseNote
from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback
from schemas.score import Dimensions
from schemas.silence import Silence
from tests.pipeline.scores.test_case_scores import FEBRUARY, MARCH, NOW, case
from tests.support.reports import report
from tests.support.spikes import spike

UNSAFE = [
    chr(code)
    for code in (
        *(code for code in range(0x20) if code not in (9, 10)),
        *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x2070),
        *range(0xE0001, 0xE0080),
    )
]  # fmt: skip
HOSTILE = f"a\x1b[2J\x1b]0;title\x07\x9b31m{''.join(UNSAFE)}b [red]c[/] ض e\u0301 👍🏽"
VISIBLE = ("[red]c[/]", "ض", "e\u0301", "👍🏽")


def show(renderable: RenderableType, **options: Any) -> str:
    options = {"width": 200, "force_terminal": False, "color_system": None, **options}
    console = SafeConsole(file=io.StringIO(), highlight=False, **options)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("character", UNSAFE, ids=lambda character: f"U+{ord(character):04X}")
def test_no_control_or_bidirectional_character_reaches_the_terminal(character: str) -> None:
    text = f"before{character}after"
    assert len(clean(text)) == len(text)
    assert character not in clean(text)
    for renderable in (text, Text(text), Padding(Text(text), 1), Panel(text)):
        shown = show(renderable)
        assert character not in shown
        assert "before" in shown
        assert "after" in shown


def test_lines_tabs_and_letters_of_every_script_stay() -> None:
    text = "one\n\ttwo ض e\u0301 👍🏽 \u200d\u200c 日本"
    assert clean(text) == text
    assert show(Text("one\ntwo ض 日本")) == "one\ntwo ض 日本\n"


def test_styles_of_the_command_itself_work() -> None:
    shown = show(
        Text.assemble(("red", "red"), " ", ("\x1b[32mgreen", "bold")),
        force_terminal=True,
        color_system="standard",
        no_color=False,
    )
    assert shown == "\x1b[31mred\x1b[0m \x1b[1m [32mgreen\x1b[0m\n"


def test_live_displays_still_move_the_cursor_and_show_nothing_hostile() -> None:
    console = SafeConsole(
        file=io.StringIO(), force_terminal=True, color_system=None, width=80, height=20
    )
    with Live(Text("a\x1b[2J\x9b"), console=console, refresh_per_second=1) as live:
        live.update(Text("b\u202e"), refresh=True)
    with Progress(TextColumn("{task.description}"), console=console) as bar:
        bar.add_task("file\x1b]0;title\x07.csv", total=1)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b[2K" in shown  # erases a line
    assert "\x1b[?25h" in shown  # shows the cursor again
    assert "file ]0;title" in shown
    assert not {"\x9b", "\u202e", "\x07"} & set(shown)
    assert "\x1b[2J" not in shown


def test_json_escapes_them_and_keeps_the_value(capsys: pytest.CaptureFixture[str]) -> None:
    value = {HOSTILE: [HOSTILE, 1, None]}
    print_json(value)
    document = capsys.readouterr().out
    assert not set(UNSAFE) & set(document)
    assert "\\u202e" in document
    assert json.loads(document) == value


@pytest.mark.parametrize("name", ["[/]x", "[red]x", "x\nok: done.csv", "x\r\nok", "x\u2028ok"])
def test_a_note_is_one_line_that_shows_names_as_they_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_note(f"wrote {name}")
    shown = capsys.readouterr().err
    assert shown == "wrote " + re.sub("[\r\n\u2028]", " ", name) + "\n"


def _hits() -> RenderableType:
    feedback = {
        "site": HOSTILE, "service": HOSTILE, "topics": [HOSTILE], "family": HOSTILE,
        "urgent": True, "urgent_reasons": [HOSTILE], "language": {"detected": HOSTILE},
        "sentiment": {"label": HOSTILE, "level": HOSTILE},
    }  # fmt: skip
    source = {"@timestamp": HOSTILE, "feedback": feedback, "event": {"dataset": HOSTILE}}
    hit = Hit(source, HOSTILE, ((1, 4),))
    return drawn_search(SearchResult(1, 4, {}, (hit,), 0))


def _alerts() -> RenderableType:
    hostile = {"site": HOSTILE, "topic": HOSTILE, "source": HOSTILE, "sentence": HOSTILE}
    alert = spike().model_copy(update={**hostile, "words": (HOSTILE,)})
    silence = Silence.create(site="x", starts_at=alert.started_at, ends_at=alert.counted_to)
    silence = silence.model_copy(update={"site": HOSTILE, "by": HOSTILE, "note": HOSTILE})
    item = AlertWithSilence(alert, silence)
    example = {
        "@timestamp": "2026-03-10T09:00:00Z",
        "message": HOSTILE,
        "feedback": {"site": HOSTILE, "service": HOSTILE},
    }
    return Group(alerts_table([item]), alert_page(item, [example]), silences_table([silence]))


def _cases() -> RenderableType:
    note = CaseNote(type=CaseEventType.NOTED, at=NOW, by=HOSTILE, text=HOSTILE)
    hostile = ("type", "organization", "site", "service", "source", "owner", "rule", "changed")
    item = case(1).model_copy(
        update={**dict.fromkeys(hostile, HOSTILE), "topics": (HOSTILE,), "notes": (note,)}
    )
    return Group(cases_table([item], NOW), case_page(item, {"message": HOSTILE}, NOW))


def _dead_letters() -> RenderableType:
    letter = DeadLetter.create(
        stage=HOSTILE, origin=HOSTILE, reason=HOSTILE, payload=HOSTILE.encode(), error="E",
        failed_at=NOW,
    )  # fmt: skip
    return Group(_table([letter], payload=True), _reasons_table(Counter([HOSTILE])))


def _records() -> RenderableType:
    record = Feedback.model_construct(
        created_at=NOW, native_id=HOSTILE, text=HOSTILE, site=HOSTILE, organization=HOSTILE
    )
    return records_table([record])


def _ingest() -> RenderableType:
    stats = RunStats(read=1, dead_lettered=1, reasons={HOSTILE: Reason(1, ["row 1"])})
    return Group(Text("result", "bold"), ingest_table(IngestResult(stats)))


def _figures() -> RenderableType:
    scores = {"precision": 1, "recall": 1, "f1": 1, "n": 1}
    means = {"micro_f1": 1, "macro_f1": 1, "samples_f1": 1}
    topics = {"n": 1, **means, "topics": {HOSTILE: scores}}
    return figures_tables({"topics": topics, "sentiment": {"n": 0}})


def _report() -> RenderableType:
    cases = case_scores(
        [case(number, site=HOSTILE) for number in range(9)],
        period=MARCH, previous=FEBRUARY, scope=Dimensions(), by=("site",), computed_at=NOW,
    )  # fmt: skip
    return report_view.render(report(HOSTILE, cases=cases), width=200)


@pytest.mark.parametrize(
    "view", [_hits, _alerts, _cases, _dead_letters, _figures, _ingest, _records, _report]
)
def test_no_view_lets_text_of_others_act_on_the_terminal(
    view: Callable[[], RenderableType],
) -> None:
    shown = show(view(), width=400, force_terminal=True, color_system="truecolor")
    assert all(text in shown for text in VISIBLE)
    styles = re.compile(r"\x1b\[[0-9;]*m")
    assert "\x1b" in shown
    assert not set(UNSAFE) & set(styles.sub("", shown))
