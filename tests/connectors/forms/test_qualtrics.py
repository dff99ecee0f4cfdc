from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.forms.qualtrics.connector import Qualtrics, _unzip
from connectors.sdk import REMOVED_QUESTION
from connectors.sdk.errors import Fatal, Misconfigured, Retry, Skip
from connectors.sdk.source import Source
from schemas.feedback import Feedback
from tests.support.fake_service import moment, serve_fake
from tests.support.fakes import attributes_without_submission, build_source
from tests.support.services.qualtrics import FakeQualtrics, response, utc

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def source(fake: FakeQualtrics, url: str, **settings: Any) -> Qualtrics:
    values = fake.settings
    fake.settings = lambda url: values(url) | settings  # type: ignore[method-assign]
    made: Source = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(made, Qualtrics)
    return made


def records(fake: FakeQualtrics, **settings: Any) -> list[Feedback]:
    with serve_fake(fake) as service:
        one = source(fake, service.url, window_days=90, **settings)
        return [one.parse(item) for page in one.fetch(None) for item in page.items]


def with_one(**values: Any) -> FakeQualtrics:
    fake = FakeQualtrics()
    fake.responses = fake.responses[8:9]
    fake.responses[0]["values"].update(values)
    return fake


def test_a_comment_carries_its_question_scores_language_and_embedded_data() -> None:
    (record,) = records(with_one(), service_field="ward")
    assert record.native_id == "R_8:QID1_TEXT"
    assert record.created_at == moment(8)
    assert record.revision == int(moment(8).timestamp() * 1000) + 581
    assert record.question == "What could we do better?"
    assert record.nps is not None and record.nps.value == 8
    assert (record.service, record.language) == ("Ward 4", "en-GB")
    assert attributes_without_submission(record) == {"form": "After your visit"}
    payload = record.to_payload().decode()
    assert record.author is not None
    assert not any(told in payload for told in ("Bloggs", "192.0.2.7", "anonymous"))


def test_other_answers_rows_and_loops_have_records_and_wordings_of_their_own() -> None:
    fake = with_one(
        QID3=2, QID3_2_TEXT="Too loud.", **{"2_QID1_TEXT": "And cold.", "QID9_TEXT": "x"}
    )
    by_id = {record.native_id: record for record in records(fake)}
    assert by_id.keys() == {"R_8:QID1_TEXT", "R_8:QID3_2_TEXT", "R_8:2_QID1_TEXT"}
    assert by_id["R_8:QID3_2_TEXT"].question == "Overall?: Other, which?"


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"QID4_1": {"measure": "csat", "worst": 1, "best": 2}}, 2),
        ({"how good were: the nurses": {"measure": "csat", "worst": 1, "best": 4}}, 2),
        ({"q4": {"measure": "csat", "choices": ["Dreadful", "Poor", "Good"]}}, 3),
    ],
)
def test_a_choice_is_a_score_by_its_number_or_its_wording(
    scores: dict[str, Any], expected: float
) -> None:
    fake = with_one(QID4_1=2)
    fake.responses[0]["labels"]["QID4_1"] = "Good"
    (record,) = records(fake, scores=scores)
    assert record.csat is not None and record.csat.value == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("EN", "en"), ("PT-BR", "pt-BR"), ("ZH-S", "zh-Hans"), ("Klingon", None), (7, None)],
)
def test_a_language_is_a_tag_that_others_understand(code: Any, expected: str | None) -> None:
    (record,) = records(with_one(userLanguage=code))
    assert record.language == expected


def test_previews_tests_and_spam_are_left_out() -> None:
    for kind in ("Survey Preview", "Survey Test", "Spam", "Offline Survey Preview"):
        fake = with_one()
        fake.responses[0]["labels"]["status"] = kind
        with pytest.raises(Skip):
            records(fake)


def test_the_first_run_asks_for_windows_and_the_next_only_for_what_is_new() -> None:
    fake = FakeQualtrics()
    with serve_fake(fake) as service:
        *_, last = source(fake, service.url).fetch(None)
        first, second, third = fake.exports
        assert "startDate" not in first and "endDate" not in third
        assert first["endDate"] == second["startDate"] == utc(-1 + 24)
        assert second["endDate"] == third["startDate"] == utc(-1 + 48)
        fake.responses.append(response(50))
        (page,) = source(fake, service.url).fetch(last.cursor)
        (again,) = source(fake, service.url).fetch(page.cursor)
    assert [item.data["id"] for item in page.items] == ["R_50:QID1_TEXT"]
    assert again.items == []
    earlier = moment(50) - timedelta(hours=6)
    assert fake.exports[3]["startDate"] == third["startDate"]
    assert fake.exports[4]["startDate"] == earlier.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_export_that_fails_or_is_cut_off_is_tried_again_later() -> None:
    for changes in ({"status": "failed"}, {"cut_off": 40}):
        fake = FakeQualtrics()
        vars(fake).update(changes)
        with pytest.raises(Retry):
            records(fake)


def test_a_survey_without_questions_is_no_reason_to_drop_answers() -> None:
    fake = FakeQualtrics()
    fake.questions = {}
    with pytest.raises(Misconfigured, match="no questions"):
        records(fake)


def test_an_export_that_unpacks_to_too_much_is_refused_before_it_is() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b'{"responses": []' + b" " * 40_000_000 + b"}")
    tracemalloc.start()
    with pytest.raises(Fatal, match="too large, lower window_days"):
        _unzip(packed.getvalue())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("status", [1, 2, 8, 9, 12, 17, "1"])
