"""Run ``feedback …`` lines in this process, which saves the second that starting one takes.

What depends on signals, or on being killed, needs a process: ``tests/support/pipeline.py`` starts
one.
"""

from __future__ import annotations

import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import patch

import structlog

from pipeline.cli import main
from pipeline.commands.shared import context


def feedback_output(
    line: str, environment: Mapping[str, str], folder: Path, *, status: int = 0
) -> str:
    """Run a ``feedback …`` line that ends with this status; return its standard output."""
    done = invoke_feedback(line, environment, folder)
    assert done.returncode == status, f"{line}: {done.stderr}"
    return done.stdout


def invoke_feedback(
    line: str, environment: Mapping[str, str], folder: Path
) -> CompletedProcess[str]:
    """Run a ``feedback …`` line as a process with this environment and folder would."""
    words = shlex.split(line)
    assert words[0] == "feedback"
    status = 0
    with (
        redirect_stdout(_stream()) as output,
        redirect_stderr(_stream()) as messages,
        chdir(folder),
        patch.object(sys, "argv", words),
        patch.dict(os.environ, environment, clear=True),
        _fresh_settings(),
        _logging_restored(),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    return CompletedProcess(words, status, _text(output), _text(messages))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _fresh_settings() -> Iterator[None]:
    """Settings read from the environment of this command, not of the one before."""
    context.settings.cache_clear()
    yield
    context.settings.cache_clear()


@contextmanager
def _logging_restored() -> Iterator[None]:
    """Restore the logging that a command configures for its process; no logger is cached."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    settings = structlog.get_config()

    def configure_uncached(**options: Any) -> None:
        configure(**{**options, "cache_logger_on_first_use": False})

    configure = structlog.configure
    try:
        with patch.object(structlog, "configure", configure_uncached):
            yield
    finally:
        structlog.configure(**settings)
        root.handlers[:] = handlers
        root.setLevel(level)
