"""Whatever a mail looks like, its writer's words are in the record or are counted.

``FEEDBACK_EXAMPLES`` sets how many mails are tried.
"""

from __future__ import annotations

import os
import quopri
from base64 import encodebytes
from dataclasses import dataclass
from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.forms.email.headers import parse_subject
from connectors.forms.email.html_quotes import read_html
from connectors.forms.email.lines import Line, Mark, count_letters
from connectors.forms.email.mail import Reading, read_mail
from connectors.forms.email.parts import parse_message, read_body
from connectors.forms.email.quote_heads import Thread
from connectors.forms.email.reply_parser import extract_own_text, split_lines
from connectors.sdk import plain_text
from connectors.sdk.errors import BadRecord, Skip
from tests.support.mails import CAME, parse_mail, write_bytes, write_message

EXAMPLES = int(os.environ.get("FEEDBACK_EXAMPLES", "100"))
ODD_LINES = (
    *("", "> quoted", ">> deeper", "-- ", "--", "________________________________", "* * *"),
    *("On 2 Nov 2026 at 10:00, Us <f@us.example> wrote:", "wrote:", "Kind regards", "Jo"),
    *("From: Us <f@us.example>", "Sent: 2 November 2026 10:00", "To: Jo", "Subject: Visit"),
    *("-----Original Message-----", "----- PART TWO -----", "Begin forwarded message:"),
    *(
        "This e-mail is confidential. If you are not the addressee, delete it.",
        "Sent from my iPhone",
    ),
    *("CAUTION: this message is from outside. Open no links or attachments.", "Ward: Four", "a:"),
    *("I waited nine hours.", "Nobody came", "p.s. cold", "看護師が冷たかった。", "\u200f\u202a:"),
    *("*** EXTERNAL EMAIL ***", "Von meinem iPhone gesendet", ">39 for days", "On 2 Nov, wrote"),
    *("Von:", "An:", "Datum:", "15. 11. 26"),
)
lines = st.lists(st.one_of(st.sampled_from(ODD_LINES), st.text(max_size=40)), max_size=12)
threads = st.builds(
    Thread,
    is_reply=st.booleans(),
    is_forward=st.booleans(),
    subject=st.sampled_from(["", "Visit", "x"]),
    sender=st.sampled_from(["", "jo@mail.example", "f@us.example"]),
)


@given(lines, threads, st.lists(st.sampled_from(list(Mark)), max_size=12))
@settings(max_examples=EXAMPLES, deadline=None)
def test_each_letter_of_a_text_is_kept_or_counted(
    texts: list[str], thread: Thread, marks: list[Mark]
) -> None:
    plain = split_lines("\n".join(texts))
    marked = [Line(line.text, mark) for line, mark in zip(plain, marks, strict=False)]
    for whole in (plain, marked):
        own = extract_own_text(whole, thread, ["Ward:"])
        letters = sum(count_letters(line.text) for line in whole)
        assert count_letters(own.text) + sum(own.left_out.values()) == letters


TAGS = (
    *(
        "<p>",
        "</p>",
        "<div class=gmail_quote>",
        "<blockquote type=cite>",
        "</blockquote>",
        "</div>",
    ),
    *(
        "<blockquote>",
        "<div id=divRplyFwdMsg>",
        '<div class="moz-cite-prefix">',
        "<br>",
        "<b",
        "<!--",
    ),
    *('<div style="display:none">', "<span hidden>", "</span>", '<div name="quote">'),
    *("<td>", '<a title="a > b">', "<yahoo_quoted>", "&lt;", "-->", "<head>", "</head>", "<hr/>"),
)


