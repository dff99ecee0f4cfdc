"""How files are written: what is left out or mended is counted, and no comment is lost."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from connectors.file import FileConfig, FileConnector
from connectors.file.raw.kinds import name_kind
from connectors.file.tables import findings as kinds
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from connectors.sdk.errors import Fatal, Misconfigured
from schemas.feedback import Feedback

HEADER = "Visited,Comment,Rating\n"
Counts = dict[str, int]


def connect(path: Path, content: bytes | str, **options: Any) -> FileConnector:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    options = {"columns": {"text": "Comment"}, "dataset": "visits", "textless": True} | options
    return FileConnector(FileConfig(path=path, **options))


def read(connector: FileConnector) -> tuple[list[Feedback], RunStats]:
    tally = RunStats()
    records = list(dry_run(connector, tally))
    assert tally.read == tally.published + tally.dead_lettered + tally.skipped + tally.repeated
    return records, tally


def read_texts(connector: FileConnector) -> list[str]:
    return [record.text for record in read(connector)[0]]


def count(connector: FileConnector) -> Counts:
    return {kind: tally.count for kind, tally in connector.oddities.tallies.items()}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "visits.csv"


@pytest.mark.parametrize(
    "first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"], ids=["plain", "quoted", "capitals"]
)
def test_excels_own_first_line_names_the_delimiter(csv: Path, first: str) -> None:
    made = connect(csv, first + "Visited;Comment;Rating\n2026-02-01;Calm, friendly;4\n")
    assert read_texts(made) == ["Calm, friendly"]
    assert made.writing.delimiter == ";"
    assert count(made) == {kinds.SEPARATOR: 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_titles_above_and_totals_below_are_left_out_and_counted(csv: Path, delimiter: str) -> None:
    rows = (
        "Ward report,,\nFebruary 2026,,\n,,\nVisited,Comment,Rating\n2026-02-01,Calm,4\n"
        "2026-02-02,Noisy,2\nGrand total,,2\n,,\nReport generated on 1 March 2026,,\n"
    )
    made = connect(csv, rows.replace(",", delimiter))
    assert read_texts(made) == ["Calm", "Noisy"]
    assert made.oddities.tallies[kinds.TITLE].examples[:2] == ["line 1", "line 2"]
    assert made.writing.header_line == 4
    assert made.oddities.tallies[kinds.TOTAL].examples == ["line 7", "line 9"]


def test_remarks_above_the_header_are_left_out(csv: Path) -> None:
    made = connect(csv, "# from the kiosk, ward 3\n# v2\nid,comment,date\n1,Calm,2026-02-01\n",
                   columns={})  # fmt: skip
    assert read_texts(made) == ["Calm"]
    assert made.oddities.tallies[kinds.TITLE].examples == ["line 1", "line 2"]


def test_a_comment_that_is_a_word_for_the_total_stays_a_comment(csv: Path) -> None:
    made = connect(csv, "Comment,Site\nTotal disaster,East\nAverage,East\nTotal,East\n")
    assert read_texts(made) == ["Total disaster", "Average", "Total"]


def test_a_note_that_is_not_at_the_end_is_a_row(csv: Path) -> None:
    made = connect(csv, "Comment,Site\nPage 2,\nCalm,East\n12 responses,\n")
    assert read_texts(made) == ["Page 2", "Calm"]
    assert made.oddities.tallies[kinds.TOTAL].examples == ["line 4"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["cr", "lf", "crlf"])
@pytest.mark.parametrize("encoding", ["utf-8", "mac_roman", "utf-16"])
def test_lines_end_as_each_system_ends_them(csv: Path, end: str, encoding: str) -> None:
    rows = HEADER + '2026-02-01,"They said: ""wait…""",4\n2026-02-02,Wasn’t fair – naïve,2\n'
    made = connect(csv, rows.replace("\n", end).encode(encoding))
    assert read_texts(made) == ['They said: "wait…"', "Wasn’t fair – naïve"]


