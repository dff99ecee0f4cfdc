"""Conditions of a rule; pure.

All given conditions must hold; several values of one are alternatives. Values match in any case,
and ``*`` matches any characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from typing import Any, Final

from pydantic import Field

from schemas.strict_model import StrictModel

Fields = Mapping[str, Any]
Check = Callable[[Fields], bool]

CONTACT_REQUEST: Final = "contact_request"
"""The reason of urgency of people who want to be contacted."""

COMPLAINTS: Final = "complaints_and_feedback"
"""The taxonomy's type of interaction that is a complaint if the sentiment is negative."""

_COMPLAINS: Final = re.compile(
    r"\b(?:formal|official)(?:ly)? compla\w+|\bcomplain(?:ing)? (?:formal|official)ly"
    r"|\b(?:make|made|making|file|filed|filing|lodge|lodged|lodging|rais(?:e|ed|ing)|put in|submit)"
    r" (?:a|an|this|my) (?:\w+ )?complaint|\b(?:wish|want|like|writing|need|going) to complain\b"
    r"|\bcomplaints? procedure",
    re.IGNORECASE,
)
_CONTACT_ATTRIBUTES: Final = ("contact", "contact_requested")
_MEASURES: Final = ("stars", "nps", "csat", "ces", "fft")
_FFT_UNSURE: Final = 6
_FIELDS: Final = {
    "interactions": "interactions",
    "organizations": "organization",
    "sites": "site",
    "services": "service",
    "topics": "topics",
    "themes": "themes",
    "urgent_reasons": "urgent_reasons",
    "maybe_urgent_reasons": "maybe_urgent_reasons",
    "sources": "source",
    "families": "family",
    "priorities": "priority",
    "languages": "language",
}


class RuleConditions(StrictModel):
    """The conditions of one rule, as the settings file gives them."""

    interactions: tuple[str, ...] = Field(
        default=(), description="Types of interaction, as the taxonomy has them."
    )
    labels: tuple[str, ...] = Field(default=(), description="Sentiment: negative.")
    levels: tuple[str, ...] = Field(default=(), description="Sentiment: very_negative.")
    mixed: bool | None = Field(default=None, description="Whether it both praises and blames.")
    urgent: bool | None = Field(default=None, description="Whether it is urgent.")
    urgent_reasons: tuple[str, ...] = Field(default=(), description="Why it is urgent.")
    maybe_urgent: bool | None = Field(
        default=None, description="Whether it may be urgent: a person should read it soon."
    )
    maybe_urgent_reasons: tuple[str, ...] = Field(default=(), description="Why it may be urgent.")
    urgent_reasons_but: tuple[str, ...] = Field(
        default=(), description="It is urgent for a reason other than these."
    )
    max_score: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="The lowest of its scores is at most that, from 0, worst, to 1, best: 0.5 is "
        "three of five stars.",
    )
    contact: bool | None = Field(
        default=None, description="Whether the person asks to be contacted."
    )
    complaint: bool | None = Field(
        default=None,
        description="Whether it is a complaint: it says so (in English or in translation), or its "
        "sentiment is negative and the taxonomy counts its topics as complaints.",
    )
    organizations: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    positive_topics: tuple[str, ...] = Field(
        default=(), description="Topics of which it speaks well."
    )
    negative_topics: tuple[str, ...] = Field(
        default=(), description="Topics of which it speaks badly."
    )
    themes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    families: tuple[str, ...] = Field(default=(), description="review, social, form.")
    priorities: tuple[str, ...] = Field(default=(), description="high, medium, low.")
    languages: tuple[str, ...] = Field(default=(), description="As the source declared them.")


class Conditions:
    """Compiled conditions: one check for each, the rarest first."""

    def __init__(self, when: RuleConditions) -> None:
        self._checks = list(_compile_checks(when))

    def hold(self, fields: Fields) -> bool:
        """Return True if all conditions hold for feedback, given as its JSON object."""
        for check in self._checks:  # noqa: SIM110 -- all() of a generator takes twice as long
            if not check(fields):
                return False
        return True


