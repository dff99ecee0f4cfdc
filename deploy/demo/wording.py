"""Wording of the demo's comments: sentences, fragments and slips, composed from the phrases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from deploy.demo.phrasebook import Phrases, Question, Service, Tone

_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one comment; random choices use ``rng``, ``slots`` fill the phrases' placeholders."""

    rng: Random
    phrases: Phrases
    slots: dict[str, str]

    def write_prose(self, tone: Tone, topics: Sequence[str]) -> str:
        """Return English prose: maybe an opener, a sentence per topic, maybe a closer."""
        english = self.phrases.english
        parts = [self.rng.choice(english.sentences(tone, topic)) for topic in topics]
        if self.rng.random() < 0.45:
            parts.insert(0, self.rng.choice(english.openers[tone]))
        if self.rng.random() < 0.35:
            parts.append(self.rng.choice(english.closers[tone]))
        return " ".join(_capitalize(self._fill_slots(part)) for part in parts)

    def write_mention(self, tone: Tone, topics: Sequence[str], handle: str) -> str:
        """Return a social post: a handle, one or two sentences, maybe a tag and emoji."""
        english = self.phrases.english
        parts = [self._fill_slots(self.rng.choice(english.sentences(tone, t))) for t in topics[:2]]
        parts = [_capitalize(part) for part in parts]
        parts.insert(self.rng.randrange(len(parts) + 1), f"@{handle}")
        if self.rng.random() < 0.6:
            parts.append(self.rng.choice(english.tags[tone]))
        if self.rng.random() < 0.5:
            parts.append(self.rng.choice(english.emoji[tone]))
        return " ".join(parts)

    def write_answer(self, question: Question, tone: Tone, topics: Sequence[str]) -> str:
        """Return an answer to a form's question."""
        draw = self.rng.random()
        if draw < 0.12:
            return self.rng.choice(self.phrases.short_answers[question][tone])
        # Praise answers "what was good", blame "what could be better"; the rest is prose.
        suits = {"good": "positive", "better": "negative"}.get(question) == tone
        if question == "why" or not suits or draw > 0.72:
            return self.write_prose(tone, topics)
        by_topic = self.phrases.fragments[question]
        fragments = [self._fill_slots(self.rng.choice(by_topic[topic])) for topic in topics]
        if len(fragments) == 1 and draw > 0.3:
            return f"{_capitalize(fragments[0])}. {self.write_prose(tone, topics)}"
        return self.rng.choice((", ", " and ", ". ", " / ", "; ")).join(fragments)

    def write_foreign(self, language: str, tone: Tone) -> str:
        """Return one to three sentences in another language."""
        sentences = self.phrases.languages[language][tone]
        count = self.rng.choices((1, 2, 3), (1, 5, 3))[0]
        space = "" if language == "zh" else " "
        return space.join(self.rng.sample(sentences, min(count, len(sentences))))

    def add_slips(self, text: str, tone: Tone) -> str:
        """Return the text as written in haste: with slips, in one case, or with emoji."""
        draw = self.rng.random()
        if draw < 0.05:
            return self._with_slip(text)
        if draw < 0.10:
            return text.lower().rstrip(".")
        if draw < 0.12 and tone == "negative":
            return text.upper()
        if draw < 0.20:
            return f"{text} {self.rng.choice(self.phrases.english.emoji[tone])}"
        return text

    def _with_slip(self, text: str) -> str:
        candidates = [word for word in _WORD.findall(text) if word in self.phrases.slips]
        if not candidates:
            return text
        word = self.rng.choice(candidates)
        return re.sub(rf"\b{word}\b", self.phrases.slips[word], text, count=1)

    def _fill_slots(self, phrase: str) -> str:
        return phrase.format_map(self.slots) if "{" in phrase else phrase


def create_writer(rng: Random, phrases: Phrases, service: Service) -> Writer:
    """Return a writer of one comment: relative, day and staff stay the same throughout."""
    choices = {
        **phrases.slots,
        "spoken": service.spoken,
        "staff": service.staff,
        "problem": service.problems,
        "relative": service.relatives or phrases.slots["relative"],
    }
    return Writer(rng, phrases, {name: rng.choice(options) for name, options in choices.items()})


def _capitalize(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
