"""Who wrote a mail, when, and which mails are the same one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from connectors.sdk.errors import Skip
from connectors.sdk.pseudonyms import pseudonym
from tests.support.mails import (
    CAME,
    KEY,
    PATIENT,
    parse_mail,
    write_bytes,
    write_html,
    write_message,
)

US = "feedback@eastgate.example"
AUTOMATIC = {
    "RFC 3834": {"Auto_Submitted": "auto-replied"},
    "RFC 3834, generated": {"Auto_Submitted": "auto-generated; owner-email=x@y.example"},
    "Exchange without headers": {"Subject": "Automatic reply: Your feedback"},
    "Exchange in German": {"Subject": "Automatische Antwort: Ihr Besuch"},
    "Exchange in Polish": {"Subject": "Odpowiedź automatyczna: Wizyta"},
    "an absence in a reply": {
        "Subject": "Out of Office: Your visit",
        "In_Reply_To": "<0@us.example>",
    },
    "X-Autoreply": {"X_Autoreply": "yes"},
    "X-Autorespond": {"X_Autorespond": "Re: visit"},
    "Precedence": {"Precedence": "auto_reply"},
    "Precedence with a hyphen": {"Precedence": "auto-reply"},
    "bulk": {"Precedence": "bulk"},
    "junk": {"Precedence": "junk"},
    "a list": {"List_Id": "<news.shop.example>"},
    "a newsletter": {"List_Unsubscribe": "<mailto:off@shop.example>", "X_Spam_Flag": "YES"},
    "no return path": {"Return_Path": "<>"},
}
BOUNCES = {
    "a daemon": {"From": "MAILER-DAEMON@mail.example"},
    "a daemon without an address": {"From": "MAILER-DAEMON <>"},
    "a daemon with a name only": {"From": "Mailer-Daemon"},
    "a system without an address": {
        "From": "Mail Delivery System <>",
        "Subject": "Mail delivery failed: returning message to sender",
    },
    "Exim": {"X_Failed_Recipients": "a@mail.example"},
    "a postmaster": {"From": "postmaster@mail.example", "Subject": "Undeliverable: Your visit"},
}
PEOPLE = {
    "asks for no answer": {"X_Auto_Response_Suppress": "OOF"},
    "says no": {"Auto_Submitted": "no"},
    "says no too": {"X_Autoreply": "no"},
    "nobody in the office": {"Subject": "Out of office: nobody answered for three days"},
    "about an automatic reply": {"Subject": "Automatic replies are no help"},
    "a postmaster": {"From": "postmaster@mail.example"},
    "a return path": {"Return_Path": "<jo@mail.example>"},
    "marked as spam": {"X_Spam_Flag": "YES"},
    "our group": {"List_Id": "<complaints.eastgate.example>", "Precedence": "list"},
    "our group in the name of its author": {
        "From": "Jo via Complaints <complaints@eastgate.example>",
        "Reply_To": PATIENT,
        "List_Id": "Complaints <complaints.eastgate.example>",
    },
}


@pytest.mark.parametrize("headers", AUTOMATIC.values(), ids=AUTOMATIC)
def test_leaves_out_what_programs_sent_unless_told_to_keep_it(headers: dict[str, str]) -> None:
    with pytest.raises(Skip, match="automatic or bulk"):
        parse_mail(write_message(**headers))
    assert parse_mail(write_message(**headers), keep_automatic=True).text.endswith("It was clean.")


@pytest.mark.parametrize("headers", BOUNCES.values(), ids=BOUNCES)
def test_leaves_out_bounces(headers: dict[str, str]) -> None:
    with pytest.raises(Skip, match="a bounce"):
        parse_mail(write_message(**headers), keep_automatic=True)


def test_leaves_out_reports_and_answers_to_invitations() -> None:
    body = (
        b"--e\r\n\r\nDelivery failed.\r\n--e\r\nContent-Type: message/delivery-status\r\n\r\n--e--"
    )
    report = write_bytes(body, "multipart/report; report-type=delivery-status; boundary=e")
    mixed = write_bytes(body, "multipart/mixed; boundary=e")
    for bounce in (report, mixed):
        with pytest.raises(Skip, match="a bounce"):
            parse_mail(bounce, keep_automatic=True)
    for calendar, kind in (
        ("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR", "text/calendar"),
        ("BEGIN:VCALENDAR\r\nEND:VCALENDAR", "text/calendar; method=REQUEST"),
    ):
        answer = write_message("Jo has accepted.", Subject="Accepted: Meeting")
        answer.add_alternative(calendar, subtype="calendar")
        part = answer.get_payload(1)
        assert isinstance(part, EmailMessage)
        part.replace_header("Content-Type", kind)
        with pytest.raises(Skip, match="automatic"):
            parse_mail(answer)


def test_a_person_may_attach_a_calendar() -> None:
    message = write_message("You forgot this appointment.", Subject="")
    message.add_attachment("METHOD:REQUEST", subtype="calendar", filename="visit.ics")
    assert parse_mail(message).text == "You forgot this appointment."


@pytest.mark.parametrize("headers", PEOPLE.values(), ids=PEOPLE)
def test_no_rule_leaves_out_what_a_person_wrote(headers: dict[str, str]) -> None:
    assert parse_mail(write_message(**headers)).text.endswith("It was clean.")


def test_a_list_is_ours_if_the_settings_say_so() -> None:
    headers = {"List_Id": "Group <voices.groups.example>", "Precedence": "list"}
    for name in ("voices.groups.example", "groups.example"):
        assert parse_mail(write_message(**headers), own_lists=[name]).text
    with pytest.raises(Skip):
        parse_mail(
            write_message(**headers, Auto_Submitted="auto-replied"), own_lists=["groups.example"]
        )
    with pytest.raises(Skip):
        parse_mail(write_message(**headers), own_lists=["other.example"])
    own_news = {"From": "news@eastgate.example", "List_Id": "<staff.eastgate.example>"}
    with pytest.raises(Skip):
        parse_mail(write_message(**own_news))


def test_leaves_out_our_own_mail_and_empty_mail() -> None:
    for message, settings in (
        (write_message(From="Nurse <nurse@us.example>"), {"ours": ["US.example"]}),
        (write_message("> quoted only", Subject="Re: hello"), {}),
        (write_message("", Subject=""), {}),
    ):
        with pytest.raises(Skip):
            parse_mail(message, **settings)


def author(name: str) -> str | None:
    return pseudonym(KEY, name)


def test_the_author_is_whom_one_replies_to() -> None:
    form = {"From": "Web site <noreply@eastgate.example>", "Reply_To": "Pat <Pat@home.example>"}
    for settings in ({}, {"ours": ["eastgate.example"]}):
        assert parse_mail(write_message(**form), **settings).author == author("pat@home.example")
    ours = write_message(Reply_To=US)
    assert parse_mail(ours, ours=["eastgate.example"]).author == author(PATIENT)
    listed = write_message(
        Reply_To="voices@groups.example", List_Post="<mailto:voices@groups.example>"
    )
    assert parse_mail(listed, own_lists=["groups.example"]).author == author(PATIENT)


FORWARDS = {
    "Gmail": """\
