"""Cases as signed webhooks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from pipeline.cases.trackers.base import Later, Refusal
from pipeline.cases.trackers.options import OutletOptions, WebhookOptions
from pipeline.notify.outcome import Verdict
from pipeline.notify.webhooks import WebhookClient, send_webhook
from schemas.case import Case, Link, LinkState
from schemas.record import deterministic_id


class Webhook:
    """Signed webhooks ``case.opened``, ``case.resolved`` and ``case.reopened``.

    Their identifier is the same however often they are sent; receivers deduplicate on it.
    """

    search_lag = timedelta(0)

    def __init__(self, options: WebhookOptions, client: WebhookClient) -> None:
        self.options: OutletOptions = options
        self._client = client
        self._url = options.url.get_secret_value()
        self._secret = options.secret.get_secret_value()

    async def open(self, case: Case, text: str) -> Link:
        """Tell of the case, with the feedback's text where that is wanted."""
        return await self._tell(case, "opened", LinkState.OPENED, {"text": text} if text else {})

    async def follow(self, case: Case, link: Link, state: LinkState) -> Link:
        """Tell what has become of it."""
        kind = "resolved" if state is LinkState.RESOLVED else "reopened"
        return await self._tell(case, kind, state, {})

    async def _tell(self, case: Case, kind: str, state: LinkState, more: dict[str, str]) -> Link:
        about = deterministic_id("case webhook", case.case_id, kind, str(case.reopened))
        data = {**case.model_dump(mode="json", exclude_none=True, exclude={"events"}), **more}
        at = case.opened_at if kind == "opened" else case.updated_at
        payload = {"type": f"case.{kind}", "timestamp": at.isoformat(), "data": data}
        outcome = await send_webhook(
            self._client, self._url, self._secret, about, orjson.dumps(payload), datetime.now(UTC)
        )
        if outcome.verdict is Verdict.GONE:
            raise Refusal(f"webhook: {outcome.reason}")
        if outcome.verdict is not Verdict.TOLD:
            raise Later(f"webhook: {outcome.reason}", outcome.wait)
        return Link(outlet=self.options.name, state=state, reference=about)
