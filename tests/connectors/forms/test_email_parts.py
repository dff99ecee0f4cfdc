"""Parts of mails: damaged encodings, blocks without words, alternatives and attached mails."""

from __future__ import annotations

from base64 import b64encode, encodebytes

import pytest

from connectors.forms.email.encoded_blocks import remove_encoded_blocks
from connectors.forms.email.enriched import read_enriched
from connectors.forms.email.hebrew import to_logical_order
from connectors.forms.email.transfer_encodings import decode_base64
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.pseudonyms import pseudonym
from tests.support.mails import KEY, parse_mail, write_bytes, write_message

OWN = "I waited nine hours."
WORDS = "Für alle dauerte es länger, und das Essen war kalt.".encode()
NURSE = "Nurse <nurse@eastgate.example>"
OURS = ("eastgate.example",)


def part(kind: str, body: bytes | str, *headers: str) -> bytes:
    lines = [f"Content-Type: {kind}", *headers, "", ""]
    return "\r\n".join(lines).encode() + (body.encode() if isinstance(body, str) else body)


def multipart(kind: str, *parts: bytes, **headers: str) -> bytes:
    body = b"".join(b"--edge\r\n" + each + b"\r\n" for each in parts) + b"--edge--\r\n"
    return write_bytes(
        body, f"multipart/{kind}; boundary=edge", **{"Subject": "Re: Visit"} | headers
    )


def plain(text: str) -> bytes:
    return part("text/plain; charset=utf-8", text)


def html(text: str) -> bytes:
    return part("text/html; charset=utf-8", text)


ENCODED = {
    "whole": (encodebytes(WORDS), WORDS),
    "in one line": (b64encode(WORDS), WORDS),
    "without its padding": (b64encode(WORDS + b".").rstrip(b"="), WORDS + b"."),
    "cut inside a group": (b64encode(WORDS)[:-3], WORDS[:-2]),
    "broken by a server": (b64encode(WORDS)[:20] + b"!\r\n " + b64encode(WORDS)[20:], WORDS),
    "in two pieces": (
        b64encode(b"First one.") + b"\n" + b64encode(b"Second."),
        b"First one.Second.",
    ),
    "never encoded": (b"Nobody came, and I waited.", b"Nobody came, and I waited."),
    "never encoded, above ASCII": (WORDS, WORDS),
    "with the footer of a list": (
        encodebytes(WORDS) + b"____________\nour list\n",
        WORDS + b"\n____________\nour list\n",
    ),
    "with a footer of single words": (
        encodebytes(WORDS) + b"-- \nComplaints\n",
        WORDS + b"\n-- \nComplaints\n",
    ),
}


@pytest.mark.parametrize(("raw", "expected"), ENCODED.values(), ids=ENCODED)
def test_base64_that_is_damaged_costs_no_other_letters(raw: bytes, expected: bytes) -> None:
    assert decode_base64(raw) == expected


@pytest.mark.parametrize("label", ["base64", "Base64", "base64 (of a gateway)", '"base64"'])
def test_a_mail_in_base64_is_read(label: str) -> None:
    raw = write_bytes(encodebytes(WORDS), "text/plain; charset=utf-8", Subject="")
    assert parse_mail(raw.replace(b": 8bit", f": {label}".encode())).text == WORDS.decode()
    bare = write_bytes(WORDS, "text/plain; charset=utf-8", Subject="")
    assert parse_mail(bare.replace(b": 8bit", f": {label}".encode())).text == WORDS.decode()


ARMOR = "\n\niQEzBAEBCAAdFiEE\n=abcd\n"
BLOCKS = {
    "signed": (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nI waited.\n- - cold food\n"
        f"-----BEGIN PGP SIGNATURE-----{ARMOR}-----END PGP SIGNATURE-----\n",
        "I waited.\n- cold food",
    ),
    "a key": (
        f"I waited.\n-----BEGIN PGP PUBLIC KEY BLOCK-----{ARMOR}-----END PGP PUBLIC KEY BLOCK-----",
        "I waited.",
    ),
    "a signature that is cut": (f"I waited.\n-----BEGIN PGP SIGNATURE-----{ARMOR}", "I waited."),
    "words behind a block that never ends": (
        "-----BEGIN PGP SIGNATURE-----\niQEz\nI waited nine hours.",
        "I waited nine hours.",
    ),
    "a file": ("Cold.\nbegin 644 ward.jpg\n#0V%T\n`\nend\nNo answer.", "Cold.\nNo answer."),
    "a sentence": (
        "begin 644 a\nwith the food: it was cold.",
        "begin 644 a\nwith the food: it was cold.",
    ),
    "a list with hyphens": ("- cold food\n- no answer", "- cold food\n- no answer"),
}


@pytest.mark.parametrize(("text", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_without_words_are_left_out_of_the_text(text: str, expected: str) -> None:
    assert remove_encoded_blocks(text).text.strip() == expected
    assert parse_mail(write_message(text, Subject="")).text == expected


def test_an_encrypted_block_beside_words_is_said() -> None:
    text = f"{OWN}\n-----BEGIN PGP MESSAGE-----{ARMOR}-----END PGP MESSAGE-----"
    record = parse_mail(write_message(text, Subject=""))
    assert (record.text, record.attributes["encrypted"]) == (OWN, "yes")
    pgp = multipart("encrypted", part("application/pgp-encrypted", ""), Subject="Complaint")
    assert parse_mail(pgp).attributes["encrypted"] == "yes"


def test_a_file_inside_the_text_is_an_attachment() -> None:
    record = parse_mail(write_message(BLOCKS["a file"][0]))
    assert record.attributes["attachments"] == "1 application/octet-stream"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<bold>I waited</bold> nine <<hours>.\n\nCold.", "I waited nine <hours>.\nCold."),
        ("<color><param>red</param>Cold</color>\nfood.", "Cold food."),
        ("I waited.<nl>Cold <lt>3.", "I waited.\nCold <3."),
        ("<", "<"),
    ],
)
def test_commands_of_enriched_text_are_no_words(text: str, expected: str) -> None:
    assert read_enriched(text) == expected
    for kind in ("text/enriched", "text/richtext"):
        assert parse_mail(write_bytes(text.encode(), kind, Subject="")).text == expected


