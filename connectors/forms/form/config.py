"""Settings and submissions of the self-hosted form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from connectors.sdk import SourceConfig
from schemas.feedback import MAX_TEXT_CHARACTERS, SUBMISSION, Name

Language = Literal["en", "de", "fr", "es", "cy", "pl", "ur", "ar"]
"""A language of the page's own texts."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Translated = Words | dict[Language, Words]
"""Text by the operator: in the form's first language, or by language."""

SubmissionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{8,200}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s;,']+$")]

ChoiceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

MAX_QUESTIONS: Final = 8
MAX_CHOICES: Final = 20
_ATTRIBUTES: Final = frozenset({
    "contact_requested", "place", "suspect", "ignored", SUBMISSION,
    "entered_by", "channel", "consent", "noted_by",
})  # fmt: skip
SCALES: Final = {"stars": range(1, 6), "nps": range(11), "fft": range(1, 7), "none": range(0)}


class ChoiceQuestion(BaseModel):
    """A question with choices, whose answer becomes an attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Translated
    choices: tuple[Translated, ...] = Field(min_length=2, max_length=MAX_CHOICES)
    several: bool = False


def _require_free_name(name: str) -> str:
    if name in _ATTRIBUTES:
        raise ValueError("it is the name of another attribute")
    return name


FreeName = Annotated[ChoiceName, AfterValidator(_require_free_name)]


class FormConfig(SourceConfig):
    """One form."""

    title: Translated = Field(default="Feedback", description="Heading of the page.")
    intro: Translated | None = Field(default=None, description="Text below the heading.")
    questions: tuple[Translated, ...] = Field(
        default=("Please tell us about your experience.",),
        min_length=1,
        max_length=MAX_QUESTIONS,
        description="Questions; each answer becomes a record.",
    )
    score: Literal["stars", "nps", "fft", "none"] = Field(
        default="stars",
        description="Score to ask for: stars (1 to 5), nps (0 to 10), fft (Friends and Family "
        "Test, 1 to 6) or none.",
    )
    score_question: Translated | None = Field(
        default=None, description="Question for the score, instead of the usual one."
    )
    choices: dict[FreeName, ChoiceQuestion] = Field(
        default_factory=dict,
        max_length=MAX_QUESTIONS,
        description="Questions with choices, by the names of the attributes that keep the answers: "
        '`{ visit = { question = "Why were you here?", choices = ["Surgery", "Check-up"] } }`, '
        "and `several = true` for more than one answer.",
    )
    sites: tuple[Name, ...] = Field(
        default=(), description="Sites to choose from; `?site=` in the address selects one."
    )
    services: tuple[Name, ...] = Field(
        default=(), description="Services to choose from; `?service=` in the address selects one."
    )
    places: tuple[Name, ...] = Field(
        default=(),
        description="Places that show the form's address, such as a QR code in the waiting area; "
        "set by `?place=`.",
    )
    languages: tuple[Language, ...] = Field(
        default=("en",),
        min_length=1,
        description="Languages of the page; the first if the browser accepts none of them.",
    )
    page: bool = Field(default=True, description="Serve a page in addition to the JSON endpoint.")
    public_url: HttpUrl | None = Field(
        default=None,
        description="Address of the page as people reach it, such as "
        "`https://feedback.eastgate.example/form/waiting-room`; `feedback form qr` makes a QR code "
        "of it.",
    )
    kiosk: bool = Field(
        default=False,
        description="Serve the page for a tablet that people share: large controls, no links to "
        "other pages, and an empty form for the next person. `?kiosk=1` in the address does it "
        "for one tablet. With this setting, `site` and `service` are fixed even if `sites` and "
        "`services` are set.",
    )
    kiosk_return_s: int = Field(
        default=10,
        ge=3,
        le=300,
        description="Seconds after which a tablet's page of thanks makes way for the empty form.",
    )
    kiosk_idle_s: int = Field(
        default=120,
        ge=20,
        le=3_600,
        description="Seconds without a touch after which a tablet's form is emptied.",
    )
    privacy_url: HttpUrl | None = Field(default=None, description="Address of a privacy notice.")
    contacts_file: Path | None = Field(
        default=None,
        description="File for the contact details of people who ask to be contacted, as one JSON "
        "document per line with the record's id. Without it, contact details are not asked for. "
        "They are not sent to Kafka or the index.",
    )
    consent: Translated | None = Field(
        default=None,
        description="Text of the box that permits contact, instead of the usual one: what is asked "
        "for, by whom and for what.",
    )
    allowed_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Web sites that may call the JSON endpoint from a browser, and embed the page "
        "in a frame.",
    )
    staff_password: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Password of the page `/form/NAME/staff`, on which staff enter paper cards, "
        "letters, calls and conversations; any user name. Without it, that page does not exist.",
    )
    api_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Token of the JSON endpoint: a bearer token, or the key of an HMAC-SHA256 of "
        "the body in X-Hub-Signature-256. Without it, the endpoint accepts any request, and only "
        "what the form offers as places.",
    )


def _require_text(value: Any) -> Any:
    if isinstance(value, int | float):  # pydantic would read it as a Unix time
        raise ValueError("it must be text such as 2026-03-01T09:30:00Z")
    return value


class Submission(BaseModel):
    """One answer to a form: a text, a score, or both."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "anyOf": [
                {"required": ["text"], "properties": {"text": {"minLength": 1}}},
                {"required": ["score"], "properties": {"score": {"type": "integer"}}},
            ]
        },
    )

    text: str = Field(default="", max_length=MAX_TEXT_CHARACTERS, description="The person's text.")
    score: StrictInt | None = Field(
        default=None,
        ge=0,
        le=10,
        description="On the form's scale: stars 1 to 5, NPS 0 to 10, or Friends and Family Test "
        "1 (very good) to 5 (very poor) and 6 (don't know).",
    )
    question: Annotated[str, Field(max_length=2_000)] | None = Field(
        default=None,
        description="The question that the text answers; default: the form's first. Without "
        "the form's token, only one of the form's.",
    )
    site: Name | None = Field(
        default=None,
        description="Hospital, branch, app: one of the form's; ignored if settings fix it. If the "
        "form lists none, only senders with its token may set it.",
    )
    service: Name | None = Field(
        default=None, description="Ward, clinic, department, product; like `site`."
    )
    place: Name | None = Field(
        default=None, description="Place that showed the form's address; like `site`."
    )
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | (
        None
    ) = Field(default=None, max_length=35, description="BCP 47 tag of the text's language.")
    submission_id: SubmissionId | None = Field(
        default=None,
        description="Idempotency key: requests with the same key are one record, without the "
        "form's token only if they have the same text and score. Without it, each request is a new "
        "submission.",
    )
    created_at: Annotated[AwareDatetime, BeforeValidator(_require_text)] | None = Field(
        default=None,
        description="When it was given; default: when it is received. Ignored without the form's "
        "token.",
    )
    choices: dict[ChoiceName, tuple[Annotated[str, Field(max_length=2_000)], ...]] = Field(
        default_factory=dict,
        max_length=MAX_QUESTIONS,
        description="Answers to the form's questions with choices, as they are worded there.",
    )
    contact_requested: StrictBool = Field(
        default=False, description="Whether the person asked to be contacted."
    )

    @model_validator(mode="after")
    def _require_content(self) -> Submission:
        if not self.text.strip() and self.score is None:
            raise ValueError("there is neither a text nor a score")
        return self
