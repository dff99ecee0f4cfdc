from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.forms.fhir.config import FhirConfig
from connectors.forms.fhir.connector import Fhir
from connectors.sdk.errors import BadRecord, Misconfigured, Skip
from connectors.sdk.source import Source
from schemas.feedback import Feedback, Operation
from tests.support.fake_service import moment, serve_fake
from tests.support.fakes import attributes_without_submission, build_source
from tests.support.services.fhir import CANONICAL, FakeFhir, instant

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ITEM_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
CO_VALUE = "http://hl7.org/fhir/StructureDefinition/iso21090-CO-value"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def source(fake: FakeFhir, url: str, **settings: Any) -> Fhir:
    values = fake.settings
    fake.settings = lambda url: values(url) | settings  # type: ignore[method-assign]
    made: Source = build_source(fake, url, author_key=b"key", now=lambda: NOW)
    assert isinstance(made, Fhir)
    return made


def records(fake: FakeFhir, **settings: Any) -> list[Feedback]:
    with serve_fake(fake) as service:
        one = source(fake, service.url, **settings)
        return [one.parse(item) for page in one.fetch(None) for item in page.items]


def with_one(*items: dict[str, Any], **changes: Any) -> FakeFhir:
    fake = FakeFhir()
    fake.resources = [fake.resources[8] | changes | ({"item": [*items]} if items else {})]
    return fake


def question(link: str, *values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"linkId": link, "text": f"The {link}?", "answer": [*values], **more}


def test_a_comment_carries_its_question_its_scores_and_its_questionnaire() -> None:
    (record,) = records(with_one(language="en-GB"), scores={"overall": "csat"}, site="Eastgate")
    assert record.native_id == "eastgate/8:better"
    assert record.question == "What could we do better?"
    assert record.csat is not None and (record.csat.value, record.csat.best) == (4, 5)
    assert (record.site, record.language) == ("Eastgate", "en-GB")
    assert attributes_without_submission(record) == {"questionnaire": CANONICAL}
    assert record.redated
    assert record.author is not None and "Patient" not in record.to_payload().decode()


def test_questions_are_found_at_any_depth_and_asked_again_with_a_number() -> None:
    inner = question("why", {"valueString": "Too long."}, {"valueString": "And cold."})
    fake = with_one(
        {"linkId": "stay", "item": [question("why", {"valueString": "Fine."})]},
        question("waited", {"valueBoolean": True, "item": [inner]}),
        question("name", {"valueString": "Jo Bloggs"}) | {"text": "Your name"},
        question("born", {"valueDate": "1950-01-01"}),
    )
    by_id = {record.native_id: record.text for record in records(fake)}
    assert by_id == {"eastgate/8:why": "Fine.", "eastgate/8:why#2": "Too long.\nAnd cold."}


@pytest.mark.parametrize(
    ("value", "score", "measure", "expected"),
    [
        ({"valueDecimal": 3.5}, "csat", "csat", 3.5),
        ({"valueQuantity": {"value": 7}}, "nps", "nps", 7),
        ({"valueCoding": {"code": "5", "display": "Very good"}}, "csat", "csat", 5),
        ({"valueCoding": {"code": "vg", "display": "Very good"}}, "fft", "fft", 1),
        (
            {
                "valueCoding": {
                    "code": "g",
                    "display": "Good",
                    "extension": [{"url": ORDINAL, "valueDecimal": 4}],
                }
            },
            "csat",
            "csat",
            4,
        ),
        (
            {"valueCoding": {"code": "g", "display": "Good"}},
            {"measure": "csat", "choices": ["Poor", "Fair", "Good"]},
            "csat",
            3,
        ),
    ],
)
def test_a_score_is_a_number_or_the_number_of_a_choice(
    value: dict[str, Any], score: Any, measure: str, expected: float
) -> None:
    fake = with_one(question("Overall", value))
    (record,) = records(fake, scores={"overall": score})
    assert record.text == ""
    assert getattr(record, measure).value == expected


LOINC = {"system": "http://loinc.org", "code": "LA8967-7", "display": "Excellent"}


@pytest.mark.parametrize(
    "answer",
    [
        {"valueCoding": LOINC},
        {"valueCoding": {"code": "1.1.1.5"}, "extension": [{"url": ORDINAL, "valueDecimal": 5}]},
        {"valueCoding": {"code": "a", "extension": [{"url": ITEM_WEIGHT, "valueDecimal": 5}]}},
        {"valueCoding": {"code": "a"}, "extension": [{"url": CO_VALUE, "valueDecimal": 5}]},
    ],
)
def test_a_weight_is_of_the_answer_or_of_the_questionnaire(answer: dict[str, Any]) -> None:
    (record,) = records(with_one(question("overall", answer)), scores={"overall": "csat"})
    assert record.csat is not None and record.csat.value == 5


