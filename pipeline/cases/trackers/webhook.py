"""Cases as signed webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from pipeline.cases.trackers.base import CaseRejected, TrackerUnavailable
from pipeline.cases.trackers.options import TrackerOptions, WebhookOptions
from pipeline.notify.outcome import DeliveryStatus
from pipeline.notify.webhooks import WebhookClient, send_webhook
from schemas.case import Case, Link, LinkState
from schemas.record import deterministic_id


class WebhookTracker:
    """Signed webhooks ``case.opened``, ``case.resolved`` and ``case.reopened``.

    A webhook has the same identifier each time it is sent; receivers deduplicate on it.
    """

    search_lag = timedelta(0)

    def __init__(self, options: WebhookOptions, client: WebhookClient) -> None:
        self.options: TrackerOptions = options
        self._client = client
        self._url = options.url.get_secret_value()
        self._secret = options.secret.get_secret_value()

    async def open(self, case: Case, text: str) -> Link:
        """Send the case, with the feedback's text if that is configured."""
        return await self._send(case, "opened", LinkState.OPENED, {"text": text} if text else {})

    async def update(self, case: Case, link: Link, state: LinkState) -> Link:
        """Send the resolution or reopening."""
        kind = "resolved" if state is LinkState.RESOLVED else "reopened"
        return await self._send(case, kind, state, {})

    async def _send(self, case: Case, kind: str, state: LinkState, extra: dict[str, str]) -> Link:
        webhook_id = deterministic_id("case webhook", case.case_id, kind, str(case.reopened))
        data = {**case.model_dump(mode="json", exclude_none=True, exclude={"events"}), **extra}
        at = case.opened_at if kind == "opened" else case.updated_at
        payload = {"type": f"case.{kind}", "timestamp": at.isoformat(), "data": data}
        outcome = await send_webhook(
            self._client,
            self._url,
            self._secret,
            webhook_id,
            orjson.dumps(payload),
            datetime.now(UTC),
        )
        if outcome.status is DeliveryStatus.PERMANENT:
            raise CaseRejected(f"webhook: {outcome.reason}")
        if outcome.status is not DeliveryStatus.DELIVERED:
            raise TrackerUnavailable(f"webhook: {outcome.reason}", outcome.retry_after)
        return Link(outlet=self.options.name, state=state, reference=webhook_id)
