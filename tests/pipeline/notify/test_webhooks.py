"""Webhooks by the specification, judged by its own library; and where they may not go."""

from __future__ import annotations

import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.notify.addresses import CheckedResolver, Refused, is_public
from pipeline.notify.outcome import DELIVERED, DeliveryStatus, Outcome
from pipeline.notify.webhook_signatures import signature_headers
from pipeline.notify.webhooks import WebhookClient, send_webhook
from tests.pipeline.notify.receivers import OTHER_SECRET, SECRET, free_port, receiver

ID = "0123456789abcdef0123456789abcdef"
BODY = '{"type":"alert.firing","timestamp":"2026-08-03T13:15:00Z","data":{"site":"Nörd"}}'.encode()


async def send(url: str, *, secret: Any = SECRET, **options: Any) -> Outcome:
    async with WebhookClient(**{"allow_private": True, **options}) as client:
        return await send_webhook(client, url, secret, ID, BODY, datetime.now(UTC))


async def test_the_specifications_library_accepts_it() -> None:
    with receiver() as hooks:
        assert await send(hooks.url) == DELIVERED
    ((path, headers, body),) = hooks.got
    assert Webhook(SECRET).verify(body, headers)["data"] == {"site": "Nörd"}
    assert (path, headers["webhook-id"], headers["content-type"], body) == (
        "/hook",
        ID,
        "application/json",
        BODY,
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


def test_the_signature_is_the_specifications_to_the_letter() -> None:
    at = datetime.fromtimestamp(1_674_087_231, UTC)
    expected = Webhook(SECRET).sign(ID, at, BODY.decode())
    assert signature_headers([SECRET], ID, BODY, at) == {
        "webhook-id": ID,
        "webhook-timestamp": "1674087231",
        "webhook-signature": expected,
    }


async def test_while_secrets_change_both_verify() -> None:
    with receiver() as hooks:
        await send(hooks.url, secret=[SECRET, OTHER_SECRET])
    ((_, headers, body),) = hooks.got
    for secret in (SECRET, OTHER_SECRET):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "headers", "verdict", "reason", "wait"),
    [
        (500, {}, DeliveryStatus.TRANSIENT, "status 500", None),
        (404, {}, DeliveryStatus.TRANSIENT, "status 404", None),
        (429, {}, DeliveryStatus.TRANSIENT, "status 429", 60),
        (429, {"Retry-After": "7"}, DeliveryStatus.TRANSIENT, "status 429", 7),
        (503, {"Retry-After": "120"}, DeliveryStatus.TRANSIENT, "status 503", 120),
        (503, {"Retry-After": "999999999"}, DeliveryStatus.TRANSIENT, "status 503", 86_400),
        (503, {"Retry-After": "soon"}, DeliveryStatus.TRANSIENT, "status 503", None),
        (410, {}, DeliveryStatus.PERMANENT, "status 410: gone", None),
        (
            302,
            {"Location": "/elsewhere"},
            DeliveryStatus.TRANSIENT,
            "status 302: redirects are not followed, name the new address",
            None,
        ),
    ],
)
async def test_what_follows_from_an_answer(
    status: int, headers: dict[str, str], verdict: DeliveryStatus, reason: str, wait: float | None
) -> None:
    with receiver([(status, headers)]) as hooks:
        outcome = await send(hooks.url)
    assert len(hooks.got) == 1
    expected = None if wait is None else timedelta(seconds=wait)
    assert outcome == Outcome(verdict, reason, expected)


async def test_a_date_to_retry_after_is_honoured() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    with receiver([(503, {"Retry-After": until})]) as hooks:
        outcome = await send(hooks.url)
    assert outcome.retry_after is not None
    assert 290 < outcome.retry_after.total_seconds() <= 300


async def test_who_does_not_answer_is_tried_later() -> None:
    refused = await send(f"http://127.0.0.1:{free_port()}/token-3")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = await send(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)
    assert refused == Outcome(DeliveryStatus.TRANSIENT, "ClientConnectorError")
    assert slow == Outcome(DeliveryStatus.TRANSIENT, "no answer in time")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.0.0.192", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("2001:0:53aa:64c:0:0:80ff:fffe", False),
        ("::7f00:1", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public


def looked_up(*answers: list[str]) -> Any:
    """A resolver that gives these answers in turn, and how often it was asked."""
    left, asked = list(answers), []

    async def lookup(host: str, port: int) -> list[Any]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (family[":" in address], socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return lookup, asked


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:10.0.0.1"], ["169.254.169.254"]],
)
async def test_a_name_with_any_private_address_is_refused(addresses: list[str]) -> None:
    lookup, _ = looked_up(addresses)
    outcome = await send("https://hooks.example.org/", allow_private=False, lookup=lookup)
    assert outcome == Outcome(
        DeliveryStatus.TRANSIENT,
        "refusing the address: it has a private address (allow_private = true allows it)",
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "2130706433"]
)
async def test_a_private_address_as_a_number_is_refused(host: str) -> None:
    with receiver() as hooks:
        port = hooks.url.rpartition(":")[2]
        outcome = await send(f"https://{host}:{port}", allow_private=False)
    assert outcome.reason.startswith("refusing the address: it ")
    assert hooks.got == []


async def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    with receiver() as hooks:
        port = hooks.url.rpartition(":")[2].partition("/")[0]
        lookup, asked = looked_up(["127.0.0.1"], ["192.0.2.1"])
        assert await send(f"http://hooks.example.org:{port}/hook", lookup=lookup) == DELIVERED
    assert asked == ["hooks.example.org"]
    assert hooks.got[0][1]["host"] == f"hooks.example.org:{port}"


async def test_a_name_that_turns_private_later_is_refused_then() -> None:
    lookup, asked = looked_up(["93.184.215.14"], ["127.0.0.1"])
    resolver = CheckedResolver(allow_private=False, lookup=lookup)
    assert [info["host"] for info in await resolver.resolve("x.example.org", 443)] == [
        "93.184.215.14"
    ]
    with pytest.raises(Refused):
        await resolver.resolve("x.example.org", 443)
    assert len(asked) == 2


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of hooks.example.org that signs itself, and its key."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=hooks.example.org", "-addext", "subjectAltName=DNS:hooks.example.org",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


async def test_the_certificate_is_asked_for_by_the_name(certificate: tuple[Path, Path]) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*certificate)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    lookup, _ = looked_up(["127.0.0.1"])
    with receiver(tls=server) as hooks:
        port = hooks.url.rpartition(":")[2].partition("/")[0]
        url = f"https://hooks.example.org:{port}/hook"
        assert await send(url, lookup=lookup, certificates=trusted) == DELIVERED
        assert (await send(url, lookup=lookup)).reason == "ClientConnectorCertificateError"
    assert len(hooks.got) == 1


def test_a_secret_that_is_none_is_refused() -> None:
    for secret in ("abc", "whsec_%%%", "whsec_c2hvcnQ="):
        with pytest.raises(ValueError, match="a webhook's secret"):
            signature_headers([secret], ID, BODY, datetime.now(UTC))
    with pytest.raises(ValueError, match="without a full stop"):
        signature_headers([SECRET], "a.b", BODY, datetime.now(UTC))
