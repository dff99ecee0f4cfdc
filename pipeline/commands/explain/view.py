"""Output of `feedback explain`: one comment, with the evidence for each result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.commands.explain.bars import (
    BAD,
    BAR_WIDTH,
    GOOD,
    NAME_WIDTH,
    diverging_bars,
    evidence_line,
    level_bars,
    quote,
    score_bars,
)
from pipeline.enrich.explanation import Explanation, Place, Sentence, TopicFound
from pipeline.terminal import clean, humanize
from schemas.feedback import Label, Span

_URGENT: Final = "bold white on red"
_MAYBE_URGENT: Final = "black on yellow"
_TOPIC: Final = "underline"
_LEGEND: Final = {
    GOOD: ("+", "positive"),
    BAD: ("-", "negative"),
    _TOPIC: ("_", "topic"),
    _URGENT: ("!", "urgent"),
    _MAYBE_URGENT: ("?", "maybe urgent"),
}
_STYLES: Final = {Label.POSITIVE: GOOD, Label.NEUTRAL: "yellow", Label.NEGATIVE: BAD}
_REASONS: Final = {
    "language": "only English is supported",
    "script": "only English is supported",
    "no_opinion": "the answer says nothing",
    "no_words": "no text to read",
}
_HEADS: Final = {
    "survey": "judged as an answer to a survey, with question or rating",
    "story": "judged by the text alone, as reviews and stories are",
}
_ROLES: Final = {
    "conceded": "conceded",
    "decisive": "what the contrast comes to",
    "aside": "a courtesy says nothing about care",
}
_MAX_WORDS: Final = 8
# Share of the largest weight below which words are not coloured, or not listed.
_MIN_TONE: Final = 0.3
_MIN_NAMED: Final = 0.15


def render(explanation: Explanation) -> Group:
    """Return the comment with its evidence, followed by the parts of each result."""
    versions = (f"{name} {version}" for name, version in explanation.versions.items())
    return Group(
        _MarkedText(_passage(explanation)),
        "",
        _fact_table(explanation),
        *_section("Sentiment", _sentiment(explanation)),
        *_section("Sentences", map(_sentence, explanation.sentences)),
        *_section("VADER", _vader(explanation)),
        *_section("Topics", _topics(explanation)),
        *_section("Urgent", _reasons(explanation.urgent, _URGENT)),
        *_section("Maybe urgent", _reasons(explanation.maybe_urgent, _MAYBE_URGENT)),
        *_section("Versions", [Text(" · ".join(versions), "dim")]),
    )


class _MarkedText:
    """A text whose styles are visible without colours too, as marks below the words."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        coloured = console.color_system is not None and not console.no_color
        for line in self._text.wrap(console, options.max_width):
            yield line
            if not coloured and (marks := _marks_below(line)):
                yield Text(marks)
        used = {str(span.style) for span in self._text.spans}
        legend = Text()
        for style, (mark, name) in _LEGEND.items():
            if style in used:
                legend.append("  " if legend else "")
                legend.append(name if coloured else f"{mark} {name}", style if coloured else "")
        if legend:
            yield Text("\n").append(legend)


def _marks_below(line: Text) -> str:
    marks = [" "] * len(line.plain)
    for span in line.spans:
        mark, _ = _LEGEND[str(span.style)]
        marks[span.start : span.end] = mark * (min(span.end, len(marks)) - span.start)
    wide = zip(marks, line.plain, strict=True)
    return "".join(mark * cell_len(character) for mark, character in wide).rstrip()


def _passage(explanation: Explanation) -> Text:
    # Rich drops some control characters, which would move the offsets.
    text = Text(clean(explanation.text))
    for topic in explanation.topics:
        for place in topic.evidence:
            text.stylize(_TOPIC, place.start, place.end)
    tones: list[tuple[float, tuple[Span, ...]]]
    if explanation.tone:
        tones = [(part.value, part.spans) for part in explanation.tone.words]
    else:
        tones = [(word.value, ((word.start, word.end),)) for word in explanation.vader_words]
    least = _MIN_TONE * max((abs(value) for value, _ in tones), default=0.0)
    for value, spans in sorted(tones, key=lambda tone: abs(tone[0])):
        if abs(value) >= least:
            for span in spans:
                text.stylize(GOOD if value > 0 else BAD, *span)
    for reasons, style in (
        (explanation.maybe_urgent, _MAYBE_URGENT),
        (explanation.urgent, _URGENT),
    ):
        for place in chain.from_iterable(reasons.values()):
            text.stylize(style, place.start, place.end)
    return text


