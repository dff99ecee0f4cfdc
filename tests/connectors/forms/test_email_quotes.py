"""Whose words a mail holds: the writer's are kept, and what is marked as a quote is left out."""

from __future__ import annotations

import pytest

from connectors.forms.email.reply_parser import strip_quoted_text
from connectors.sdk.errors import Skip
from tests.support.mails import parse_mail, write_html, write_message

ADDRESS = "feedback@eastgate.example"
HEADS = {
    "English": f"On Sun, 15 Nov 2026 at 09:12, Feedback <{ADDRESS}> wrote:",
    "English in two lines": f"On Sun, Nov 15, 2026 at 9:12 AM Feedback Team\n<{ADDRESS}> wrote:",
    "English without an address": "On 15/11/2026 09:12, Feedback Team wrote:",
    "German": f"Am So., 15. Nov. 2026 um 09:12 Uhr schrieb Feedback <{ADDRESS}>:",
    "French": f"Le dim. 15 nov. 2026 à 09:12, Feedback <{ADDRESS}> a écrit :",
    "Spanish": f"El dom, 15 nov 2026 a las 9:12, Feedback (<{ADDRESS}>) escribió:",
    "Danish": f"Den søn. 15. nov. 2026 kl. 09.12 skrev Feedback <{ADDRESS}>:",
    "Norwegian": f"søn. 15. nov. 2026 kl. 09:12 skrev Feedback <{ADDRESS}>:",
    "Swedish": f"Den sön 15 nov. 2026 kl 09:12 skrev Feedback <{ADDRESS}>:",
    "Finnish": f"su 15. marrask. 2026 klo 9.12 Feedback ({ADDRESS}) kirjoitti:",
    "Czech": f"ne 15. 11. 2026 v 9:12 odesílatel Feedback <{ADDRESS}> napsal:",
    "Polish": f"niedz., 15 lis 2026 o 09:12 Feedback <{ADDRESS}> napisał(a):",
    "Portuguese": f"Em dom., 15 de nov. de 2026 às 09:12, Feedback <{ADDRESS}> escreveu:",
    "Turkish": f"Feedback <{ADDRESS}>, 15 Kas 2026 Paz, 09:12 tarihinde şunu yazdı:",
    "Japanese": f"2026年11月15日(日) 9:12 Feedback <{ADDRESS}>:",
    "Japanese, Apple": f"2026/11/15 9:12、Feedback <{ADDRESS}>のメール:",
    "Chinese": f"Feedback <{ADDRESS}> 于2026年11月15日周日 09:12写道：",
    "Korean": f"2026년 11월 15일 (일) 오전 9:12, Feedback <{ADDRESS}>님이 작성:",
    "Russian": f"вс, 15 нояб. 2026 г. в 09:12, Feedback <{ADDRESS}>:",
    "Greek": f"Στις Κυρ 15 Νοε 2026 στις 9:12 π.μ., ο χρήστης Feedback <{ADDRESS}> έγραψε:",
    "Hebrew": "\u200fבתאריך יום א׳, 15 בנוב׳ 2026 ב-9:12 מאת "
    f"\u202aFeedback\u202c\u200f <\u202a{ADDRESS}\u202c\u200f>:\u200f",
    "Hungarian": f"Feedback <{ADDRESS}> ezt írta (időpont: 2026. nov. 15., V, 9:12):",
    "Welsh": f"Ar Sul, 15 Tach 2026 am 09:12 ysgrifennodd Feedback <{ADDRESS}>:",
}
BLOCKS = {
    "English": ("From", "Sent", "To", "Subject", "Sunday, November 15, 2026 9:12 AM"),
    "Polish": ("Od", "Wysłano", "Do", "Temat", "niedziela, 15 listopada 2026 09:12"),
    "Danish": ("Fra", "Sendt", "Til", "Emne", "15. november 2026 09:12"),
    "Swedish": ("Från", "Skickat", "Till", "Ämne", "den 15 november 2026 09:12"),
    "Finnish": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe", "15. marraskuuta 2026 9.12"),
    "Czech": ("Od", "Odesláno", "Komu", "Předmět", "neděle 15. listopadu 2026 9:12"),
    "Portuguese": ("De", "Enviada em", "Para", "Assunto", "15 de novembro de 2026 09:12"),
    "Turkish": ("Kimden", "Gönderilme", "Kime", "Konu", "15 Kasım 2026 Pazar 09:12"),
    "Japanese": ("差出人", "送信日時", "宛先", "件名", "2026年11月15日 9:12"),
    "Russian": ("От", "Отправлено", "Кому", "Тема", "15 ноября 2026 г. 9:12"),
    "Hungarian": ("Feladó", "Elküldve", "Címzett", "Tárgy", "2026. november 15. 9:12"),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_line_above_a_quote_needs_no_language(head: str) -> None:
    quoted = f"Nine hours.\n\n{head}\n\n> How was it?\n> Kind regards\n"
    html = head.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    rich = f"<p>Nine hours.</p><div>{html}</div><blockquote>How was it?</blockquote>"
    for subject in ("Re: How was it?", "Complaint"):
        record = parse_mail(write_message(quoted, Subject=subject))
        assert record.text.removeprefix("Complaint\n") == "Nine hours."
        assert "quote" in record.attributes["left_out"]
        shown = parse_mail(write_html(rich, Subject=subject))
        assert shown.text.removeprefix("Complaint\n") == "Nine hours."


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
@pytest.mark.parametrize("rule", ["", "________________________________\n"])
def test_a_block_of_header_lines_needs_no_language(block: tuple[str, ...], rule: str) -> None:
    *_, date = block
    colon = "：" if block[0] == "差出人" else ": "
    head = [f"Feedback <{ADDRESS}>", date, "Jo Bloggs", "How was it?"]
    lines = [f"{name}{colon}{value}" for name, value in zip(block[:4], head, strict=True)]
    text = f"Nine hours.\n\n{rule}" + "\n".join(lines) + "\n\nDear Jo,\nhow was your visit?\n"
    assert parse_mail(write_message(text, Subject="Re: Other")).text == "Nine hours."
    named = text.replace(f"Feedback <{ADDRESS}>", "Feedback Team")
    assert parse_mail(write_message(named, Subject="Re: How was it?")).text == "Nine hours."
    assert parse_mail(write_message(named, In_Reply_To="<0@us.example>", Subject="")).text == (
        "Nine hours."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("On 15/11/2026 09:12, Us <f@us.example> wrote:\n> How was it?\n\nMy drip ran dry.", None),
        ("Hello,\n\n> Was it clean?\nNo, it was not.\n> Were you told?\nNobody told me.", None),
        ("> Was it clean?\n\nNo.\n\n> Were you told?\n> At any time?\n\nNever.\n-- \nJo", None),
        (
            "Top.\n-- \nJo Bloggs\n\nOn 1 Nov 2026 at 10:00, Us wrote:\n> Clean?\nIt was dirty.",
            None,
        ),
        ("> > Two levels\n> and one\nI waited.", None),
    ],
)
def test_answers_below_and_between_quotes_are_the_writers(text: str, expected: str | None) -> None:
    record = parse_mail(write_message(text, Subject="Re: How was it?"))
    own = [
        line
        for line in text.splitlines()
        if line and not line.startswith((">", "On ", "-- ")) and not line.startswith("Jo")
    ]
    assert record.text.split() == " ".join(own).split()


