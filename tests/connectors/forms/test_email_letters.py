"""The letters of mails: their charsets, their parts and what is attached to them."""

from __future__ import annotations

import subprocess
from base64 import encodebytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from connectors.forms.email.charsets import decode_bytes, find_codec
from connectors.sdk.errors import BadRecord, Skip
from tests.support.mails import parse_mail, write_bytes, write_message

UNDECLARED = {
    "German": ("Die Schwester war grob, und es dauerte länger als für andere.", "cp1252"),
    "French": ("Très mal reçu à l'hôpital.", "cp1252"),
    "Spanish": ("Señor, ¿por qué esperé nueve horas?", "cp1252"),
    "Portuguese": ("A enfermeira não ligou, até à manhã.", "cp1252"),
    "Swedish": ("Sköterskan var snäll på måndag.", "cp1252"),
    "English": ("£20 for parking – it’s awful", "cp1252"),
    "Polish": ("Czekałem dziewięć godzin w kolejce.", "cp1250"),
    "Czech": ("Sestřička byla hodná, ale čekal jsem tři hodiny.", "cp1250"),
    "Hungarian": ("A nővér kedves volt, köszönöm.", "cp1250"),
    "Turkish": ("Hemşire kızgındı, çok bekledim.", "cp1254"),
    "Russian": ("Врач опоздал на три часа.", "cp1251"),
    "Russian, KOI8": ("Врач опоздал на три часа.", "koi8_r"),
    "Greek": ("Οι νοσοκόμες ήταν ευγενικές.", "cp1253"),
    "Hebrew": ("האחות לא הייתה נחמדה", "cp1255"),
    "Arabic": ("كانت الممرضة لطيفة جدا", "cp1256"),
    "Thai": ("พยาบาลใจดีมาก", "cp874"),
    "Chinese": ("医生态度很差，排队时间太长了。", "gb18030"),
    "Japanese": ("看護師がとても冷たかったです。", "shift_jis"),
    "Japanese in seven bits": ("看護師がとても冷たかったです。", "iso2022_jp"),
    "Korean": ("간호사가 불친절했다", "euc_kr"),
    "any, in UTF-8": ("Très long, 很差", "utf-8"),
    "Polish, ISO": ("Czekałem dziewięć godzin w kolejce, śnieg, ąść.", "iso8859_2"),
    "Czech, ISO": ("Sestřička byla hodná, ale čekal jsem tři hodiny. Šťastný.", "iso8859_2"),
    "Greek, ISO": ("Οι νοσοκόμες ήταν ευγενικές, Άννα.", "iso8859_7"),
}


@pytest.mark.parametrize(("text", "codec"), UNDECLARED.values(), ids=UNDECLARED)
@pytest.mark.parametrize("label", ["", "text/plain", "text/plain; charset=us-ascii"])
def test_text_without_a_charset_keeps_its_letters(text: str, codec: str, label: str) -> None:
    record = parse_mail(write_bytes(text.encode(codec), label, Subject="Re: Visit"))
    assert record.text == text
    assert record.attributes.get("guessed_charset", "")


@pytest.mark.parametrize(
    ("label", "text", "codec"),
    [
        ("iso-8859-8-i", "האחות לא הייתה נחמדה", "iso8859-8"),
        ("gb2312", "医生态度很差，排隊時間太長了", "gb18030"),
        ("iso-8859-1", "It’s “awful” – really", "cp1252"),
        ("ks_c_5601-1987", "똠방 간호사", "cp949"),
        ("shift_jis", "①髙橋先生", "cp932"),
        ("windows-31j", "①髙橋先生", "cp932"),
        ("x-mac-roman", "Café", "mac_roman"),
        ("utf8", "Café", "utf-8"),
        ("cp850", "Café", "cp850"),
        ("iso-8859-1", "Café – länger", "utf-8"),
        ("utf-8", "Die Aufnahme dauerte länger als für andere.", "cp1252"),
        ("x-unknown", "Die Aufnahme dauerte länger als für andere.", "cp1252"),
        ("utf-16le", "Café", "utf-16-le"),
        ("utf-16", "Café", "utf-16"),
        ("utf-16", "Café", "utf-16-be"),
        ("utf-8", "Café", "utf-16"),
        ("utf-16", "Café", "utf-8"),
        ("", "Café", "utf-16"),
        ("utf-7", "Länger, für nichts", "utf-7"),
        ("unicode-1-1-utf-7", "A+E: 2+2 Stunden", "ascii"),
        ("shift_jis", "看護師がとても冷たかった", "iso2022_jp"),
        ("utf-8", "看護師がとても冷たかった", "iso2022_jp"),
        ("iso-8859-1", "Врач опоздал на три часа.", "cp1251"),
        ("iso-8859-1", "Czekałem dziewięć godzin.", "cp1250"),
        ("windows-1251", "Врач опоздал на три часа, и никто не извинился.", "koi8-r"),
        ("koi8-r", "Врач опоздал на три часа, и никто не извинился.", "cp1251"),
        ("koi8-r", "ВРАЧ ОПОЗДАЛ НА ТРИ ЧАСА", "koi8-r"),
        ("iso-8859-1", "20 m² für 3½ Tage, ¿qué?", "cp1252"),
    ],
)
def test_charsets_are_read_as_browsers_do(label: str, text: str, codec: str) -> None:
    kind = f"text/plain; charset={label}"
    assert parse_mail(write_bytes(text.encode(codec), kind, Subject="")).text == text


