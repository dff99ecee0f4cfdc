import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.stages import classify_topics
from pipeline.stages.redact import Redactor
from pipeline.stages.text_model import TextModel
from pipeline.stages.urgency_rules import UrgencyRules
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.train import train
from schemas.feedback import EnrichedFeedback, Feedback, Label, Language, Operation, Priority
from tests.pipeline.training.synthetic import LEVELLED, LEXICON, TAXONOMY, examples

ANALYZER = CommentAnalyzer.load()
PACKAGED_TAXONOMY = Path(classify_topics.__file__).parent.parent / "taxonomies" / "healthcare.toml"
BETTER = "What could we do better?"

HOTEL = """
name = "hotel"
version = "1"
[themes]
stay = { title = "The stay" }
[interactions]
complaint = { title = "Complaint", priority = "medium" }
[topics.room]
title = "Room"
theme = "stay"
interaction = "complaint"
terms = ["room*", "view from the window"]
[topics.breakfast]
title = "Breakfast"
terms = ["breakfast", "café"]
"""
FURTHER = """
[topics.robots]
title = "Robots at the bedside"
theme = "accessibility_and_convenience"
interaction = "patient_education"
terms = ["robot*", "machine that talks"]
"""


def record(text: str, question: str | None = None, **fields: Any) -> Feedback:
    collected = Feedback.collect(
        source="file",
        native_id="1",
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family="form",
        question=question,
        **fields,
    )
    # Texts that no payload can hold, such as lone surrogates, must not harm the stages either.
    return collected.model_copy(update={"text": text})


def read(
    text: str, question: str | None = None, by: CommentAnalyzer = ANALYZER, **fields: Any
) -> dict[str, Any]:
    return by.analyze([record(text, question, **fields)])[0]


def label(text: str, question: str | None = None, **fields: Any) -> Label:
    understood: Label = read(text, question, **fields)["sentiment"].label
    return understood


def show(found: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [found["text"][start:end] for start, end in spans]
        for name, spans in found["evidence"].items()
    }


# -- sentences that users complain of -------------------------------------------------------------


@pytest.mark.parametrize("question", [None, BETTER, "How could we improve?"])
@pytest.mark.parametrize(
    "text",
    [
        "no complaints",
        "No complaints.",
        "nothing to improve",
        "Nothing to improve!",
        "couldn't fault anything",
        "Couldn’t fault anything",
        "COULDN'T FAULT ANYTHING",
        "no problems ever",
        "No problems ever.",
    ],
)
def test_praise_in_negative_words_is_praise(text: str, question: str | None) -> None:
    assert label(text, question) is Label.POSITIVE


@pytest.mark.parametrize("question", [None, BETTER])
def test_a_wait_that_kills_is_a_complaint_and_no_emergency(question: str | None) -> None:
    understood = read("the wait was killing me", question)
    assert understood["sentiment"].label is Label.NEGATIVE
    assert "waiting_time" in understood["topics"]
    assert (understood["urgent"], understood["urgent_reasons"]) == (False, ())


@pytest.mark.parametrize(
    ("text", "topic"),
    [("waiting time", "waiting_time"), ("Parking.", "parking"), ("PARKING", "parking")],
)
def test_what_could_be_better_is_a_complaint(text: str, topic: str) -> None:
    understood = read(text, BETTER)
    assert (understood["sentiment"].label, understood["topics"]) == (Label.NEGATIVE, (topic,))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (BETTER, Label.POSITIVE),
        ("How could we improve?", Label.POSITIVE),
        ("What was good about your visit?", Label.NEGATIVE),
    ],
)
def test_nothing_is_praise_or_blame_by_the_question(question: str, expected: Label) -> None:
    assert label("Nothing", question) is expected


@pytest.mark.xfail(reason="the model takes the exception for the answer", strict=True)
def test_nothing_apart_from_the_food_was_good_is_blame() -> None:
    question = "What was good about your visit?"
    assert label("Nothing, apart from the food", question) is Label.NEGATIVE


