"""``twilio``: messages to the organization's numbers, by SMS, RCS and WhatsApp.

Receives the webhook of incoming messages,
https://www.twilio.com/docs/messaging/guides/webhook-request, signed as
https://www.twilio.com/docs/usage/webhooks/webhooks-security says. The words that opt out and in
are those of https://help.twilio.com/articles/223134027.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Annotated, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, SecretStr

from connectors.sdk import (
    AnswerType,
    Forged,
    FormAnswer,
    FormSource,
    FormSourceConfig,
    Item,
    Malformed,
    Submission,
    Webhook,
    WebhookRequest,
    require_hmac,
)
from connectors.sdk.pseudonyms import pseudonym
from connectors.sdk.scores import is_score

_MAX_FIELDS: Final = 500
_SIGNATURE: Final = "x-twilio-signature"
_MESSAGE: Final = "message"
_ANSWER: Final = "answer"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SID: Final = re.compile(r"[A-Za-z0-9]{2,64}")
_ADDRESS: Final = re.compile(r"(?:([a-z]{2,20}):)?(.*)", re.DOTALL)
_CHANNELS: Final = frozenset({"messenger", "rcs", "sms", "whatsapp"})
_NUMBER: Final = re.compile(
    r"([+-]?\d{1,4}(?:[.,]\d{1,3})?)[ \t]*+(?:$|[,.;:!?)\r\n–—-]++\s*+(?!\d)(.*))", re.DOTALL
)
"""A number, and what follows it behind a punctuation mark; "2 hours" is not a score."""
_KEYCAP: Final = re.compile("\ufe0f?\u20e3")
_AROUND: Final = " \t\r\n.!?,;:\"'“”‘’«»()"
_OPTS_OUT: Final = "a keyword that opts out of messages"
_OPTS_IN: Final = "a keyword that opts in to messages"
_ASKS_FOR_HELP: Final = "a keyword that asks for help"
_REASONS: Final = {"stop": _OPTS_OUT, "start": _OPTS_IN, "help": _ASKS_FOR_HELP}
_KEYWORDS: Final = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), _OPTS_OUT
    ),
    **dict.fromkeys(("stop all", "opt out", "opt-out", "arret", "arrett", "arrete"), _OPTS_OUT),
    **dict.fromkeys(("arrêt", "arrêter"), _OPTS_OUT),
    **dict.fromkeys(("start", "unstop", "yes"), _OPTS_IN),
    **dict.fromkeys(("help", "info"), _ASKS_FOR_HELP),
}
_NO_WORDS: Final = "pictures or other media without text"
_UNNAMED: Final = "a number or a choice, and settings do not name `answer`"


def _require_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0 or parts.username:
        raise ValueError("it is not an http or https address, or it holds a password")
    return text


class TwilioConfig(FormSourceConfig):
    """One number or messaging service, or several whose messages are about the same place."""

    auth_token: Annotated[
        SecretStr, Field(min_length=1, description="Primary auth token of the account.")
    ]
    public_url: Annotated[
        str,
        AfterValidator(_require_address),
        Field(
            description="The webhook's address exactly as Twilio has it, since the signature "
            "covers it."
        ),
    ]
    question: str | None = Field(
        default=None, description="Wording of the question that the messages answer."
    )
    keywords: tuple[str, ...] = Field(
        default=(), description="More words that opt out or in, as set in Advanced Opt-Out."
    )


class Twilio(FormSource[TwilioConfig], Webhook[TwilioConfig]):
    """Receives each message: its text is a comment, a bare number or a choice is a score."""

    name = "twilio"
    title = "Twilio"
    acknowledgement = ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
    requirements = (
        "this address as the webhook for incoming messages (method POST) of a number, a messaging "
        "service or a WhatsApp sender, and the account's auth token."
    )
    limitations = (
        "Twilio does not tell when a message was sent: it has the time of its receipt. It tries "
        "again only if its address there ends in `#rc=5&rp=all`, and waits 15 seconds. In "
        "settings, `message` is the text, and `answer` a message that is only a number, a wording "
        "of its scale, or a button or entry of a list that was tapped: it is a score if `scores` "
        "names it. Pictures are counted, not kept. Requests that a Webhook Rule signs with "
        "another key, and those in JSON, are refused."
    )
    example = """\
