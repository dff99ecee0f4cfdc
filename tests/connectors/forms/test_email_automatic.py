"""Mails of programs: their fields and subjects, and the mails of people that look like them."""

from __future__ import annotations

import pytest

from connectors.forms.email.automatic_subjects import is_absence, is_receipt, is_response
from connectors.sdk.errors import Skip
from connectors.sdk.pseudonyms import pseudonym
from tests.support.mails import KEY, PATIENT, parse_mail, write_bytes, write_message

RESPONSES = (
    *("Automatic reply: Visit", "[EXTERNAL] Automatic reply: Visit", "AutoReply Re: Visit"),
    *("Out of Office AutoReply: Visit", "Automatische Abwesenheitsmeldung: Besuch"),
    *(
        "Réponse automatique : Visite",
        "Respuesta automática: Visita",
        "Resposta automàtica: Visita",
    ),
    *("Automatisch antwoord: Bezoek", "Automatisk svar: Besøg", "Autosvar: Besök"),
    *(
        "Automaattinen vastaus: Käynti",
        "Automatická odpoveď: Návšteva",
        "Automatikus válasz: Látogatás",
    ),
    *("Odpowiedź automatyczna: Wizyta", "Otomatik yanıt: Ziyaret", "Автоматический ответ: Визит"),
    *("Автоматична відповідь: Візит", "Автоответ: Визит", "Αυτόματη απάντηση: Επίσκεψη"),
    *(
        "自動返信: 診察",
        "自动回复: 就诊",
        "자동 회신: 방문",
        "تلقائي رد: زيارة",
        "תשובה אוטומטית: ביקור",
    ),
    *("Răspuns automat: Vizita", "Ymateb awtomatig: Ymweliad"),
)
ABSENCES = (
    *("Out of Office", "Out of office Re: Visit", "Abwesend: Besuch", "Abwesenheitsnotiz: Besuch"),
    *("Message d'absence : Visite", "Absent(e) du bureau : Visite", "Fuori ufficio: Visita"),
    *("Ikke til stede: Besøg", "Afwezigheidsassistent: Bezoek", "不在: 診察"),
)
RECEIPTS = ("Read: Visit", "Not read: Visit", "Gelesen: Besuch", "Lu : Visite", "已读: 就诊")
PEOPLE = (
    *("Automatic reply to my complaint was insulting", "Automatic doors: broken for weeks"),
    *("Absence of nurses on ward 4", "Reading: no glasses", "Read my letter", "Svar: ni lovade"),
    *("Re: Automatic reply: Visit", "Out of the office hours nobody answers"),
)


@pytest.mark.parametrize("subject", RESPONSES)
def test_servers_write_automatic_and_reply_in_every_language(subject: str) -> None:
    with pytest.raises(Skip, match="automatic"):
        parse_mail(write_message(Subject=subject))


@pytest.mark.parametrize("subject", [*ABSENCES, *RECEIPTS])
def test_what_a_person_can_write_too_must_be_an_answer(subject: str) -> None:
    assert is_absence(subject) or is_receipt(subject)
    assert parse_mail(write_message(Subject=subject)).text
    with pytest.raises(Skip, match="automatic"):
        parse_mail(write_message(Subject=subject, In_Reply_To="<0@us.example>"))


@pytest.mark.parametrize("subject", PEOPLE)
def test_no_subject_of_a_person_is_a_servers(subject: str) -> None:
    assert not is_response(subject)
    message = write_message(Subject=subject, In_Reply_To="<0@us.example>")
    assert parse_mail(message).text.endswith("It was clean.")