@pytest.mark.parametrize("question", [None, BETTER])
def test_nothing_apart_from_the_food_complains_of_the_food(question: str | None) -> None:
    understood = read("Nothing, apart from the food", question)
    assert (understood["sentiment"].label, understood["topics"]) == (Label.NEGATIVE, ("food",))


def test_an_evaluation_that_is_not_correct_is_a_complaint_where_one_was_asked_for() -> None:
    assert label("evaluation is not correct", BETTER) is Label.NEGATIVE


def test_an_evaluation_that_is_not_correct_is_a_complaint_unasked() -> None:
    assert label("evaluation is not correct") is Label.NEGATIVE


@pytest.mark.parametrize(
    "text", ["It was not good", "Everything was awful", "Rude staff", "never again", "I hate it"]
)
def test_plain_complaints_are_negative(text: str) -> None:
    assert label(text) is Label.NEGATIVE


@pytest.mark.parametrize("stars", [None, 1])
@pytest.mark.parametrize(
    "text",
    ["Terrible", "Awful service", "Bad", "Poor service", "Useless", "Appalling", "Not happy"],
)
def test_plain_complaints_of_a_word_or_two_are_negative(text: str, stars: int | None) -> None:
    rated: dict[str, Any] = {} if stars is None else {"stars": {"value": stars}}
    assert label(text, **rated) is Label.NEGATIVE


@pytest.mark.parametrize("text", ["Excellent", "Very good", "Thank you", "Great service", "fine"])
def test_plain_praise_is_positive(text: str) -> None:
    assert label(text) is Label.POSITIVE


# -- language, rating ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("La espera fue horrible y nadie me explicó nada en toda la tarde", "es"),
        ("Die Wartezeit war viel zu lang und niemand hat etwas gesagt", "de"),
    ],
)
def test_another_language_is_named_and_not_scored(text: str, code: str) -> None:
    understood = read(text, BETTER, stars={"value": 1})
    assert understood["detected_language"].code == code
    assert understood["sentiment"].label is Label.NOT_SCORED
    assert understood["sentiment"].contradicts_rating is None
    assert understood["sentiment"].method == ANALYZER.versions["sentiment"]
    assert (understood["topics"], understood["evidence"]) == ((), {})


@pytest.mark.parametrize("text", ["", " \n ", "07700 900123"])
def test_nothing_is_made_of_a_text_without_words(text: str) -> None:
    understood = read(text, BETTER, stars={"value": 1})
    assert understood["sentiment"].label is Label.NOT_SCORED
    assert (understood["topics"], understood["evidence"], understood["urgent"]) == ((), {}, False)


@pytest.mark.parametrize(
    ("text", "measures", "contradicts"),
    [
        ("Terrible service, never again", {"nps": {"value": 10}}, True),
        ("The staff were rude and the wait was awful", {"stars": {"value": 5}}, True),
        ("Excellent care, lovely nurses", {"fft": {"value": 5}}, True),
        ("Excellent care, lovely nurses", {"fft": {"value": 1}}, False),
        ("Excellent care, lovely nurses", {"stars": {"value": 3}}, False),
        ("The staff were rude and the wait was awful", {"stars": {"value": 1}}, False),
        ("Excellent care, lovely nurses", {"fft": {"value": 6}}, None),
        ("Excellent care, lovely nurses", {}, None),
    ],
)
def test_a_text_that_says_the_opposite_of_its_rating_is_marked(
    text: str, measures: dict[str, Any], contradicts: bool | None
) -> None:
    assert read(text, **measures)["sentiment"].contradicts_rating is contradicts


# -- sentences, topics with their own sentiment, and refusals --------------------------------------

PRAISE_AND_BLAME = "The nurses were lovely and kind, but the food was cold and awful."


def tones(found: dict[str, Any]) -> dict[str, Label]:
    return {tone.topic: tone.label for tone in found["topic_sentiments"]}