auth_token = { env = "TWILIO_AUTH_TOKEN" }
public_url = "https://feedback.example.org/webhooks/twilio/after_visit"
question = "How was your visit today?"
scores = { answer = "fft" }
site = "Eastgate"
"""

    def handle(self, request: WebhookRequest) -> Sequence[Item]:
        """Verify a request and return the items of its message, if it is about one."""
        pairs = _parse_body(request.body)
        self._verify(request.headers.get(_SIGNATURE), pairs)
        form = dict(pairs)
        if _is_status(form):
            return []
        native_id = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid", "")
        if not _SID.fullmatch(native_id):
            raise Malformed("reading the message: it has no MessageSid")
        answers = [*self._read_answers(form)]
        if reason := self._reason_to_skip(form, answers):
            return [self.skipped_item(reason, origin=native_id)]
        return self.items(
            Submission(
                id=native_id,
                at=request.at,
                redated=True,  # sent again, it has another time
                answers=answers,
                # Not the number itself: a dead letter holds what an item does.
                respondent=pseudonym(self.context.author_key, _sender(form)) or "",
                attributes=_attributes(form),
            )
        )

    def _verify(self, signature: str | None, pairs: Sequence[tuple[str, str]]) -> None:
        """Raise ``Forged`` unless Twilio signed the parameters for one form of the address."""
        # Twilio's own libraries sort a parameter's values, and count equal ones once.
        parameters = "".join(name + value for name, value in sorted({*pairs}))
        *others, last = (url + parameters for url in self._signed_urls)
        for text in others:
            with suppress(Forged):
                self._require_signature(signature, text)
                return
        self._require_signature(signature, last)

    def _require_signature(self, signature: str | None, text: str) -> None:
        message = text.encode("utf-8", "replace")
        require_hmac(signature, message, self.config.auth_token, digest="sha1")

    @cached_property
    def _signed_urls(self) -> list[str]:
        """The address as it may have been signed: with the scheme's usual port, and without."""
        parts = urlsplit(self.config.public_url)._replace(fragment="")
        urls = [urlunsplit(parts)]
        usual = _DEFAULT_PORTS[parts.scheme]
        if parts.port is None:
            urls.append(urlunsplit(parts._replace(netloc=f"{parts.netloc}:{usual}")))
        elif parts.port == usual:
            urls.append(urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0])))
        return urls

    def _read_answers(self, form: dict[str, str]) -> Iterator[FormAnswer]:
        """Yield a message's answers: what was tapped, a score, and the text."""
        body, tapped = form.get("Body", "").strip(), ""
        for name in ("ButtonText", "ListTitle"):
            tapped = tapped or form.get(name, "").strip()
        if tapped:
            yield self._answer(tapped)
        if not body or body.casefold() == tapped.casefold():
            return
        number, rest = _split_number(body)
        if number and (not rest or self._is_named):
            yield self._answer(number)
            if not rest or self._is_wording(rest):
                return
        elif self._is_wording(body):
            yield self._answer(body.strip(_AROUND))
            return
        yield FormAnswer(_MESSAGE, self.config.question or "", AnswerType.TEXT, body)

    def _answer(self, value: str) -> FormAnswer:
        return FormAnswer(_ANSWER, self.config.question or "", AnswerType.CHOICE, value)

    @cached_property
    def _is_named(self) -> bool:
        return self.roles.is_named(_ANSWER)

    def _is_wording(self, text: str) -> bool:
        """Return True if a text is a wording of the scale in ``scores``, such as "very good"."""
        scores = self.config.scores.items()
        asked = next((score for name, score in scores if name.casefold() == _ANSWER), None)
        text = text.strip(_AROUND)
        return asked is not None and not text[:1].isdigit() and is_score(self._answer(text), asked)

    def _reason_to_skip(self, form: dict[str, str], answers: Sequence[FormAnswer]) -> str | None:
        """Return why a message holds no feedback, if that is certain."""
        kind = form.get("OptOutType", "").strip().casefold()
        if reason := _REASONS.get(kind) or self._keywords.get(_fold(form.get("Body", ""))):
            return reason
        if not answers:
            return _NO_WORDS if _count_media(form) else "no text"
        is_answer = all(answer.field == _ANSWER for answer in answers)
        return _UNNAMED if is_answer and not self._is_named else None

    @cached_property
    def _keywords(self) -> dict[str, str]:
        own = dict.fromkeys(map(_fold, self.config.keywords), _OPTS_OUT)
        keywords = {**own, **_KEYWORDS}
        if self.config.scores:  # an answer to a question, rather than a wish for more messages
            del keywords["yes"]
        return keywords


def _parse_body(body: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a request. Raises ``Malformed``."""
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Malformed("reading the message: it has too many parameters") from None


def _is_status(form: dict[str, str]) -> bool:
    """Return True for a report on a message that the organization sent."""
    statuses = {form.get(name, "").casefold() for name in ("MessageStatus", "SmsStatus")}
    return not statuses <= {"", "received", "receiving"}


def _split_number(body: str) -> tuple[str, str]:
    """Return the number that a text begins with and what follows it; two empty texts if none."""
    match = _NUMBER.fullmatch(_KEYCAP.sub("", body))
    return (match[1], (match[2] or "").strip()) if match else ("", "")


def _fold(text: str) -> str:
    return " ".join(text.strip(_AROUND).casefold().split())


def _sender(form: dict[str, str]) -> str:
    """Return who sent a message: the same for one number on all channels."""
    match = _ADDRESS.fullmatch(form.get("From", "").strip())
    address = match[2] if match else ""
    return (address or form.get("WaId", "").strip()).removeprefix("+")


def _attributes(form: dict[str, str]) -> dict[str, str]:
    """Return the channel, the number of media, and if an advertisement led to the message."""
    match = _ADDRESS.fullmatch(form.get("From", "").strip().casefold())
    channel = (match[1] if match else None) or "sms"
    attributes = {"channel": channel} if channel in _CHANNELS else {}
    if media := _count_media(form):
        attributes["media"] = str(media)
    # The text of the advertisement is the organization's, not the person's.
    if (kind := form.get("ReferralSourceType", "").casefold()) in {"ad", "post"}:
        attributes["referral"] = kind
    return attributes


def _count_media(form: dict[str, str]) -> int:
    digits = form.get("NumMedia", "").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
