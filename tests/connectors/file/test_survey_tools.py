"""Exports of survey tools in their languages and variants, recognised by what is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from connectors.file import FileConfig, FileConnector, summary
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import Feedback

QUALTRICS = {
    "EndDate": ("End Date", "2026-03-02 09:05:00", "2026-03-03 09:05:00"),
    "Status": ("Response Type", "IP Address", "Survey Preview"),
    "DistributionChannel": ("Distribution Channel", "anonymous", "preview"),
    "ResponseId": ("Response ID", "R_1aBcDeF", "R_2aBcDeF"),
    "Q1": ("On a scale from 0-10, how likely are you to recommend us?", "9", "2"),
    "Q2": ("What is the main reason for your score?", "They knew my name", "only a try"),
}
SURVEYMONKEY = (
    "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,"
    "Custom Data 1,"
)


def read(folder: Path, content: str) -> list[Feedback]:
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    tally = RunStats()
    records = list(dry_run(FileConnector(FileConfig(path=path, textless=True)), tally))
    assert not tally.dead_lettered
    return records


def write_qualtrics(columns: Sequence[str], *, has_import_ids: bool = True) -> str:
    text = io.StringIO()
    rows = [columns, [QUALTRICS[name][0] for name in columns]]
    if has_import_ids:
        rows.append([f'{{"ImportId":"{name}"}}' for name in columns])
    rows += [[QUALTRICS[name][at] for name in columns] for at in (1, 2)]
    csv.writer(text).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    "columns",
    [
        ("EndDate", "Status", "ResponseId", "Q1", "Q2"),
        ("Status", "Q1", "Q2"),
        ("DistributionChannel", "Q1", "Q2"),
        ("EndDate", "DistributionChannel", "Q1", "Q2"),
    ],
)
def test_previews_are_left_out_of_any_choice_of_columns(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    (record,) = read(tmp_path, write_qualtrics(columns))
    assert (record.text, record.question) == ("They knew my name", QUALTRICS["Q2"][0])
    assert record.nps is not None
    assert record.nps.value == 9


def test_the_summary_has_the_wording_of_a_question_with_a_code(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(write_qualtrics(("EndDate", "Status", "ResponseId", "Q1", "Q2")), "utf-8")
    plan = FileConnector(FileConfig(path=path)).plan
    wordings = {column.column: column.wording for column in summary.list_columns(plan)}
    assert (wordings["Q2"], wordings["EndDate"]) == (QUALTRICS["Q2"][0], None)


def test_wordings_are_known_where_their_identifiers_were_taken_out(tmp_path: Path) -> None:
    columns = ("EndDate", "Status", "ResponseId", "Q1", "Q2")
    (record,) = read(tmp_path, write_qualtrics(columns, has_import_ids=False))
    assert (record.text, record.question) == ("They knew my name", QUALTRICS["Q2"][0])


def test_columns_without_a_name_belong_to_the_question_before_them(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        f"{SURVEYMONKEY}How likely is it that you would recommend us?,,Anything to add?\n"
        ",,,,,,,,,,Score,Open-Ended Response\n"
        "118400000001,5,03/02/2026 10:15:02 AM,03/02/2026 10:19:44 AM,192.0.2.1,,,,,Promoter,9,"
        "Each step was explained\n"
        "118400000002,5,03/14/2026 02:11:40 PM,03/14/2026 02:15:01 PM,192.0.2.2,,,,,Detractor,2,"
        "Nobody came to us\n",
    )
    assert [record.nps and record.nps.value for record in records] == [9, 2]
    assert {record.question for record in records} == {"Anything to add?"}


def test_parts_of_contact_details_and_of_matrices_are_neither_places_nor_ratings(
    tmp_path: Path,
) -> None:
    (record,) = read(
        tmp_path,
        f"{SURVEYMONKEY}Contact details,,Please rate,,What was good?\n"
        ",,,,,,,,,Name,Company,Food,Staff,Open-Ended Response\n"
        "118400000001,5,03/02/2026 10:15:02 AM,03/02/2026 10:19:44 AM,192.0.2.1,,,,,Ada Poe,"
        "Poe Ltd,Good,Excellent,The soup at lunch\n",
    )
    assert (record.text, record.organization, record.stars) == ("The soup at lunch", None, None)
    assert "Poe" not in record.model_dump_json()


@pytest.mark.parametrize("name", ["Other", "Other (please specify)"])
def test_another_choice_is_no_comment_but_a_remark_is(tmp_path: Path, name: str) -> None:
    header = f"Date,Which ward were you on?,{name},What could be better?\n"
    rows = "2026-03-02,Elm,,More light in the hall\n2026-03-03,,Fracture clinic,Less noise please\n"
    texts = [record.text for record in read(tmp_path, header + rows)]
    assert texts == ["More light in the hall", "Less noise please"]
    remark = "2026-03-03,,We were moved three times in one single night,\n"
    texts = [record.text for record in read(tmp_path, header + remark)]
    assert texts == ["We were moved three times in one single night"]


def test_lists_of_choices_are_no_comments(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        "Timestamp,What did you use?,What would you change?\n"
        '13/03/2026 10:11:12,"Emergency, Pharmacy",More chairs in the hall\n'
        '14/03/2026 10:11:12,"Pharmacy, Imaging, Café",A clock on the wall\n',
    )
    assert [record.text for record in records] == ["More chairs in the hall", "A clock on the wall"]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("Zeitstempel", "13.03.2026 10:11:12", "14.03.2026 10:11:12"),
        ("Horodateur", "13/03/2026 10:11:12", "14/03/2026 10:11:12"),
        ("Marca temporal", "13/3/2026 10:11:12", "14/3/2026 10:11:12"),
        ("Tijdstempel", "13-3-2026 10:11:12", "14-3-2026 10:11:12"),
        ("Informazioni cronologiche", "13/03/2026 10.11.12", "14/03/2026 10.11.12"),
        ("Carimbo de data/hora", "13/03/2026 10:11:12", "14/03/2026 10:11:12"),
        ("Timestamp", "2026/03/13 10:11:12 am GMT", "2026/03/14 10:11:12 am GMT"),
    ],
)
def test_google_forms_speaks_many_languages(
    tmp_path: Path, name: str, first: str, second: str
) -> None:
    records = read(
        tmp_path,
        f"{name};Qu'en pensez-vous ?;E-Mail-Adresse\n{first};Un banc près de la porte;a@x.example\n"
        f"{second};Une horloge au mur;b@x.example\n",
    )
    assert [record.text for record in records] == ["Un banc près de la porte", "Une horloge au mur"]
    assert records[0].created_at.isoformat() == "2026-03-13T10:11:12+00:00"


@pytest.mark.parametrize(
    "header",
    [
        "ID;Startzeit;Fertigstellungszeit;E-Mail;Name",
        "ID;Heure de début;Heure de fin;Adresse de messagerie;Nom",
        "ID;Hora de inicio;Hora de finalización;Correo electrónico;Nombre",
        "Id;Begintijd;Tijd van voltooien;E-mail;Naam",
        "ID;Ora di inizio;Ora di completamento;Posta elettronica;Nome",
    ],
)
def test_microsoft_forms_speaks_many_languages(tmp_path: Path, header: str) -> None:
    (record,) = read(
        tmp_path,
        f"{header};Was fehlt hier?\n1;13.03.2026 09:00;13.03.2026 09:05;anonymous;Ada Poe;"
        "Eine Bank vor der Tür\n",
    )
    assert record.text == "Eine Bank vor der Tür"
    assert record.created_at.isoformat() == "2026-03-13T09:05:00+00:00"
    assert "Poe" not in record.model_dump_json()


@pytest.mark.parametrize(
    "header",
    [
        '"id","submitdate","lastpage","startlanguage","startdate","q2"',
        '"id. Response ID","submitdate. Date submitted","lastpage. Last page",'
        '"startlanguage. Start language","startdate. Date started","q2. What happened there?"',
        '"Antwort-ID","Datum Abgeschickt","Letzte Seite","Start-Sprache","Datum gestartet",'
        '"Was ist passiert?"',
    ],
)
def test_limesurvey_writes_codes_or_texts_or_both(tmp_path: Path, header: str) -> None:
    records = read(
        tmp_path,
        f"{header}\n"
        '"1","2026-03-13 10:00:00","3","en","2026-03-13 09:55:00","A corner to play in"\n'
        '"2","1980-01-01 00:00:00","3","en","2026-03-14 09:55:00","No sign to the clinic"\n',
    )
    assert [record.text for record in records] == ["A corner to play in", "No sign to the clinic"]
    assert [f"{record.created_at:%Y-%m-%d}" for record in records] == ["2026-03-13", "2026-03-14"]
    assert {record.language for record in records} == {"en"}