PROGRAMS = {
    "Auto-Submitted with a comment": {"Auto_Submitted": "auto-replied (vacation)"},
    "X-Autoreply-From": {"X_Autoreply_From": "jo@mail.example"},
    "X-Auto-Response": {"X_Auto_Response": "yes"},
    "X-Vacation": {"X_Vacation": "yes"},
    "Precedence": {"Precedence": "auto_replied"},
    "an empty return path": {"Return_Path": "< >"},
    "Hotmail": {"Delivered_To": "Autoresponder"},
    "an autoresponder": {"X_POST_MessageClass": "9; Autoresponder"},
    "vacation": {"X_Mailer": "vacation 1.2"},
    "a newsletter": {"X_CSA_Complaints": "csa@senders.example"},
}
DAEMONS = {
    "Exchange": {"From": f"Outlook <MicrosoftExchange{'0a' * 16}@mail.example>"},
    "Exchange in German": {"From": "postmaster@mail.example", "Subject": "Unzustellbar: Besuch"},
    "Exchange in French": {"From": "postmaster@mail.example", "Subject": "Non remis : Visite"},
    "a delay": {"From": "postmaster@mail.example", "Subject": "Delivery delayed: Visit"},
}
HUMANS = {
    "Auto-Submitted with a comment": {"Auto_Submitted": "no (a person)"},
    "suppressed answers": {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
    "a program": {"X_Mailer": "Apple Mail (2.3774)"},
}


@pytest.mark.parametrize("headers", PROGRAMS.values(), ids=PROGRAMS)
def test_fields_that_only_programs_set(headers: dict[str, str]) -> None:
    with pytest.raises(Skip, match="automatic"):
        parse_mail(write_message(**headers))


@pytest.mark.parametrize("headers", DAEMONS.values(), ids=DAEMONS)
def test_bounces_of_exchange(headers: dict[str, str]) -> None:
    with pytest.raises(Skip, match="a bounce"):
        parse_mail(write_message(**headers))


@pytest.mark.parametrize("headers", HUMANS.values(), ids=HUMANS)
def test_fields_that_people_have_too(headers: dict[str, str]) -> None:
    assert parse_mail(write_message(**headers)).text.endswith("It was clean.")


@pytest.mark.parametrize("kind", ["message", "calendarmessage", "recallmessage", "mdn"])
def test_exchange_names_what_its_programs_write(kind: str) -> None:
    raw = f"Content-Class: urn:content-classes:{kind}\r\n".encode() + write_bytes(b"Fine.", "")
    if kind == "message":
        assert parse_mail(raw).text.endswith("Fine.")
    else:
        with pytest.raises(Skip, match="automatic"):
            parse_mail(raw)


def test_an_invitation_may_be_a_file_of_another_type() -> None:
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR"
    with pytest.raises(Skip, match="automatic"):
        parse_mail(write_bytes(calendar, "application/ics; name=a.ics"))


GROUP = "Complaints <complaints.eastgate.example>"


@pytest.mark.parametrize(
    ("headers", "author"),
    [
        ({"X_Original_From": "Jo <jo@mail.example>"}, PATIENT),
        ({"Cc": "complaints@eastgate.example, Jo <jo@mail.example>"}, PATIENT),
        ({"Reply_To": "complaints@eastgate.example, jo@mail.example"}, PATIENT),
        ({}, "Jo via Complaints"),
    ],
)
def test_a_group_that_writes_in_its_own_name_hides_no_author(
    headers: dict[str, str], author: str
) -> None:
    sender = "Jo via Complaints <complaints@eastgate.example>"
    message = write_message(From=sender, List_Id=GROUP, Precedence="list", **headers)
    record = parse_mail(message, ours=["eastgate.example"])
    assert (record.text, record.author) == ("Ward 4\nIt was clean.", pseudonym(KEY, author))


def test_a_newsletter_of_ones_own_list_is_no_feedback() -> None:
    news = {"From": "News <news@eastgate.example>", "List_Id": "<news.eastgate.example>"}
    with pytest.raises(Skip):
        parse_mail(write_message(**news))


def test_the_footer_of_a_list_is_left_out() -> None:
    rule = "_" * 47
    footer = f"{rule}\nComplaints mailing list -- complaints@eastgate.example\nTo leave, ask us\n"
    record = parse_mail(write_message(f"Cold food.\n\n{footer}", List_Id=GROUP, Subject=""))
    assert record.text == "Cold food."
    assert "signature" in record.attributes["left_out"]
    other = f"Cold food.\n\n{rule}\nNo answer, whatever I asked."
    assert parse_mail(write_message(other, List_Id=GROUP, Subject="")).text == other


@pytest.mark.parametrize(
    ("headers", "author"),
    [
        ({"From": "Family: Pat <pat@home.example>, Al <al@home.example>;"}, "pat@home.example"),
        ({"From": "Lee, Pat <pat@home.example>"}, "pat@home.example"),
        ({"From": "=?utf-8?q?P=C3=A4t=2C_Lee?= <pat@home.example>"}, "pat@home.example"),
        ({"From": '"evil@x.example" <pat@home.example>'}, "pat@home.example"),
        ({"Sender": "pat@home.example", "From": ""}, "pat@home.example"),
    ],
)
def test_the_author_is_the_first_address(headers: dict[str, str], author: str) -> None:
    message = write_message(**headers)
    if not message["From"]:
        del message["From"]
    assert parse_mail(message).author == pseudonym(KEY, author)
