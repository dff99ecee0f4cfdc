"""Messages that staff forward: whose words they are, when they were written, and no letter less."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

import pytest

from connectors.forms.email.header_blocks import read_header_block
from connectors.forms.email.written_dates import parse_written_date
from connectors.sdk.pseudonyms import pseudonym
from tests.support.mails import KEY, parse_mail, write_html, write_message

WARD = "Ward 4 <ward4@eastgate.example>"
OURS = ("eastgate.example",)
BODIES = (
    "I waited.",
    "Food: cold\nDate: 12/11/2026\nWard: 4",
    "To whom it may concern:\n\nhe fell.",
)
BLOCKS = {
    "German": ("Von", "Gesendet", "An", "Betreff", "Sonntag, 15. November 2026 09:12"),
    "French": ("De ", "Envoyé ", "À ", "Objet ", "dimanche 15 novembre 2026 09:12"),
    "Greek": ("Από", "Στάλθηκε", "Προς", "Θέμα", "Κυριακή, 15 Νοεμβρίου 2026 9:12 πμ"),
    "Hungarian": ("Feladó", "Elküldve", "Címzett", "Tárgy", "2026. november 15., vasárnap 9:12"),
    "Romanian": ("De la", "Trimis", "Către", "Subiect", "duminică, 15 noiembrie 2026 09:12"),
    "Russian": ("От", "Отправлено", "Кому", "Тема", "15 ноября 2026 г. 9:12"),
    "Ukrainian": ("Від", "Надіслано", "Кому", "Тема", "15 листопада 2026 р. 9:12"),
    "Slovak": ("Od", "Odoslané", "Komu", "Predmet", "nedeľa 15. novembra 2026 9:12"),
    "Welsh": ("Oddi wrth", "Anfonwyd", "At", "Pwnc", "15 Tachwedd 2026 09:12"),
    "Korean": ("보낸 사람", "보낸 날짜", "받는 사람", "제목", "2026년 11월 15일 일요일 오전 9:12"),
    "Lithuanian": ("Nuo", "Išsiųsta", "Kam", "Tema", "2026 m. lapkričio 15 d. 09:12"),
}
DATED = {name for name in BLOCKS if name != "Lithuanian"}


def write_block(block: tuple[str, ...], *, subject_last: bool) -> list[tuple[str, str]]:
    sender, sent, to, subject, date = block
    lines = [(sender, "Pat <pat@home.example>"), (sent, date), (to, WARD), (subject, "Terrible")]
    return lines if subject_last else [*lines[:2], lines[3], lines[2]]


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("subject_last", [True, False])
def test_the_head_of_a_forward_ends_before_its_words(
    name: str, body: str, *, subject_last: bool
) -> None:
    fields = write_block(BLOCKS[name], subject_last=subject_last)
    plain = "See below: all of it.\n\n" + "\n".join(f"{key}: {value}" for key, value in fields)
    rich = "<p>See below: all of it.</p><div>" + "<br>".join(
        f"<b>{key}:</b> {escape(value)}" for key, value in fields
    )
    words = "<br>".join(body.splitlines())
    headers = {"From": WARD, "Subject": "FW: Terrible"}
    for message in (
        write_message(f"{plain}\n\n{body}", **headers),
        write_html(f"{rich}</div><p>{words}</p>", **headers),
    ):
        record = parse_mail(message, ours=OURS)
        assert record.text.split() == ["Terrible", *body.split()]
        assert record.author == pseudonym(KEY, "pat@home.example")
        assert all(kind in record.attributes["left_out"] for kind in ("head: ", "note: 15 letters"))
        if name in DATED:
            assert record.created_at == datetime(2026, 11, 15, 9, 12, tzinfo=UTC) or (
                record.created_at.day == 15 and "dated_by" not in record.attributes
            )
        else:
            assert record.attributes["dated_by"] == "forward"


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026年11月15日 下午9:12", 21),
        ("2026년 11월 15일 일요일 오후 9:12", 21),
        ("2026/11/15 午前9:12", 9),
        ("Κυριακή, 15 Νοεμβρίου 2026 9:12 μμ", 21),
        ("Sunday, November 15, 2026 9:12 PM", 21),
        ("2026. november 15., vasárnap 21:12", 21),
        ("dim. 15 nov. 2026 à 21:12", 21),
        ("niedz., 15 lis 2026 o 21:12", 21),
    ],
)
def test_a_written_date_has_the_half_of_its_day(text: str, hour: int) -> None:
    assert parse_written_date(text, UTC) == datetime(2026, 11, 15, hour, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["03/04/2026 09:12", "15 Nonsense 2026", "yesterday", "31 Feb 2026"]
)
def test_a_written_date_that_is_not_certain_is_none(text: str) -> None:
    assert parse_written_date(text, UTC) is None


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (["From: a@b.example", "Date: 15/11/2026", "Subject: x", "To: y", "", "Food: cold"], 4),
        (["From: a@b.example", "", "Date: 15/11/2026", "", "Subject: x", "", "Words"], 5),
        (["From: a@b.example", "Date: 15/11/2026", "Subject: x", "Date: 12/11/2026"], 3),
        (
            ["From: a@b.example", "Date: 15/11/2026", "To: y", "Cc: z", "Subject: x", "Food: cold"],
            5,
        ),
        (["Von:", "Us <a@b.example>", "Datum:", "15.11.2026", "Betreff:", "x", "Words"], 6),
        (["From: a@b.example", "To: b@c.example;", " d@e.example", "Sent: 1/11/2026", "So?"], 4),
    ],
)
def test_where_a_head_ends(lines: list[str], end: int) -> None:
    block = read_header_block(lines, 0)
    assert block is not None and block.end == end
