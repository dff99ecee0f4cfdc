"""The pages of a form: accessible (WCAG 2.2 AA), without scripts, cookies or third-party assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from connectors.forms.form.config import SCALES, ChoiceQuestion, Language, Translated
from connectors.forms.form.connector import Form
from connectors.server.layout import Kiosk, render
from connectors.server.translations import TRANSLATIONS, Translation

MAX_ANSWER_CHARACTERS: Final = 10_000
HONEYPOT: Final = "website"
"""A field hidden from people; programs that fill in every field give themselves away."""
CHOICE_PREFIX: Final = "choice_"
"""The fields of questions with choices begin with it."""
PRESETS: Final = ("site", "service", "place")
"""Fields that the page's address may set, as in ``?site=Eastgate``."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A message about a field, or about the whole form if ``field`` is empty."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class OwnerText:
    """A text of the form's owner, with the attributes of its element.

    ``lang`` and ``direction`` are None if they are the page's.
    """

    text: str
    lang: Language | None
    direction: str | None = None

    @property
    def attributes(self) -> dict[str, str | None]:
        """The attributes of its element."""
        return {"lang": self.lang, "dir": self.direction}


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """A language of the form; ``url`` is None for the page's own."""

    language: Language
    name: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of the score question; ``stars`` is empty on other scales."""

    value: int
    label: str
    stars: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question of the form's owner."""

    value: int
    label: OwnerText
    is_checked: bool


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """A question with choices, of which one or several may be chosen."""

    field: str
    legend: OwnerText
    several: bool
    options: Sequence[Option]


def parse_numbers(text: str, question: ChoiceQuestion) -> list[int]:
    """Return the chosen numbers, from 1, that exist: at most one unless several may be chosen."""
    wanted = {part for part in text[:200].split(",") if part.isdecimal() and len(part) < 4}
    numbers = [number for number in range(1, len(question.choices) + 1) if str(number) in wanted]
    return numbers if question.several else numbers[:1]


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as one person sees it: language, what is filled in, and what is wrong with it."""

    form: Form
    language: Language
    submission_id: str
    values: Mapping[str, str] = field(default_factory=dict)
    """Values by field; at first the presets of the address."""
    errors: Sequence[FieldError] = ()
    presets: Mapping[str, str] = field(default_factory=dict)
    """What the address sets; on a kiosk it cannot be changed."""
    is_kiosk: bool = False

    @property
    def is_shared(self) -> bool:
        """True if one person's browser shows it to others, so that it must remember nothing."""
        return self.is_kiosk

    @property
    def kiosk(self) -> Kiosk | None:
        """The empty form that follows on a kiosk; None elsewhere."""
        if not self.is_kiosk:
            return None
        return build_kiosk(self.form, self.presets)

    @property
    def sites(self) -> Sequence[str]:
        """The sites to choose from."""
        return self._offer("site", self.form.config.sites)

    @property
    def services(self) -> Sequence[str]:
        """The services to choose from."""
        return self._offer("service", self.form.config.services)

    def _offer(self, name: str, choices: Sequence[str]) -> Sequence[str]:
        config = self.form.config
        is_fixed = config.kiosk and config.place.get(name) is not None
        return () if is_fixed or (self.is_kiosk and name in self.presets) else choices

    @property
    def words(self) -> Translation:
        """The page's own texts."""
        return TRANSLATIONS[self.language]

    @property
    def languages(self) -> list[LanguageLink]:
        """The form's languages; a link keeps the presets."""
        presets = {name: self.values[name] for name in PRESETS if self.values.get(name)}
        return [
            LanguageLink(
                language,
                TRANSLATIONS[language].name,
                None
                if language == self.language
                else f"?{build_query(self.form, presets, language, is_kiosk=self.is_kiosk)}",
            )
            for language in self.form.config.languages
        ]

    @property
    def score_question(self) -> OwnerText:
        """The owner's question for the score, or the usual one."""
        if self.form.config.score_question:
            return self.translate(self.form.config.score_question)
        questions = {
            "stars": self.words.stars_question,
            "nps": self.words.nps_question,
            "fft": self.words.fft_question,
        }
        return OwnerText(questions[self.form.config.score], None)

    @property
    def consent(self) -> OwnerText:
        """The owner's text of the box that permits contact, or the usual one."""
        if self.form.config.consent:
            return self.translate(self.form.config.consent)
        return OwnerText(self.words.contact_me, None)

    @property
    def choices(self) -> list[Choice]:
        """The answers of the score question; stars start with the best."""
        kind = self.form.config.score
        values = reversed(SCALES[kind]) if kind == "stars" else SCALES[kind]
        return [self._choice(value) for value in values]

    @property
    def choice_fields(self) -> list[ChoiceField]:
        """The owner's questions with choices."""
        return [
            self._choice_field(CHOICE_PREFIX + name, question)
            for name, question in self.form.config.choices.items()
        ]

    def _choice_field(self, field: str, question: ChoiceQuestion) -> ChoiceField:
        chosen = parse_numbers(self.value(field), question)
        options = [
            Option(number, self.translate(choice), number in chosen)
            for number, choice in enumerate(question.choices, 1)
        ]
        return ChoiceField(field, self.translate(question.question), question.several, options)

    def _choice(self, value: int) -> Choice:
        label, stars = str(value), ""
        match self.form.config.score:
            case "stars":
                label, stars = self.words.stars[value - 1], "★" * value + "☆" * (5 - value)
            case "fft":
                label = self.words.fft[value - 1]
        return Choice(value, label, stars, self.value("score") == str(value))

    def translate(self, text: Translated) -> OwnerText:
        """Return a text of the owner in the page's language, or in the nearest that exists."""
        translated, language = self.form.translate(text, self.language)
        if language == self.language:
            return OwnerText(translated, None)
        direction = TRANSLATIONS[language].direction
        return OwnerText(
            translated, language, None if direction == self.words.direction else direction
        )

    def value(self, field: str) -> str:
        """Return the value of a field, empty if it is not filled in."""
        return self.values.get(field, "")

    def error(self, field: str) -> str | None:
        """Return the message about a field, or None if it is valid."""
        return next((error.message for error in self.errors if error.field == field), None)


