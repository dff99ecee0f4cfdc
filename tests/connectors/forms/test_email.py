"""``email`` on a real Dovecot, and the words it takes out of mails."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.forms.email.connector import Email
from connectors.sdk.errors import BadRecord, Misconfigured, Retry, Unauthorized
from tests.support.dovecot import USER, Dovecot, dovecot
from tests.support.fake_service import Served
from tests.support.mails import CAME, build_email, parse_mail, write_message
from tests.support.services.email import mail
from tests.support.token_server import CLIENT, REFRESH, SCOPE, SECRET, TokenServer

_SELF_MADE = (
    *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
    *("-addext", "subjectAltName=IP:127.0.0.1"),
)


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-made certificate of 127.0.0.1, and its key."""
    home = tmp_path_factory.mktemp("tls")
    home.chmod(0o755)
    made, key = home / "cert.pem", home / "key.pem"
    subprocess.run(
        ["openssl", *_SELF_MADE, "-keyout", key, "-out", made],
        check=True,
        capture_output=True,
    )
    return made, key


def test_reads_author_time_and_words() -> None:
    record = parse_mail(write_message("It was clean.\n\nKind regards,\nJo Bloggs\n0161 496 0000"))
    other = parse_mail(write_message(From='"Bloggs, Jo" <JO@mail.example>'))
    assert record.created_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert record.text == "Ward 4\nIt was clean."
    assert record.author is not None and record.author == other.author


@pytest.mark.parametrize(
    ("written_text", "expected"),
    [
        ("Fine.\n\n-- \nJo\n0161 496 0000", "Fine."),
        ("Fine.\n\nSent from my iPhone", "Fine."),
        ("Thank you,\neverybody on ward 4.", "Thank you,\neverybody on ward 4."),
        ("Two things:\n- cold food\n- no answer", "Two things:\n- cold food\n- no answer"),
        ("Many thanks\nThe food was great.", "Many thanks\nThe food was great."),
        ("On Monday I waited.\nThe nurse wrote:\ncome back", None),
        ("No.\n\nOn Mon, 2 Nov 2026 at 10:00, Us <f@us.example>\nwrote:\n> Clean?\n", "No."),
        ("No.\nAm 02.11.2026 um 10:00 schrieb Klinik <f@us.example>:\n> Sauber?\n", "No."),
        ("On 2 Nov 2026, Us wrote:\n> Clean?\nNo.\n> Kind?\nYes.", "No.\nYes."),
        ("No.\n\n-----Original Message-----\nFrom: us\nHow was it?", "No."),
        (
            "No.\n________________________________\nFrom: Us <f@us.example>\n"
            "Sent: 02 November 2026 10:00\nTo: Jo\nSubject: How was it?\n\nDear Jo",
            "No.",
        ),
    ],
)
def test_takes_what_was_written_and_leaves_quotes_and_signatures(
    written_text: str, expected: str | None
) -> None:
    record = parse_mail(write_message(written_text, Subject="Re: How was it?"))
    assert record.text == (expected or written_text)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("=?utf-8?q?Caf=C3=A9_too_dear?=", "Café too dear\nFine."),
        ("Re: How was it?", "Fine."),
        ("Fwd:", "Fine."),
        ("AW: Ihr Besuch", "Fine."),
        ("", "Fine."),
        ("=?utf-8?b?w?= ward", "Fine."),
        ("Reception", "Reception\nFine."),
    ],
)
def test_takes_a_subject_of_the_writers_own(subject: str, expected: str) -> None:
    raw = write_message("Fine.", Subject="SUBJECT").as_bytes().replace(b"SUBJECT", subject.encode())
    assert parse_mail(raw).text == expected


def test_prefers_plain_text_and_reads_html_where_there_is_none() -> None:
    both = write_message("Plain words.")
    both.add_alternative("<p>Rich words.</p>", subtype="html")
    both.add_attachment("private notes", filename="notes.txt")
    rich = write_message()
    rich.set_content(
        "<div>The ward was <b>cold</b>.</div><div>On 2 Nov 2026 at 10:00, "
        "&lt;f@us.example&gt; wrote:</div><blockquote>How was it?</blockquote>",
        subtype="html",
    )
    assert parse_mail(both).text == "Ward 4\nPlain words."
    assert parse_mail(rich).text == "Ward 4\nThe ward was cold."


def test_reads_odd_charsets_and_mails_that_were_cut_off() -> None:
    odd = [
        write_message().as_bytes().replace(b'"utf-8"', charset)
        for charset in (b'"no-such-charset"', b'"idna"', b'"\x00"')
    ]
    parts = write_message("Plain words.")
    parts.add_attachment(b"x" * 100_000, "image", "png", filename="ward.png")
    assert {parse_mail(record).text for record in odd} == {"Ward 4\nIt was clean."}
    assert parse_mail(parts.as_bytes()[:5_000]).text == "Ward 4\nPlain words."


