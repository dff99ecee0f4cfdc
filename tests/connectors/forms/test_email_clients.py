"""Mails in the shape of mail programs: what they quote and hide, and their subjects."""

from __future__ import annotations

import pytest

from connectors.sdk.errors import Skip
from tests.support.mails import parse_mail, write_bytes, write_html, write_message

US = "feedback@eastgate.example"
OWN = "I waited nine hours."
QUOTE = "Thank you for coming to us."

HEADS = {
    "Danish, in figures": f"Den 15/11/2026 kl. 09.12 skrev Feedback <{US}>:",
    "Norwegian, Apple": f"Feedback <{US}> skrev 15. november 2026 kl. 09:12:",
    "Finnish, Apple": f"Feedback <{US}> kirjoitti 15.11.2026 kello 9.12:",
    "Czech, Seznam": f"15. 11. 2026 v 9:12, Feedback <{US}>:",
    "Dutch, Apple": f"Op 15 nov 2026 om 09:12 heeft Feedback <{US}> het volgende geschreven:",
    "Italian": f"Il giorno dom 15 nov 2026 alle ore 09:12 Feedback <{US}> ha scritto:",
    "Open-Xchange": f"Feedback <{US}> hat am 15.11.2026 09:12 CET geschrieben:",
    "Yandex": f"15.11.2026, 09:12, Feedback <{US}>:",
    "Mail.ru": f"Воскресенье, 15 ноября 2026, 9:12 +03:00 от Feedback <{US}>:",
    "163": f"At 2026-11-15 09:12:00, Feedback <{US}> wrote:",
    "Naver": f"2026. 11. 15. 오전 9:12, Feedback <{US}> 작성:",
    "Arabic": f"في الأحد، ١٥ نوفمبر ٢٠٢٦ في ٩:١٢ ص كتب Feedback <{US}>:",
    "Thai": f"ในวันที่ อา. 15 พ.ย. 2569 เวลา 09:12 Feedback <{US}> เขียนว่า:",
    "Vietnamese": f"Vào CN, 15 thg 11, 2026 vào lúc 09:12 Feedback <{US}> đã viết:",
    "Evolution": f"On Sun, 2026-11-15 at 09:12 +0000, Feedback <{US}> wrote:",
}
MARKED_HEADS = {
    "Czech, with spaces and two figures of the year": "Dne 15. 11. 26 v 9:12 Feedback napsal(a):",
    "without a colon": f"On Sunday 15 November 2026 Feedback <{US}> wrote",
    "Zoho": f"---- On Sun, 15 Nov 2026 09:12:00 +0000 Feedback <{US}> wrote ---",
    "Horde": f"Zitat von Feedback <{US}>:",
    "Lotus Notes": "Feedback/EASTGATE schrieb am 15.11.2026 09:12:00:",
}


@pytest.mark.parametrize("head", [*HEADS.values(), *MARKED_HEADS.values()])
def test_the_line_above_marked_lines_is_of_the_quote(head: str) -> None:
    text = f"{OWN}\n\n{head}\n\n> {QUOTE}\n> Goodbye\n\nAnd cold."
    assert parse_mail(write_message(text, Subject="Re: Visit")).text == f"{OWN}\n\nAnd cold."


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_an_address_and_a_date_above_unmarked_lines_are_a_head_in_a_reply(head: str) -> None:
    text = f"{OWN}\n\n{head}\n\n{QUOTE}"
    assert parse_mail(write_message(text, Subject="Re: Visit")).text == OWN
    assert QUOTE in parse_mail(write_message(text, Subject="Visit")).text


def test_a_line_that_a_person_can_write_cuts_nothing_and_is_said() -> None:
    for head in (
        "On Sunday, 15 November 2026 at 09:12, Us wrote:",
        "On 12/11/2026 at 09:30 the doctor wrote:",
    ):
        text = f"{OWN}\n\n{head}\n\nDischarge today."
        record = parse_mail(write_message(text, Subject="Re: Visit"))
        assert record.text == text
        assert record.attributes["may_quote"] == "yes"
    assert "may_quote" not in parse_mail(write_message(OWN, Subject="Re: Visit")).attributes


