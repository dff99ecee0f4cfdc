"""A form that staff have filled in for the person who gave the feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request

from connectors.forms.form.config import Submission
from connectors.forms.form.connector import Form
from connectors.forms.form.entries import (
    CHANNELS,
    CONSENTS,
    StaffEntry,
    parse_day,
    time_within_day,
)
from connectors.sdk.base import Item
from connectors.sdk.pseudonyms import pseudonym
from connectors.server.form_post import FormPost, read_presets
from connectors.server.html import ChoiceField, FieldError, FormView, Option, OwnerText
from connectors.server.layout import render
from connectors.server.staff_access import make_proof, require_proof
from connectors.server.translations import TRANSLATIONS, StaffTranslation

_KEPT: Final = ("given_on", "channel", "site", "service", "place")
"""Fields that a pile of cards has in common: the next page begins with them."""
_MAX_NAME: Final = 100
_PSEUDONYM_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class StaffView(FormView):
    """A form as staff see it."""

    today: str = ""
    is_saved: bool = False
    """True if the page before was saved."""

    @property
    def is_shared(self) -> bool:
        """Many use the same computer, and none enters their own address."""
        return True

    @property
    def proof(self) -> str:
        """The proof that this server has made the page."""
        return make_proof(self.form, self.submission_id)

    @property
    def staff(self) -> StaffTranslation:
        """The texts of this page."""
        return self.words.staff

    @property
    def keeps_names(self) -> bool:
        """True if pseudonyms can be made of the names of those who enter feedback."""
        return bool(self.form.context.author_key)

    @property
    def channel_field(self) -> ChoiceField:
        """The question how the feedback was given."""
        return self._choose("channel", self.staff.channel, self.staff.channels)

    @property
    def consent_field(self) -> ChoiceField:
        """The question whether the person agreed."""
        return self._choose("consent", self.staff.consent, self.staff.consents)

    def _choose(self, field: str, legend: str, labels: Sequence[str]) -> ChoiceField:
        options = [
            Option(number, OwnerText(label, None), self.value(field) == str(number))
            for number, label in enumerate(labels, 1)
        ]
        return ChoiceField(field, OwnerText(legend, None), several=False, options=options)


class StaffPost(FormPost):
    """The values that a member of staff submits."""

    def __init__(self, form: Form, request: Request) -> None:
        super().__init__(form, request)
        self.is_kiosk = False
        self._at = datetime.now(UTC)
        kept = {name: request.query_params.get(name, "")[:_MAX_NAME] for name in _KEPT[:2]}
        self._values = kept | read_presets(form, request)
        self._is_saved = request.query_params.get("saved") == "1"

    def view(self, errors: Sequence[FieldError]) -> StaffView:
        """Return the form as it was filled in."""
        return StaffView(
            self.form,
            self.language,
            self.submission_id,
            self._values,
            errors,
            today=self._at.date().isoformat(),
            is_saved=self._is_saved and not errors,
        )

    def next_query(self) -> str:
        """Return the query of the next page, which begins with what a pile of cards shares."""
        kept = {name: self._values[name] for name in _KEPT if self._values.get(name)}
        return urlencode({"saved": "1", **kept, "lang": self.language})

    def _find_errors(self) -> list[FieldError]:
        require_proof(self.form, self.submission_id, self._values.get("proof"))
        words = TRANSLATIONS[self.language].staff
        errors = []
        if parse_day(self._values.get("given_on", ""), self._at) is None:
            errors.append(FieldError("given_on", words.day_wrong))
        if self._number("channel") not in range(1, len(CHANNELS) + 1):
            errors.append(FieldError("channel", words.channel_missing))
        errors += super()._find_errors()
        consent = self._number("consent")
        if consent == len(CONSENTS) + 1:
            errors.append(FieldError("consent", words.consent_refused))
        elif consent not in range(1, len(CONSENTS) + 1):
            errors.append(FieldError("consent", words.consent_missing))
        return errors

    def _number(self, field: str) -> int:
        """Return the number of an answer, or 0."""
        digits = self._values.get(field, "")
        return int(digits) if digits.isdecimal() and len(digits) == 1 else 0

    def _common_fields(self) -> dict[str, Any]:
        common = super()._common_fields()
        place = self._values.get("place")
        common["place"] = place if place in self.form.config.places else None
        day = parse_day(self._values["given_on"], self._at)
        assert day is not None  # noqa: S101 - checked with the other fields
        return {**common, "created_at": time_within_day(day, self._at)}

    def _make_item(self, submission: Submission) -> Item:
        entry = StaffEntry(
            channel=CHANNELS[self._number("channel") - 1],
            consent=CONSENTS[self._number("consent") - 1],
            noted_by=self._pseudonym(),
        )
        return self.form.entry_item(submission, entry)

    def _pseudonym(self) -> str | None:
        """Return a pseudonym of who noted it, if they say so and it can be made.

        It begins with a letter and is short, so that it never looks like a number of a person.
        """
        name = self._values.get("noted_by", "")[:_MAX_NAME].casefold()
        made = pseudonym(self.form.context.author_key, f"staff:{name}") if name else None
        return None if made is None else f"n{made[:_PSEUDONYM_DIGITS]}"


def render_staff(view: StaffView) -> str:
    """Return the page on which staff enter feedback."""
    title = view.staff.heading
    return render(
        "staff",
        language=view.language,
        title=f"{view.words.error}: {title}" if view.errors else title,
        view=view,
        words=view.words,
        staff=view.staff,
        config=view.form.config,
    )
