"""Lists that hospitals keep themselves: whose words are read, and whose are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.file import FileConfig, FileConnector, summary
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run
from schemas.feedback import Feedback


def connect(folder: Path, *rows: str) -> FileConnector:
    path = folder / "export.csv"
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return FileConnector(FileConfig(path=path, textless=True))


def read(folder: Path, *rows: str) -> list[Feedback]:
    return list(dry_run(connect(folder, *rows), RunStats()))


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        ("Ref,Received,Description,Outcome,Lessons learned,Action taken",
         "C/1,13/03/2026,{},Upheld,Staff offer drinks to everyone who waits,Apology by the matron",
         "C/2,14/03/2026,{},Upheld,The list is reviewed each Friday by a manager,Letter was sent"),
        ("Date,Patient said,Our reply", "2026-03-13,{},We have bought soft bins for all the wards",
         "2026-03-14,{},Thank you for these words which we passed on to him"),
        ("Month,You said,We did", "2026-03-13,{},We mended the heating in the whole of the room",
         "2026-03-14,{},We put up a board that shows all the times"),
        ("Opened,Summary of concern,Response sent",
         "13/03/2026,{},We apologised and told her the new date",
         "14/03/2026,{},Estates were told about this problem"),
        ("Date,Patient comment,Manager comment",
         "2026-03-13,{},The manager has spoken with the whole night team",
         "2026-03-14,{},Estates will mend the windows in the next few weeks"),
        ("Date,Stuff,Code", "2026-03-13,{},A1", "2026-03-14,{},B2"),
        ("Post,Date,Comments,Message", "1,2026-03-13,4,{}", "2,2026-03-14,0,{}"),
        ("Date,What the patient told us,What we did about it",
         "2026-03-13,{},We changed the times of lunch on all wards", "2026-03-14,{},New pots"),
        ("Date,Complaint,Response", "2026-03-13,{},We have written to her with our apologies",
         "2026-03-14,{},We met the family and explained what went wrong"),
        ("Eingang;Beschwerde;Antwort;Maßnahme",
         "13.03.2026;{};Wir haben uns schriftlich entschuldigt;Mehr Personal in der ganzen Nacht",
         "14.03.2026;{};Wir haben neue Wagen für alle bestellt;Neue Wagen"),
        ("Date;Réclamation;Réponse apportée",
         "13/03/2026;{};Courrier envoyé au patient avec nos excuses",
         "14/03/2026;{};Nouveaux chariots pour tous les services"),
        ("Story,Title,Response,Date", "{},My hip,Thank you for sharing your story,2026-03-13",
         "{},My eye,We are sorry to read about your drops,2026-03-14"),
    ],
)  # fmt: skip
def test_the_words_of_staff_are_not_the_patients(
    tmp_path: Path, header: str, first: str, second: str
) -> None:
    said = ("Nine hours in a corridor without water", "They cancelled it twice on the day")
    rows = [row.format(text) for row, text in zip((first, second), said, strict=True)]
    records = read(tmp_path, header, *rows)
    assert tuple(record.text for record in records) == said
    assert f"{records[0].created_at:%Y-%m-%d}" == "2026-03-13"


@pytest.mark.parametrize(
    ("rows", "texts", "service"),
    [
        (("Eingangsdatum;Station;Lob;Kritik", "13.03.2026;Innere;Alle sehr freundlich;Essen kalt",
          "14.03.2026;Innere;;Zu laut in der Nacht"),
         ["Alle sehr freundlich", "Essen kalt", "Zu laut in der Nacht"], "Innere"),
        (("Date de réception;Service;Note globale;Vos remarques",
          "13/03/2026;Cardiologie;8;Équipe à l'écoute"), ["Équipe à l'écoute"], "Cardiologie"),
        (("Fecha;Servicio;Quejas;Sugerencias", "13/03/2026;Urgencias;Mucho ruido;Más sillas"),
         ["Mucho ruido", "Más sillas"], "Urgencias"),
        (("Datum;Afdeling;Opmerkingen;Cijfer", "13-3-2026;Hart;Lief personeel;8"),
         ["Lief personeel"], "Hart"),
        (("Dyddiad,Ward,Sylwadau,Sgôr", "13/03/2026,Elm,Roedd pawb yn garedig,5"),
         ["Roedd pawb yn garedig"], "Elm"),
        (("タイムスタンプ,ご意見", "2026/03/13 10:00:00,看護師さんが優しかった"),
         ["看護師さんが優しかった"], None),
        (("Date,Verbatim1,Verbatim2", "2026-03-13,Kind nurse,Lost notes"),
         ["Kind nurse", "Lost notes"], None),
        (("Date,Anything to tell us?", "2026-03-13,Thanks"), ["Thanks"], None),
        (("Date,What we did well,What we did badly", "2026-03-13,Kind nurse,Lost notes"),
         ["Kind nurse", "Lost notes"], None),
        (("Date,Liked,Disliked", "2026-03-13,Nurses,Parking"), ["Nurses", "Parking"], None),
        (("Response[Date],Response[Comment]", "2026-03-13,The physio was patient"),
         ["The physio was patient"], None),
    ],
)  # fmt: skip
def test_lists_in_other_languages_and_forms(
    tmp_path: Path, rows: tuple[str, ...], texts: list[str], service: str | None
) -> None:
    records = read(tmp_path, *rows)
    assert [record.text for record in records] == texts
    assert {record.service for record in records} == {service}
    assert f"{records[0].created_at:%Y-%m-%d}" == "2026-03-13"


@pytest.mark.parametrize(
    "header", ["Started,Ended,Why?", "Recdate,Disdate,Comment Text", "Seen on,Left on,Comment"]
)
def test_any_date_is_better_than_that_of_the_file(tmp_path: Path, header: str) -> None:
    row = "13/03/2026,13/03/2026,They took my fear away"
    (record,) = read(tmp_path, header, row)
    assert f"{record.created_at:%Y-%m-%d}" == "2026-03-13"


def test_a_date_that_no_name_tells_is_told_as_a_guess(tmp_path: Path) -> None:
    connector = connect(tmp_path, "Seen on,Left on,Comment", "13/03/2026,14/03/2026,Kind nurse")
    (note,) = (note for note in summary.list_notes(connector.plan) if "created_at" in note)
    assert "'Seen on' is taken as the date of the comments; 'Left on' holds dates, too" in note


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("May we publish your comment?", "Yes please do", "No thank you"),
        ("Which best describes you?", "I am a patient here", "I am a carer"),
        ("How did you hear about us?", "From a friend", "From my GP"),
        ("Comment (translated)", "Cold tea again", "Kind and gentle nurse"),
        ("What is your age group?", "45 to 54", "25 to 34"),
    ],
)
def test_what_is_asked_about_the_writer_is_no_comment(
    tmp_path: Path, name: str, first: str, second: str
) -> None:
    connector = connect(
        tmp_path, f"Date,Comment,{name}", f"2026-03-13,Tè freddo,{first}",
        f"2026-03-14,Sehr nett,{second}",
    )  # fmt: skip
    assert [text.column for text in connector.plan.mapping.texts] == ["Comment"]
    assert not any("hold comments" in note for note in summary.list_notes(connector.plan))


def test_phrases_that_all_repeat_are_a_kind_of_feedback(tmp_path: Path) -> None:
    kinds = ("Thank you card", "Verbal complaint") * 2
    said = [f"What happened on the day of visit {number}" for number in range(4)]
    rows = [f"2026-03-13,{kind},{text}" for kind, text in zip(kinds, said, strict=True)]
    records = read(tmp_path, "Date,Feedback,Details", *rows)
    assert [record.text for record in records] == said


def test_names_of_people_are_no_examples(tmp_path: Path) -> None:
    connector = connect(
        tmp_path, "Date,Comment,Spoken to,Enquirer",
        "2026-03-13,Warm and calm,Dr Ada Poe,Ben Poe", "2026-03-14,Cold,Mr Lee Poe,Joy Poe",
    )  # fmt: skip
    shown = [str(column.example) for column in summary.list_columns(connector.plan)]
    assert not any("Poe" in example for example in shown)


def test_columns_of_staff_are_not_offered_as_comments(tmp_path: Path) -> None:
    connector = connect(
        tmp_path, "Date,Comment,Lessons learned",
        "2026-03-13,Warm and calm,The clinic now opens an hour earlier every Monday",
        "2026-03-14,Cold,The pharmacy checks each letter twice before it leaves",
    )  # fmt: skip
    assert not any("Lessons" in note for note in summary.list_notes(connector.plan))


def test_a_later_export_with_other_labels_and_order_is_the_same(tmp_path: Path) -> None:
    first = read(tmp_path, "Date,Comment,Rating", "2026-03-13,Soft bed,5", "2026-03-14,Hard bed,1")
    later = read(
        tmp_path, "rating,DATE,comment,Theme,Status", "1,2026-03-14,Hard bed ,Beds,closed",
        "5,2026-03-13,Soft bed,Beds,open",
    )  # fmt: skip
    assert {record.event_id for record in first} == {record.event_id for record in later}