def _section(title: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for number, part in enumerate(parts):
        if number == 0:
            yield ""
            yield Text(title, "bold")
        yield Padding(part, (0, 0, 0, 2), expand=False)


def _fact_table(explanation: Explanation) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if explanation.hidden:
        places = sorted(
            chain.from_iterable(explanation.hidden.values()), key=lambda place: place.start
        )
        table.add_row("redacted", Text(", ".join(place.text for place in places)))
    if explanation.question:
        kind = f"  (read as: {explanation.question_kind})"
        table.add_row("question", Text(explanation.question).append(kind, "dim"))
    if rating := explanation.rating:
        rating_text = Text(f"{rating['measure']} {rating['value']:g}")
        scale = f"  (worst {rating['worst']:g}, best {rating['best']:g})"
        table.add_row("rating", rating_text.append(scale, "dim"))
    code, confidence = explanation.language.code, explanation.language.confidence
    language = "not sure which; read as English" if code == "und" else f"{code} {confidence:.0%}"
    table.add_row("language", language)
    return table


def _sentiment(explanation: Explanation) -> Iterator[RenderableType]:
    sentiment, levels = explanation.sentiment, explanation.levels
    if sentiment.label is Label.NOT_SCORED:
        yield Text(f"not scored: {_REASONS[sentiment.not_scored or 'no_words']}")
        return
    style = _STYLES[sentiment.label]
    if levels is None and sentiment.probability is not None:
        yield Text(f"{humanize(sentiment.label)}  {sentiment.probability:.0%}", f"bold {style}")
        yield Text(f"Scored by {sentiment.method}, in place of the model.")
        return
    if levels is None:
        yield Text(humanize(sentiment.label), f"bold {style}")
        yield Text("No model was trained for this taxonomy: sentiment is VADER's compound score,")
        yield Text("and topics are matched by their terms.")
        return
    share = f"  {sentiment.probability:.0%}"
    if sentiment.mixed:
        share += "  mixed: praise and blame are both sure"
    yield Text(humanize(sentiment.label), f"bold {style}").append(share, "default")
    yield Text(_HEADS[sentiment.head or "story"], "dim")
    yield level_bars(levels, explanation.levels_without_rating, style)
    if (against := sentiment.contradicts_rating) is not None:
        line = f"\nText and rating {'' if against else 'do not '}contradict each other."
        yield Text(line, "bold yellow" if against else "")
    if explanation.level_score:
        line = f"\nFor {humanize(sentiment.level or '')}, and against it"
        yield Text(line).append("  (score above the others' mean)", "dim")
        yield score_bars(explanation.level_score, style)


def _sentence(sentence: Sentence) -> Table:
    """Return a sentence with its label, or why it was set aside."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=14)
    table.add_column(overflow="fold")
    if sentence.tone is None:
        label = Text("set aside", "dim")
    else:
        name = f"{humanize(sentence.tone.label)} {sentence.tone.probability:.0%}"
        label = Text(name, _STYLES[Label(sentence.tone.label)])
    text = Text(" ".join(clean(sentence.text).split()))
    if sentence.role in _ROLES:
        text.append(f"  ({_ROLES[sentence.role]})", "dim")
    if sentence.denied:
        text.append(f"  denied: {', '.join(sentence.denied)}", "dim")
    table.add_row(label, text)
    return table


def _vader(explanation: Explanation) -> Iterator[RenderableType]:
    sentiment = explanation.sentiment
    if sentiment.compound is None:
        return
    yield Text(
        f"compound {sentiment.compound:+.2f} · negative {sentiment.negative:.2f} · "
        f"neutral {sentiment.neutral:.2f} · positive {sentiment.positive:.2f}"
    )
    values: dict[str, list[float]] = defaultdict(list)
    for word in explanation.vader_words:
        values[word.text.lower()].append(word.value)
    if not values:
        yield Text("No word is in its lexicon, or none carries sentiment.", "dim")
        return
    rows = [(Text(quote(word, len(of))), sum(of)) for word, of in values.items()]
    strongest = sorted(rows, key=lambda row: -abs(row[1]))[:_MAX_WORDS]
    yield diverging_bars(sorted(strongest, key=lambda row: -row[1]), None)


def _topics(explanation: Explanation) -> Iterator[RenderableType]:
    if not explanation.topics:
        yield Text("none")
    for topic in explanation.topics:
        yield _topic(topic)
    if explanation.next_topics:
        yield Text("next candidates, not assigned:", "dim")
        for topic in explanation.next_topics:
            yield _likelihood(topic, "dim")


def _topic(topic: TopicFound) -> Group:
    lines: list[RenderableType] = [_likelihood(topic, "bold")]
    if topic.tone is not None:
        style = _STYLES[Label(topic.tone.label)]
        tone = Text(f"  {humanize(topic.tone.label)} {topic.tone.probability:.0%}", style)
        quotes = ", ".join(dict.fromkeys(quote(place.text) for place in topic.tone.evidence))
        lines.append(tone.append(f"  {quotes}", "default"))
    groups = [humanize(group) for group in (topic.theme, topic.interaction) if group]
    if topic.priority:
        groups.append(f"{topic.priority} priority")
    if topic.by == "likeliest":
        groups.append("the most likely topic, below its threshold")
    if groups:
        lines.append(Text(f"  {' · '.join(groups)}", "dim"))
    if topic.score is None:
        terms = ", ".join(dict.fromkeys(quote(place.text) for place in topic.evidence))
        lines.append(Text(f"  by its terms: {terms}"))
    else:
        parts = topic.score.words
        least = _MIN_NAMED * max((abs(part.value) for part in parts), default=0.0)
        lines += evidence_line("for", [part for part in parts if part.value > least])
        lines += evidence_line("against", [part for part in parts[::-1] if part.value < -least])
    return Group(*lines, "")


def _likelihood(topic: TopicFound, style: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=NAME_WIDTH, no_wrap=True, overflow="ellipsis")
    row = [Text(topic.title or humanize(topic.name), style)]
    if topic.probability is not None and topic.threshold is not None:
        blocks, at = round(BAR_WIDTH * topic.probability), round(BAR_WIDTH * topic.threshold)
        bar = Text(f"{'█' * blocks:·<{BAR_WIDTH}}", "cyan" if style == "bold" else "dim")
        least = Text(f"{topic.probability:>4.0%} from {topic.threshold:.0%}")
        row += [Text.assemble(bar[:at], "│", bar[at + 1 :]), least]
    table.add_row(*row)
    return table


def _reasons(reasons: Mapping[str, Sequence[Place]], style: str) -> Iterator[RenderableType]:
    for reason, evidence in reasons.items():
        quotes = " … ".join(quote(place.text) for place in evidence)
        yield Text(f" {humanize(reason)} ", style).append(f"  {quotes}", "default")