def test_previews_tests_and_spam_are_left_out_in_every_language(status: Any) -> None:
    fake = with_one(status=status)
    fake.responses[0]["labels"]["status"] = "Vorschau"
    with pytest.raises(Skip):
        records(fake)


def test_what_text_analytics_finds_is_no_comment() -> None:
    found = {
        "QID1_TEXT_4f1e2d3c4b5a69788796a5b4Topics": "Waiting",
        "QID1_TEXT_4f1e2d3c4b5a69788796a5b4Sentiment": "Negative",
        "QID1_TEXT_4f1e2d3c4b5a69788796a5b4SentimentScore": -1,
        "QID1_TEXT_ParTopics": "Access",
        "QID1_Topics": "Waiting",
    }
    assert len(records(with_one(**found))) == 1


@pytest.mark.parametrize(
    "validation",
    [
        {"type": "ValidEmail"},
        {"Settings": {"Type": "ContentType", "ContentType": "ValidPhone"}},
        {"type": "ValidNumber"},
    ],
)
def test_each_validation_is_known(validation: dict[str, Any]) -> None:
    fake = with_one(QID8_TEXT="sam.field@mail.example")
    question = {"type": "TE", "selector": "SL"}
    fake.questions = {
        **fake.questions,
        "QID8": {"questionType": question, "questionText": "Reach?", "validation": validation},
    }
    (record,) = records(fake)
    assert record.native_id == "R_8:QID1_TEXT"
    assert ("contact" in record.attributes) == ("Number" not in str(validation))


def with_question(definition: dict[str, Any], **values: Any) -> FakeQualtrics:
    """Return a service whose survey also has the question QID50."""
    fake = with_one(**values)
    fake.questions = {**fake.questions, "QID50": definition}
    return fake


def typed(kind: str, selector: str, wording: str, **more: Any) -> dict[str, Any]:
    return {"questionType": {"type": kind, "selector": selector}, "questionText": wording, **more}


def texts_to(fake: FakeQualtrics, **settings: Any) -> dict[str, str | None]:
    return {
        record.text: record.question
        for record in records(fake, **settings)
        if "QID50" in record.native_id
    }


def test_each_cell_of_a_table_of_texts_has_its_row_and_column() -> None:
    rows = {"1": {"choiceText": "Food"}, "3": {"choiceText": "Your name"}}
    columns = {"1": {"choiceText": "Good"}, "2": {"choiceText": "Bad"}}
    table = typed("Matrix", "TE", "Tell us", subQuestions=rows, choices=columns)
    cells = {"QID50_1_2": "Cold soup", "QID50_3_1": "Sam Field"}
    assert texts_to(with_question(table, **cells)) == {"Cold soup": "Tell us: Food, Bad"}


def test_columns_side_by_side_are_questions_of_their_own() -> None:
    rows = {"1": {"choiceText": "Food"}}
    text = {"questionText": "Why?", "questionType": {"type": "Matrix", "selector": "TE"}}
    table = typed("SBS", "SBSMatrix", "Rate", subQuestions=rows, columns={"2": text})
    fake = with_question(table, **{"QID50#1_1": 2, "QID50#2_1_1": "Cold soup"})
    assert texts_to(fake) == {"Cold soup": "Rate: Why?, Food"}


def test_a_slider_is_no_satisfaction_unless_it_says_so() -> None:
    slider = typed("Slider", "HSLIDER", "Pain", choices={"1": {"choiceText": "Pain"}})
    (record,) = records(with_question(slider, QID50_1=9))
    assert record.csat is None
    assert record.attributes["Pain: Pain"] == "9"


def test_another_place_is_no_comment_and_another_reason_is() -> None:
    where = typed("MC", "DL", "Where", choices={"1": {"choiceText": "East"}})
    assert texts_to(with_question(where, QID50=1, QID50_9_TEXT="Ward 9")) == {}
    reason = typed("MC", "DL", "What went wrong?", choices={"1": {"choiceText": "Food"}})
    found = texts_to(with_question(reason, QID50=1, QID50_9_TEXT="Parking"))
    assert found == {"Parking": "What went wrong?"}


def test_a_question_with_rows_is_named_by_its_wording() -> None:
    box = typed("MC", "MAVR", "Consent", choices={"1": {"choiceText": "No objection"}})
    fake = with_question(box, QID50_1=1)
    fake.responses[0]["labels"]["QID50_1"] = "No objection"
    (record,) = records(fake, contact_field="Consent")
    assert record.attributes["contact"] == "yes"


@pytest.mark.parametrize(
    "validation",
    [
        {"settings": {"type": "ContentType", "contentType": "ValidNumber"}},
        {"Settings": {"Type": "ContentType", "ContentType": "ValidDate"}},
        {"Settings": {"Type": "ContentType", "ContentType": "ValidUKPhone"}},
    ],
)
def test_a_validated_line_is_no_comment(validation: dict[str, Any]) -> None:
    line = typed("TE", "SL", "How can we improve?", validation=validation)
    assert texts_to(with_question(line, QID50_TEXT="0113 496 0000")) == {}


@pytest.mark.parametrize("kind", ["Vista previa", "Anteprima", "プレビュー"])
def test_previews_are_left_out_in_other_languages(kind: str) -> None:
    fake = with_one(status=kind)
    fake.responses[0]["labels"].pop("status", None)
    with pytest.raises(Skip):
        records(fake)


def test_texts_to_removed_questions_are_counted() -> None:
    fake = with_one(QID99_TEXT="To last year's question")
    with serve_fake(fake) as service:
        items = [item for page in source(fake, service.url).fetch(None) for item in page.items]
    assert items[0].left_out[REMOVED_QUESTION] == 1