def test_what_a_mail_does_to_its_decoder_is_no_more_than_a_bad_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError(arguments)

    monkeypatch.setattr("connectors.forms.email.connector.read_mail", broken)
    with pytest.raises(BadRecord) as raised:
        parse_mail(write_message("private words"))
    assert raised.value.reason == "parsing email: RuntimeError"


def test_never_marks_a_mail_as_read_or_as_seen_by_anybody(server: Dovecot) -> None:
    server.deliver(*(mail(number) for number in range(5)))
    before = server.flags()
    assert len(list(build_email(server.port, per_page=2).fetch(None))) == 3
    assert server.flags() == before
    assert all(b"Recent" in flags and b"Seen" not in flags for flags in before)


def test_goes_on_behind_mails_that_were_deleted(server: Dovecot) -> None:
    server.deliver(*(mail(number) for number in range(6)))
    with server.client() as client:
        client.select()
        client.store("2,3", "+FLAGS", r"(\Deleted)")
        client.expunge()
    pages = list(build_email(server.port, per_page=2).fetch(None))
    assert [[item.data["uid"] for item in page.items] for page in pages] == [[1, 4], [5, 6]]
    assert list(build_email(server.port).fetch(pages[-1].cursor)) == []
    server.deliver(mail(7))
    (page,) = build_email(server.port).fetch(pages[-1].cursor)
    assert [item.data["uid"] for item in page.items] == [7]


def write_large(*parts: tuple[str, str, bytes]) -> bytes:
    """A mail of parts: type, further headers and body; in 8 bits."""
    lines = [b"Content-Type: multipart/mixed; boundary=edge", b"MIME-Version: 1.0", b""]
    for kind, headers, body in parts:
        lines += [b"--edge", f"Content-Type: {kind}".encode(), headers.encode(), b"", body]
    head = b"From: jo@mail.example\r\nSubject: =?utf-8?q?L=C3=A4rm?=\r\nMessage-ID: <9@a.example>"
    return b"\r\n".join([head, *lines, b"--edge--", b""])


def test_reads_the_words_of_a_large_mail_and_not_its_pictures(server: Dovecot) -> None:
    encoding = "Content-Transfer-Encoding: "
    picture = ('image/jpeg; name="a ) \\"b.jpg"', encoding + "base64", b"QUJD" * 700_000)
    nested = (
        b"--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nzwei\r\n--inner\r\n"
        b"Content-Type: text/html\r\n\r\n<p>zwei</p>\r\n--inner--\r\n"
    )
    raw = write_large(
        picture,
        ("text/plain; charset=iso-8859-1", encoding + "8bit", "länger".encode("latin-1")),
        ("multipart/alternative; boundary=inner", "X-Part: 3", nested),
        ("text/plain", encoding + "quoted-printable", b"drei=\r\nviertel"),
        picture,
    )
    sign = build_email(server.port)
    server.deliver((raw, CAME), mail(1), (b"Subject: one\r\n\r\n" + b"too long. " * 300_000, CAME))
    (page,) = sign.fetch(None)
    large, small, cut = page.items
    assert [item.data["uid"] for item in page.items] == [1, 2, 3]
    assert len(large.data["raw"]) < 5_000 and not large.data["is_cut"]
    record = sign.parse(large)
    assert record.text.split() == ["Lärm", "länger", "zwei", "dreiviertel"]
    assert record.attributes["attachments"] == "2 image/jpeg"
    assert (record.created_at, record.text) == (CAME, parse_mail(raw).text)
    assert record.native_id == parse_mail(raw).native_id
    assert sign.parse(small).text == parse_mail(mail(1)[0]).text
    assert cut.data["is_cut"]
    with pytest.raises(BadRecord, match="text"):
        sign.parse(cut)


@pytest.mark.parametrize(("pictures", "cut"), [(200, None), (1_000, "yes")])
def test_a_mail_of_very_many_parts_is_cut_and_says_so(
    server: Dovecot, pictures: int, cut: str | None
) -> None:
    words = ("text/plain", "X-Part: 1", b"Nobody came.")
    many = [("image/png", "X-Part: 2", b"QUJD" * 2_500)] * pictures
    server.deliver((write_large(words, *many, *([words] if cut is None else [])), CAME))
    sign = build_email(server.port)
    ((item,),) = (page.items for page in sign.fetch(None))
    record = sign.parse(item)
    assert record.text.split()[1:] == ["Nobody", "came."] * (1 if cut else 2)
    assert record.attributes.get("cut") == cut


