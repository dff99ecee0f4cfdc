"""`feedback explain`, as people and machines see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands.explain import command
from pipeline.commands.explain.command import build_record
from pipeline.commands.explain.view import render
from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.explanation import explain
from pipeline.enrich.scorer import CommentToScore, Score
from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
from pipeline.terminal import SafeConsole

ANALYZER = CommentAnalyzer.load()
MIXED = "Nobody told me and I waited two hours. The nurses were kind. I want to end it all."

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    app = typer.Typer()
    app.command()(command.explain)
    # Read from the environment once a process otherwise.
    monkeypatch.setattr(command, "settings", Settings)
    return lambda *arguments, text=None: CliRunner().invoke(app, list(arguments), input=text)


def _render(text: str, question: str | None = None, rating: str | None = None) -> str:
    console = SafeConsole(width=80, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(render(explain(ANALYZER, build_record(text, question, rating))))
    return capture.get()


def test_machines_get_one_json_document(run: Run) -> None:
    result = run(MIXED, "--question", "What could we do better?", "--rating", "2", "--json")
    assert result.exit_code == 0, result.output
    explanation = orjson.loads(result.stdout)
    assert explanation["text"] == MIXED
    assert explanation["question_kind"] == "better"
    assert explanation["rating"] == {
        "measure": "stars",
        "value": 2,
        "worst": 1,
        "best": 5,
        "level": 2,
    }
    assert explanation["sentiment"]["label"] == "negative"
    assert explanation["language"]["code"] == "en"
    assert "self_harm" in explanation["urgent"]
    probabilities = explanation["levels"]
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
    (place, *_) = explanation["urgent"]["self_harm"]
    assert MIXED[place["start"] : place["end"]] == place["text"]


def test_what_is_hidden_reaches_neither_people_nor_machines(run: Run) -> None:
    values = ["jo.bloggs@example.org", "07700 900123", "943 476 5919"]
    pieces = [*values, "bloggs", "example.org", "07700", "900123", "476 5919", "4765919"]
    text = f"Mail {values[0]}, ring {values[1]}, NHS number {values[2]}. Nobody rang back."
    for form in ([], ["--json"]):
        result = run("-", "--question", f"Better? {values[0]}", *form, text=text + "\n")
        assert result.exit_code == 0, result.output
        assert "[NHS_NUMBER]" in result.output
        assert [piece for piece in pieces if piece in result.output] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["  "], "reading the text: it is empty"),
        (["-"], "reading the text: it is empty"),
        (["Fine", "--rating", "9"], "reading --rating: the value is not on the scale from 1 to 5"),
        (["Fine", "--rating", "nan"], "reading --rating: the value is not on the scale"),
        (["Fine", "--rating", "jo@example.org=1"], "reading --rating: expected a number of stars"),
        (["Fine", "--rating", "good"], "reading --rating: expected a number of stars"),
        (["a" * 100_001], "reading the text: String should have at most 100000 characters"),
        (["Fine", "--question", "a" * 2_001], "reading --question: String should have at most"),
    ],
)
def test_what_cannot_be_used_is_wrong_usage(run: Run, arguments: list[str], sentence: str) -> None:
    result = run(*arguments, text="\n")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.USAGE
    assert str(result.exception).startswith(sentence)
    assert "example" not in str(result.exception)
    assert result.output == ""


def test_a_taxonomy_that_cannot_be_read_is_wrong_usage(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "settings", lambda: Settings(taxonomy=tmp_path / "none.toml"))
    result = run("Fine")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.USAGE
    missing = tmp_path / "none.toml"
    sentence = f"reading FEEDBACK_TAXONOMY: {missing}: no such file or directory"
    assert str(result.exception) == sentence


@pytest.mark.parametrize(("setting", "file"), [("model", "model.json"), ("urgency", "")])
def test_a_data_file_that_is_missing_is_named_with_its_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, file: str
) -> None:
    path = tmp_path / "none"
    monkeypatch.setattr(command, "settings", lambda: Settings.model_validate({setting: path}))
    result = run("Fine")
    assert str(result.exception) == (
        f"reading FEEDBACK_{setting.upper()}: {path / file}: no such file or directory"
    )


@pytest.mark.parametrize(
    ("rating", "measure", "score"),
    [("2", "stars", 0.25), ("fft=4", "fft", 0.25), ("NPS=3", "nps", 0.3), ("ces=7", "ces", 1.0)],
)
def test_a_rating_is_on_its_measures_scale(rating: str, measure: str, score: float) -> None:
    explanation = getattr(build_record("Fine", None, rating), measure)
    assert explanation.score == score


def test_bytes_that_are_no_text_do_no_harm(run: Run) -> None:
    assert (
        build_record(command._replace_surrogates("bad \udcff byte"), None, None).text
        == "bad \ufffd byte"
    )
    result = run("-", "--json", text=b"\xef\xbb\xbfcaf\xe9 fine\n")
    assert orjson.loads(result.stdout)["text"] == "caf\ufffd fine"


def test_people_see_each_part_within_80_columns() -> None:
    shown = _render(MIXED, "What could we do better?", "2")
    assert max(map(len, shown.splitlines())) <= 80
    lines = [line.strip() for line in shown.splitlines()]
    for title in ("Sentiment", "VADER", "Topics", "Urgent", "Versions"):
        assert title in lines
    assert "question  What could we do better?  (read as: better)" in lines
    assert "rating    stars 2  (worst 1, best 5)" in lines
    assert "Text and rating do not contradict each other." in lines
    assert any(line.startswith("very negative") for line in lines)
    assert any(line.startswith("self harm") and "end it all" in line for line in lines)
    assert any(line.startswith("before anything is read") for line in lines)


def test_without_colours_marks_below_the_words_say_what_they_are() -> None:
    text, marks, *_ = _render("Awful wait", None, None).splitlines()
    assert text == "Awful wait"
    assert marks[:5] == "-----"
    wide, below, *_ = _render("日本 x awful food", None, None).splitlines()
    assert wide.startswith("日本 x awful")
    assert below[7:12] == "-----"


def test_with_colours_the_words_have_them() -> None:
    console = SafeConsole(width=80, force_terminal=True, color_system="standard", no_color=False)
    with console.capture() as capture:
        console.print(render(explain(ANALYZER, build_record(MIXED, None, None))))
    first, *_ = capture.get().splitlines()
    assert "\x1b[31m" in first or "\x1b[4;31m" in first
    assert "---" not in capture.get()


def test_markup_and_control_characters_of_strangers_are_not_obeyed() -> None:
    text = "[red]rude[/] \x1b[2J\x1b]0;t\x07 rude\x9b31mrude \u202egnp\r\nawful\x85staff"
    shown = _render(text, f"What was [b]bad[/b]? {text}", "2")
    assert "[red]rude[/]" in shown
    assert "[b]bad[/b]" in shown
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r", "\x85"} & set(shown)


def test_what_is_not_scored_says_why() -> None:
    german = _render("Ich musste zwei Stunden warten und niemand hat mir geholfen")
    assert "not scored: only English is supported" in german
    assert "not scored: no text to read" in _render("jo.bloggs@example.org")


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(
        'name = "shop"\nversion = "1"\n[topics.price]\ntitle = "[b]Price"\nterms = ["price*"]\n'
    )
    explanation = explain(
        CommentAnalyzer.load(taxonomy=file), build_record("Awful prices", None, None)
    )
    console = SafeConsole(width=80, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(render(explanation))
    assert "No model was trained for this taxonomy" in capture.get()
    assert "[b]Price" in capture.get()
    assert "by its terms: prices" in capture.get()


def test_the_help_has_an_example(run: Run) -> None:
    shown = " ".join(run("--help").output.replace("│", " ").split())
    assert 'feedback explain "No one rang back."' in shown
    assert "fft=4, stars=2, nps=3, csat=2, ces=6." in shown


class AlwaysGlad:
    """A scorer of one's own."""

    version = "glad-1"

    def score(self, comments: Sequence[CommentToScore]) -> list[Score | None]:
        return [Score("positive", 0.75) for _ in comments]


def test_a_scorer_of_ones_own_may_be_tried(run: Run) -> None:
    name = f"{__name__}:AlwaysGlad"
    shown = run("It was dreadful.", "--scorer", name)
    assert "positive  75%" in shown.stdout
    assert "Scored by glad-1, in place of the model." in shown.stdout
    explanation = orjson.loads(run("It was dreadful.", "--scorer", name, "--json").stdout)
    assert explanation["sentiment"]["method"] == explanation["versions"]["sentiment"] == "glad-1"
    assert explanation["levels"] is None


def test_a_scorer_that_cannot_be_loaded_is_an_error(run: Run) -> None:
    result = run("Fine.", "--scorer", "nowhere.at_all:Scorer")
    assert isinstance(result.exception, CommandError)
    assert result.exception.status == ExitStatus.USAGE
    assert "reading --scorer: nowhere.at_all:Scorer" in str(result.exception)
