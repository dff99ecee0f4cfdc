"""Records: identity, scales and validation."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from schemas.feedback import Family, Feedback
from schemas.measures import Fft, Nps, Stars

GIVEN = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)


def collect(**fields: object) -> Feedback:
    return Feedback.collect(
        **{
            "source": "file",
            "native_id": "a/1",
            "created_at": GIVEN,
            "family": Family.FORM,
            **fields,
        }  # type: ignore[arg-type]
    )


def test_the_same_source_and_native_id_get_the_same_event_id() -> None:
    assert collect(text="once").event_id == collect(text="edited").event_id


def test_parts_of_an_identity_do_not_run_into_each_other() -> None:
    assert (
        collect(source="ab", native_id="c").event_id != collect(source="a", native_id="bc").event_id
    )


def test_a_record_survives_its_payload() -> None:
    record = collect(text="Long wait ☂", stars={"value": 2}, attributes={"ward": "7"})
    assert Feedback.from_payload(record.to_payload()) == record


def test_an_unknown_field_is_ignored() -> None:
    payload = collect().to_payload().replace(b"{", b'{"later":1,', 1)
    assert Feedback.from_payload(payload).native_id == "a/1"


@pytest.mark.parametrize(
    ("measure", "score"),
    [
        (Stars(value=4), 0.75),
        (Nps(value=10), 1.0),
        (Fft(value=1), 1.0),
        (Fft(value=5), 0.0),
        (Fft(value=6), None),
    ],
)
def test_a_measure_is_scored_from_worst_to_best(measure: Stars, score: float | None) -> None:
    assert measure.score == score


@pytest.mark.parametrize(
    "fields",
    [
        {"stars": {"value": 6}},
        {"fft": {"value": 7}},
        {"nps": {"value": 3, "worst": 1, "best": 1}},
        {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
        pytest.param({"created_at": datetime.now(UTC) + timedelta(days=3)}, id="in three days"),
        {"created_at": datetime(2026, 1, 1)},  # a time without a zone
        {"text": "x" * 100_001},
        {"author": "Jane Doe"},
        {"native_id": ""},
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        collect(**fields)