LETTERS = {
    "a formal letter": "To: The Complaints Manager\nFrom: Mrs J Bloggs\nDate: 12 November 2026\n"
    "Subject: My late father\n\nDear Sir,\n\nhe fell.",
    "a letter with addresses": f"To: {ADDRESS}\nFrom: jo@mail.example\nDate: 12 November 2026\n\n"
    "Dear Sir,\n\nhe fell.",
    "facts as a list": "These are the facts.\nDate: 12/11/2026\nTo: Ward 4\nFrom: Emergency\n"
    "My father waited nine hours.",
    "details with an address": "My details.\n\nName: Jo Bloggs\nE-mail: jo.b@home.example\n"
    "Date of visit: 12/11/2026 09:30\nWard: 4\n\nMy father waited.",
    "a form": "Name: Jo\nEmail: other@home.example\nDate: 12/11/2026 10:00\nMessage: He fell.",
    "what the nurse wrote": "On Monday I waited.\nThe nurse wrote:\ncome back\nI came back.",
    "two hyphens": "First, I waited.\n--\nSecond, the food was cold.",
    "hyphens as a divider": "First.\n---------------\nSecond.\n\n----- PART TWO -----\n\nThird.",
    "a long text below two hyphens and a space": "First.\n-- \n" + "Then I waited again.\n" * 40,
    "a list with angles": "> waited nine hours\n> food was cold",
    "a question in their own words": "You asked on 15/11/2026:\nwas it clean?\nNo.",
    "a way to come": "Sent from the ward to A&E and back again twice",
    "confidential": "I received your message in error: it is confidential and about another "
    "patient.",
    "below the greeting": "Nice staff\n\nMany thanks\nps the food was cold and the tea too",
}


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
def test_what_looks_like_a_quote_is_the_writers(letter: str) -> None:
    record = parse_mail(write_message(letter, Subject="Complaint"))
    assert record.text.split() == ["Complaint", *letter.split()]
    assert "left_out" not in record.attributes