def test_line_feeds_within_cells_end_no_line_that_ends_with_cr(csv: Path) -> None:
    made = connect(csv, 'Comment,Rating\r"one\ntwo",4\rthree,2\r')
    assert read_texts(made) == ["one\ntwo", "three"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Nurse wasn’t kind — at all… café", "mac_roman"),
        ("Nurse wasn’t kind — at all… café", "cp1252"),
        ("Lékařka byla ochotná, čekárna příšerná", "cp1250"),
        ("Pielęgniarka była miła, dziękuję", "cp1250"),
        ("Pielęgniarka była miła, dziękuję", "iso8859_2"),
        ("A nővérek kedvesek, de hosszú a várakozás", "cp1250"),
        ("Çok teşekkürler, hemşire ilgiliydi, ağrı kesildi", "cp1254"),
        ("Ļoti laipna māsiņa, paldies ārstiem", "cp1257"),
        ("Schöne Zimmer, größere Küche wäre besser", "cp850"),
        ("Врач внимательный, спасибо большое", "cp1251"),
        ("Врач внимательный, спасибо большое", "koi8_r"),
        ("Πολύ ευγενικό προσωπικό", "cp1253"),
        ("La señora fue muy amable. ¿Por qué tardó?", "cp1252"),
        ("L’infirmière était très à l’écoute", "cp1252"),
        ("O médico não chegou às três, as refeições são ótimas", "cp1252"),
        ("Спасибо", "cp1251"),
        ("WiFi не работал", "cp1251"),
        ("Медсестра очень добрая", "koi8_r"),
        ("Медсестра очень добрая", "cp866"),
        ("Οι νοσηλευτές ήταν πολύ ευγενικοί", "cp737"),
        ("האחות הייתה נחמדה מאוד", "cp1255"),
        ("תודה רבה", "cp1255"),
        ("شكرا", "cp1256"),
        ("كانت الممرضة لطيفة جدا", "iso8859_6"),
        ("ดีมาก", "cp874"),
        ("親切でした", "cp932"),
        ("看護師さんがとても親切でした", "euc_jp"),
        ("良い", "euc_jp"),
        ("护士很好，谢谢", "gb18030"),
        ("很好", "gb18030"),
        ("護理師非常親切", "big5"),
        ("친절해요", "cp949"),
    ],
)
def test_an_encoding_is_told_by_its_letters(csv: Path, text: str, encoding: str) -> None:
    made = connect(csv, f"Comment;Rating\n{text};4\n".encode(encoding), columns={})
    assert read_texts(made) == [text]
    assert f"the encoding is {made.writing.encoding} (--source-encoding)" in (
        made.writing.describe()
    )


def test_files_in_two_encodings_that_were_joined_are_both_read(csv: Path) -> None:
    first = "Comment,Site\nDéjà vu,East\nMère à l’écoute,East\n".encode("cp1252")
    second = "\ufeffComment,Site\nCafé “froid”,West\n".encode()
    made = connect(csv, first + second)
    assert read_texts(made) == ["Déjà vu", "Mère à l’écoute", "Café “froid”"]
    assert count(made) == {kinds.OTHER_ENCODING: 2, kinds.REPEATED_HEADER: 1}


def test_missing_cells_at_the_end_are_empty(csv: Path) -> None:
    made = connect(csv, "Visited,Comment,Rating,Ward,Notes\n2026-02-01,Calm,4\n2026-02-02,Loud\n")
    assert read_texts(made) == ["Calm", "Loud"]
    assert count(made) == {kinds.SHORT: 2}


def test_a_row_that_a_line_end_has_cut_is_no_short_row(csv: Path) -> None:
    rows = (
        "".join(f"{n},Calm,2026-02-01,4\n" for n in range(9)) + "10,Loud\nand cold,2026-02-02,1\n"
    )
    made = connect(csv, "id,Comment,Visited,Rating\n" + rows)
    records, tally = read(made)
    assert (records[-1].text, tally.dead_lettered) == ("Loud", 1)
    assert [reason.examples for reason in tally.reasons.values()] == [["visits:line 12"]]


