"""The `feedback` command: starts fast, lists what it has, completes what is typed."""

import os
import subprocess
import sys
from inspect import cleandoc

import pytest
import typer
import typer.main

from pipeline.cli import COMMANDS, load_command, main
from pipeline.errors import CommandError

MAX_CPU_S = 0.3 * 4  # four times the goal: the machine that tests may be slow and shared
HEAVY = {"pydantic", "kafka", "aiokafka", "faust", "elasticsearch", "httpx", "numpy"}


def run_python(script: str, **environment: str) -> str:
    completed = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return completed.stdout


def complete(words: str) -> list[str]:
    """Return what the shell offers for the last of these words."""
    script = "import sys; sys.argv[0] = 'feedback'; from pipeline.cli import main; main()"
    return run_python(
        script,
        _FEEDBACK_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    ).split()


def test_help_imports_no_command_and_no_heavy_library() -> None:
    script = """
import atexit, sys, time
atexit.register(lambda: print(time.process_time(), *sys.modules, file=sys.__stdout__))
sys.argv = ["feedback", "--help"]
from pipeline.cli import main
main()
"""
    seconds, *modules = run_python(script).splitlines()[-1].split()
    assert not {name for name in modules if name.split(".")[0] in HEAVY}
    assert not {name for name in modules if name.startswith(("pipeline.commands", "connectors"))}
    assert float(seconds) < MAX_CPU_S


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_shows_the_first_paragraph_of_each_help(name: str) -> None:
    help_text = cleandoc(load_command(name).help)
    assert COMMANDS[name]["summary"] == " ".join(help_text.split("\n\n")[0].split())


def test_every_command_is_documented() -> None:
    for name in COMMANDS:
        command = load_command(name)
        commands = [command, *getattr(command, "commands", {}).values()]
        for each in commands:
            assert each.help, f"{name} {each.name}"
            undescribed = [
                parameter.name
                for parameter in each.params
                if isinstance(parameter, typer.main.TyperOption) and not parameter.help
            ]
            assert undescribed == [], f"{name} {each.name}"


def test_the_shell_completes_commands_and_their_options() -> None:
    assert complete("feedback sea") == ["search"]
    assert complete("feedback search --urg") == ["--urgent"]
    assert complete("feedback alerts unsil") == ["unsilence"]


def test_an_error_is_one_line_whatever_it_quotes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise CommandError("reading [/]x\r\nok: done.csv: no such file")

    application = typer.Typer()
    application.command()(fail)
    monkeypatch.setattr(sys, "argv", ["feedback"])
    with pytest.raises(SystemExit):
        main(application)
    assert capsys.readouterr().err == "error: reading [/]x  ok: done.csv: no such file\n"
