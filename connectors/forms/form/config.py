"""What a form of one's own can be told, and what is submitted to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
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
from schemas.feedback import MAX_TEXT_CHARACTERS, Name

Tongue = Literal["en", "de", "fr", "es"]
"""A language that the page's own words are in."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Translated = Words | dict[Tongue, Words]
"""Words of the form's owner: in the first language only, or by language."""

SubmissionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{8,200}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s;,']+$")]

MOST_QUESTIONS: Final = 8
SCALES: Final = {"stars": range(1, 6), "nps": range(11), "fft": range(1, 7), "none": range(0)}


class FormConfig(SourceConfig):
    """One form."""

    title: Translated = Field(default="Feedback", description="Heading of the page.")
    intro: Translated | None = Field(default=None, description="Words below the heading.")
    questions: tuple[Translated, ...] = Field(
        default=("Please tell us about your experience.",),
        min_length=1,
        max_length=MOST_QUESTIONS,
        description="What the person is asked; each answer is a record of its own.",
    )
    score: Literal["stars", "nps", "fft", "none"] = Field(
        default="stars",
        description="What is asked for besides: stars (1 to 5), nps (0 to 10), fft (Friends and "
        "Family Test, 1 to 6) or none.",
    )
    score_question: Translated | None = Field(
        default=None, description="The question of the score, in place of the usual one."
    )
    sites: tuple[Name, ...] = Field(
        default=(), description="Sites to choose from; the address may name one: `?site=`."
    )
    services: tuple[Name, ...] = Field(
        default=(), description="Services to choose from; the address may name one: `?service=`."
    )
    places: tuple[Name, ...] = Field(
        default=(),
        description="Where the form's address is shown, such as a QR code in the waiting area; "
        "not asked, but taken from `?place=`.",
    )
    languages: tuple[Tongue, ...] = Field(
        default=("en",),
        min_length=1,
        description="Languages of the page, the first where the browser asks for none of them.",
    )
    page: bool = Field(default=True, description="Whether there is a page besides the JSON.")
    privacy_url: HttpUrl | None = Field(default=None, description="Address of a privacy notice.")
    contacts_file: Path | None = Field(
        default=None,
        description="File that takes the contact details of those who ask to be contacted, with "
        "the record's id, one JSON document a line. Without one nobody is asked. They reach "
        "neither Kafka nor the index.",
    )
    allowed_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Web sites that may call the JSON endpoint from a browser, and show the page "
        "in a frame.",
    )
    api_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What the JSON endpoint asks for: as a bearer token, or as the key of an "
        "HMAC-SHA256 of the body in X-Hub-Signature-256. Without one it takes from anybody.",
    )


def _text_only(value: Any) -> Any:
    if isinstance(value, int | float):  # pydantic would take it for a Unix time
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

    text: str = Field(
        default="", max_length=MAX_TEXT_CHARACTERS, description="What the person wrote."
    )
    score: StrictInt | None = Field(
        default=None,
        ge=0,
        le=10,
        description="On the form's scale: stars 1 to 5, NPS 0 to 10, or Friends and Family Test "
        "1 (very good) to 5 (very poor) and 6 (don't know).",
    )
    question: Annotated[str, Field(max_length=2_000)] | None = Field(
        default=None, description="The question that the text answers; default: the form's first."
    )
    site: Name | None = Field(default=None, description="Hospital, branch, app.")
    service: Name | None = Field(default=None, description="Ward, clinic, department, product.")
    place: Name | None = Field(default=None, description="Where the form was met.")
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | (
        None
    ) = Field(default=None, max_length=35, description="BCP 47 tag of the text's language.")
    submission_id: SubmissionId | None = Field(
        default=None,
        description="Key of this submission: sent twice with the same key, it is one record. "
        "Without one each request is a submission of its own.",
    )
    created_at: Annotated[AwareDatetime, BeforeValidator(_text_only)] | None = Field(
        default=None, description="When it was given; default: when it is received."
    )
    contact_requested: StrictBool = Field(
        default=False, description="Whether the person asked to be contacted."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Submission:
        if not self.text.strip() and self.score is None:
            raise ValueError("there is neither a text nor a score")
        return self
