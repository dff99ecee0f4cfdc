"""Questions and answers become records: what every connector of forms does alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from connectors.sdk.answers import AnswerType, FormAnswer
from connectors.sdk.base import Item
from connectors.sdk.empty_answers import EMPTY_ANSWER
from connectors.sdk.errors import BadRecord, Skip
from connectors.sdk.questions import FormSourceConfig
from connectors.sdk.source import Context
from connectors.sdk.submissions import FormSource, Submission
from schemas.feedback import Feedback, Operation
from tests.support.fakes import attributes_without_submission

AT = "2026-11-20T12:00:00Z"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Sample(FormSource):
    name: ClassVar[str] = "sample"


def sample(settings: dict[str, Any] | None = None) -> Sample:
    config = FormSourceConfig.model_validate(settings or {})
    return Sample(config, Context("test", b"key", lambda: NOW))


def items(*answers: FormAnswer, settings: dict[str, Any] | None = None, **more: Any) -> list[Item]:
    submission = Submission(**{"id": "s1", "at": AT, "answers": answers, **more})
    return sample(settings).items(submission)


def records(
    *answers: FormAnswer, settings: dict[str, Any] | None = None, **more: Any
) -> list[Feedback]:
    form = sample(settings)
    return [form.parse(item) for item in items(*answers, settings=settings, **more)]


def text(field: str, value: Any, question: str = "What was good?", *also: str) -> FormAnswer:
    return FormAnswer(field, question, AnswerType.TEXT, value, also=also)


RECOMMEND = FormAnswer("q9", "Would you recommend us?", AnswerType.NPS, 9)


class TestTexts:
    def test_each_is_feedback_with_its_question_and_the_scores(self) -> None:
        feedback = records(text("a", "The nurses"), text("b", "The food", "And bad?"), RECOMMEND)
        assert [(record.native_id, record.question, record.text) for record in feedback] == [
            ("s1:a", "What was good?", "The nurses"),
            ("s1:b", "And bad?", "The food"),
        ]
        assert [record.nps and record.nps.value for record in feedback] == [9, 9]

    def test_a_submission_without_text_is_its_scores(self) -> None:
        (found,) = records(text("a", "  "), RECOMMEND)
        assert (found.native_id, found.text, found.nps and found.nps.value) == ("s1", "", 9)

    def test_a_submission_without_text_and_scores_is_left_out(self) -> None:
        with pytest.raises(Skip):
            records(text("a", ""))

    def test_only_the_named_questions_where_some_are_named(self) -> None:
        answers = (text("a", "Good", "?", "best"), text("b", "Bad"), text("c", "Odd", "Else?"))
        feedback = records(*answers, settings={"comments": ["BEST", "else?"]})
        assert [record.text for record in feedback] == ["Good", "Odd"]

    @pytest.mark.parametrize("value", [7, {"a": 1}, True])
    def test_what_is_no_text_is_refused(self, value: Any) -> None:
        with pytest.raises(BadRecord):
            records(text("a", value))


class TestEmptyAnswers:
    FAULTS = "What could be better?"

    def test_they_are_no_comments_and_counted(self) -> None:
        answers = (text("a", "N/A"), text("b", "none", self.FAULTS), text("c", "The food"))
        (item,) = items(*answers)
        assert sample().parse(item).text == "The food"
        assert item.left_out == {EMPTY_ANSWER: 2}

    def test_a_submission_with_scores_is_its_scores(self) -> None:
        (item,) = items(text("a", "None", self.FAULTS), RECOMMEND)
        found = sample().parse(item)
        assert (found.native_id, found.text, found.nps and found.nps.value) == ("s1", "", 9)
        assert (found.question, item.left_out) == (None, {EMPTY_ANSWER: 1})

    def test_a_submission_of_nothing_else_is_skipped_as_one_of_them(self) -> None:
        (item,) = items(text("a", "-"), text("b", "nothing", self.FAULTS))
        with pytest.raises(Skip, match=EMPTY_ANSWER):
            sample().parse(item)
        assert item.left_out == {EMPTY_ANSWER: 1}  # and the item

    def test_they_delete_what_an_earlier_revision_said(self) -> None:
        skipped, deleted = items(text("a", "n/a"), edited=True)
        with pytest.raises(Skip):
            sample().parse(skipped)
        found = sample().parse(deleted)
        assert (found.native_id, found.operation) == ("s1:a", Operation.DELETE)

    def test_named_comments_may_say_nothing_too(self) -> None:
        (item,) = items(text("a", "none", self.FAULTS), RECOMMEND, settings={"comments": ["a"]})
        assert item.left_out == {EMPTY_ANSWER: 1}

    def test_an_answer_that_says_something_elsewhere_is_kept(self) -> None:
        assert [found.text for found in records(text("a", "Nothing"))] == ["Nothing"]


class TestPersons:
    @pytest.mark.parametrize(
        "question",
        [
            "Name",
            "Your full name:",
            "What's your first name?",
            "E-mail address (optional)",
            "Please enter your phone number",
            "Date of birth",
            "NHS number",
        ],
    )
    def test_what_asks_for_them_is_not_copied(self, question: str) -> None:
        (found,) = records(text("a", "Jo Bloggs", question), RECOMMEND)
        assert (found.text, attributes_without_submission(found)) == ("", {})

    @pytest.mark.parametrize(
        "question", ["Name one thing we did well", "Who was rude? Their name?"]
    )
    def test_what_asks_for_more_is(self, question: str) -> None:
        assert records(text("a", "Jo", question))[0].text == "Jo"

    def test_an_address_is_only_a_flag(self) -> None:
        mail = FormAnswer("m", "Where can we reach you?", AnswerType.CONTACT, "jo@example.com")
        (found,) = records(text("a", "Good"), mail)
        assert attributes_without_submission(found) == {"contact": "yes"}
        assert "jo@" not in found.to_payload().decode()

    @pytest.mark.parametrize(
        ("value", "flag"), [(["Yes, please"], "yes"), ("No", "no"), (True, "yes")]
    )
    def test_the_question_for_contact_is_only_a_flag(self, value: Any, flag: str) -> None:
        asked = FormAnswer("r", "May we write?", AnswerType.CHOICE, value)
        (found,) = records(text("a", "Good"), asked, settings={"contact_field": "r"})
        assert attributes_without_submission(found) == {"contact": flag}

    def test_further_questions_are_left_out_on_request(self) -> None:
        feedback = records(
            text("a", "Jo", "Wie heißen Sie?"), RECOMMEND, settings={"personal": ["a"]}
        )
        assert [record.text for record in feedback] == [""]

    def test_the_person_is_a_pseudonym(self) -> None:
        (found,) = records(text("a", "Good"), respondent="p7")
        assert found.author is not None and "p7" not in found.author


class TestShortAnswers:
    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("What went well?", "Nurses"),
            ("Comments", "great"),
            ("Ward", "The bell was out of reach all night."),
            ("", "Nobody came when I rang the bell"),
            ("Was war gut?", "Alles"),
            ("Wie können wir besser werden?", "Parken"),
            ("Where could we do better?", "Parking"),
            ("Please specify", "The lift broke"),
            ("何か", "看護師さんがとても親切でした"),
        ],
    )
    def test_are_comments_if_they_are_asked_for_or_read_like_one(
        self, question: str, value: str
    ) -> None:
        (found,) = records(FormAnswer("q", question, AnswerType.SHORT, value))
        assert found.text == value

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("", "Sam Field"),
            ("Your name", "Sam Field of Long Lane in the East"),
            ("Ward", "Maternity"),
            ("Which ward were you on?", "Maternity 2"),
            ("When were you here?", "last Tuesday"),
            ("What is your job?", "Teacher"),
            ("Which member of staff would you like to thank?", "Sister Field"),
            ("Anything else?", "0"),
            ("Anything else?", "+44 20 7946 0000"),
            ("Anything else?", "sam.field@mail.example"),
            ("Anything else?", "12/11/2026"),
            ("Contact details", "sam at home"),
        ],
    )
    def test_are_otherwise_left_out_and_counted(self, question: str, value: str) -> None:
        short = FormAnswer("q", question, AnswerType.SHORT, value)
        (item,) = items(text("a", "Good"), short)
        assert sum(item.left_out.values()) == 1
        assert item.data["text"] == "Good"

    def test_are_comments_if_settings_name_them(self) -> None:
        short = FormAnswer("q", "Ward", AnswerType.SHORT, "Maternity")
        (found,) = records(short, settings={"comments": ["ward"]})
        assert found.text == "Maternity"


class TestOtherChoices:
    WHY = FormAnswer(
        "w", "What went wrong?", AnswerType.CHOICE, ["Food"], other="The lift was broken"
    )

    def test_are_comments_of_their_own(self) -> None:
        feedback = records(text("a", "Good"), self.WHY)
        assert [(record.native_id, record.question, record.text) for record in feedback] == [
            ("s1:a", "What was good?", "Good"),
            ("s1:w-other", "What went wrong?", "The lift was broken"),
        ]

    def test_follow_the_choices_in_a_named_comment(self) -> None:
        (found,) = records(self.WHY, settings={"comments": ["w"]})
        assert (found.native_id, found.text) == ("s1:w", "Food, The lift was broken")

    def test_may_name_the_place(self) -> None:
        ward = FormAnswer("w", "Which ward?", AnswerType.CHOICE, [], other="Annex B")
        (found,) = records(text("a", "Good"), ward, settings={"service_field": "w"})
        assert (found.text, found.service) == ("Good", "Annex B")

    def test_that_are_one_more_choice_are_left_out_and_counted(self) -> None:
        ward = FormAnswer("w", "Which ward?", AnswerType.CHOICE, [], other="Annex B")
        (item,) = items(text("a", "Good"), ward)
        assert sum(item.left_out.values()) == 1

    def test_beside_a_score_are_comments(self) -> None:
        rating = FormAnswer("r", "How was it?", AnswerType.CHOICE, "4", other="Too loud at night")
        (found,) = records(rating, settings={"scores": {"r": "stars"}})
        assert (found.text, found.stars and found.stars.value) == ("Too loud at night", 4)


def test_a_text_that_settings_leave_out_is_counted_once() -> None:
    first, *others = items(
        text("a", "Good"), text("b", "Bad"), text("c", "Ugly"), settings={"comments": ["a", "b"]}
    )
    assert sum(first.left_out.values()) == 1
    assert all(not item.left_out for item in others)


def test_two_answers_of_one_id_are_two_records() -> None:
    feedback = records(text("None", "Good"), text("None", "Bad"))
    assert [record.native_id for record in feedback] == ["s1:None", "s1:None#2"]


class TestScores:
    @pytest.mark.parametrize(
        "answer",
        [
            FormAnswer("q", "How bad was your pain?", AnswerType.SCALE, 9, 0, 10),
            FormAnswer("q", "How bad was your pain?", AnswerType.STARS, 5, 1, 5),
            *(
                FormAnswer("q", state, AnswerType.STARS, 5, 1, 5)
                for state in (
                    "How breathless are you?",
                    "Your mood today",
                    "Itching",
                    "Your health",
                )
            ),
            FormAnswer("q", "Recommendation of statins", AnswerType.SCALE, 9, 0, 10),
            FormAnswer("q", "I was not satisfied", AnswerType.SCALE, 5, 1, 5),
            FormAnswer(
                *("q", "Would you recommend us?", AnswerType.SCALE, 1, 0, 10),
                ends=("Extremely likely", "Not at all likely"),
            ),
            FormAnswer("q", "Quality of life", AnswerType.SCALE, 3, 1, 5, ends=("Worst", "Best")),
            FormAnswer("q", "Overall?", AnswerType.SCALE, 9, 0, 10),
            FormAnswer("q", "How much effort was it?", AnswerType.SCALE, 6, 1, 7),
            FormAnswer("q", "How dissatisfied were you?", AnswerType.SCALE, 4, 1, 5),
            FormAnswer(
                "q",
                "How satisfied were you?",
                AnswerType.SCALE,
                5,
                1,
                5,
                ends=("Very satisfied", "Very dissatisfied"),
            ),
        ],
    )
    def test_are_guessed_from_nothing_but_an_unmistakable_scale(self, answer: FormAnswer) -> None:
        (found,) = records(answer)
        assert [found.stars, found.nps, found.csat, found.ces] == [None] * 4
        assert attributes_without_submission(found) == {answer.question: str(answer.value)}

    def test_are_satisfaction_if_the_ends_of_the_scale_say_so(self) -> None:
        answer = FormAnswer(
            "q", "Cleanliness", AnswerType.SCALE, 4, 1, 5, ends=("Very poor", "Very good")
        )
        (found,) = records(answer)
        assert found.csat is not None and found.csat.value == 4

    @pytest.mark.parametrize(
        ("value", "kind"), [("often", AnswerType.CHOICE), (7, AnswerType.SCALE)]
    )
    def test_that_settings_name_and_that_cannot_be_read_are_refused(
        self, value: Any, kind: AnswerType
    ) -> None:
        answer = FormAnswer("overall", "Overall", kind, value)
        with pytest.raises(BadRecord, match="overall: the answer is not on the scale"):
            records(answer, settings={"scores": {"overall": "stars"}})
        (found,) = records(text("a", "Good"), answer, settings={"scores": {"overall": "stars"}})
        assert attributes_without_submission(found) == {"Overall": str(value)}

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (FormAnswer("q", "Stars?", AnswerType.STARS, 4, 1, 6), ("stars", 4, 1, 6)),
            (FormAnswer("q", "Recommend us?", AnswerType.SCALE, 3, 0, 10), ("nps", 3, 0, 10)),
            (FormAnswer("q", "How easy was it?", AnswerType.SCALE, 3, 1, 7), ("ces", 3, 1, 7)),
            (
                FormAnswer("q", "Satisfied?", AnswerType.SCALE, "2 - rather not", 0, 4),
                ("csat", 2, 0, 4),
            ),
            (FormAnswer("q", "Overall?", AnswerType.FFT, "Very good"), ("fft", 1, 5, 1)),
        ],
    )
    def test_have_their_real_scale(self, answer: FormAnswer, expected: tuple[Any, ...]) -> None:
        (found,) = records(answer)
        measure = getattr(found, expected[0])
        assert (expected[0], measure.value, measure.worst, measure.best) == expected

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ("stars", ("stars", 2, 1, 5)),
            ({"measure": "csat", "worst": 5, "best": 1}, ("csat", 2, 5, 1)),
            ({"measure": "csat", "choices": ["1", "2", "3"]}, ("csat", 2, 1, 3)),
            ({"measure": "fft", "choices": ["0", "1", "x", "y", "2", "?"]}, ("fft", 1, 5, 1)),
        ],
    )
    def test_are_what_the_settings_say(self, settings: Any, expected: tuple[Any, ...]) -> None:
        (found,) = records(
            FormAnswer("q", "?", AnswerType.CHOICE, "2"), settings={"scores": {"q": settings}}
        )
        measure = getattr(found, expected[0])
        assert (expected[0], measure.value, measure.worst, measure.best) == expected

    def test_without_a_known_scale_are_attributes(self) -> None:
        (found,) = records(text("a", "Good"), FormAnswer("q", "How was it?", AnswerType.SCALE, 8))
        assert (found.csat, attributes_without_submission(found)) == (None, {"How was it?": "8"})

    def test_that_were_not_given_are_nothing(self) -> None:
        answer = FormAnswer("q", "Overall", AnswerType.CHOICE, [], other="The lift was stuck")
        (found,) = records(answer, settings={"scores": {"q": "stars"}})
        assert (found.text, attributes_without_submission(found)) == ("The lift was stuck", {})

    def test_off_their_scale_never_cost_the_text(self) -> None:
        (found,) = records(
            text("a", "Good"), FormAnswer("q", "How was it?", AnswerType.STARS, 9, 1, 5)
        )
        assert (found.text, found.stars, attributes_without_submission(found)) == (
            "Good",
            None,
            {"How was it?": "9"},
        )

    def test_words_in_place_of_a_number_are_a_comment(self) -> None:
        settings = {"scores": {"q": "stars"}}
        (found,) = records(text("q", "Nobody came when I rang"), settings=settings)
        assert (found.text, found.stars) == ("Nobody came when I rang", None)
        (found,) = records(text("q", "4 - good"), settings=settings)
        assert (found.text, found.stars and found.stars.value) == ("", 4)

    def test_the_named_one_goes_before_the_first(self) -> None:
        first, named = (
            FormAnswer("x", "X?", AnswerType.STARS, 1, 1, 5),
            FormAnswer("y", "Y?", AnswerType.STARS, 5, 1, 5),
        )
        (found,) = records(text("a", "Good"), first, named, settings={"scores": {"y": "stars"}})
        assert found.stars is not None and found.stars.value == 5
        assert attributes_without_submission(found) == {"X?": "1"}


def test_questions_and_hidden_fields_name_the_site() -> None:
    ward = FormAnswer("w", "Which ward?", AnswerType.CHOICE, ["Maternity"])
    settings = {
        "site": "Elsewhere",
        "site_field": "hospital",
        "service_field": "which ward?",
        "keep": ["visit"],
    }
    hidden = {"hospital": "Eastgate", "visit": "day case", "user": "jo"}
    (found,) = records(text("a", "Good"), ward, settings=settings, hidden=hidden)
    assert (found.site, found.service, attributes_without_submission(found)) == (
        "Eastgate",
        "Maternity",
        {"visit": "day case"},
    )


def test_an_edit_takes_back_what_is_empty_now() -> None:
    feedback = records(text("a", ""), text("b", "Better"), revision=1_900_000_000_000, edited=True)
    assert [(record.native_id, record.operation) for record in feedback] == [
        ("s1:b", Operation.UPSERT),
        ("s1:a", Operation.DELETE),
        ("s1", Operation.DELETE),
    ]


def test_a_delete_takes_back_everything() -> None:
    feedback = records(text("a", "Good"), text("b", ""), RECOMMEND, deleted=True)
    assert [record.native_id for record in feedback] == ["s1", "s1:a", "s1:b"]
    assert {(record.operation, record.text, record.nps) for record in feedback} == {
        (Operation.DELETE, "", None)
    }


@pytest.mark.parametrize("at", [None, "yesterday", "2026-11-20T12:00:00"])
def test_a_time_that_is_none_is_refused(at: Any) -> None:
    with pytest.raises(BadRecord):
        records(text("a", "Good"), at=at)


@pytest.mark.parametrize(
    "data",
    [{"scores": {"text": {}}}, {"scores": {"nps": {"value": 99}}}, {"scores": 1}, {"id": ""}],
)
def test_a_piece_that_makes_no_sense_is_refused(data: dict[str, Any]) -> None:
    form = Sample(FormSourceConfig(), Context("test", b"key", lambda: NOW))
    with pytest.raises(BadRecord):
        form.parse(form.item({"id": "s1", "at": AT, **data}, origin="s1", payload=b"{}"))
