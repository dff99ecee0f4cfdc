"""E-mail, Slack, Teams and the rest, through apprise: one address each.

apprise logs addresses with their tokens, and so do the libraries below it: they are not let speak,
whatever the log level. Of what they say only the status of an answer is kept.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from functools import cache
from typing import Any, Final

from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.outcome import TOLD, Outcome, later
from pipeline.notify.rendering import as_html, as_markdown, as_text, subject

_NAME: Final = "Feedback"
_LONGEST_S: Final = 60.0
_QUIET: Final = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
_STATUS: Final = re.compile(r"error\s*=\s*(\d{3})\b")


class _Statuses(logging.Handler):
    """Keeps the last status that apprise speaks of, by thread: it sends on the one that calls."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        if found:
            self._of.status = found[1]

    def take(self) -> str | None:
        """The status since it was last taken."""
        status: str | None = getattr(self._of, "status", None)
        self._of.status = None
        return status


@cache
def _hushed() -> _Statuses:
    """Silence the libraries, once; what hears them instead."""
    heard = _Statuses()
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(heard if name == "apprise" else logging.NullHandler())
    return heard


def is_address(url: str) -> bool:
    """Whether apprise knows the service and has all that it needs."""
    return _service(url) is not None


def kind_of(url: str) -> str:
    """The service's scheme, such as ``mailto``: what may be shown of an address."""
    return url.partition(":")[0]


async def send_to_service(url: str, notice: Notice, *, examples: bool = False) -> Outcome:
    """Tell one address once, on a thread, for at most a minute."""
    try:
        async with asyncio.timeout(_LONGEST_S):
            return await asyncio.to_thread(_send, url, notice, examples)
    except TimeoutError:
        return later(f"{kind_of(url)}: no answer in time")


def _send(url: str, notice: Notice, examples: bool) -> Outcome:
    heard = _hushed()
    service = _service(url)
    if service is None:
        return later(f"{kind_of(url)}: apprise does not know this address")
    if hasattr(service, "headers") and kind_of(url).startswith("mailto"):
        # A mail told again after a crash has the same; mail programs show them as one thread.
        service.headers["X-Notice-ID"] = notice.notice_id
        service.headers["References"] = f"<{notice.about or notice.notice_id}@feedback-pipeline>"
    heard.take()
    if _notify(service, notice, examples):
        return TOLD
    status = heard.take()
    why = f"it refused with status {status}" if status else "it was not reached or refused"
    return later(f"{kind_of(url)}: {why}")


def _notify(service: Any, notice: Notice, examples: bool) -> bool:
    from apprise import NotifyFormat

    write = {NotifyFormat.HTML: as_html, NotifyFormat.MARKDOWN: as_markdown}
    format_ = service.resolve_format(None)
    body = write.get(format_, as_text)(notice, examples=examples)
    try:
        return bool(
            service.notify(
                title=subject(notice),
                body=body,
                body_format=format_,
                notify_type=_type_of(notice),
            )
        )
    except Exception:  # a plugin's own mistake; its words may hold the address
        return False


def _service(url: str) -> Any:
    """A new one for each notice: they keep what they were last told to wait for."""
    _hushed()
    from apprise import Apprise, AppriseAsset, PersistentStoreMode

    asset = AppriseAsset(
        app_id=_NAME,
        app_desc=_NAME,
        app_url="",
        image_url_mask="",
        image_url_logo="",
        storage_mode=PersistentStoreMode.MEMORY,
    )
    return Apprise.instantiate(url, asset=asset)


def _type_of(notice: Notice) -> Any:
    from apprise import NotifyType

    if notice.type.endswith(".resolved"):
        return NotifyType.SUCCESS
    return {
        Urgency.INFO: NotifyType.INFO,
        Urgency.WARNING: NotifyType.WARNING,
        Urgency.CRITICAL: NotifyType.FAILURE,
    }[notice.urgency]