FIELDS = f"From: Us <{US}>\nSent: 15 November 2026 09:12\nTo: Jo\nSubject: Visit\n"


@pytest.mark.parametrize("rule", ["", "-----Original Message-----\n", "_" * 32 + "\n"])
def test_words_below_a_head_at_the_very_top_are_kept_and_said(rule: str) -> None:
    text = f"\n{rule}{FIELDS}\n{QUOTE}\n\nMy drip ran dry."
    record = parse_mail(write_message(text, Subject="Re: Visit"))
    assert record.text == f"{QUOTE}\n\nMy drip ran dry."
    assert record.attributes["may_quote"] == "yes"
    html = f"<div id=divRplyFwdMsg>{FIELDS.replace(chr(10), '<br>')}</div><p>{OWN}</p>"
    shown = parse_mail(write_html(html.replace("<feed", "&lt;feed"), Subject="Re: Visit"))
    assert (shown.text, shown.attributes["may_quote"]) == (OWN, "yes")
    marked = f"{rule}{FIELDS}\n> {QUOTE}\n\nMy drip ran dry."
    certain = parse_mail(write_message(marked, Subject="Re: Visit"))
    assert certain.text == "My drip ran dry."
    assert "may_quote" not in certain.attributes


def test_words_below_a_marked_quote_are_kept_whatever_head_it_has() -> None:
    text = (
        f"{OWN}\n\n-----Original Message-----\n{FIELDS}\n> {QUOTE}\n> Goodbye\n\nMy drip ran dry."
    )
    record = parse_mail(write_message(text, Subject="Re: Visit"))
    assert record.text == f"{OWN}\n\nMy drip ran dry."
    html = (
        f"<p>{OWN}</p><hr><div id=divRplyFwdMsg></div><blockquote>{QUOTE}</blockquote><p>Cold.</p>"
    )
    assert parse_mail(write_html(html, Subject="Re: Visit")).text == f"{OWN}\nCold."


def test_a_dated_sentence_above_a_whole_head_is_the_writers() -> None:
    own = "At 10:30 on 12/11/2026 nobody came"
    head = f"<div>15.11.2026, 12:12, Us &lt;{US}&gt;:</div>"
    html = f"<div>{own}</div>{head}<blockquote>{QUOTE}</blockquote>"
    assert parse_mail(write_html(html, Subject="Re: Visit")).text == own


def test_a_comparison_is_no_quote() -> None:
    text = f"His temperature was\n>39 for three days.\n\nOn 15/11/2026 09:12, Us wrote:\n> {QUOTE}"
    record = parse_mail(write_message(text, Subject="Re: Visit"))
    assert record.text == "His temperature was\n>39 for three days."
    quoted = "Was it clean?\n> 3 of us asked.\n> Were you told?\nNo."
    assert parse_mail(write_message(quoted, Subject="Re: Visit")).text == "Was it clean?\nNo."


@pytest.mark.parametrize(
    "details",
    [
        "Email: jo.bloggs@work.example\nDate of visit: 12/11/2026\nWard: 4",
        "Datum: 12.11.2026 10:00\nE-Mail: jo.bloggs@work.example\nStation: 4",
    ],
)
def test_a_persons_own_details_are_no_head_of_a_message(details: str) -> None:
    text = f"My details\n\n{details}\n\nMy father fell."
    assert parse_mail(write_message(text, Subject="Re: Visit")).text == text