---------- Forwarded message ---------
From: Pat Lee <pat@home.example>
Date: Sun, 15 Nov 2026 at 09:12
Subject: Terrible
To: <ward4@eastgate.example>

I waited.
""",
    "Outlook": """
________________________________
From: Pat Lee <pat@home.example>
Sent: Sunday, November 15, 2026 9:12 AM
To: Ward 4
Subject: Terrible

I waited.

Kind regards
Pat
""",
    "Outlook, plain": """\
-----Original Message-----
From: Pat Lee [mailto:pat@home.example]
Sent: 15 November 2026 09:12
To: Ward 4
Subject: Terrible

I waited.
""",
    "Apple": """
Begin forwarded message:

> From: Pat Lee <pat@home.example>
> Subject: Terrible
> Date: 15 November 2026 at 09:12:00 GMT
> To: ward4@eastgate.example
>
> I waited.
""",
    "Polish": """\
---------- Forwarded message ---------
Od: Pat Lee <pat@home.example>
Date: niedz., 15 lis 2026 o 09:12
Temat: Terrible
Do: <ward4@eastgate.example>

I waited.
""",
    "German": """\
-------- Weitergeleitete Nachricht --------
Betreff: \tTerrible
Datum: \tSun, 15 Nov 2026 09:12:00 +0000
Von: \tPat Lee <pat@home.example>
An: \tward4@eastgate.example