@pytest.mark.parametrize(
    ("rows", "texts"),
    [
        ('1,"Said \\"wait\\", then left",2\n2,"Fine",5\n', ['Said "wait", then left', "Fine"]),
        ("1,'Slow, but kind',2\n2,'Didn''t wait',5\n", ["Slow, but kind", "Didn't wait"]),
        ("1,'Slow, but kind',2\n2,'Didn\\'t wait',5\n", ["Slow, but kind", "Didn't wait"]),
        ('1, "Slow, but kind", 2\n2, "Fine", 5\n', ["Slow, but kind", "Fine"]),
        ('1,"She said "wait", twice",2\n2,"Fine",5\n', ['She said "wait", twice', "Fine"]),
        ('1,"Slow, but kind" ,2\n2,"Fine" ,5\n', ["Slow, but kind", "Fine"]),
        ("1,'Fine',2\n2,It's ok,5\n", ["'Fine'", "It's ok"]),
        ('1,"""Fine""",2\n2,ok,5\n', ['"Fine"', "ok"]),
        ("1,`Slow, but kind`,2\n2,`Fine`,5\n", ["Slow, but kind", "Fine"]),
        ('1,"Best" ward,2\n2,ok,5\n', ['"Best" ward', "ok"]),
        ('1,"Calm,2\n2,Fine,5\n3,ok,4\n', ["Calm", "Fine", "ok"]),
        ('1,Calm,2\n2,"Fine\nand more,5\n', ["Calm", "Fine\nand more"]),
        ('="1",="Calm, kind",="2"\n="2",="ok",="5"\n', ["Calm, kind", "ok"]),
    ],
    ids=["backslash", "single", "single and backslash", "space before", "not escaped",
         "space after", "some single", "quoted words", "backticks", "only the first words",
         "never closed", "never closed at the end", "formulas"],
)  # fmt: skip
def test_quotes_are_read_as_they_were_written(csv: Path, rows: str, texts: list[str]) -> None:
    assert read_texts(connect(csv, "id,Comment,Rating\n" + rows)) == texts


def test_tables_of_databases_have_signs_for_line_ends_and_nothing(csv: Path) -> None:
    made = connect(csv, "id\tComment\tRating\n1\tSlow\\nand cold\t\\N\n2\tFine\t5\n")
    assert read_texts(made) == ["Slow\nand cold", "Fine"]


@pytest.mark.parametrize(
    "content",
    [
        '"Visited,Comment,Rating"\n"2026-02-01,""Calm, friendly"",4"\n"2026-02-02,Loud,1"\n',
        'Visited,Comment,Rating\n"2026-02-01,""Calm, friendly"",4"\n2026-02-02,Loud,1\n',
        '"Visited,Comment,Rating",,\n"2026-02-01,""Calm, friendly"",4",,\n"2026-02-02,Loud,1",,\n',
    ],
    ids=["all", "some", "delimiters after them"],
)
def test_lines_in_quotes_are_unpacked(csv: Path, content: str) -> None:
    made = connect(csv, content)
    assert read_texts(made) == ["Calm, friendly", "Loud"]
    assert kinds.UNPACKED in count(made)


def test_a_text_with_commas_is_no_row_in_quotes(csv: Path) -> None:
    for names in ("comment,rating", '"comment","rating"'):
        made = connect(csv, f'{names}\n"Calm, friendly"\n"Loud",1\n')
        assert read_texts(made) == ["Calm, friendly", "Loud"]
    assert read_texts(connect(csv, "comment,rating\n'Calm, friendly'\n")) == ["Calm, friendly"]
    assert read_texts(connect(csv, 'comment\trating\n"Calm\tand"\n')) == ["Calm\tand"]


def test_lines_of_a_comment_in_lines_in_quotes_are_not_taken_apart(csv: Path) -> None:
    made = connect(csv, '"comment,rating"\n"""Calm,\n"" and friendly"",5"\n"Loud,1"\n')
    assert {"Calm", "friendly", "Loud"} <= set(re.findall(r"\w+", " ".join(read_texts(made))))