def render_form(view: FormView) -> str:
    """Return the form's page."""
    title = view.translate(view.form.config.title).text
    return render(
        "form",
        language=view.language,
        title=f"{view.words.error}: {title}" if view.errors else title,
        view=view,
        kiosk=view.kiosk,
        words=view.words,
        config=view.form.config,
        honeypot=HONEYPOT,
    )


def render_thanks(
    form: Form, language: Language, presets: Mapping[str, str], *, is_kiosk: bool = False
) -> str:
    """Return the page that follows once Kafka has acknowledged the feedback."""
    words = TRANSLATIONS[language]
    kiosk = build_kiosk(form, presets, folder="../") if is_kiosk else None
    query = build_query(form, presets, language, is_kiosk=is_kiosk)
    form_url = kiosk.start_url if kiosk else f"../{form.context.instance}?{query}"
    return render(
        "thanks",
        language=language,
        title=words.thanks,
        kiosk=kiosk,
        words=words,
        form_url=form_url,
    )


def build_query(
    form: Form, presets: Mapping[str, str], language: Language | None, *, is_kiosk: bool
) -> str:
    """Return the query of a form's page; without a language, the browser chooses one."""
    query = dict(presets)
    if is_kiosk and not form.config.kiosk:
        query["kiosk"] = "1"
    if language is not None:
        query["lang"] = language
    return urlencode(query)


def build_kiosk(form: Form, presets: Mapping[str, str], *, folder: str = "") -> Kiosk:
    """Return the empty form that follows on a kiosk, in the language of the tablet.

    The language that the person before has chosen is left behind.
    """
    query = build_query(form, presets, None, is_kiosk=True)
    start_url = f"{folder}{form.context.instance}" + (f"?{query}" if query else "")
    return Kiosk(start_url, form.config.kiosk_idle_s, form.config.kiosk_return_s)