I waited.
""",
    "Japanese": """\
差出人: Pat Lee <pat@home.example>
送信日時: 2026年11月15日 9:12
宛先: Ward 4
件名: Terrible

I waited.
""",
}


@pytest.mark.parametrize("text", FORWARDS.values(), ids=FORWARDS)
@pytest.mark.parametrize("note", ["", "FYI, please deal with it.\n\n"])
def test_forwarded_words_are_those_of_their_author(text: str, note: str) -> None:
    headers = {"From": "Ward 4 <ward4@eastgate.example>", "Subject": "Fwd: Terrible"}
    headers["Date"] = "Mon, 16 Nov 2026 10:00:00 +0000"
    record = parse_mail(write_message(note + text, **headers), ours=["eastgate.example"])
    assert record.text == "Terrible\nI waited."
    assert record.author == author("pat@home.example")
    assert record.created_at == datetime(2026, 11, 15, 9, 12, tzinfo=UTC)
    assert record.attributes["forwarded"] == "yes"
    assert ("note" in record.attributes.get("left_out", "")) == bool(note)


def test_forwarded_html_and_attached_mails_are_read() -> None:
    headers = {"From": "ward4@eastgate.example", "Subject": "FW: Terrible"}
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">------ Forwarded message ------<br>'
        "From: <b>Pat</b> &lt;pat@home.example&gt;<br>Date: Sun, 15 Nov 2026 at 09:12<br>Subject: "
        "Terrible<br>To: &lt;ward4@eastgate.example&gt;<br></div><br><p>I waited.</p></div>"
    )
    cited = (
        "<div>Begin forwarded message:</div><blockquote type=cite><div><b>From:</b> Pat &lt;"
        "pat@home.example&gt;</div><div><b>Subject:</b> Terrible</div><div><b>Date:</b> 15 "
        "November 2026 at 09:12 GMT</div><div><b>To:</b> w@eastgate.example</div>"
        "<p>I waited.</p></blockquote>"
    )
    inner = write_message("I waited.", From="pat@home.example", Subject="Terrible")
    bare, noted = (write_message(note, **headers) for note in ("", "Please deal with it."))
    for outer in (bare, noted):
        outer.add_attachment(inner)
    for message in (write_html(html, **headers), write_html(cited, **headers), bare, noted):
        record = parse_mail(message, ours=["eastgate.example"])
        assert record.text == "Terrible\nI waited."
        assert record.author == author("pat@home.example")


def test_people_at_the_mailboxs_provider_are_not_the_organization() -> None:
    forward = FORWARDS["Gmail"].replace("home.example", "provider.example")
    for sender in (PATIENT, "ann@provider.example"):
        message = write_message("See this.\n\n" + forward, From=sender, Subject="Fwd: Terrible")
        record = parse_mail(message, user="feedback@provider.example")
        assert record.text.split() == ["Terrible", "See", "this.", "I", "waited."]


def test_a_note_of_a_person_stays_with_what_they_forward() -> None:
    text = "My mother wrote this.\n\n" + FORWARDS["Gmail"]
    record = parse_mail(write_message(text, Subject="Fwd: Terrible"))
    assert record.text.split() == ["Terrible", "My", "mother", "wrote", "this.", "I", "waited."]
    ours = text.replace("pat@home.example", US).replace("I waited.", "Thank you for coming.")
    record = parse_mail(write_message(ours, Subject="Fwd: Terrible"), ours=["eastgate.example"])
    assert record.text == "My mother wrote this."
    assert record.author == author(PATIENT)


def test_a_reply_to_a_forwarded_mail_is_its_writers() -> None:
    quoted = "".join(f"> {line}\n" for line in FORWARDS["Gmail"].splitlines())
    text = f"It was worse for me.\n\nOn 16 Nov 2026 at 10:00, Us <{US}> wrote:\n{quoted}"
    record = parse_mail(write_message(text, Subject="Re: Fwd: Terrible"))
    assert (record.text, record.author) == ("It was worse for me.", author(PATIENT))


def test_a_warning_above_a_forward_is_no_note() -> None:
    banner = "CAUTION: this e-mail is from outside. Open no links or attachments.\n\n"
    record = parse_mail(write_message(banner + FORWARDS["Outlook"], Subject="FW: Terrible"))
    assert record.text == "Terrible\nI waited."


def test_a_sender_that_cannot_be_read_costs_the_author_alone() -> None:
    raw = write_message().as_bytes().replace(b"jo@mail.example\n", b"(" * 5_000 + b"\n", 1)
    assert parse_mail(raw).text == "Ward 4\nIt was clean."


def test_a_date_that_is_not_certain_is_that_of_the_forward() -> None:
    text = FORWARDS["Gmail"].replace("Sun, 15 Nov 2026 at 09:12", "03/04/2026 09:12")
    record = parse_mail(write_message(text, Subject="Fwd: Terrible"))
    assert record.created_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


def native_id(message: EmailMessage | bytes, came: datetime = CAME) -> str:
    return parse_mail(message, came).native_id


def test_an_id_is_of_one_mail_and_shows_nothing_of_it() -> None:
    message = write_message(Message_ID="<20261120.jo.bloggs@mail.example>")
    found = native_id(message)
    assert found == native_id(message, datetime(2026, 11, 24, tzinfo=UTC))
    assert "jo" not in found and "@" not in found and "mail" not in found
    others = [
        write_message("Other words.", Message_ID="<20261120.jo.bloggs@mail.example>"),
        write_message(Message_ID="<2@mail.example>"),
        write_message(
            Message_ID="<20261120.jo.bloggs@mail.example>", Date="Fri, 20 Nov 2026 11:00:00 +0100"
        ),
    ]
    assert len({found, *map(native_id, others)}) == 4
    again = write_bytes(
        b"It  was\r\nclean.", "text/plain", Message_ID="<20261120.jo.bloggs@mail.example>"
    )
    assert native_id(again) == found


def test_mails_without_id_and_date_differ_by_their_words_and_arrival() -> None:
    first, second = (write_message(text, Message_ID="", Date="") for text in ("He fell.", "Cold."))
    for message in (first, second):
        for name in ("Message-ID", "Date"):
            del message[name]
    later = datetime(2026, 11, 21, tzinfo=UTC)
    assert native_id(first) == native_id(first)
    assert len({native_id(first), native_id(second), native_id(first, later)}) == 3


TRACE = "from a.example by b.example with ESMTP id 7; Fri, 20 Nov 2026 09:00:30 +0000"
OLD_TRACE = "from a.example by b.example; Fri, 3 Nov 2023 09:00:30 +0000"


@pytest.mark.parametrize(
    ("date", "trace", "expected"),
    [
        ("Tue, 16 Nov 1999 10:00:00 +0000", "", CAME),
        ("Tue, 16 Nov 1999 10:00:00 +0000", TRACE, datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)),
        ("Fri, 20 Nov 2037 10:00:00 +0000", TRACE, datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)),
        ("Fri, 20 Nov 2037 10:00:00 +0000", "", CAME),
        ("Mon, 01 Jun 2026 10:00:00 +0000", TRACE, datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)),
        ("Fri, 3 Nov 2023 08:00:00 +0000", OLD_TRACE, datetime(2023, 11, 3, 8, tzinfo=UTC)),
        ("Wed, 18 Nov 2026 08:00:00 +0000", TRACE, datetime(2026, 11, 18, 8, tzinfo=UTC)),
        ("", "", CAME),
        ("yesterday", "", CAME),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "by b.example; nonsense", CAME),
    ],
)
def test_a_clock_that_is_off_dates_no_mail(date: str, trace: str, expected: datetime) -> None:
    raw = write_message().as_bytes().replace(b"Fri, 20 Nov 2026 10:00:00 +0100", date.encode())
    raw = f"Received: {trace}\n".encode() + raw if trace else raw
    record = parse_mail(raw)
    assert record.created_at == expected
    is_arrival = expected in (CAME, datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC))
    assert ("dated_by" in record.attributes) == is_arrival