def test_a_folder_that_was_made_anew_is_read_anew_under_the_same_ids(server: Dovecot) -> None:
    mails = [mail(number) for number in range(3)]

    def read(cursor: str | None) -> tuple[list[str], str]:
        one = build_email(server.port, folder="Rückmeldungen")
        (page,) = one.fetch(cursor)
        return [one.parse(item).native_id for item in page.items], page.cursor

    folder = "R&APw-ckmeldungen"
    server.deliver(*mails, folder=folder)
    first, cursor = read(None)
    with server.client() as client:
        client.delete(folder)
    server.deliver(*mails, folder=folder)
    second, later = read(cursor)
    assert len(first) == 3 and first == second
    assert cursor != later


def test_speaks_tls_with_a_server_whose_certificate_is_trusted(
    certificate: tuple[Path, Path],
) -> None:
    with dovecot(*certificate) as server:
        server.deliver(mail(1))
        for tls, port in (("on", server.tls_port), ("starttls", server.port)):
            (page,) = build_email(port, tls=tls, ca_file=certificate[0]).fetch(None)
            assert len(page.items) == 1
            with pytest.raises(Misconfigured, match="self-signed certificate"):
                list(build_email(port, tls=tls).fetch(None))


def test_no_password_goes_over_a_network_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="tls can be"):
        build_email(host="imap.example.org")


def test_says_what_is_wrong_without_the_password(server: Dovecot) -> None:
    for settings, kind in (
        ({"password": "wrong-pass"}, Unauthorized),
        ({"password": "wröng-pass"}, Unauthorized),
        ({"folder": "Nowhere"}, Misconfigured),
        ({"port": 9}, Retry),
    ):
        with pytest.raises(kind) as raised:
            list(build_email(server.port, **settings).fetch(None))
        assert "pass" not in str(raised.value) and USER not in str(raised.value)


@dataclass
class Tokens:
    """A token server, and a mailbox whose door it keeps."""

    server: TokenServer
    url: str
    mailbox: Dovecot

    def source(self, **settings: object) -> Email:
        values = {"password": None, "token_url": f"{self.url}/token", "client_id": CLIENT}
        return build_email(self.mailbox.port, **values, **settings)


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    server = TokenServer(USER)
    with (
        Served(server.app) as service,
        dovecot(introspection=f"{service.url}/introspect") as running,
    ):
        running.deliver(mail(1))
        yield Tokens(server, service.url, running)


@pytest.mark.parametrize(
    "credentials",
    [{"refresh_token": REFRESH}, {"client_secret": SECRET, "scope": SCOPE}],
)
def test_logs_in_with_a_token_instead_of_a_password(
    tokens: Tokens, credentials: dict[str, object]
) -> None:
    (page,) = tokens.source(**credentials).fetch(None)
    assert len(page.items) == 1
    assert list(tokens.source(**credentials).fetch(page.cursor)) == []
    assert tokens.server.given == 2


def test_a_token_that_is_refused_is_said_and_not_shown(tokens: Tokens) -> None:
    refused = tokens.source(refresh_token="refresh-token-old")  # noqa: S106
    with pytest.raises(Unauthorized, match=r"a token, POST .*/token: status 400") as one:
        list(refused.fetch(None))
    tokens.server.takes_back = True
    with pytest.raises(Unauthorized, match="the credentials are refused") as other:
        list(tokens.source(refresh_token=REFRESH).fetch(None))
    for raised in (one, other):
        assert not any(word in str(raised.value) for word in ("refresh-token", "access.", USER))


def test_a_token_that_can_not_be_checked_now_is_tried_later(tokens: Tokens) -> None:
    tokens.server.is_away = True
    with pytest.raises(Retry, match="login is not possible now"):
        list(tokens.source(refresh_token=REFRESH).fetch(None))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": None}, "either password or token_url"),
        ({"token_url": "https://id.example/token"}, "either password or token_url"),
        ({"password": None, "token_url": "http://id.example/token"}, "must begin with https://"),
        ({"password": None, "token_url": "https://id.example/token"}, "also needs client_id"),
        (
            {"password": None, "token_url": "https://id.example/token", "client_id": CLIENT},
            "also needs client_id, and refresh_token, client_secret or both",
        ),
    ],
)
def test_half_a_way_in_is_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        build_email(**settings)


def test_a_lost_connection_is_tried_again_and_goes_on(certificate: tuple[Path, Path]) -> None:
    with dovecot() as server:
        server.deliver(*(mail(number) for number in range(4)))
        pages = build_email(server.port, per_page=2).fetch(None)
        assert len(next(pages).items) == 2
    with pytest.raises(Retry):
        next(pages)