STUB = "Your program cannot show this message."
QUOTED = "> How was your visit to Eastgate?\n> Thank you for coming to us."
ALTERNATIVES = {
    "only the HTML has words": ([plain(QUOTED), html(f"<p>{OWN}</p>")], OWN),
    "only the HTML says what is quoted": (
        [
            plain(f"{OWN}\n\nOn Sunday, Us wrote:\n\nThank you."),
            html(f"<p>{OWN}</p><div class=gmail_attr>On Sunday, Us wrote:</div>"
                 "<blockquote type=cite>Thank you.</blockquote>"),
        ],
        OWN,
    ),
    "a long quote in the HTML alone": (
        [plain(OWN), html(f"<p>{OWN}</p><blockquote type=cite>{'How was it? ' * 30}</blockquote>")],
        OWN,
    ),
    "the HTML hides its words": (
        [plain(OWN), html(f"<div style='display:none'>{OWN}</div>")],
        OWN,
    ),
    "a third that is for phones": (
        [plain(OWN), part("text/x-amp-html", "<html amp4email>"), html(f"<p>{OWN}</p>")],
        OWN,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_the_alternative_with_the_writers_words_is_read(parts: list[bytes], expected: str) -> None:
    assert parse_mail(multipart("alternative", *parts)).text == expected


def test_an_alternative_with_other_words_is_counted() -> None:
    record = parse_mail(multipart("alternative", plain(STUB), html(f"<p>{OWN}</p>")))
    assert record.text == OWN
    assert "alternative: 32 letters" in record.attributes["left_out"]


INNER = write_message(OWN, From="Pat <pat@home.example>", Subject="Terrible").as_bytes()
ATTACHED = {
    "as it is": part("message/rfc822", INNER),
    "in base64": part("message/rfc822", encodebytes(INNER), "Content-Transfer-Encoding: base64"),
    "with letters above ASCII in its header": part("message/global", INNER),
    "as a file": part(
        "application/octet-stream; name=mail.eml",
        encodebytes(INNER),
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=mail.eml",
    ),
}


@pytest.mark.parametrize("attached", ATTACHED.values(), ids=ATTACHED)
def test_an_attached_mail_is_read_however_it_is_attached(attached: bytes) -> None:
    raw = multipart("mixed", plain("FYI"), attached, From=NURSE, Subject="Fwd: Terrible")
    record = parse_mail(raw, ours=OURS)
    assert (record.text, record.author) == (f"Terrible\n{OWN}", pseudonym(KEY, "pat@home.example"))


BOUNCE = write_message("Failed.", From="MAILER-DAEMON@mail.example").as_bytes()


def test_attached_mails_that_are_not_read_are_a_dead_letter() -> None:
    several = multipart("mixed", ATTACHED["as it is"], ATTACHED["as it is"], From=NURSE)
    unknown = write_message("See what Pat wrote.", From=NURSE, Subject="Fwd: Terrible")
    for message in (several, unknown):
        with pytest.raises(BadRecord, match="the forwarded words are not read"):
            parse_mail(message, ours=OURS)
    with pytest.raises(Skip, match="own account"):
        parse_mail(multipart("mixed", part("message/rfc822", BOUNCE), From=NURSE), ours=OURS)
    one = multipart("mixed", plain(""), part("message/rfc822", BOUNCE), ATTACHED["as it is"],
                    From=NURSE, Subject="Fwd: both")  # fmt: skip
    assert parse_mail(one, ours=OURS).text == f"Terrible\n{OWN}"


def test_what_no_person_wrote_is_no_comment_of_who_attaches_it() -> None:
    asked = multipart("mixed", plain("Why do I get this?"), part("message/rfc822", BOUNCE))
    assert parse_mail(asked).text == "Why do I get this?"
    with pytest.raises(BadRecord, match="message/rfc822"):
        parse_mail(multipart("mixed", plain(""), part("message/rfc822", BOUNCE)))


HEBREW = "האחות לא באה שלושים דקות. חיכיתי 90 דקות (ביום ראשון), אבל הרופאים היו נחמדים"
VISUAL = "םידמחנ ויה םיאפורה לבא ,(ןושאר םויב) תוקד 90 יתיכיח .תוקד םישולש האב אל תוחאה"


def test_hebrew_is_read_in_either_order() -> None:
    assert to_logical_order(VISUAL) == HEBREW
    assert to_logical_order("Ward 4") == "Ward 4"
    kind = "charset=iso-8859-8"
    for text in (HEBREW, VISUAL):
        raw = write_bytes(text.encode("iso8859-8"), f"text/plain; {kind}", Subject="")
        page = write_bytes(f"<p>{text}</p>".encode("iso8859-8"), f"text/html; {kind}", Subject="")
        for record in (parse_mail(raw), parse_mail(page)):
            assert record.text == HEBREW
            assert ("guessed_charset" in record.attributes) == (text == VISUAL)