@pytest.mark.parametrize("code", ["1.1.1.4", "LA6569-3", "4-weekly", "2026-11-16"])
def test_a_code_that_is_a_name_is_not_a_number(code: str) -> None:
    fake = with_one(question("overall", {"valueCoding": {"code": code}}))
    with pytest.raises(BadRecord, match="overall: the answer is not on the scale"):
        records(fake, scores={"overall": "csat"})


def test_a_wording_is_that_of_the_questionnaire_or_the_link() -> None:
    items = [{"linkId": link, "answer": [{"valueString": "Kind."}]} for link in ("better", "q-9")]
    assert [record.question for record in records(with_one(*items))] == [
        "What could we do better?",
        "q-9",
    ]


def test_of_other_questionnaires_only_named_questions_are_read() -> None:
    clinical = {
        "questionnaire": "https://clinic.example/Questionnaire/mood",
        "item": [
            question("overall", {"valueInteger": 3}),
            question("thoughts", {"valueString": "I cannot sleep."}),
        ],
    }
    fake = with_one(**clinical)
    (record,) = records(fake, questionnaire=None, scores={"overall": "csat"})
    assert (record.text, record.csat and record.csat.value) == ("", 3)
    with pytest.raises(Skip, match="not of `questionnaire`"):
        records(with_one(**clinical), questionnaire=None, comments=["better"])
    with pytest.raises(Misconfigured, match="set questionnaire"):
        records(with_one(**clinical), questionnaire=None)


def test_text_beside_a_choice_is_a_comment() -> None:
    answers = ({"valueCoding": LOINC}, {"valueString": "The lift was broken."})
    (record,) = records(with_one(question("why", *answers)))
    assert (record.native_id, record.text) == ("eastgate/8:why-other", "The lift was broken.")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "amended"},
        {"meta": {"versionId": "3", "lastUpdated": "2026-11-20T00:00:00.000Z"}},
        {"status": "entered-in-error"},
    ],
)
def test_a_comment_that_a_later_version_leaves_out_is_deleted(changes: dict[str, Any]) -> None:
    fake = with_one(question("overall", {"valueInteger": 2}), **changes)
    by_id = {
        record.native_id: record.operation for record in records(fake, scores={"overall": "csat"})
    }
    assert by_id["eastgate/8:better"] is Operation.DELETE


def test_a_comment_is_deleted_without_a_questionnaire_if_this_process_has_seen_it() -> None:
    fake = with_one(question("odd", {"valueString": "Loud."}))
    fake.questionnaires = []
    later = fake.resources[0] | {"item": [question("overall", {"valueInteger": 2})]}
    fake.resources.append(later | {"status": "amended", "meta": {"lastUpdated": instant(20)}})
    scores = {"overall": "csat"}
    operations = [(record.native_id, record.operation) for record in records(fake, scores=scores)]
    assert ("eastgate/8:odd", Operation.DELETE) in operations


def test_a_named_comment_is_deleted_without_a_questionnaire() -> None:
    fake = with_one(question("overall", {"valueInteger": 2}), status="amended")
    fake.questionnaires = []
    settings = {"comments": ["better"], "scores": {"overall": "csat"}}
    operations = [(record.native_id, record.operation) for record in records(fake, **settings)]
    assert ("eastgate/8:better", Operation.DELETE) in operations


def test_no_number_is_kept_that_the_settings_do_not_name() -> None:
    fake = with_one(question("age", {"valueInteger": 54}), question("why", {"valueString": "Cold"}))
    (record,) = records(fake)
    assert "54" not in record.attributes.values()