@pytest.mark.parametrize("question", [None, "Why did you give this answer?"])
def test_each_topic_has_the_sentiment_of_what_is_said_about_it(question: str | None) -> None:
    understood = read(PRAISE_AND_BLAME, question)
    assert tones(understood) == {"food": Label.NEGATIVE, "staff_attitude": Label.POSITIVE}
    for tone in understood["topic_sentiments"]:
        spoken = " ".join(understood["text"][start:end] for start, end in tone.evidence)
        assert ("cold" in spoken or "awful" in spoken) == (tone.topic == "food")
        assert 0 <= tone.probability <= 1


def test_topics_and_their_sentiments_are_in_the_same_order() -> None:
    understood = read("Rude staff, cold food, long wait, no parking. The doctor listened.")
    assert [tone.topic for tone in understood["topic_sentiments"]] == list(understood["topics"])


def test_praise_and_blame_that_are_both_sure_are_mixed() -> None:
    assert read(PRAISE_AND_BLAME)["sentiment"].mixed
    assert not read("The nurses were lovely and kind.")["sentiment"].mixed
    assert not read("The food was cold and awful.")["sentiment"].mixed


@pytest.mark.parametrize(
    ("fields", "head"),
    [({}, "story"), ({"question": BETTER}, "survey"), ({"stars": {"value": 4}}, "survey")],
)
def test_it_is_said_which_part_of_the_model_judged(fields: dict[str, Any], head: str) -> None:
    assert read("Kind staff", **fields)["sentiment"].head == head


@pytest.mark.parametrize(
    "closing", [" Thank you.", " Thanks", " Kind regards", "\nHope this helps."]
)
@pytest.mark.parametrize("question", [None, BETTER])
@pytest.mark.parametrize(
    "complaint",
    ["They were rude to my wife.", "They lost my results and nobody rang me back."],
)
def test_a_courtesy_at_the_end_makes_no_praise_of_a_complaint(
    complaint: str, question: str | None, closing: str
) -> None:
    assert label(complaint + closing, question) is Label.NEGATIVE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The porter was not kind.", Label.NEGATIVE),
        ("They did not rush me and nobody was rude.", Label.POSITIVE),
        ("It would have been nice to be told.", Label.NEGATIVE),
        ("👍🏽👍🏽", Label.POSITIVE),
        ("😡", Label.NEGATIVE),
    ],
)
def test_denials_wishes_and_emoji_are_understood(text: str, expected: Label) -> None:
    assert label(text) is expected


@pytest.mark.parametrize(
    ("text", "reason"), [("N/A", "no_opinion"), ("-", "no_words"), ("", "no_words")]
)
@pytest.mark.parametrize("question", [None, BETTER])
def test_what_says_nothing_is_not_scored_and_has_no_topic(
    text: str, reason: str, question: str | None
) -> None:
    understood = read(text, question)
    assert understood["sentiment"].label is Label.NOT_SCORED
    assert understood["sentiment"].not_scored == reason
    assert (understood["topics"], understood["topic_sentiments"]) == ((), ())


def test_a_topic_that_is_seldom_right_is_given_only_if_asked_for() -> None:
    assert ANALYZER.model is not None
    weak = ANALYZER.model.card.weak_topics(0.3)
    assert "choice_of_services" in weak
    asked = CommentAnalyzer(
        ANALYZER.taxonomy, UrgencyRules.load(), Redactor(), ANALYZER.model, weak_topics=True
    )
    text = "There is no choice of services here, no alternatives and no second opinion"
    assert "choice_of_services" not in read(text)["topics"]
    assert "choice_of_services" in read(text, by=asked)["topics"]


# -- personal data and evidence --------------------------------------------------------------------


def test_personal_data_is_hidden_everywhere_and_counted() -> None:
    understood = read(
        "Call 07700 900123, or jane@example.org",
        "Did jane@example.org call, and how could we improve?",
        attributes={"ward": "A4", "contact": "07700 900124"},
    )
    assert understood["text"] == "Call [PHONE], or [EMAIL]"
    assert understood["question"] == "Did [EMAIL] call, and how could we improve?"
    assert understood["attributes"] == {"ward": "A4", "contact": "[PHONE]"}
    assert understood["redactions"]["phone"] == 2