def lowest_score(fields: Fields) -> float | None:
    """Return the lowest score of the feedback, from 0, worst, to 1, best, or None without one."""
    scores = []
    for name in _MEASURES:
        measure = fields.get(name)
        if measure is None or (name == "fft" and measure["value"] == _FFT_UNSURE):
            continue
        worst, best = measure["worst"], measure["best"]
        scores.append((measure["value"] - worst) / (best - worst))
    return min(scores, default=None)


def wants_contact(fields: Fields) -> bool:
    """Return True if the person asks to be contacted, in the form or in the text."""
    attributes = fields.get("attributes", {})
    if any(attributes.get(name) == "yes" for name in _CONTACT_ATTRIBUTES):
        return True
    # What a translation alone makes urgent may be urgent.
    unsure = fields.get("maybe_urgent_reasons", ()) if fields.get("translation") else ()
    return CONTACT_REQUEST in fields.get("urgent_reasons", ()) or CONTACT_REQUEST in unsure


def is_complaint(fields: Fields) -> bool:
    """Return True if the feedback calls itself a complaint or amounts to one."""
    negative = fields.get("sentiment", {}).get("label") == "negative"
    if negative and COMPLAINTS in fields.get("interactions", ()):
        return True
    text = (fields.get("translation") or fields).get("text", "")
    return "ompla" in text and _COMPLAINS.search(text) is not None


def topics_with(fields: Fields, label: str) -> Iterator[str]:
    """Yield the topics that have a sentiment of their own; in earlier versions the comment's."""
    own = fields.get("topic_sentiments", ())
    if own:
        yield from (each["topic"] for each in own if each["label"] == label)
    elif fields.get("sentiment", {}).get("label") == label:
        yield from fields.get("topics", ())


_FLAGS: Final[Mapping[str, Check]] = {
    "urgent": lambda fields: bool(fields.get("urgent")),
    "maybe_urgent": lambda fields: bool(fields.get("maybe_urgent")),
    "mixed": lambda fields: bool(fields.get("sentiment", {}).get("mixed")),
    "contact": wants_contact,
    "complaint": is_complaint,
}
_VALUES: Final[Mapping[str, Callable[[Fields], Iterable[str]]]] = {
    "positive_topics": lambda fields: topics_with(fields, "positive"),
    "negative_topics": lambda fields: topics_with(fields, "negative"),
    "labels": lambda fields: (fields.get("sentiment", {}).get("label") or "",),
    "levels": lambda fields: (fields.get("sentiment", {}).get("level") or "",),
}


def _compile_checks(when: RuleConditions) -> Iterable[Check]:
    for name, flag in _FLAGS.items():
        if (wanted := getattr(when, name)) is not None:
            yield _flag_check(flag, wanted)
    if when.urgent_reasons_but:
        but = frozenset(when.urgent_reasons_but)
        yield lambda fields: not but.issuperset(fields.get("urgent_reasons", ()))
    for name, field in _FIELDS.items():
        if values := getattr(when, name, ()):
            yield _field_check(field, _matcher(values))
    for name, read in _VALUES.items():
        if values := getattr(when, name):
            yield _values_check(read, _matcher(values))
    if (limit := when.max_score) is not None:
        yield lambda fields: (score := lowest_score(fields)) is not None and score <= limit


def _flag_check(flag: Check, wanted: bool) -> Check:
    return lambda fields: flag(fields) is wanted


def _field_check(field: str, matches: Callable[[str], bool]) -> Check:
    def check(fields: Fields) -> bool:
        value = fields.get(field)
        if not value:
            return False
        return matches(value) if isinstance(value, str) else any(map(matches, value))

    return check


def _values_check(read: Callable[[Fields], Iterable[str]], matches: Callable[[str], bool]) -> Check:
    return lambda fields: any(map(matches, read(fields)))


def _matcher(values: Sequence[str]) -> Callable[[str], bool]:
    plain = frozenset(value.casefold() for value in values if "*" not in value)
    # Only * is special: a site's name may contain fnmatch's other special characters.
    starred = [re.sub(r"[?\[\]]", "[\\g<0>]", value.casefold()) for value in values if "*" in value]
    if not starred:
        return lambda text: text.casefold() in plain
    pattern = re.compile("|".join(map(translate, starred)))
    return lambda text: text.casefold() in plain or pattern.match(text.casefold()) is not None
