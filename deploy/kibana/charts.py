"""The dashboard's charts, one function per chart.

Fields are those of ``schemas.documents``.
"""

from __future__ import annotations

from typing import Final

from deploy.kibana.lens import (
    Chart,
    average,
    bars,
    by_terms,
    by_time,
    count,
    metric,
    share,
    table,
)

_LABEL: Final = "feedback.sentiment.label"
_NEGATIVE: Final = f"{_LABEL}: negative"
_URGENT: Final = "feedback.urgent: true"
# Comments that no scorer could judge are left out of shares.
_JUDGED: Final = f"not {_LABEL}: not_scored"
_COLORS: Final = {"positive": "#3f9c6d", "neutral": "#d9b23c", "negative": "#c4453a"}


def total() -> Chart:
    """Chart the number of comments."""
    return Chart(
        "feedback-total", "Comments", "Number of comments.",
        "lnsMetric", {"count": count("Comments")}, metric("count"),
    )  # fmt: skip


def negative_share() -> Chart:
    """Chart the share of negative comments."""
    columns = share("negative", "Negative share", part=_NEGATIVE, whole=_JUDGED)
    return Chart(
        "feedback-negative-share", "Negative share",
        "Negative comments among those whose sentiment could be judged.",
        "lnsMetric", columns, metric("negative"),
    )  # fmt: skip


def stars() -> Chart:
    """Chart the average star rating."""
    column = average("Average stars", "feedback.measures.stars.value")
    return Chart(
        "feedback-stars", "Average stars", "Average of all ratings with stars.",
        "lnsMetric", {"stars": column}, metric("stars"),
    )  # fmt: skip


def fft() -> Chart:
    """Chart the average score of the Friends and Family Test."""
    column = average("FFT score, 0 to 1", "feedback.measures.fft.score")
    return Chart(
        "feedback-fft", "Friends and Family Test",
        "Average score from 0 (very poor) to 1 (very good).",
        "lnsMetric", {"fft": column}, metric("fft"),
    )  # fmt: skip


def volume() -> Chart:
    """Chart comments over time, stacked by label."""
    columns = {"time": by_time("Given", "@timestamp")}
    for label in _COLORS:
        columns[label] = count(label.capitalize(), f"{_LABEL}: {label}")
    columns["not_scored"] = count("Not scored", f"{_LABEL}: not_scored")
    names = (*_COLORS, "not_scored")
    colors = {**_COLORS, "not_scored": "#98a2b3"}
    return Chart(
        "feedback-volume", "Comments over time by sentiment", "",
        "lnsXY", columns, bars("bar_stacked", x="time", y=names, colors=colors),
    )  # fmt: skip


def negative_share_by_site() -> Chart:
    """Chart the share of negative comments over time, one line per site."""
    columns = {
        # The sites come first, so that they are chosen once and not per time interval.
        "site": by_terms("Site", "feedback.site"),
        "time": by_time("Given", "@timestamp"),
        **share("negative", "Negative share", part=_NEGATIVE, whole=_JUDGED),
    }
    return Chart(
        "feedback-negative-by-site-over-time", "Negative share by site over time",
        "Sites and times with problems.", "lnsXY", columns,
        bars("line", x="time", y=("negative",), split="site"),
    )  # fmt: skip


def urgent_by_reason() -> Chart:
    """Chart the reasons why comments are urgent."""
    columns = {
        "reason": by_terms("Reason", "feedback.urgent_reasons", order_by="count"),
        "count": count("Urgent comments"),
    }
    return Chart(
        "feedback-urgent-by-reason", "Urgent comments by reason",
        "A comment can have several reasons.",
        "lnsXY", columns,
        bars("bar_horizontal", x="reason", y=("count",), colors={"count": _COLORS["negative"]}),
        query=_URGENT,
    )  # fmt: skip


def interactions() -> Chart:
    """Tabulate the types of interaction: volume, number of high priority, share negative."""
    columns = {
        "interaction": by_terms("Interaction", "feedback.interactions", order_by="count"),
        "count": count("Comments"),
        "high": count("High priority", "feedback.priority: high"),
        **share("negative", "Negative", part=_NEGATIVE, whole=_JUDGED),
    }
    return Chart(
        "feedback-interactions", "Interactions",
        "Types of interaction of the topics. A comment's priority is the highest of its types.",
        "lnsDatatable", columns, table("interaction", "count", "high", "negative"),
    )  # fmt: skip


def sites() -> Chart:
    """Tabulate the sites: volume, share negative, ratings."""
    columns = {
        "site": by_terms("Site", "feedback.site", order_by="count", size=50),
        "count": count("Comments"),
        **share("negative", "Negative", part=_NEGATIVE, whole=_JUDGED),
        "stars": average("Stars", "feedback.measures.stars.value", decimals=1),
        "fft": average("FFT score", "feedback.measures.fft.score"),
    }
    return Chart(
        "feedback-sites", "Sites", "Volume, share negative and ratings by site.",
        "lnsDatatable", columns, table("site", "count", "negative", "stars", "fft"),
    )  # fmt: skip


def topics() -> Chart:
    """Chart the topics of comments, stacked by label."""
    columns = {
        "topic": by_terms("Topic", "feedback.topics", order_by="negative", size=12),
        **{label: count(label.capitalize(), f"{_LABEL}: {label}") for label in _COLORS},
    }
    return Chart(
        "feedback-topics", "Topics by number of negative comments", "",
        "lnsXY", columns,
        bars("bar_horizontal_stacked", x="topic", y=tuple(_COLORS), colors=_COLORS),
    )  # fmt: skip


def sources() -> Chart:
    """Chart the sources of comments, split by family."""
    columns = {
        "source": by_terms("Source", "event.dataset", order_by="count"),
        "family": by_terms("Family", "feedback.family", order_by="count", size=3),
        "count": count("Comments"),
    }
    return Chart(
        "feedback-sources", "Sources", "Connectors by family.",
        "lnsXY", columns,
        bars("bar_horizontal_stacked", x="source", y=("count",), split="family"),
    )  # fmt: skip


def languages() -> Chart:
    """Chart the detected languages."""
    columns = {
        "language": by_terms("Language", "feedback.language.detected", order_by="count"),
        "count": count("Comments"),
    }
    return Chart(
        "feedback-languages", "Languages", "As detected in the text; und if undetermined.",
        "lnsXY", columns, bars("bar_horizontal", x="language", y=("count",)),
    )  # fmt: skip


def services() -> Chart:
    """Chart the services with the most negative comments."""
    columns = {
        "service": by_terms("Service", "feedback.service", order_by="count"),
        "count": count("Negative comments"),
    }
    return Chart(
        "feedback-services", "Services with the most negative comments", "",
        "lnsXY", columns,
        bars("bar_horizontal", x="service", y=("count",), colors={"count": _COLORS["negative"]}),
        query=_NEGATIVE,
    )  # fmt: skip