def test_what_is_hidden_in_a_question_counts() -> None:
    for _ in range(2):  # the second time the question is known
        understood = read("Yes", "Is jane@example.org right?")
        assert (understood["question"], understood["redactions"]) == (
            "Is [EMAIL] right?",
            {"email": 1},
        )


def test_what_was_not_given_is_not_there() -> None:
    understood = read("Good")
    assert understood.keys() <= EnrichedFeedback.model_fields.keys()
    assert not understood.keys() & {"question", "attributes"}
    assert understood["redactions"] == {}


def test_evidence_fits_the_redacted_text() -> None:
    understood = read("I am jane@example.org, 07700 900123. The waiting time was far too long")
    assert understood["text"].startswith("I am [EMAIL], [PHONE]. The")
    assert "waiting" in show(understood)["topic:waiting_time"][0]
    assert {"too", "long", "too long"} & set(show(understood)["sentiment"])


def test_evidence_stands_beside_every_finding_and_is_short() -> None:
    understood = read(
        "I want to die. The nurses were rude, the food cold, the ward dirty, and I waited"
    )
    assert understood["urgent_reasons"] == ("self_harm",)
    assert understood["evidence"].keys() == {
        "sentiment",
        "urgent:self_harm",
        *(f"topic:{topic}" for topic in understood["topics"]),
    }
    assert "want to die" in show(understood)["urgent:self_harm"]
    assert all(
        len(spans) <= 3 for name, spans in understood["evidence"].items() if name[:6] != "urgent"
    )


def test_no_other_stage_sees_a_placeholder() -> None:
    plain, hidden = read("The staff were kind,  thanks"), read("The staff were kind, a@b.co thanks")
    assert hidden["text"] == "The staff were kind, [EMAIL] thanks"
    assert hidden["sentiment"] == plain["sentiment"]
    assert hidden["topics"] == plain["topics"]


def test_what_was_hidden_before_is_no_word_either() -> None:
    once = read("a@b.co 07700 900123 the wait was awful")
    again = read(once["text"])
    assert (again["sentiment"], again["evidence"]) == (once["sentiment"], once["evidence"])


def test_what_was_taken_back_is_never_urgent() -> None:
    assert read("I want to die")["urgent"]
    understood = read("I want to die", operation=Operation.DELETE)
    assert (understood["urgent"], understood["urgent_reasons"]) == (False, ())
    assert "urgent:self_harm" not in understood["evidence"]
    assert not understood["maybe_urgent"]


# -- taxonomies ------------------------------------------------------------------------------------


@pytest.fixture
def understand(tmp_path: Path) -> Callable[[str], CommentAnalyzer]:
    def understand(taxonomy: str) -> CommentAnalyzer:
        path = tmp_path / "taxonomy.toml"
        path.write_text(taxonomy, encoding="utf-8")
        return CommentAnalyzer.load(taxonomy=path)

    return understand


def test_another_sector_is_understood_at_once_by_terms_and_thresholds(
    understand: Callable[[str], CommentAnalyzer],
) -> None:
    hotel = understand(HOTEL)
    understood = read("A lovely view from the window, and the room was clean", BETTER, hotel)
    assert understood["topics"] == ("room",)
    assert (understood["themes"], understood["interactions"]) == (("stay",), ("complaint",))
    assert (understood["priority"], understood["topic_probabilities"]) == (Priority.MEDIUM, {})
    assert show(understood) == {"topic:room": ["view from the window", "room"]}
    sentiment = understood["sentiment"]
    assert (sentiment.label, sentiment.level, sentiment.probability) == (Label.POSITIVE, None, None)
    assert sentiment.method == hotel.versions["sentiment"] == "vader-3.3.2-thresholds"
    assert hotel.versions["topics"] == f"{hotel.versions['taxonomy']}-terms"
    assert read("The room is on the second floor", None, hotel)["sentiment"].label is Label.NEUTRAL