def test_a_row_below_known_names_is_no_second_row_of_names(csv: Path) -> None:
    made = connect(csv, "comment\trating\n'\tcalm'\tgood\n\t5\n")
    assert made.writing.header_rows == 1


def test_a_repeated_header_and_mark_are_left_out(csv: Path) -> None:
    made = connect(csv, "\ufeffComment,Site\nCalm,East\n\ufeffcomment,Site\n\ufeffLoud,East\n")
    assert read_texts(made) == ["Calm", "Loud"]
    assert made.oddities.tallies[kinds.REPEATED_HEADER].examples == ["line 3"]


@pytest.mark.parametrize(
    "content",
    [
        "2026-02-01,4,A secret of a patient,Maple\n2026-02-02,1,Waited for hours,Birch\n",
        "A secret of a patient,7\nWaited for hours,8\nCalm,3\n",
        "A secret of a patient\nWaited for hours\n",
    ],
    ids=["dates", "numbers", "one column"],
)
def test_a_file_without_a_header_is_told_without_its_words(csv: Path, content: str) -> None:
    with pytest.raises(Misconfigured, match="--no-header --map text=") as raised:
        _ = connect(csv, content, columns={}).plan
    assert "secret" not in str(raised.value)


def test_columns_without_names_are_numbered_below_excels_first_line(csv: Path) -> None:
    made = connect(csv, "sep=;\nCalm;4\nLoud;2;x\n", columns={"text": "1"}, header=False)
    assert read_texts(made) == ["Calm", "Loud"]


def test_a_column_without_a_name_can_be_named(csv: Path) -> None:
    content = "Visited,,Rating,\n2026-02-01,Calm,4,x\n"
    made = connect(csv, content, columns={"text": "column 2"})
    assert read_texts(made) == ["Calm"]
    assert made.writing.unnamed == ("column 2", "column 4")


def test_a_table_of_figures_is_told_from_comments(csv: Path) -> None:
    content = "Trust,Responses,Very good,Good\nEast,120,90,20\nWest,80,50,10\n"
    with pytest.raises(Misconfigured, match="no column holds texts"):
        _ = connect(csv, content, columns={}).plan


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><table><tr><th>Comment</th></tr></table></html>", "a web page"),
        (b"\n<!DOCTYPE html>\n<table>", "a web page"),
        (b'<?xml version="1.0"?><html xmlns:x="urn:x">', "a web page"),
        (
            b'<?xml version="1.0"?>\n'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "SpreadsheetML",
        ),
        (b'<?xml version="1.0"?><feedback><comment/></feedback>', "XML"),
        (b"{\\rtf1\\ansi Comment}", "a Word file"),
        (b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n", "a saved web page"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "contacts"),
        (b"From: <Saved by Browser>\r\nMIME-Version: 1.0\r\n", "a saved web page"),
        (b"<style>td {}</style><table>", "a web page"),
        (b"<rows><row><comment/></row></rows>", "XML"),
        (b"\r\n%PDF-1.4", "a PDF"),
        (b"ARROW1\x00\x00", "an Arrow file"),
        (b"Obj\x01\x04\x14", "an Avro file"),
        (b"comments.csv" + bytes(245) + b"ustar\x00", "an archive"),
        (b"PK\x05\x06" + bytes(18), "an empty zip archive"),
        (b'ID;PWXL;N;E\r\nC;Y1;X1;K"Comment"\r\nE\r\n', "a SYLK"),
        (b"-- Dump\n--\nDROP TABLE IF EXISTS `f`;\n", "a dump of a database"),
        (b"INSERT INTO f (id, c) VALUES (1, 'Calm');\n", "a dump of a database"),
        (b"- comment: Calm\n  date: 2026-01-03\n", "YAML"),
        (b"From: a@example.org\nTo: b@example.org\n\nCalm", "an e-mail"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    ],
)
def test_other_files_are_named_by_what_they_are(csv: Path, content: bytes, kind: str) -> None:
    with pytest.raises(Fatal, match=f"it is not CSV, JSON or Excel but .*{kind}"):
        _ = connect(csv, content).plan


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = "Comment,Rating,Ticket\n" + "".join(f"Calm {n},4,{n}\n" for n in range(50_000))
    writer = threading.Thread(target=lambda: path.write_text(content))
    writer.start()
    config = FileConfig(
        path=path, columns={"text": "Comment"}, attributes={"submission": "Ticket"}, textless=True
    )
    records, _ = read(FileConnector(config))
    writer.join()
    assert len(records) == 50_000