@given(
    st.lists(
        st.one_of(st.sampled_from(TAGS), st.text(alphabet="ab <>\"'&;", max_size=8)), max_size=12
    )
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_marking_the_elements_of_html_takes_no_letter_away(parts: list[str]) -> None:
    html = "".join(parts).replace("<!--", "").replace("<head>", "").replace("</head>", "")
    shown = sum(count_letters(line.text) for line in read_html(html))
    assert shown == count_letters(plain_text(html))


@dataclass(frozen=True)
class Letter:
    """A mail in pieces: the writer's sentences, each with a word of its own, and quotes."""

    own: tuple[str, ...]
    lines: tuple[str, ...]
    """Own sentences as they are, and quotes after ">"."""


@st.composite
def letters(draw: st.DrawFn) -> Letter:
    own: list[str] = []
    written: list[str] = []
    shapes = st.sampled_from(
        [
            "I waited {} hours.",
            "- the {} was cold.",
            "Nurse: {} came late.",
            "{}で待った。",
            "Où est {} ?",
            *("Date: {} of May.", "* {} *", "“{}” he said.", "{}\tand {}", "  {} again."),
        ]
    )
    for kind in draw(
        st.lists(st.sampled_from(["own", "own", "quote", "blank"]), min_size=1, max_size=9)
    ):
        if kind == "own":
            word = f"word{len(own)}x{draw(st.integers(0, 999))}"
            own.append(word)
            written.append(draw(shapes).replace("{}", word))
        elif kind == "quote":
            written.append(
                "> " + draw(st.sampled_from(["How was it?", "Kind regards", "> Us:", ""]))
            )
        else:
            written.append("")
    return Letter(tuple(own), tuple(written))


def to_html(letter: Letter) -> str:
    quote = "<blockquote type=cite>{}</blockquote>"
    return "\n".join(
        quote.format(escape(line[1:])) if line.startswith(">") else f"<p>{escape(line)}</p>"
        for line in letter.lines
    )


def encode(text: str, charset: str, encoding: str) -> bytes:
    raw = text.encode(charset)
    if encoding == "base64":
        return encodebytes(raw)
    return quopri.encodestring(raw) if encoding == "quoted-printable" else raw


def build_part(kind: str, text: str, charset: str, encoding: str, *, declared: bool) -> bytes:
    label = f"; charset={charset}" if declared else ""
    head = f"Content-Type: text/{kind}{label}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + encode(text, charset, encoding)


def join_parts(kind: str, parts: list[bytes]) -> bytes:
    edge = f"edge-{kind}"
    body = b"".join(f"\r\n--{edge}\r\n".encode() + part for part in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={edge}\r\n".encode()
        + body
        + (f"\r\n--{edge}--\r\n".encode())
    )


PICTURE = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD"
HEADERS = {
    "a reply": "Subject: Re: Visit\r\nIn-Reply-To: <0@us.example>\r\n",
    "a reply by its subject": "Subject: AW: Visit\r\n",
    "a new mail": "Subject: Complaint\r\n",
    "no subject": "",
}


@st.composite
def mails(draw: st.DrawFn) -> tuple[Letter, bytes]:
    letter = draw(letters())
    charset = draw(st.sampled_from(["utf-8", "utf-8", "shift_jis", "gb18030"]))
    encoding = draw(st.sampled_from(["8bit", "base64", "quoted-printable"]))
    text = "\r\n".join(letter.lines)
    html = to_html(letter)
    try:
        (text + html).encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    declared = charset != "utf-8" or draw(st.booleans())
    plain = build_part("plain", text, charset, encoding, declared=declared)
    rich = build_part("html", html, charset, encoding, declared=declared)
    stub = build_part("plain", "Please use another program.", "utf-8", "8bit", declared=True)
    half = len(letter.lines) // 2
    halves = [
        build_part("plain", "\r\n".join(part), charset, encoding, declared=declared)
        for part in (letter.lines[:half], letter.lines[half:])
    ]
    body = draw(
        st.sampled_from(
            [
                plain,
                rich,
                join_parts("alternative", [plain, rich]),
                join_parts("alternative", [stub, rich]),
                join_parts("mixed", [halves[0], PICTURE, halves[1]]),
                join_parts("mixed", [PICTURE, join_parts("alternative", [plain, rich])]),
                join_parts("related", [rich, PICTURE]),
            ]
        )
    )
    header = draw(st.sampled_from(list(HEADERS.values())))
    return letter, f"From: jo@mail.example\r\n{header}MIME-Version: 1.0\r\n".encode() + body


FIELDS = (
    "From: Pat <pat@home.example>",
    "Sent: 15 November 2026 09:12",
    "To: Ward 4",
    "Subject: x",
)
FIELD_ORDERS = (FIELDS, FIELDS[:3], (*FIELDS[:2], FIELDS[3], FIELDS[2]), FIELDS[:2], FIELDS)
DIVIDERS = (
    "",
    "---------- Forwarded message ---------\n",
    "_" * 32 + "\n",
    "Begin forwarded message:\n\n",
)
forwards = st.tuples(lines, st.sampled_from(DIVIDERS), st.sampled_from(FIELD_ORDERS), lines)


@given(forwards, st.sampled_from(["Fwd: x", "FW: other", "Re: x", "x"]), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_each_letter_of_a_forward_is_kept_or_counted(
    forward: tuple[list[str], str, tuple[str, ...], list[str]], subject: str, by_us: bool
) -> None:
    note, divider, fields, words = forward
    text = "\n".join([*note, "", divider + "\n".join(fields), "", *words])
    text = "".join(character for character in text if not "\ud800" <= character <= "\udfff")
    sender = "nurse@us.example" if by_us else "jo@mail.example"
    raw = write_bytes(text.encode(), "text/plain; charset=utf-8", From=sender, Subject=subject)
    mail = read_mail(raw, CAME, Reading(ours=["us.example"]))
    body = read_body(parse_message(raw), [])
    shown = count_letters(parse_subject(mail.text.partition("\n")[0]).text)
    kept = count_letters(mail.text) + sum(mail.left_out.values())
    letters = sum(count_letters(line.text) for line in body.lines)
    assert letters in (kept, kept - shown)


@given(mails())
@settings(max_examples=EXAMPLES, deadline=None)
def test_each_word_of_the_writers_own_is_in_the_record(mail: tuple[Letter, bytes]) -> None:
    letter, raw = mail
    try:
        record = parse_mail(raw)
    except (Skip, BadRecord):
        assert not letter.own
        return
    assert [word for word in letter.own if word not in record.text] == []


@given(st.binary(max_size=400), st.sampled_from(["text/plain", "text/html", "multipart/mixed", ""]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_mail_is_a_record_a_dead_letter_or_left_out(body: bytes, kind: str) -> None:
    head = write_message().as_bytes().partition(b"Content-Type")[0]
    kind_line = f"Content-Type: {kind}\n".encode() if kind else b""
    for raw in (head + kind_line + b"\n" + body, body):
        try:
            parse_mail(raw)
        except (Skip, BadRecord):
            continue