@pytest.mark.parametrize("text", ["I don't like the room", "You couldn't do better"])
def test_telephones_apostrophes_change_no_tone(
    understand: Callable[[str], CommentAnalyzer], text: str
) -> None:
    hotel = understand(HOTEL)
    curly = read(text.replace("'", "’"), None, hotel)["sentiment"]
    assert curly == read(text, None, hotel)["sentiment"]


def test_terms_find_topics_in_other_languages(understand: Callable[[str], CommentAnalyzer]) -> None:
    understood = read("Le café était froid et personne ne nous a servi", None, understand(HOTEL))
    assert understood["sentiment"].label is Label.NOT_SCORED
    assert understood["topics"] == ("breakfast",)


def test_evidence_by_terms_is_short_too(understand: Callable[[str], CommentAnalyzer]) -> None:
    understood = read("room and " * 400, None, understand(HOTEL))
    assert len(understood["evidence"]["topic:room"]) <= 3


def test_a_further_topic_is_found_by_its_terms_beside_the_models(
    understand: Callable[[str], CommentAnalyzer],
) -> None:
    edited = understand(PACKAGED_TAXONOMY.read_text(encoding="utf-8") + FURTHER)
    text = "I waited three hours, then came a Machine that talks"
    found, plain = read(text, BETTER, edited), read(text, BETTER)
    assert found["topics"] == tuple(sorted({*plain["topics"], "robots"}))
    assert "waiting_time" in found["topics"]
    assert found["topic_probabilities"] == plain["topic_probabilities"]
    assert found["sentiment"] == plain["sentiment"]
    assert show(found)["topic:robots"] == ["Machine that talks"]
    assert "patient_education" in found["interactions"]
    assert edited.versions["topics"] == ANALYZER.versions["topics"]
    assert edited.versions["taxonomy"] != ANALYZER.versions["taxonomy"]


def test_a_topic_taken_out_of_the_taxonomy_is_given_no_more(
    understand: Callable[[str], CommentAnalyzer],
) -> None:
    whole = PACKAGED_TAXONOMY.read_text(encoding="utf-8")
    start = whole.index("[topics.waiting_time]")
    edited = understand(whole[:start] + whole[whole.index("[topics.", start + 1) :])
    understood = read("I waited three hours", BETTER, edited)
    assert "waiting_time" not in understood["topics"]
    assert "waiting_time" not in understood["topic_probabilities"]


# -- models ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hotel_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hotel")
    trained = train(examples(), TAXONOMY, LEXICON, data={})
    trained.parameters.save(folder, trained.card)
    return folder


def understanding_with(model: Path) -> CommentAnalyzer:
    return CommentAnalyzer(TAXONOMY, UrgencyRules.load(), Redactor(), TextModel.load(model))


@pytest.fixture(scope="module")
def hotel(hotel_model: Path) -> CommentAnalyzer:
    return understanding_with(hotel_model)


def test_a_model_of_another_sector_gives_topics_levels_and_evidence(hotel: CommentAnalyzer) -> None:
    understood = read("Cold coffee and an empty buffet", "How could we improve?", hotel)
    assert understood["topics"] == ("breakfast",)
    assert understood["topic_probabilities"]["breakfast"] > 0.5
    assert understood["sentiment"].label is Label.NEGATIVE
    assert show(understood).keys() == {"sentiment", "topic:breakfast"}
    assert hotel.versions["sentiment"] == hotel.versions["topics"] == understood["sentiment"].method
    assert understood["sentiment"].method.startswith("hotel-")


@pytest.mark.parametrize("text", ["...", "-", "!?"])
def test_a_text_without_words_has_no_evidence_and_harms_nothing(
    hotel: CommentAnalyzer, text: str
) -> None:
    assert read(text, by=hotel)["evidence"] == {}
    assert read(text)["evidence"] == {}


