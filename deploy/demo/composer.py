"""Compose a comment of the demo: its place and time, tone, topics and wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from deploy.demo import timing
from deploy.demo.personal import plant
from deploy.demo.phrasebook import Phrases, Places, Question, Service, Site, Tone
from deploy.demo.ratings import pick, review_rating, survey_rating
from deploy.demo.wording import Writer, create_writer
from schemas.feedback import Family, Feedback

SOURCE: Final = "demo"
QUESTIONS: Final[Mapping[Question, str]] = {
    "good": "What was good?",
    "better": "What could we do better?",
    "why": "Please tell us why you gave this answer.",
}

_TONES: Final[dict[Tone, float]] = {"positive": 0.60, "neutral": 0.20, "negative": 0.20}
_FAMILIES: Final = {Family.FORM: 0.58, Family.REVIEW: 0.27, Family.SOCIAL: 0.15}
_QUESTIONS: Final[dict[Tone, dict[Question | None, float]]] = {
    "positive": {"good": 5.5, "better": 1.5, "why": 2.2, None: 0.8},
    "neutral": {"good": 1.5, "better": 2, "why": 5.5, None: 1},
    "negative": {"good": 0.2, "better": 6.5, "why": 2.5, None: 0.8},
}
_FORM_CHANNELS: Final = {"text message": 5, "web form": 3, "kiosk": 2, "paper card": 1}
_TOPICS_IN_ONE: Final = {1: 4, 2: 5, 3: 1}
_FOREIGN_SHARE: Final = 0.09
_PERSONAL_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, its tone, and the personal data that was planted in it, by kind."""

    feedback: Feedback
    tone: Tone
    personal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Visit:
    """Site, time and family of a comment; ``is_bad`` during the incident."""

    site: Site
    at: datetime
    family: Family
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes comments on days before ``end``; every random choice uses ``rng``."""

    rng: Random
    places: Places
    phrases: Phrases
    end: datetime
    collected_at: datetime

    def plan_visits(self, count: int, days: int) -> list[Visit]:
        """Return sites and times by weight, in order of time."""
        turn = self.places.bad_turn
        cells: dict[tuple[int, datetime, bool], float] = {}
        for ago in range(days, 0, -1):
            day = self.end - timedelta(days=ago)
            for index, site in enumerate(self.places.sites):
                is_bad = site.name == turn.site and ago <= turn.days
                weight = site.weight * timing.day_weight(day)
                cells[index, day, is_bad] = weight * (turn.volume if is_bad else 1)
        visits = []
        for index, day, is_bad in self.rng.choices(list(cells), list(cells.values()), k=count):
            family = pick(self.rng, _FAMILIES)
            at = timing.random_time(self.rng, day, family)
            visits.append(Visit(self.places.sites[index], at, family, is_bad))
        return sorted(visits, key=lambda visit: visit.at)

    def write_comment(self, visit: Visit, *, native_id: str) -> Comment:
        """Return the comment of a visit."""
        tone = self._pick_tone(visit)
        service = self._pick_service(visit)
        fields = self._channel_fields(visit, tone, native_id)
        question = pick(self.rng, _QUESTIONS[tone]) if visit.family is Family.FORM else None
        if question is not None:
            fields["question"] = QUESTIONS[question]
        author = create_writer(self.rng, self.phrases, service)
        personal: dict[str, str] = {}
        if self.rng.random() < _FOREIGN_SHARE:
            language = self.rng.choice(sorted(self.phrases.languages))
            text = author.write_foreign(language, tone)
            declared = language if self.rng.random() < 0.5 else None
        else:
            text, personal = self._write_english(
                author, visit, tone, self._pick_topics(visit, tone, service), question
            )
            declared = pick(self.rng, {"en-GB": 3, "en": 3, None: 4})
        feedback = Feedback.collect(
            source=SOURCE,
            native_id=native_id,
            created_at=visit.at,
            collected_at=self.collected_at,
            family=visit.family,
            organization=visit.site.organization,
            site=visit.site.name,
            service=service.name,
            text=text,
            language=declared,
            **fields,
        )
        return Comment(feedback, tone, personal)

    def _pick_tone(self, visit: Visit) -> Tone:
        if not visit.is_bad:
            return pick(self.rng, _TONES)
        negative = self.places.bad_turn.negative_share
        rest = 1 - negative
        return pick(self.rng, {"positive": rest * 0.6, "neutral": rest * 0.4, "negative": negative})

    def _pick_service(self, visit: Visit) -> Service:
        if visit.is_bad:
            return self.places.services[pick(self.rng, self.places.bad_turn.services)]
        return self.places.services[self.rng.choice(visit.site.services)]

    def _write_english(
        self, author: Writer, visit: Visit, tone: Tone, topics: list[str], question: Question | None
    ) -> tuple[str, dict[str, str]]:
        if visit.family is Family.SOCIAL:
            return author.write_mention(tone, topics, site_handle(visit.site)), {}
        if question is None:
            text = author.write_prose(tone, topics)
        else:
            text = author.write_answer(question, tone, topics)
        text = author.add_slips(text, tone)
        if self.rng.random() >= _PERSONAL_SHARE:
            return text, {}
        kind, value, sentence = plant(self.rng, self.phrases.personal)
        return f"{text} {sentence}", {kind: value}

    def _pick_topics(self, visit: Visit, tone: Tone, service: Service) -> list[str]:
        """Return one to three distinct topics."""
        if visit.is_bad and tone == "negative":
            weights = dict(self.places.bad_turn.topics)
        else:
            weights = {
                topic: weight * service.topics.get(topic, 1)
                for topic, weight in self.places.topics.items()
            }
        topics = []
        for _ in range(pick(self.rng, _TOPICS_IN_ONE)):
            topic = pick(self.rng, weights)
            topics.append(topic)
            del weights[topic]
        return topics

    def _channel_fields(self, visit: Visit, tone: Tone, native_id: str) -> dict[str, Any]:
        """Return the fields that depend on the family: ratings, author, URL, channel."""
        if visit.family is Family.FORM:
            channel = pick(self.rng, _FORM_CHANNELS)
            return {**survey_rating(self.rng, tone), "attributes": {"channel": channel}}
        author = f"{self.rng.getrandbits(128):032x}"
        if visit.family is Family.REVIEW:
            url = f"https://reviews.example.org/{site_handle(visit.site).lower()}/{native_id}"
            rating = review_rating(self.rng, tone)
            return {
                **rating,
                "author": author,
                "url": url,
                "attributes": {"channel": "review site"},
            }
        url = f"https://social.example.org/@{author[:8]}/{native_id}"
        return {"author": author, "url": url, "attributes": {"channel": "microblog"}}


def site_handle(site: Site) -> str:
    """Return the site's name as a handle of social posts, without the @."""
    return "".join(word for word in site.name.replace("'", "").split() if word[0].isupper())