def test_the_charset_of_the_subject_is_that_of_a_body_without_one() -> None:
    subject = "=?windows-1257?q?Gydytoja_=E0?="
    raw = write_bytes("Gydytoja vėlavo, šalta".encode("cp1257"), "text/plain", Subject="S")
    record = parse_mail(raw.replace(b"Subject: S", f"Subject: {subject}".encode()))
    assert record.text.endswith("Gydytoja vėlavo, šalta")


def test_a_subject_with_raw_bytes_keeps_its_letters() -> None:
    raw = write_message("Fine.", Subject="SUBJECT").as_bytes()
    record = parse_mail(raw.replace(b"SUBJECT", "Länger für alle".encode("latin-1")))
    assert record.text == "Länger für alle\nFine."


def test_no_bytes_are_a_reason_to_lose_the_others() -> None:
    assert find_codec("\0") is None and find_codec("idna") is None
    assert decode_bytes("Café au lait très bon".encode()[:-1] + b"\xc3", "utf-8").text[:20] == (
        "Café au lait très bo"
    )
    assert decode_bytes(bytes(range(128, 256)), "").text


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (
            "format=flowed",
            "One long line \nthat goes on.\nAnd one.",
            "One long line that goes on.\nAnd one.",
        ),
        (
            "format=flowed; delsp=yes",
            "unfreund \nlich, dauer \nte lange",
            "unfreundlich, dauerte lange",
        ),
        ("format=flowed; delsp=yes", "看護師が \n冷たい", "看護師が冷たい"),
        ("Format=Flowed; DelSp=No", "One \nline", "One line"),
        ("format=flowed", " From here \non", "From here on"),
        ("format=flowed; delsp=yes", "Kind.\n-- \nJo", "Kind."),
    ],
)
def test_wrapped_lines_are_joined(kind: str, body: str, expected: str) -> None:
    raw = write_bytes(body.encode(), f"text/plain; charset=utf-8; {kind}", Subject="")
    assert parse_mail(raw).text == expected


def mixed(*parts: tuple[str, str, str], kind: str = "mixed") -> EmailMessage:
    """A mail of parts: type, disposition and text."""
    message = write_message(Subject="Re: Visit")
    message.set_content("")
    getattr(message, f"make_{kind}")()
    message.set_payload([])
    for content_type, disposition, text in parts:
        part = EmailMessage()
        main, sub = content_type.split("/")
        if main == "text":
            part.set_content(text, subtype=sub)
        else:
            part.set_content(text.encode(), maintype=main, subtype=sub)
        del part["Content-Disposition"]
        if disposition:
            part["Content-Disposition"] = disposition
        message.attach(part)
    return message


def test_text_parts_are_read_in_their_order_whatever_stands_between() -> None:
    picture = ("image/jpeg", 'inline; filename="IMG_1.jpeg"', "x" * 1_400_000)
    record = parse_mail(
        mixed(("text/plain", "", "The shower:"), picture, ("text/plain", "", "Three days.\n"))
    )
    assert record.text.split("\n\n") == ["The shower:", "Three days."]
    assert record.attributes["attachments"] == "1 image/jpeg"
    assert parse_mail(mixed(picture, ("text/plain", "", "Nobody came."))).text == "Nobody came."


@pytest.mark.parametrize(
    "disposition", ["", "inline", 'inline; filename="message.txt"', 'attachment; filename="a.txt"']
)
def test_text_with_a_file_name_is_text(disposition: str) -> None:
    record = parse_mail(mixed(("text/plain", disposition, "Nine hours.")))
    assert record.text == "Nine hours."
    assert ("attachments" in record.attributes) == disposition.startswith("attachment")


def test_an_attached_text_is_none_of_a_mail_that_has_words() -> None:
    record = parse_mail(mixed(("text/plain", "", "Cold."), ("text/plain", "attachment", "notes")))
    assert record.text == "Cold."
    assert record.attributes["attachments"] == "1 text/plain"