def test_a_model_of_another_taxonomy_is_refused(hotel_model: Path) -> None:
    with pytest.raises(ValueError, match=r"hotel.*healthcare"):
        CommentAnalyzer.load(model=hotel_model)


def test_a_model_that_learnt_no_sentiment_leaves_it_to_vader(tmp_path: Path) -> None:
    unlabelled = [replace(example, level=NO_LEVEL) for example in examples(120).examples]
    trained = train(Examples(unlabelled), TAXONOMY, LEVELLED, data={})
    trained.parameters.save(tmp_path, trained.card)
    hotel = understanding_with(tmp_path)
    understood = read("The coffee was horrible", None, hotel)
    assert "breakfast" in understood["topics"]
    assert (understood["sentiment"].label, understood["sentiment"].level) == (Label.NEGATIVE, None)
    assert understood["sentiment"].method == hotel.versions["sentiment"] == "vader-3.3.2-thresholds"


# -- any text, and batches -------------------------------------------------------------------------

LONG = {
    "one letter": "a" * 100_000,
    "one capital that has no lower case of one character": "İ" * 100_000,
    "apostrophes": "'" * 100_000,
    "letters and apostrophes": "a'" * 50_000,
    "digits": "1" * 100_000,
    "single digits": "1 " * 50_000,
    "at signs": "a@" * 50_000,
    "dots": "a." * 50_000,
    "brackets": "[A" * 50_000,
    "marks": "?!" * 50_000,
    "lines": "\n" * 100_000,
    "emoji": "😡👍🏽👩‍👩‍👧" * 10_000,
    "right to left": "كان الموظفون طيبين لكن الانتظار طويل " * 2_500,
    "from right to left and back": "\u202egood\u202c " * 15_000,
    "lone surrogates": "\ud800 wait \udfff" * 5_000,
    "control characters": "".join(map(chr, range(32))) * 3_000,
    "accents": "a" + "\u0301" * 99_999,
    "repeated set phrases": "no problem at all " * 5_000,
    "repeated beginnings of set phrases": "no problem at " * 7_000,
    "repeated praise": "very good " * 10_000,
    "repeated emergencies": "i want to die " * 7_000,
    "telephone numbers": "07700900123 " * 8_000,
    "addresses": "a@b.co http://a.b/ " * 5_000,
    "different numbers": " ".join(map(str, range(17_000))),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_no_text_hangs_or_crashes(text: str) -> None:
    began = time.process_time()
    understood = read(text, text[:2_000].encode("ascii", "ignore").decode())
    assert time.process_time() - began < 5
    length = len(understood["text"])
    for spans in understood["evidence"].values():
        assert all(0 <= start < end <= length for start, end in spans)


PHRASES = st.sampled_from(
    [
        *("the wait", "rude", "no complaints", "couldn’t fault", "NOTHING", "parking!", "İ", "?"),
        *("07700 900123", "jane@example.org", "[EMAIL]", "want to die", "robot", "\n", "👍", ". "),
        *("nada", "医生很好", "\ud800", "\0", "كان", "apart from the food", "at all", "no problem"),
    ]
)
TEXTS = st.lists(PHRASES, max_size=12).map(" ".join) | st.text(st.characters(exclude_categories=()))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, st.sampled_from([None, BETTER, "Why?"])), max_size=4))
def test_a_batch_is_understood_as_its_records_one_by_one(batch: list[tuple[str, Any]]) -> None:
    records = [record(text, question, stars={"value": 2}) for text, question in batch]
    batched = ANALYZER.analyze(records)
    alone = [ANALYZER.analyze([each])[0] for each in records]
    for fields, other in zip(batched, alone, strict=True):
        assert fields["sentiment"].probability == pytest.approx(
            other["sentiment"].probability, abs=2e-3
        )
        rest = fields.keys() - {"sentiment", "topic_probabilities"}
        assert {name: fields[name] for name in rest} == {name: other[name] for name in rest}
        assert isinstance(fields["detected_language"], Language)
        assert fields["topic_probabilities"].keys() <= set(fields["topics"])