FROM = (
    f"<b>From:</b> Feedback &lt;{US}&gt;<br><b>Sent:</b> Sunday, 15 November 2026 09:12<br>"
    "<b>To:</b> Jo &lt;jo@mail.example&gt;<br><b>Subject:</b> Visit"
)
PROGRAMS = {
    "Outlook for phones": '<div>{own}</div><div id="ms-outlook-mobile-signature">Holen Sie sich '
    '<a href=x>Outlook für iOS</a></div><hr><div id="divRplyFwdMsg">{head}</div><div>{quote}</div>',
    "GMX": '<div>{own}</div><div name="quote" style="border-left:2px solid"><div><b>Gesendet:</b> '
    "Sonntag<br><b>Von:</b> Us</div><div name=quoted-content>{quote}</div></div>",
    "Zoho": "<div>{own}</div><div id=Zm-_Id_-Sgn>Jo</div><div class=zmail_extra><div>---- On Sun, "
    f"15 Nov 2026 09:12:00 +0000 <b>Us &lt;{US}&gt;</b> wrote ---</div>"
    "<blockquote id=blockquote_zmail>{quote}</blockquote></div>",
    "Lotus Notes": f"<p>{{own}}</p><table><tr><td>Von:</td><td>Us &lt;{US}&gt;</td></tr><tr><td>An:"
    "</td><td>Jo</td></tr><tr><td>Datum:</td><td>15.11.2026 09:12</td></tr><tr><td>Betreff:</td>"
    "<td>Visit</td></tr></table><hr>{quote}",
    "Spark": "<div name=messageBodySection>{own}</div><div name=messageSignatureSection>Jo Bloggs"
    '</div><div name=messageReplySection>On 15 Nov 2026, Us wrote:<br><blockquote type="cite" '
    "class=spark_quote>{quote}</blockquote></div>",
    "Yahoo for phones": "{own}<br><br><a href=x>Sent from Yahoo Mail for iPhone</a><br><br>"
    "<p class=yahoo-quoted-begin>On Sunday, Us wrote:</p><blockquote class=iosymail>{quote}"
    "</blockquote>",
    "Samsung": "<div>{own}</div><div id=composer_signature>Sent from my Galaxy</div><div>-------- "
    "Original message --------</div><div>{head}</div>{quote}",
    "Zimbra": "<div>{own}</div><hr id=zwchr><div data-marker=__HEADERS__>{head}</div><div>{quote}"
    "</div>",
    "QQ": "<div>{own}</div><div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>"
    f"<b>发件人:</b>&nbsp;Us &lt;{US}&gt;</div><div><b>发送时间:</b>&nbsp;2026年11月15日 上午9:12"
    "</div><div><b>收件人:</b>&nbsp;Jo</div><div>{quote}</div>",
    "preview": '<div style="display:none;max-height:0">{quote}</div><p>{own}</p>',
}