@pytest.mark.parametrize(
    ("plain", "html", "expected"),
    [
        ("This mail is in HTML. Please use another program.", "<p>Nine hours.</p>", "Nine hours."),
        ("Nine hours", "<p>Nine hours on a trolley, and then the food was cold.</p>", None),
        ("Nine hours.", "<p>Nine hours.</p>", "Nine hours."),
        ("", "<p>Nine hours.</p>", "Nine hours."),
        ("Nine hours.", "<img src=x>", "Nine hours."),
        ("请使用其他程序", "<p>等了九个小时</p>", "等了九个小时"),
    ],
)
def test_html_counts_where_the_plain_part_has_other_words(
    plain: str, html: str, expected: str | None
) -> None:
    message = mixed(("text/plain", "", plain), ("text/html", "", html), kind="alternative")
    record = parse_mail(message)
    assert record.text == (expected or "Nine hours on a trolley, and then the food was cold.")


@pytest.mark.parametrize(
    "kind",
    [
        "application/pdf",
        "application/msword",
        "application/ms-tnef",
        "image/tiff",
        "audio/mpeg",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "text/rtf",
    ],
)
def test_a_letter_in_an_attachment_is_a_dead_letter_and_never_no_text(kind: str) -> None:
    message = mixed((kind, 'attachment; filename="private name.pdf"', "x"))
    with pytest.raises(BadRecord) as raised:
        parse_mail(message)
    assert kind in raised.value.reason and "private" not in raised.value.reason
    message.replace_header("Subject", "Complaint")
    record = parse_mail(message)
    assert record.text == "Complaint"
    assert record.attributes["attachments"] == f"1 {kind}"


def test_a_picture_of_a_signature_is_no_letter() -> None:
    page = ("text/html", "", "<p></p><img src=cid:1>")
    with pytest.raises(Skip):
        parse_mail(mixed(page, ("image/png", "inline", "x"), kind="related"))


def sign(tmp_path: Path, *options: str) -> bytes:
    """A mail that is signed so that only S/MIME shows its words."""
    text, certificate, key = (tmp_path / name for name in ("text", "cert.pem", "key.pem"))
    text.write_bytes(write_message("Nine hours, für alle.").as_bytes())
    make = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=jo")
    subprocess.run(
        ["openssl", *make, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    signed = subprocess.run(
        ["openssl", *options, "-in", text, "-outform", "DER"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return encodebytes(signed.stdout)


@pytest.mark.parametrize("stream", [(), ("-stream",)])
def test_a_mail_that_is_only_signed_is_read(tmp_path: Path, stream: tuple[str, ...]) -> None:
    options = ("cms", "-sign", "-nodetach", "-signer", "cert.pem", "-inkey", "key.pem", *stream)
    body = sign(tmp_path, *options)
    kind = 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'
    raw = write_bytes(body, kind, Subject="Re: Visit").replace(b"8bit", b"base64")
    assert parse_mail(raw).text == "Nine hours, für alle."
    other = raw.replace(
        b"application/pkcs7-mime; smime-type=signed-data", b"application/octet-stream"
    )
    assert parse_mail(other).text == "Nine hours, für alle."


def test_an_encrypted_mail_is_a_dead_letter(tmp_path: Path) -> None:
    body = sign(tmp_path, "cms", "-encrypt", "-aes256", "-recip", "cert.pem")
    kind = "application/pkcs7-mime; smime-type=enveloped-data"
    pgp = mixed(
        ("application/pgp-encrypted", "", "Version: 1"), ("application/octet-stream", "", "x")
    )
    broken = write_bytes(b"MDAwMDAw", kind, Subject="Re: Visit").replace(b"8bit", b"base64")
    whole = write_bytes(body, kind, Subject="Re: Visit").replace(b"8bit", b"base64")
    inline = write_message("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", Subject="Re: Visit")
    for raw in (whole, broken, pgp, inline):
        with pytest.raises(BadRecord, match="encrypted"):
            parse_mail(raw)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/mixed", b"Nine hours."),
        ("multipart/mixed; boundary=absent", b"Nine hours."),
        ("multipart/mixed; boundary=x", b"--x\r\nContent-Type: text/plain\r\n\r\nNine hours."),
        ("text", b"Nine hours."),
        ("plain/text", b"Nine hours."),
        ("application/xhtml+xml", b"<p>Nine hours.</p>"),
        ('text/plain; charset="', b"Nine hours."),
    ],
)
def test_a_header_that_is_wrong_hides_no_words(kind: str, body: bytes) -> None:
    assert parse_mail(write_bytes(body, kind, Subject="")).text == "Nine hours."


def test_a_mail_with_parts_inside_parts_without_end_is_a_dead_letter() -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(500))
    many = "\n--x\n\nword" * 200
    hostile = [
        deep,
        f"Content-Type: multipart/mixed; boundary=x\n{many}",
        deep[:2_000] + "\n" * 200_000,
    ]
    for text in hostile:
        with pytest.raises(BadRecord, match="TooManyParts"):
            parse_mail(f"From: jo@mail.example\n{text}".encode())
    with pytest.raises(BadRecord, match="TooLong"):
        parse_mail(write_message("a\n" * 100_000))
