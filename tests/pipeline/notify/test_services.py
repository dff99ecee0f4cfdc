"""Mails through apprise to a real SMTP server; and that no address with its token is logged."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pipeline.logs import configure
from pipeline.notify.notice import Urgency
from pipeline.notify.outcome import DELIVERED, DeliveryStatus, Outcome
from pipeline.notify.routes import build_routes
from pipeline.notify.sender import Sender
from pipeline.notify.services import send_to_service
from pipeline.settings import Settings
from tests.pipeline.notify.receivers import SECRET, free_port, mail_server, receiver
from tests.pipeline.notify.samples import a_notice


async def test_a_mail_comes_as_text_and_as_html_with_the_notices_identifier() -> None:
    with mail_server() as mails:
        outcome = await send_to_service(mails.url(), a_notice(urgency=Urgency.CRITICAL))
    assert outcome == DELIVERED
    (mail,) = mails.got
    assert mails.recipients == [["ops@example.org"]]
    assert mail["subject"] == (
        "Critical · North, waiting time: 23 of 31 negative, usual are 2 to 9"
    )
    assert (mail["X-Notice-ID"], mail["from"]) == ("0" * 32, "feedback@example.org")
    assert mail["References"] == f"<{'0' * 32}@feedback-pipeline>"
    text, html = mail.iter_parts()  # type: ignore[attr-defined]
    assert " ".join(text.get_content().split()) == (
        "North: 23 of 31 comments were negative. Look closer: feedback alerts show 1"
    )
    assert "<p>Look closer: <code>feedback alerts show 1</code></p>" in html.get_content()


async def test_a_mail_may_be_text_alone() -> None:
    with mail_server() as mails:
        await send_to_service(mails.url(format="text"), a_notice())
    assert mails.got[0].get_content_type() == "text/plain"


async def test_a_service_that_is_down_is_tried_later() -> None:
    outcome = await send_to_service(
        f"mailto://127.0.0.1:{free_port()}?from=a@example.org&to=b@example.org", a_notice()
    )
    assert outcome == Outcome(DeliveryStatus.TRANSIENT, "mailto: unreachable or rejected")


async def test_a_refusal_comes_with_its_status() -> None:
    with receiver([(403, {})]) as hooks:
        url = hooks.url.replace("http://", "json://")
        outcome = await send_to_service(url, a_notice())
    assert outcome == Outcome(DeliveryStatus.TRANSIENT, "json: rejected with status 403")


async def test_no_secret_is_logged_at_any_level(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    configure(Settings(log_level="debug", log_format="json"))
    try:
        with receiver([(500, {})]) as hooks:
            async with Sender() as sender:
                targets = [target for route in _all_kinds(hooks.url) for target in route.targets]
                outcomes = [await sender.send(target, a_notice()) for target in targets]
    finally:
        logging.basicConfig(handlers=before[0], level=before[1], force=True)
    logged = capfd.readouterr()
    assert [outcome.status for outcome in outcomes] == [DeliveryStatus.TRANSIENT] * 4
    text = logged.out + logged.err + repr(outcomes)
    for secret in ("token-4", "pass-5", "T1JJ3T3L2", SECRET.removeprefix("whsec_")):
        assert secret not in text


def _all_kinds(url: str) -> Any:
    closed_address = f"127.0.0.1:{free_port()}"
    host = url.removeprefix("http://")
    return build_routes(
        {
            "notify": {
                "mail": {
                    "apprise": f"mailto://me:pass-5@{closed_address}?from=a@example.org&to=b@e.org"
                },
                "json": {"apprise": f"json://me:pass-5@{host}/token-4"},
                "form": {"apprise": f"form://{host}/token-4?-T1JJ3T3L2=x"},
                "hook": {"webhook": f"{url}/token-4", "secret": SECRET, "allow_private": True},
            }
        },
        lambda _: None,
    )