@pytest.mark.parametrize("html", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("subject", ["Re: Visit", "Antwort: Visit", "[#4711] AW: Visit"])
def test_html_of_mail_programs_says_whose_words_it_holds(html: str, subject: str) -> None:
    page = html.format(own=OWN, quote=QUOTE, head=FROM)
    assert parse_mail(write_html(page, Subject=subject)).text == OWN


HIDDEN = {
    "display": '<div style="color:red; DISPLAY : none !important">{}</div>',
    "visibility": '<p style="visibility:hidden">{}</p>',
    "attribute": '<div id="x" hidden>{}</div>',
    "row": '<table><tr style="display:none"><td>{}</td></tr></table>',
    "inside a quote": '<blockquote type="cite"><i style="display:none">{}</i></blockquote>',
}
SHOWN = {
    "title": '<p title="hidden">{}</p>',
    "data": "<p data-hidden>{}</p>",
    "overflow": '<p style="overflow:hidden">{}</p>',
    "variable": '<p style="--display:none-such">{}</p>',
    "never closed": '<p style="display:none">{}',
}


@pytest.mark.parametrize("html", HIDDEN.values(), ids=HIDDEN)
def test_words_that_no_program_shows_are_left_out_and_counted(html: str) -> None:
    record = parse_mail(write_html(f"{html.format('A preview')}<p>{OWN}</p>", Subject=""))
    assert record.text == OWN
    assert "hidden: 8 letters" in record.attributes["left_out"]
    alone = parse_mail(write_html(html.format(OWN), Subject=""))
    assert alone.text == OWN


@pytest.mark.parametrize("html", SHOWN.values(), ids=SHOWN)
def test_words_that_programs_show_are_kept(html: str) -> None:
    page = f"<p>{OWN}</p>" + html.format("And cold.")
    assert parse_mail(write_html(page, Subject="")).text == f"{OWN}\nAnd cold."


SUBJECTS = {
    "Antwort: Visit": "",
    "Odp.: Visit": "",
    "RÉP : Visit": "",
    "회신: Visit": "",
    "תשובה: Visit": "",
    "[#12345] Re: Visit": "",
    "[complaints] Fwd: Visit": "",
    "(EXT) RE: Visit": "",
    "(EXT) Food": "Food",
    "{Spam?} Food": "Food",
    "Ref: my complaint of May": "Ref: my complaint of May",
    "[urgent] Food": "[urgent] Food",
}


@pytest.mark.parametrize(("subject", "shown"), SUBJECTS.items(), ids=SUBJECTS)
def test_the_subject_of_another_mail_is_left_out_and_counted(subject: str, shown: str) -> None:
    record = parse_mail(write_message("Cold.", Subject=subject))
    assert record.text == f"{shown}\nCold.".strip()
    is_counted = "subject: 5 letters" in record.attributes.get("left_out", "")
    assert is_counted == (not shown)


def test_the_prefix_of_a_forward_in_one_language_is_that_of_a_reply_in_another() -> None:
    text = f"Fra: Pat\nSendt: 15. november 2026 09:12\nTil: Ward 4\nEmne: Terrible\n\n{OWN}"
    staff = write_message(text, From="ward4@eastgate.example", Subject="VS: Terrible")
    assert parse_mail(staff, ours=["eastgate.example"]).text == f"Terrible\n{OWN}"
    reply = write_message(f"{OWN}\n\n{FIELDS}\n{QUOTE}", Subject="VS: Visit")
    assert parse_mail(reply).text == OWN


@pytest.mark.parametrize("date", ["2026-11-20T09:00:00Z", "2026-11-20 10:00:00 +0100"])
def test_a_date_of_iso_8601_dates_a_mail(date: str) -> None:
    raw = write_message().as_bytes().replace(b"Fri, 20 Nov 2026 10:00:00 +0100", date.encode())
    record = parse_mail(raw)
    assert record.created_at.isoformat() == "2026-11-20T09:00:00+00:00"
    assert "dated_by" not in record.attributes


def test_hostile_mails_are_read_or_dead_letters() -> None:
    texts = (
        *("-----BEGIN PGP MESSAGE-----\n" * 2_000, "begin 644 a\n#0V%T\n" * 2_000),
        *("On 15/11/2026 09:12, x wrote:\n" * 2_000, ">" * 50_000),
    )
    pages = (
        *('<div style="display:none">' * 3_000, "<i hidden>" * 3_000),
        '<p style="display:none" ' + "hidden' " * 3_000 + ">x",
    )
    mails = [
        *(write_message(f"Cold.\n{text}", Subject="Re: Visit").as_bytes() for text in texts),
        *(write_html(f"<p>Cold.</p>{page}") for page in pages),
        write_bytes(b"<param>" * 5_000 + b"\n\nCold.", "text/enriched"),
        write_bytes(b"Cold.", "text/plain; " + "; ".join(f"x*{n}=a" for n in range(2_000))),
    ]
    for raw in mails:
        try:
            assert "Cold." in parse_mail(raw).text
        except Skip:
            pytest.fail("words are lost")
