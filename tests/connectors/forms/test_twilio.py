"""Behaviour of the Twilio connector only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.forms.twilio import Twilio, TwilioConfig
from connectors.runtime.parsing import ParsedItem, parse_item
from connectors.runtime.run_stats import RunStats
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Forged, Malformed, Skip
from connectors.sdk.source import Context, WebhookRequest
from schemas.feedback import Feedback
from tests.support.fake_service import NOW, Delivery, sentence
from tests.support.fakes import attributes_without_submission
from tests.support.services.twilio import (
    PHONE,
    TOKEN,
    URL,
    message,
    sid,
    signed,
    status,
    whatsapp,
)

FFT = {"scores": {"answer": "fft"}}


def source(**settings: Any) -> Twilio:
    values = {"auth_token": TOKEN, "public_url": URL, **settings}
    return Twilio(TwilioConfig.model_validate(values), Context("test", b"key", lambda: NOW))


def handle(sent: Delivery, **settings: Any) -> tuple[Twilio, list[Item]]:
    headers = {name.lower(): value for name, value in sent.headers.items()}
    receiver = source(**settings)
    return receiver, [*receiver.handle(WebhookRequest(sent.body, headers, None, NOW))]


def read(parameters: dict[str, str], **settings: Any) -> list[Feedback]:
    receiver, items = handle(signed(parameters), **settings)
    return [receiver.parse(item) for item in items]


def skip_reason(parameters: dict[str, str], **settings: Any) -> str:
    receiver, (item,) = handle(signed(parameters), **settings)
    with pytest.raises(Skip) as skipped:
        receiver.parse(item)
    return skipped.value.reason


def test_a_message_is_a_comment_without_its_sender() -> None:
    (record,) = read(message(1, sentence(1)), question="How was your visit?", site="Eastgate")
    assert (record.native_id, record.text) == (f"{sid(1)}:message", sentence(1))
    assert (record.question, record.site) == ("How was your visit?", "Eastgate")
    assert (record.created_at, record.redated) == (NOW, True)
    assert attributes_without_submission(record) == {"channel": "sms"}
    assert PHONE.removeprefix("+") not in record.to_payload().decode()


def test_an_item_does_not_hold_the_number() -> None:
    for parameters in (message(1, sentence(1)), whatsapp(2, sentence(2))):
        _, items = handle(signed(parameters))
        assert items and PHONE.removeprefix("+") not in repr(items)


def test_a_person_is_one_author_on_all_channels() -> None:
    records = [
        *read(message(1, sentence(1))),
        *read(whatsapp(2, sentence(2))),
        *read(whatsapp(3, sentence(3)) | {"From": ""}),
    ]
    assert len({record.author for record in records}) == 1
    assert records[0].author
    assert {record.native_id for record in records} == {f"{sid(n)}:message" for n in (1, 2, 3)}


def test_no_author_without_a_sender() -> None:
    (record,) = read(message(1, sentence(1), From=""))
    assert record.author is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "opts out"),
        (" stop. ", "opts out"),
        ("StopAll", "opts out"),
        ("Unsubscribe", "opts out"),
        ("REVOKE", "opts out"),
        ("Opt out", "opts out"),
        ("ARRET", "opts out"),
        ("Start", "opts in"),
        ("UNSTOP", "opts in"),
        ("yes", "opts in"),
        ("HELP", "asks for help"),
        ("info", "asks for help"),
        ("BAJA", "opts out"),
    ],
)
def test_keywords_are_counted_and_are_no_comments(word: str, reason: str) -> None:
    assert reason in skip_reason(message(1, word), keywords=["baja"])


@pytest.mark.parametrize("text", ["Stop please", "Please stop the noise at night", "Help me"])
def test_words_that_hold_a_keyword_are_comments(text: str) -> None:
    assert [record.text for record in read(message(1, text))] == [text]


def test_twilio_says_what_its_own_lists_know() -> None:
    reason = skip_reason(message(1, "Genug davon", OptOutType="STOP"))
    assert reason == "a keyword that opts out of messages"


def test_yes_may_answer_a_question() -> None:
    answer = {"measure": "csat", "worst": 0, "best": 1, "choices": ["No", "Yes"]}
    (record,) = read(message(1, "Yes"), scores={"answer": answer})
    assert record.csat and record.csat.value == 1


@pytest.mark.parametrize("state", ["queued", "sent", "delivered", "undelivered", "failed", "read"])
def test_reports_on_sent_messages_are_no_feedback(state: str) -> None:
    assert handle(signed(status(1, state)))[1] == []


def test_pictures_without_text_are_counted() -> None:
    reason = skip_reason(message(1, "", NumMedia="2", MediaUrl0="https://api.example/1"))
    assert reason == "pictures or other media without text"
    assert skip_reason(message(1, "   ")) == "no text"


def test_pictures_with_text_are_noted() -> None:
    (record,) = read(whatsapp(1, sentence(1), NumMedia="2"))
    assert attributes_without_submission(record) == {"channel": "whatsapp", "media": "2"}


@pytest.mark.parametrize("body", ["9", " 9 ", "9.", "9!", "9\ufe0f\u20e3"])
def test_a_bare_number_is_a_score_if_settings_say_so(body: str) -> None:
    (record,) = read(message(1, body), scores={"answer": "nps"})
    assert (record.native_id, record.text) == (sid(1), "")
    assert record.nps and record.nps.value == 9
    assert "settings" in skip_reason(message(1, body))


def test_a_number_off_its_scale_is_refused() -> None:
    receiver, (item,) = handle(signed(message(1, "9")), **FFT)
    with pytest.raises(BadRecord, match="not on the scale"):
        receiver.parse(item)


@pytest.mark.parametrize(
    ("body", "score", "text"),
    [
        ("1. The nurses were kind", 1, "1. The nurses were kind"),
        ("5 - nobody came", 5, "5 - nobody came"),
        ("5\nnobody came", 5, "5\nnobody came"),
        ("1: very good", 1, ""),
        ("Very good!", 1, ""),
        ("don’t know", 6, ""),
        ("2 hours wait", None, "2 hours wait"),
        ("2 hours", None, "2 hours"),
        ("10-15 minutes late", None, "10-15 minutes late"),
        ("5 - 10 minutes late", None, "5 - 10 minutes late"),
        ("9. The nurses were kind", None, "9. The nurses were kind"),
        ("Very good food, poor parking", None, "Very good food, poor parking"),
    ],
)
def test_a_score_and_words_are_both_kept(body: str, score: int | None, text: str) -> None:
    (record,) = read(message(1, body), **FFT)
    assert (record.fft.value if record.fft else None, record.text) == (score, text)


def test_what_is_tapped_is_an_answer_and_no_comment() -> None:
    for parameters in (
        whatsapp(1, "Very poor", ButtonText="Very poor", ButtonPayload="5"),
        whatsapp(1, "", ListTitle="Very poor", ListId="5"),
    ):
        (record,) = read(parameters, **FFT)
        assert record.fft and (record.fft.value, record.text) == (5, "")
        assert "settings" in skip_reason(parameters)


def test_what_is_tapped_may_be_named_as_a_comment() -> None:
    parameters = whatsapp(1, "I waited too long", ButtonText="I waited too long")
    (record,) = read(parameters, comments=["answer", "message"])
    assert record.text == "I waited too long"


def test_the_words_of_an_advertisement_are_not_the_person_s() -> None:
    referral = {"ReferralBody": "Tell us how we did", "ReferralSourceType": "ad"}
    (record,) = read(whatsapp(1, sentence(1), **referral))
    assert "Tell us" not in record.to_payload().decode()
    assert attributes_without_submission(record) == {"channel": "whatsapp", "referral": "ad"}


@pytest.mark.parametrize(
    ("configured", "called"),
    [
        (URL, URL.replace(".org/", ".org:443/")),
        (URL.replace(".org/", ".org:443/"), URL),
        (f"{URL}?ward=4%20north", f"{URL}?ward=4%20north"),
        (f"{URL}#rc=5&rp=all", URL),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_the_signature_covers_the_address_as_twilio_has_it(configured: str, called: str) -> None:
    sent = signed(message(1, sentence(1)), url=called)
    assert len(handle(sent, public_url=configured)[1]) == 1


def test_a_signature_for_another_address_or_by_another_token_is_forged() -> None:
    for sent in (
        signed(message(1, sentence(1)), url=f"{URL}/"),
        signed(message(1, sentence(1)), token="other"),  # noqa: S106
        Delivery(signed(message(1, sentence(1))).body, {}),
    ):
        with pytest.raises(Forged):
            handle(sent)


def test_a_parameter_may_be_sent_twice() -> None:
    pairs = [*message(1, sentence(1)).items(), ("MessagingBinding", "b"), ("MessagingBinding", "a")]
    assert len(handle(signed(pairs))[1]) == 1


def test_unicode_and_lines_arrive_as_written() -> None:
    text = 'Die Ärztin sagte "gleich".\nDann: zwei Stunden + mehr – 😀 & 100 %'
    assert [record.text for record in read(message(1, text))] == [text]


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(Malformed, match="too many"):
        handle(Delivery(b"a=1&" * 600, {}))


@pytest.mark.parametrize(
    "address", ["feedback.example.org/x", "ftp://a.example", "https://", "https://u:p@a.example/"]
)
def test_the_address_is_one_without_a_password(address: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        source(public_url=address)


@given(text=st.text(st.characters(categories=("L", "P", "N", "Zs")), max_size=60))
@example("9 \r\n5")
@example("yes, but")
def test_words_are_kept_or_counted(text: str) -> None:
    receiver, (*items,) = handle(signed(message(1, text)), **FFT)
    stats = RunStats()
    parsed = [parse_item(receiver, item, stats) for item in items]
    kept = [found.record.text for found in parsed if isinstance(found, ParsedItem)]
    assert text.strip() in kept or stats.skipped or stats.dead_lettered or kept == [""]
    if sum(letter.isalpha() for letter in text) > 15:
        assert kept == [text.strip()]
