"""What mail programs and servers write below and above the words of a mail."""

from __future__ import annotations

import pytest

from connectors.forms.email.devices import is_device_line
from tests.support.mails import parse_mail, write_message

OWN = "I waited nine hours."

DEVICES = (
    *("Sent from my Galaxy", "Sent from Outlook for Android", "Sent from Mail for Windows"),
    *("Sent with Proton Mail secure email.", "Get Outlook for Android", "Obtenez Outlook pour iOS"),
    *("Scarica Outlook per Android", "Hämta Outlook för iOS", "获取 Outlook for iOS"),
    *("iOS için Outlook'u edinin", "Envoyé depuis mon appareil mobile Samsung"),
    *("Enviado desde mi iPhone", "Inviato da iPhone", "Verzonden vanaf mijn iPhone"),
    *("Sendt fra min iPhone", "Lähetetty iPhonesta", "Odesláno z iPhonu", "Wysłano z iPhone'a"),
    *("iPhone'umdan gönderildi", "Отправлено с iPhone", "iPhoneから送信", "发自我的iPhone"),
    *("나의 iPhone에서 보냄", "Von meinem Samsung Galaxy Smartphone gesendet."),
    *("Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",),
    *("Sent via BlackBerry from Vodafone", "Virus-free. www.avast.com"),
)
LAST_WORDS = (
    *("Sent to my mobile twice, and nobody called", "Sent home from the ward with no medicine"),
    *("My mobile number was never sent", "I use Outlook on my Android phone"),
    *("They sent me an email from gmail", "Enviado a casa sin mi medicina"),
    *("sent away from A&E by a rude nurse on her mobile phone", "Sent from my ward to A&E?"),
)


def test_a_program_names_itself_in_the_last_line() -> None:
    assert [line for line in DEVICES if not is_device_line(line)] == []
    assert [line for line in LAST_WORDS if is_device_line(line)] == []
    for line in DEVICES[:5]:
        assert parse_mail(write_message(f"{OWN}\n\n{line}", Subject="")).text == OWN


BANNERS = (
    "[EXTERNAL]",
    "*** EXTERNAL EMAIL ***",
    "External Email - Use Caution",
    "You don't often get email from jo@mail.example. Learn why this is important",
    "UWAGA: Ta wiadomość pochodzi spoza organizacji. Nie klikaj linków ani załączników.",
    "VARNING: Detta e-postmeddelande kommer från en extern avsändare. Öppna inga bilagor.",
    "LET OP: Deze e-mail is afkomstig van buiten de organisatie. Klik niet op links.",
)
OPENINGS = (
    "The links in your email do not work outside the hospital. The attachment is missing.",
    "External care was bad.",
    "You don't often get mail from me, but this was important.",
)


@pytest.mark.parametrize("banner", BANNERS)
def test_a_warning_is_no_word_of_the_writers(banner: str) -> None:
    assert parse_mail(write_message(f"{banner}\n\n{OWN}", Subject="")).text == OWN


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_first_sentence_is_no_warning(opening: str) -> None:
    text = f"{opening}\n\n{OWN}"
    assert parse_mail(write_message(text, Subject="")).text == text


DISCLAIMERS = (
    "Denne e-posten er konfidensiell og kun ment for mottakeren.",
    "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.",
    "Questo messaggio contiene informazioni riservate ed è destinato solo al destinatario.",
    "Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle.",
    "Это сообщение является конфиденциальным и предназначено только для адресата.",
    "本邮件及其附件含有保密信息，仅限于发送给指定的收件人。",
    "このメールには機密情報が含まれます。誤って受信された場合は削除してください。",
    f"{'*' * 40}\nThis message may contain confidential information. If you are not the\nintended "
    f"recipient please delete it.\n{'*' * 40}",
)
COMPLAINTS = (
    "A confidential letter was sent in error to the wrong address, and that message was disclosed.",
    "Ward 4 told the addressee of a confidential message by phone, and copied a neighbour.",
)


@pytest.mark.parametrize("disclaimer", DISCLAIMERS)
def test_a_disclaimer_speaks_of_the_message_that_it_is_in(disclaimer: str) -> None:
    assert parse_mail(write_message(f"{OWN}\n\n{disclaimer}", Subject="")).text == OWN


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_a_complaint_about_a_message_is_no_disclaimer(complaint: str) -> None:
    text = f"{OWN}\n\n{complaint}"
    assert parse_mail(write_message(text, Subject="")).text == text
