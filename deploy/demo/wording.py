"""How the demo's people write: sentences, fragments and slips, put together from the phrases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from deploy.demo.phrasebook import Phrases, Question, Service, Tone

_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one comment; every choice comes from ``rng``, ``slots`` fill the phrases' braces."""

    rng: Random
    phrases: Phrases
    slots: dict[str, str]

    def sentences(self, tone: Tone, topics: Sequence[str]) -> str:
        """English prose: perhaps an opener, a sentence for each topic, perhaps a closer."""
        english = self.phrases.english
        parts = [self.rng.choice(english.sentences(tone, topic)) for topic in topics]
        if self.rng.random() < 0.45:
            parts.insert(0, self.rng.choice(english.openers[tone]))
        if self.rng.random() < 0.35:
            parts.append(self.rng.choice(english.closers[tone]))
        return " ".join(_capitalised(self._filled(part)) for part in parts)

    def mention(self, tone: Tone, topics: Sequence[str], handle: str) -> str:
        """A social post: a handle, a sentence or two, a tag, perhaps emoji."""
        english = self.phrases.english
        parts = [self._filled(self.rng.choice(english.sentences(tone, t))) for t in topics[:2]]
        parts = [_capitalised(part) for part in parts]
        parts.insert(self.rng.randrange(len(parts) + 1), f"@{handle}")
        if self.rng.random() < 0.6:
            parts.append(self.rng.choice(english.tags[tone]))
        if self.rng.random() < 0.5:
            parts.append(self.rng.choice(english.emoji[tone]))
        return " ".join(parts)

    def answer(self, question: Question, tone: Tone, topics: Sequence[str]) -> str:
        """What somebody types into a form's box under that question."""
        draw = self.rng.random()
        if draw < 0.12:
            return self.rng.choice(self.phrases.short_answers[question][tone])
        # Praise answers "what was good", blame "what could be better"; the rest is prose.
        suits = {"good": "positive", "better": "negative"}.get(question) == tone
        if question == "why" or not suits or draw > 0.72:
            return self.sentences(tone, topics)
        by_topic = self.phrases.fragments[question]
        fragments = [self._filled(self.rng.choice(by_topic[topic])) for topic in topics]
        if len(fragments) == 1 and draw > 0.3:
            return f"{_capitalised(fragments[0])}. {self.sentences(tone, topics)}"
        return self.rng.choice((", ", " and ", ". ", " / ", "; ")).join(fragments)

    def foreign(self, language: str, tone: Tone) -> str:
        """One to three sentences of another language."""
        known = self.phrases.languages[language][tone]
        count = self.rng.choices((1, 2, 3), (1, 5, 3))[0]
        space = "" if language == "zh" else " "
        return space.join(self.rng.sample(known, min(count, len(known))))

    def untidy(self, text: str, tone: Tone) -> str:
        """The text as hasty people leave it: slips, capitals, emoji."""
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
        known = [word for word in _WORD.findall(text) if word in self.phrases.slips]
        if not known:
            return text
        word = self.rng.choice(known)
        return re.sub(rf"\b{word}\b", self.phrases.slips[word], text, count=1)

    def _filled(self, phrase: str) -> str:
        return phrase.format_map(self.slots) if "{" in phrase else phrase


def writer(rng: Random, phrases: Phrases, service: Service) -> Writer:
    """A writer of one comment: the relative, the day and the staff stay the same throughout."""
    choices = {
        **phrases.slots,
        "spoken": service.spoken,
        "staff": service.staff,
        "problem": service.problems,
        "relative": service.relatives or phrases.slots["relative"],
    }
    return Writer(rng, phrases, {name: rng.choice(known) for name, known in choices.items()})


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
