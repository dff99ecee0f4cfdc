"""Twilio's webhooks: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from tests.support.fake_service import Delivery, FakeCaller, sentence

TOKEN = "twilio-auth-token-never-to-be-seen"  # noqa: S105 - made up
URL = "https://feedback.example.org/webhooks/twilio/test"
PHONE = "+447700900123"


def sid(number: int) -> str:
    return f"SM{number:032x}"


def message(number: int, body: str, **more: str) -> dict[str, str]:
    """The parameters of an incoming SMS."""
    return {
        "ToCountry": "GB",
        "ToState": "",
        "SmsMessageSid": sid(number),
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid(number),
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": body,
        "FromCountry": "GB",
        "To": "+447700900999",
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid(number),
        "AccountSid": f"AC{7:032x}",
        "From": PHONE,
        "ApiVersion": "2010-04-01",
        **more,
    }


def whatsapp(number: int, body: str, **more: str) -> dict[str, str]:
    """The parameters of an incoming message of WhatsApp."""
    return message(
        number,
        body,
        From=f"whatsapp:{PHONE}",
        To="whatsapp:+447700900999",
        WaId=PHONE.removeprefix("+"),
        ProfileName="Jo Bloggs",
        MessageType="text",
        ChannelMetadata='{"type":"whatsapp","data":{"context":{"ProfileName":"Jo Bloggs"}}}',
        **more,
    )


def status(number: int, state: str) -> dict[str, str]:
    """The parameters of a report on a message that the organization sent."""
    return {
        "SmsSid": sid(number),
        "SmsStatus": state,
        "MessageStatus": state,
        "To": PHONE,
        "MessageSid": sid(number),
        "AccountSid": f"AC{7:032x}",
        "From": "+447700900999",
        "ApiVersion": "2010-04-01",
    }


def signed(
    parameters: dict[str, str] | Sequence[tuple[str, str]], url: str = URL, token: str = TOKEN
) -> Delivery:
    pairs = [*parameters.items()] if isinstance(parameters, dict) else [*parameters]
    text = url + "".join(name + value for name, value in sorted(pairs))
    signature = b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": "31c4a3e5-8a4c-4a9f-a6cd-5c1f3c9ea6f0",
    }
    return Delivery(urlencode(pairs).encode(), headers)


class FakeTwilio(FakeCaller):
    name: ClassVar[str] = "twilio"
    secrets: ClassVar = (TOKEN,)
    authors: ClassVar = (PHONE, PHONE.removeprefix("+"), "Jo Bloggs")

    def __init__(self) -> None:
        self.texts = {f"{sid(number)}:message": sentence(number) for number in range(4)}
        self.texts[sid(4)] = ""

    def settings(self, url: str) -> dict[str, Any]:
        return {"auth_token": TOKEN, "public_url": URL, "scores": {"answer": "fft"}}

    def deliveries(self, at: datetime) -> list[Delivery]:
        return [
            signed(message(0, sentence(0))),
            signed(message(1, sentence(1), NumMedia="1", MediaContentType0="image/jpeg")),
            signed(message(5, "STOP")),
            signed(status(6, "delivered")),
            signed(whatsapp(2, sentence(2))),
            signed(whatsapp(3, sentence(3))),
            signed(whatsapp(4, "Very good", ButtonText="Very good", ButtonPayload="1")),
        ]

    def malformed(self, at: datetime) -> Delivery:
        parameters = message(7, sentence(7), SmsMessageSid="", SmsSid="", MessageSid="")
        return signed(parameters)