def test_a_repeated_header_may_have_another_order(csv: Path) -> None:
    made = connect(csv, "Site,Comment\nEast,Calm\nComment,Site\nLoud,West\n")
    records, _ = read(made)
    assert [(record.text, record.site) for record in records] == [
        ("Calm", "East"),
        ("Loud", "West"),
    ]


@pytest.mark.parametrize(
    "title", ["Survey,January 2026\n", "Site:,East,,\nMonth:,May,,\n,,,\n", "Survey\n"]
)
def test_titles_are_told_from_names_of_columns(csv: Path, title: str) -> None:
    rows = "F1,F2,F3,Bemerkung\n1,2,3,Gut gemacht\n2,3,3,Laut\n"
    made = connect(csv, title + rows, columns={"text": "Bemerkung"})
    assert read_texts(made) == ["Gut gemacht", "Laut"]


@pytest.mark.parametrize(
    ("rows", "texts", "kind"),
    [
        ("1,Calm, quiet ward,2\n2,Fine,5\n", ["Calm, quiet ward", "Fine"], kinds.REJOINED),
        ("1,Calm,4,5\n2,Fine,5\n", ["Calm", "Fine"], kinds.REJOINED),
        ("1,Calm,2,checked\n2,Fine,5\n", ["Calm", "Fine"], kinds.UNNAMED),
    ],
    ids=["text", "number", "note"],
)
def test_a_delimiter_that_is_not_quoted_is_part_of_its_cell(
    csv: Path, rows: str, texts: list[str], kind: str
) -> None:
    made = connect(csv, f"id,Comment,Rating\n{rows}3,Good,4\n4,ok,4\n")
    assert read_texts(made) == [*texts, "Good", "ok"]
    assert count(made) == {kind: 1}


def test_a_row_that_is_too_wide_in_more_than_one_way_is_its_own_fault(csv: Path) -> None:
    made = connect(csv, "Comment,Site\nCalm,quiet,East\nFine,West\nLoud,East\n")
    assert read(made)[1].dead_lettered == 1


@pytest.mark.parametrize("sign", ["^", "~", "\x01"])
def test_rare_delimiters_are_found(csv: Path, sign: str) -> None:
    made = connect(csv, f"{HEADER}2026-02-01,Calm; kind,4\n".replace(",", sign))
    assert read_texts(made) == ["Calm; kind"]
    assert made.writing.delimiter == sign


def test_a_first_line_that_names_another_delimiter_is_a_title(csv: Path) -> None:
    assert read_texts(connect(csv, f"sep=;\n{HEADER}2026-02-01,Calm,4\n")) == ["Calm"]


def test_decimal_commas_divide_no_cells(csv: Path) -> None:
    rows = "Datum;Bemerkung;Note\n03.01.2026;Ruhig, nett;1,5\n04.01.2026;Laut, kalt;4,0\n"
    made = connect(csv, rows, columns={"text": "Bemerkung"})
    assert read_texts(made) == ["Ruhig, nett", "Laut, kalt"]


def test_numbers_of_rows_without_a_name_move_no_column(csv: Path) -> None:
    rows = "Visited,Comment,Rating\n1,2026-02-01,Calm,4\n2,2026-02-02,Loud,2\n"
    made = connect(csv, rows)
    assert read_texts(made) == ["Calm", "Loud"]
    assert made.writing.unnamed == ("column 1",)


