"""E-mail, Slack, Teams and other services, through apprise: one address each.

apprise and the libraries below it log addresses with their tokens, so their logs are discarded at
every level. Only the HTTP status of a response is extracted from them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from functools import cache
from typing import Any, Final

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.outcome import DELIVERED, Outcome, transient_failure
from pipeline.notify.rendering import render_html, render_markdown, render_subject, render_text

_NAME: Final = "Feedback"
_TIMEOUT_S: Final = 60.0
_SILENCED: Final = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
_STATUS: Final = re.compile(r"error\s*=\s*(\d{3})\b")


class _StatusRecorder(logging.Handler):
    """Records the last status that apprise logs, by thread: it sends on the calling thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        match = _STATUS.search(record.getMessage())
        if match:
            self._of.status = match[1]

    def take(self) -> str | None:
        """Return the last recorded status, and reset it."""
        status: str | None = getattr(self._of, "status", None)
        self._of.status = None
        return status


@cache
def _silence_libraries() -> _StatusRecorder:
    """Silence the libraries, once; returns the handler that records statuses."""
    recorder = _StatusRecorder()
    for name in _SILENCED:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(recorder if name == "apprise" else logging.NullHandler())
    return recorder


def is_valid_address(url: str) -> bool:
    """Return True if apprise supports the address and it is complete."""
    return _create_service(url) is not None


def service_scheme(url: str) -> str:
    """Return the address's scheme, such as ``mailto``: its only printable part."""
    return url.partition(":")[0]


async def send_to_service(url: str, notice: Notice, *, examples: bool = False) -> Outcome:
    """Send a notice to one address once, on a thread, for at most a minute."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await asyncio.to_thread(_send, url, notice, examples)
    except TimeoutError:
        return transient_failure(f"{service_scheme(url)}: no answer in time")


def _send(url: str, notice: Notice, examples: bool) -> Outcome:
    recorder = _silence_libraries()
    service = _create_service(url)
    if service is None:
        return transient_failure(f"{service_scheme(url)}: apprise does not support this address")
    if hasattr(service, "headers") and service_scheme(url).startswith("mailto"):
        # A mail that is sent again after a crash has the same id; mail clients show one thread.
        service.headers["X-Notice-ID"] = notice.notice_id
        service.headers["References"] = f"<{notice.about or notice.notice_id}@feedback-pipeline>"
    recorder.take()
    if _notify(service, notice, examples):
        return DELIVERED
    status = recorder.take()
    reason = f"rejected with status {status}" if status else "unreachable or rejected"
    return transient_failure(f"{service_scheme(url)}: {reason}")


def _notify(service: Any, notice: Notice, examples: bool) -> bool:
    write = {NotifyFormat.HTML: render_html, NotifyFormat.MARKDOWN: render_markdown}
    format_ = service.resolve_format(None)
    body = write.get(format_, render_text)(notice, examples=examples)
    try:
        return bool(
            service.notify(
                title=render_subject(notice),
                body=body,
                body_format=format_,
                notify_type=_notify_type(notice),
            )
        )
    except Exception:  # a fault of a plugin; its message may contain the address
        return False


def _create_service(url: str) -> Any:
    """Return a new service per notice, since a service keeps the rate limit of its last notice."""
    _silence_libraries()
    asset = AppriseAsset(
        app_id=_NAME,
        app_desc=_NAME,
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode=PersistentStoreMode.MEMORY,
    )
    return Apprise.instantiate(url, asset=asset)


def _notify_type(notice: Notice) -> Any:
    if notice.type.endswith(".resolved"):
        return NotifyType.SUCCESS
    return {
        Urgency.INFO: NotifyType.INFO,
        Urgency.WARNING: NotifyType.WARNING,
        Urgency.CRITICAL: NotifyType.FAILURE,
    }[notice.urgency]
