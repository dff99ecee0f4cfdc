"""Output of `feedback search` in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from pipeline.search.highlights import Spans
from pipeline.search.hits import Hit
from pipeline.search.query import SearchResult
from pipeline.terminal import humanize
from schemas.feedback import Label

_SHOWN_CHARACTERS: Final = 600
_STYLES: Final = {"positive": "green", "neutral": "yellow", "negative": "bold red"}
_MIXED: Final = "magenta"
_URGENT: Final = "bold white on red"
_MAYBE_URGENT: Final = "bold red on yellow"
_MEASURES: Final = {"stars": "stars", "nps": "NPS", "csat": "CSAT", "ces": "CES"}
# The answers of the Friends and Family Test, in the order of their numbers from 1.
_FFT: Final = ("very good", "good", "neither good nor poor", "poor", "very poor", "don't know")


def render(result: SearchResult) -> Group:
    """Return each hit's heading, text and details, and a summary line."""
    parts: list[RenderableType] = []
    for hit in result.hits:
        parts.append(_head(hit))
        if hit.text:
            parts.append(_indent(_passage(hit.text, hit.spans)))
        if hit.translation:
            translated = Text("Translated: ", "dim")
            passage = _passage(hit.translation, hit.translation_spans)
            parts.append(_indent(translated.append_text(passage)))
        parts += [_indent(_details(hit.source)), ""]
    parts.append(_summary(result))
    return Group(*parts)


def _summary(result: SearchResult) -> Text:
    if result.total == 0:
        return Text("Nothing found. Try fewer words or filters, or | between words.")
    line = Text(f"{result.total:,} found in {result.took_ms} ms, {len(result.hits):,} shown")
    for name in Label:
        if name in result.labels:
            line.append(" · ")
            line.append(f"{humanize(name)} {result.labels[name]:,}", _STYLES.get(name, ""))
    for title, count, style in (
        ("mixed", result.mixed, _MIXED),
        ("by translation", result.by_translation, ""),
        ("urgent", result.urgent, _URGENT),
        ("may be urgent", result.maybe_urgent, _MAYBE_URGENT),
    ):
        if count:
            line.append(" · ")
            line.append(f"{title} {count:,}", style)
    return line


def _head(hit: Hit) -> Text:
    feedback = hit.source.get("feedback", {})
    head = Text(_format_time(hit.source.get("@timestamp", "")), "bold")
    place = (feedback.get("site"), feedback.get("service"))
    for name in filter(None, place):
        head.append(f"  {name}", "cyan")
    sentiment = feedback.get("sentiment", {})
    label, level = sentiment.get("label", ""), sentiment.get("level", "")
    # The level is more precise, but filters and counts go by the label if they disagree.
    shown = level if level.endswith(label) else label
    head.append(f"  {humanize(shown)}", _STYLES.get(label, "dim"))
    if sentiment.get("mixed"):
        head.append("  mixed", _MIXED)
    for flag, title, style in (
        ("urgent", "urgent", _URGENT),
        ("maybe_urgent", "may be urgent", _MAYBE_URGENT),
    ):
        if feedback.get(flag):
            head.append("  ")
            reasons = ", ".join(map(humanize, feedback.get(f"{flag}_reasons", ())))
            head.append(f" {title}: {reasons} " if reasons else f" {title} ", style)
    return head


def _passage(whole: str, spans: Spans) -> Text:
    """Return the text with its matches marked; of a long text, the part around the first."""
    first = spans[0][0] if spans else 0
    start = max(0, first - _SHOWN_CHARACTERS // 2) if len(whole) > _SHOWN_CHARACTERS else 0
    end = min(len(whole), start + _SHOWN_CHARACTERS)
    text = whole.replace("\n", " ")
    passage = Text("…" if start else "")
    position = start
    for left, right in spans:
        if right <= start or left >= end:
            continue
        left, right = max(left, start), min(right, end)
        passage.append(text[position:left])
        passage.append(text[left:right], "bold black on yellow")
        position = right
    passage.append(text[position:end])
    passage.append("…" if end < len(whole) else "")
    return passage


def _details(source: dict[str, Any]) -> Text:
    feedback = source.get("feedback", {})
    sentiment = feedback.get("sentiment", {})
    parts = [", ".join(_topics(feedback)), *_ratings(feedback.get("measures", {}))]
    if sentiment.get("contradicts_rating"):
        parts.append("text contradicts rating")
    if sentiment.get("by_translation"):
        parts.append("judged by translation")
    language = feedback.get("language", {})
    detected = language.get("detected", "und")
    parts.append(language.get("declared", detected) if detected == "und" else detected)
    dataset = source.get("event", {}).get("dataset", "")
    parts.append(f"{dataset} {feedback.get('family', '')}".strip())
    return Text(" · ".join(part for part in parts if part), "dim")


def _topics(feedback: dict[str, Any]) -> Iterator[str]:
    """Yield the topics; each with its own sentiment, if that is not the comment's label."""
    label = feedback.get("sentiment", {}).get("label")
    own = {each["topic"]: each["label"] for each in feedback.get("topic_sentiments", ())}
    for topic in feedback.get("topics", ()):
        shown = own.get(topic, label)
        yield topic if shown == label else f"{topic} ({shown})"


def _ratings(measures: dict[str, Any]) -> Iterator[str]:
    for name, title in _MEASURES.items():
        if name in measures:
            yield f"{title} {measures[name]['value']:g}"
    if "fft" in measures:
        value = int(measures["fft"]["value"])
        yield f"FFT {_FFT[value - 1] if 1 <= value <= len(_FFT) else value}"


def _indent(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _format_time(timestamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(UTC):%Y-%m-%d %H:%M}"
    except ValueError:
        return timestamp