@pytest.mark.parametrize("above", ["", "Please see my letter.\n\n"])
def test_a_letter_in_a_reply_is_the_writers(above: str) -> None:
    letter = "Date: 12 November 2026\nSubject: My father\n\nDear Sir,\n\nhe fell."
    for head in (
        f"To: {ADDRESS}\nFrom: Mrs Bloggs <jo@mail.example>\n",
        f"To: {ADDRESS}\nFrom: Mrs Bloggs\n",
        f"From: Mrs Bloggs <jo@mail.example>\nTo: {ADDRESS}\n",
    ):
        text = above + head + letter
        assert parse_mail(write_message(text, Subject="Re: Visit")).text == text


def test_facts_in_a_reply_are_no_head_of_a_message() -> None:
    facts = "The facts:\nDate: 12/11/2026\nWard: Four\nNurse: Emergency\nNo answer."
    own = "My details:\nE-mail: jo@mail.example\nDate: 12/11/2026 10:00\nWard: Four\nHe fell."
    for text in (facts, own):
        assert parse_mail(write_message(text, Subject="Re: Visit")).text.split() == text.split()


def test_a_reply_without_its_header_is_stripped() -> None:
    text = f"Nine hours\n\nKind regards,\nJo\n07700 900123\n\nOn Sun, Us <{ADDRESS}> wrote:\n> Hi"
    assert strip_quoted_text(text) == "Nine hours"


QUOTED_HTML = {
    "cite": '<div>{own}</div><blockquote type="cite">{quote}</blockquote>',
    "Thunderbird": '<p>{own}</p><div class="moz-cite-prefix">15.11.2026 09:12, Us:<br></div>'
    '<blockquote type="cite" cite="mid:1@us.example"><p>{quote}</p></blockquote>',
    "Gmail": '<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" '
    'class="gmail_attr">On Sun, Us wrote:<br></div><blockquote class="gmail_quote" style="margin:'
    '0 0 0 .8ex;border-left:1px #ccc solid">{quote}</blockquote></div>',
    "Outlook on the web": '<div>{own}</div><div id="appendonsend"></div><hr>'
    '<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Us<br><b>Sent:</b> Sunday<br></div>'
    "<div>{quote}</div>",
    "Outlook": '<p class=MsoNormal>{own}</p><div style="border-top:solid #E1E1E1 1.0pt">'
    "<p><b>From:</b> Us &lt;f@us.example&gt; <br><b>Sent:</b> 15 November 2026 09:12<br><b>To:</b> "
    "Jo<br><b>Subject:</b> Visit<o:p></o:p></p></div><p>{quote}</p>",
    "Yahoo": '<div>{own}</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Sunday, Us '
    "wrote:</div><div><div>{quote}</div></div></div>",
    "Proton": '<div>{own}</div><div class="protonmail_quote">On Sunday, 15 November 2026 at 09:12, '
    'Us &lt;f@us.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">{quote}'
    "</blockquote></div>",
    "Outlook for phones": '<div>{own}</div><div id="mail-editor-reference-message-container">'
    "<b>From:</b> Us<br>{quote}</div>",
    "below": '<blockquote type="cite"><p>{quote}</p></blockquote><p>{own}</p>',
    "not closed": "<p>{own}<blockquote type=cite><p>{quote}",
}


@pytest.mark.parametrize("html", QUOTED_HTML.values(), ids=QUOTED_HTML)
def test_elements_say_what_is_quoted(html: str) -> None:
    page = html.format(own="I waited nine hours.", quote="Thank you for coming to us.")
    assert parse_mail(write_html(page, Subject="Re: Visit")).text == "I waited nine hours."


def test_answers_between_the_quotes_of_html_are_the_writers() -> None:
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On Sunday, Us wrote:</div>'
        '<blockquote class="gmail_quote">Was it clean?</blockquote><div>No.</div>'
        '<blockquote class="gmail_quote">Were you told?</blockquote><div>Never.</div></div>'
    )
    assert parse_mail(write_html(html, Subject="Re: Visit")).text == "No.\nNever."