@pytest.mark.parametrize(
    ("authored", "expected"),
    [
        ("2026-11-02T10:00:00+01:00", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        (None, moment(8)),
    ],
)
def test_was_given_when_it_was_authored_or_last_updated(
    authored: str | None, expected: datetime
) -> None:
    (record,) = records(with_one(authored=authored))
    assert record.created_at == expected


def test_only_what_is_completed_counts() -> None:
    for status in ("in-progress", "stopped", None):
        with pytest.raises(Skip):
            records(with_one(status=status))
    taken_back = records(with_one(status="entered-in-error"))
    assert {record.operation for record in taken_back} == {Operation.DELETE}
    assert {record.native_id for record in taken_back} == {"eastgate/8", "eastgate/8:better"}
    assert {record.text for record in taken_back} == {""}


def test_an_amended_response_takes_back_what_it_no_longer_says() -> None:
    fake = with_one({"linkId": "better"}, question("overall", {"valueInteger": 2}))
    fake.resources[0]["status"] = "amended"
    by_id = {
        record.native_id: record.operation for record in records(fake, scores={"overall": "csat"})
    }
    assert by_id["eastgate/8:better"] is Operation.DELETE
    assert by_id["eastgate/8"] is Operation.UPSERT


def test_the_token_goes_to_no_other_server() -> None:
    fake = FakeFhir()
    for elsewhere in ("http://127.0.0.1:9", "https://127.0.0.1", "ftp://localhost"):
        fake.next_is_at = elsewhere
        with pytest.raises(Misconfigured, match="another server"):
            records(fake)


def test_pages_that_have_expired_are_searched_for_again() -> None:
    fake = FakeFhir()
    with serve_fake(fake) as service:
        first = next(iter(source(fake, service.url).fetch(None)))
        fake.forgets_pages = True
        later = source(fake, service.url, per_page=50).fetch(first.cursor)
        assert sum(len(page.items) for page in later) == 35


def test_ids_of_two_servers_are_told_apart() -> None:
    (record,) = records(with_one(), server=None)
    assert record.native_id == "127.0.0.1/r4/8:better"


def test_a_token_and_a_client_exclude_each_other() -> None:
    for settings in (
        {"client_id": "feedback"},
        {"token": "t", "token_url": "u", "client_id": "c", "client_secret": "s"},
    ):
        with pytest.raises(ValidationError):
            FhirConfig.model_validate({"base_url": "https://fhir.example/r4", **settings})


@pytest.mark.parametrize("code", ["1.3", "2.0", "1.1.1.4"])
def test_a_code_with_dots_is_no_number(code: str) -> None:
    fake = with_one(question("overall", {"valueCoding": {"code": code}}))
    with pytest.raises(BadRecord, match="not on the scale"):
        records(fake, scores={"overall": {"measure": "csat", "worst": 0, "best": 4}})


@pytest.mark.parametrize("canonical", [CANONICAL, f"{CANONICAL}|2.0", f"{CANONICAL}#part"])
def test_a_contained_questionnaire_has_the_wordings(canonical: str) -> None:
    item = {"linkId": "c", "text": "What happened?", "type": "text"}
    contained = {"resourceType": "Questionnaire", "url": CANONICAL, "item": [item]}
    answer = {"linkId": "c", "answer": [{"valueString": "Cold."}]}
    fake = with_one(answer, contained=[contained], questionnaire=canonical)
    fhir = source(fake, "http://127.0.0.1:9")
    (item,) = fhir._items(fake.resources[0])
    record = fhir.parse(item)
    assert record.question == ("c" if "#" in canonical else "What happened?")


def test_a_line_for_a_place_is_no_comment() -> None:
    ward = {"linkId": "w", "text": "Which ward were you on?", "answer": [{"valueString": "A4"}]}
    (record,) = records(with_one(ward, question("why", {"valueString": "Cold."})))
    assert record.text == "Cold."


def test_a_list_of_one_may_be_an_object() -> None:
    answer = {"linkId": "why", "text": "Why?", "answer": {"valueString": "Cold."}}
    (record,) = records(with_one({"linkId": "g", "item": answer}))
    assert record.text == "Cold."


def test_files_and_persons_are_counted() -> None:
    fake = with_one(
        question("photo", {"valueAttachment": {"url": "x"}}),
        question("who", {"valueReference": {"display": "Dr Field"}}),
        question("why", {"valueString": "Cold."}),
    )
    with serve_fake(fake) as service:
        items = [item for page in source(fake, service.url).fetch(None) for item in page.items]
    assert sum(items[0].left_out.values()) == 2
    assert "Field" not in str(items[0].data)


@pytest.mark.parametrize("told", ["+44 113 496 0000", "9", "sam.field@mail.example"])
def test_a_number_or_an_address_is_no_comment_without_a_definition(told: str) -> None:
    fake = with_one(question("x", {"valueString": told}), question("why", {"valueString": "Cold."}))
    assert [record.text for record in records(fake)] == ["Cold."]