@pytest.mark.parametrize(
    "content",
    ["2026-02-01,Calm,4\r2026-02-02,Loud,2\n2026-02-03,Good,3\n",
     "2026-02-01,Calm,4\r\n2026-02-02,Loud,2\n2026-02-03,Good,3\r"],
)  # fmt: skip
def test_line_ends_of_several_kinds_end_lines(csv: Path, content: str) -> None:
    assert read_texts(connect(csv, HEADER + content)) == ["Calm", "Loud", "Good"]
    assert read_texts(connect(csv, HEADER[:-1] + "\r" + content)) == ["Calm", "Loud", "Good"]


def test_averages_below_the_table_are_no_scores(csv: Path) -> None:
    made = connect(csv, f"{HEADER}2026-02-01,Calm,4\n2026-02-02,Average,2\nAverage,,3.0\n")
    assert read_texts(made) == ["Calm", "Average"]
    assert count(made) == {kinds.TOTAL: 1}


@pytest.mark.parametrize(
    "content",
    [
        "\x00Visited,Comment,Rating\n2026-02-01,C\x00alm\x00,4\n" + "\x00" * 900,
        HEADER + "2026-02-01,\x02\x03\x02Calm\x03\x02\x03,4\n",
        HEADER + "2026-02-01,\x1b[1mCalm\x1b[0m,4\n",
        HEADER + "2026-02-01,\ufeffCalm,4\n",
    ],
    ids=["zeros", "controls", "escapes", "mark"],
)
def test_control_characters_cost_themselves_only(csv: Path, content: str) -> None:
    (text,) = read_texts(connect(csv, content))
    assert text.replace("[1m", "").replace("[0m", "") == "Calm"


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Calm", "Спокойно и чисто", "看護師はとても親切でした"])
def test_wide_characters_are_told_without_a_mark(csv: Path, encoding: str, text: str) -> None:
    content = f"{HEADER}2026-02-01,{text},4\n2026-02-02,{text} {text},2\n"
    assert read_texts(connect(csv, content.encode(encoding))) == [text, f"{text} {text}"]


def test_cells_that_come_again_are_no_names(csv: Path) -> None:
    content = "East,Everybody was so kind\nWest,The food was cold\nEast,It was loud at night\n"
    with pytest.raises(Misconfigured, match="--no-header"):
        _ = connect(csv, content, columns={}).plan


def test_japanese_with_escape_sequences_is_read(csv: Path) -> None:
    made = connect(csv, f"{HEADER}2026-02-01,とても親切でした,4\n".encode("iso2022_jp"))
    assert read_texts(made) == ["とても親切でした"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CafÃ© wasnâ€™t open", "Café wasn’t open"),
        ("CafÃƒÂ©", "Café"),
        ("Â£5 â€“ great ðŸ˜€", "£5 – great 😀"),
        ("Wasn&#39;t kind &amp; didn&rsquo;t listen", "Wasn't kind & didn’t listen"),
        ("NÃO là\xa0»", "NÃO là\xa0»"),
        ("A&E; R&D", "A&E; R&D"),
    ],
)
def test_text_that_was_encoded_twice_is_so_once(csv: Path, text: str, expected: str) -> None:
    made = connect(csv, f"{HEADER}2026-02-01,{text},4\n2026-02-02,Ça va à Lyon,4\n")
    assert read_texts(made) == [expected, "Ça va à Lyon"]
    assert count(made) == ({} if text == expected else {kinds.TWICE: 1})


@pytest.mark.parametrize(
    "head", [b"-- \n" * 1_000, b"<!---->" * 570, b"/**/ " * 800, b"From: x\n" + b"A: b\n" * 700]
)
def test_a_kind_is_found_in_linear_time(head: bytes) -> None:
    assert name_kind(head + b"x") is None  # backtracking would never end


def test_names_of_columns_are_no_commands_of_a_database(csv: Path) -> None:
    made = connect(csv, "Use of ward,Comment\nday,Calm\n")
    assert read_texts(made) == ["Calm"]