def test_an_indent_is_no_quote_and_nothing_is_cut_to_nothing() -> None:
    indent = '<p>He said</p><blockquote style="margin:0 0 0 40px;border:none">go away</blockquote>'
    assert parse_mail(write_html(indent, Subject="Re: Visit")).text == "He said\ngo away"
    bare = "<p>He said</p><blockquote>go away</blockquote>"
    assert parse_mail(write_html(bare, Subject="")).text == "He said\ngo away"
    whole = '<blockquote type="cite">I waited nine hours.</blockquote>'
    assert parse_mail(write_html(whole, Subject="")).text == "I waited nine hours."
    with pytest.raises(Skip, match="only a quote"):
        parse_mail(write_html(whole, Subject="Re: Visit"))


def test_html_without_the_end_of_its_head_is_shown() -> None:
    html = "<!doctype html><html lang=en><head><title>Mail</title><body><p>He fell."
    conditional = (
        "<!--[if !mso]><!--><p>He fell.</p><!--<![endif]--><!--[if mso]><p>x</p><![endif]-->"
    )
    for page in (html, conditional):
        assert parse_mail(write_html(page, Subject="")).text == "He fell."


BANNERS = (
    "CAUTION: This message came from outside the organisation. Do not open links or attachments "
    "unless you know the sender.",
    "This message originated from outside of our mail system. Please do not click links\nor open "
    "attachments unless you recognise the sender and know the content is safe.",
    "[EXTERNAL EMAIL] Do not click links or attachments unless you trust the sender",
    "ACHTUNG: Diese E-Mail kommt von außerhalb. Öffnen Sie keine Links oder Anhänge.",
    "Attention : ce courriel provient de l'extérieur. N'ouvrez pas les pièces jointes.",
)


@pytest.mark.parametrize("banner", BANNERS)
def test_warnings_about_outside_senders_are_left_out(banner: str) -> None:
    for rule in ("", "----------------------------------------\n"):
        text = f"{rule}{banner}\n{rule}\nThe nurses were wonderful."
        record = parse_mail(write_message(text, Subject="[EXTERNAL] Thank you"))
        assert record.text.startswith("Thank you\n")
        assert record.text.endswith("The nurses were wonderful.")
        assert not any(word in record.text for word in ("ink", "nhang", "courriel"))
        assert "banner" in record.attributes["left_out"]
    html = f"<table><tr><td>{banner}</td></tr></table><p>Kind nurses.</p>"
    assert parse_mail(write_html(html, Subject="")).text == "Kind nurses."


def test_lines_that_the_settings_name_are_left_out() -> None:
    text = "Scanned by Gatekeeper 7\n\nKind nurses.\n\nEastgate Print Ltd, registered\nin England"
    settings = ["scanned by", "Eastgate Print Ltd"]
    assert parse_mail(write_message(text, Subject=""), boilerplate=settings).text == "Kind nurses."


DISCLAIMERS = (
    "This e-mail and any attachment is confidential and may be legally privileged. If you are not "
    "the intended recipient you must not copy or distribute it.",
    "CONFIDENTIALITY NOTICE\nThis message is intended solely for the addressee and may contain "
    "confidential\ninformation. If you have received it in error, please delete it.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, "
    "informieren Sie bitte den Absender.",
    "Ce message est confidentiel et réservé à son destinataire.",
    "Tato zpráva je důvěrná a je určena pouze příjemci.",
)


@pytest.mark.parametrize("disclaimer", DISCLAIMERS)
def test_disclaimers_are_left_out(disclaimer: str) -> None:
    text = f"The nurses were wonderful.\n\nKind regards\nJo Bloggs\n\n{disclaimer}\n"
    record = parse_mail(write_message(text, Subject=""))
    assert record.text == "The nurses were wonderful."
    assert "disclaimer" in record.attributes["left_out"]
    html = f"<p>Kind nurses.</p><p>{disclaimer}</p>"
    assert parse_mail(write_html(html, Subject="")).text == "Kind nurses."


def test_a_signature_is_short_and_below_hyphens_with_a_space() -> None:
    html = '<div>Kind nurses.</div><div class="gmail_signature">Jo Bloggs<br>0161 496 0000</div>'
    assert parse_mail(write_html(html, Subject="")).text == "Kind nurses."
    phone = html.replace("class=", "data-smartmail=")
    assert parse_mail(write_html(phone, Subject="")).text == "Kind nurses."
    for line in ("Sent from my iPhone", "Get Outlook for iOS", "iPhoneから送信"):
        assert parse_mail(write_message(f"Fine.\n\n{line}", Subject="")).text == "Fine."
        with pytest.raises(Skip):
            parse_mail(write_message(line, Subject=""))
