"""Rendered notices: subject, plain text, HTML and Markdown of an alert and of a digest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from pipeline.notify.alert_notices import (
    alert_title,
    create_alert_notice,
    format_duration,
    kibana_link,
)
from pipeline.notify.digest import CommentCounts, DigestContent, digest_notice, last_due_time
from pipeline.notify.notice import Urgency
from pipeline.notify.rendering import render_html, render_markdown, render_subject, render_text
from pipeline.notify.route_settings import RouteSettings
from pipeline.notify.sender import webhook_payload
from pipeline.watch.alert_settings import AlertSettings
from schemas.alert import AlertKind, AlertState, Interval, Severity
from schemas.coverage import Coverage
from schemas.score import Dimensions, MeasureName, Period, PeriodName, Score
from tests.pipeline.notify.samples import STARTED, a_notice, an_alert

LONDON = AlertSettings(zone="Europe/London")


def test_a_firing_alert_says_where_what_since_when_and_what_to_type() -> None:
    alert = an_alert()
    notice = create_alert_notice(alert, LONDON)
    assert render_subject(notice) == "North, waiting time: 23 of 31 negative, usually 2 to 9"
    assert render_text(notice) == (
        "North: 23 of 31 comments on waiting time were negative within 1 hour (usually 2 to 9); "
        "distinctive words: hours, nobody.\n"
        "Since Mon 3 Aug 14:15 BST, for 1 h 45 min. 74% of 31, usually 20%. By chance alone this "
        "happens once in 14 years.\n"
        f"Details: `feedback alerts show {alert.alert_id}`\n"
        f"Acknowledge: `feedback alerts ack {alert.alert_id}`"
    )


def test_a_resolved_alert_says_that_it_is_over() -> None:
    alert = an_alert(state=AlertState.RESOLVED)
    notice = create_alert_notice(alert, LONDON, examples=["not shown any more"])
    assert (notice.type, render_subject(notice)) == (
        "alert.resolved",
        "North, waiting time: back to normal",
    )
    assert render_text(notice, examples=True).splitlines()[1:] == [
        "From Mon 3 Aug 14:15 BST to 16:00 BST.",
        f"Details: `feedback alerts show {alert.alert_id}`",
    ]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"topic": None}, "North: 23 of 31 negative, usually 2 to 9"),
        ({"topic": None, "site": None}, "No site: 23 of 31 negative, usually 2 to 9"),
        ({"revision": 2}, "North, waiting time: still 23 of 31 negative, usually 2 to 9"),
        (
            {"kind": AlertKind.URGENT, "topic": None, "source": "google_play", "seen": 4,
             "interval": Interval(low=0, high=0)},
            "North, google play: 4 urgent, usually 0",
        ),
    ],
)  # fmt: skip
def test_titles(fields: dict[str, Any], title: str) -> None:
    assert alert_title(an_alert(**fields)) == title


def test_what_is_critical_comes_first() -> None:
    notice = create_alert_notice(an_alert(severity=Severity.CRITICAL), LONDON)
    assert render_subject(notice).startswith("Critical · North, waiting time: 23 of 31")


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=45), "45 minutes"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, minutes=15), "2 h 15 min"),
        (timedelta(days=3, hours=2), "3 days"),
    ],
)
def test_spans(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


def test_names_and_words_are_shown_as_they_are_in_every_form() -> None:
    notice = a_notice(
        text="A*B & <C>: _so_.\n- one\n- two\nType `feedback x`\nSee https://k/?a=1&b"
    )
    assert render_html(notice) == (
        "<p>A*B &amp; &lt;C&gt;: _so_.</p>\n<ul><li>one</li><li>two</li></ul>\n"
        "<p>Type <code>feedback x</code></p>\n"
        '<p>See <a href="https://k/?a=1&amp;b">https://k/?a=1&amp;b</a></p>'
    )
    assert render_markdown(notice) == (
        "A\\*B & \\<C\\>: \\_so\\_.\n\n- one\n- two\n\nType `feedback x`\n\nSee https://k/?a=1&b"
    )


def test_quotation_marks_and_braces_in_an_address_stay_in_it() -> None:
    notice = a_notice(text='See https://k/"onclick={{1}}\nType `<{%`')
    assert render_html(notice) == (
        '<p>See <a href="https://k/&#34;onclick={{1}}">https://k/&#34;onclick={{1}}</a></p>\n'
        "<p>Type <code>&lt;{%</code></p>"
    )


def test_examples_are_shown_only_where_they_are_asked_for() -> None:
    notice = create_alert_notice(an_alert(), LONDON, examples=["Waited\nfor [NAME]."])
    assert "Waited" not in render_text(notice)
    assert render_text(notice, examples=True).endswith("Examples:\n- “Waited for [NAME].”")
    assert b"Waited" not in webhook_payload(notice)


def test_the_link_leads_to_the_comments_in_kibana() -> None:
    link = kibana_link(an_alert("St. Mary's"), "https://kibana.example.org/")
    assert link == (
        "https://kibana.example.org/app/discover#/?_g=(time:(from:%272026-08-03T13:15:00Z%27,"
        "to:%272026-08-03T15:00:00Z%27))&_a=(dataSource:(dataViewId:feedback,type:dataView),"
        "query:(language:kuery,query:%27feedback.site:%20%22St.%20Mary!%27s%22%20and%20"
        "feedback.negative_topics:%20%22waiting_time%22%20and%20"
        "not%20feedback.sentiment.by_translation:%20true%27))"
    )


def test_a_webhooks_payload_is_type_timestamp_and_data() -> None:
    alert = an_alert()
    assert orjson.loads(webhook_payload(create_alert_notice(alert, LONDON))) == {
        "type": "alert.firing",
        "timestamp": "2026-08-03T15:00:00Z",
        "data": orjson.loads(alert.to_payload()),
    }


@pytest.mark.parametrize(
    ("settings", "now", "due"),
    [
        ({"digest": "daily"}, "2026-08-05T07:59", "2026-08-04T08:00"),
        ({"digest": "daily"}, "2026-08-05T08:00", "2026-08-05T08:00"),
        ({"digest": "daily", "zone": "Europe/London"}, "2026-08-05T07:00", "2026-08-05T07:00"),
        ({"digest": "daily", "zone": "Asia/Tokyo"}, "2026-08-05T23:30", "2026-08-05T23:00"),
        ({"digest": "weekly"}, "2026-08-05T12:00", "2026-08-03T08:00"),
        ({"digest": "weekly", "day": "friday"}, "2026-08-05T12:00", "2026-07-31T08:00"),
    ],
)
def test_when_a_digest_is_due(settings: dict[str, str], now: str, due: str) -> None:
    due_time = last_due_time(
        RouteSettings.model_validate({"apprise": "json://e.org", **settings}),
        datetime.fromisoformat(now).replace(tzinfo=UTC),
    )
    assert due_time == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_digest_sums_up_and_has_an_identifier_a_period() -> None:
    since, until = STARTED - timedelta(hours=13), STARTED + timedelta(hours=11)
    settings = RouteSettings.model_validate({"apprise": "json://e.org", "digest": "daily"})
    summary = DigestContent(
        since=since,
        until=until,
        alerts=[an_alert("South"), an_alert(state=AlertState.RESOLVED)],
        scores=[
            Score.create(
                MeasureName.NPS,
                Period(name=PeriodName.DAY, start=since, end=until),
                Dimensions(),
                n=120,
                value=34.2,
                low=20.4,
                high=48.0,
                change=5.1,
                changed=True,
                suppressed=False,
                computed_at=until,
            )
        ],
        cases=(12, 3),
        troubled=[
            Coverage(
                source="rss",
                instance="news",
                family="social",
                started_at=since,
                finished_at=since,
                first_at=since - timedelta(days=30),
                news_at=since - timedelta(days=9),
                every_s=604_800,
                silent_after_s=604_800,
            )
        ],
    )
    notice = digest_notice("boss", settings, summary)
    assert notice.urgency is Urgency.INFO
    assert render_subject(notice) == (
        "Feedback, Mon 3 Aug to Tue 4 Aug: 2 new alerts, 1 firing, 3 cases overdue, "
        "1 source in trouble"
    )
    assert render_text(notice) == (
        "From Mon 3 Aug 00:15 UTC to Tue 4 Aug 00:15 UTC.\n"
        "Alerts:\n"
        "- South, waiting time: 23 of 31 negative, usually 2 to 9 "
        "(since Mon 3 Aug 13:15 UTC, still firing)\n"
        "- North, waiting time: back to normal (Mon 3 Aug 13:15 UTC to 15:00 UTC)\n"
        "Scores:\n"
        "- NPS 34 (n = 120, 95 %: 20 to 48), up 5\n"
        "Cases: 12 open, 3 overdue. `feedback cases list`\n"
        "Sources in trouble:\n"
        "- rss.news has no new feedback; last new feedback Sat 25 Jul 00:15 UTC"
    )
    assert (
        notice.notice_id == digest_notice("boss", settings, DigestContent(since, until)).notice_id
    )
    assert (
        notice.notice_id != digest_notice("boss", settings, DigestContent(until, since)).notice_id
    )


def test_a_digest_names_what_to_read_soon_and_what_was_judged_by_translation() -> None:
    settings = RouteSettings.model_validate({"apprise": "json://e.org", "digest": "daily"})
    counts = CommentCounts(
        maybe_urgent=4, scored=40, mixed=8, by_translation=1, negative_by_translation=1
    )
    summary = DigestContent(STARTED, STARTED + timedelta(days=1), comments=counts)
    notice = digest_notice("boss", settings, summary)
    assert notice.urgency is Urgency.INFO
    assert notice.title.endswith("no new alerts, 4 to read soon")
    assert render_text(notice).splitlines()[1:] == [
        "No alerts.",
        "To read soon, may be urgent: 4 comments. `feedback search --maybe-urgent "
        "--since 2026-08-03T13:15:00+00:00 --until 2026-08-04T13:15:00+00:00`",
        "Mixed, praise and blame at once: 8 of 40 comments (20%).",
        "Judged by translation: 1 comment, 1 of them negative; not in scores and alerts.",
    ]
    assert orjson.loads(notice.data)["comments"]["maybe_urgent"] == 4


def test_the_command_of_a_digest_finds_what_was_counted_for_its_route() -> None:
    filters = {"sites": ["North *", "South"], "topics": "food", "sources": "google_play"}
    table = {"apprise": "json://e.org", "digest": "daily", "zone": "Europe/London", **filters}
    settings = RouteSettings.model_validate(table)
    summary = DigestContent(
        STARTED, STARTED + timedelta(days=1), comments=CommentCounts(maybe_urgent=1)
    )
    text = render_text(digest_notice("boss", settings, summary))
    assert (
        "1 comment. `feedback search --maybe-urgent --since 2026-08-03T14:15:00+01:00 "
        "--until 2026-08-04T14:15:00+01:00 --site 'North *' --site South --topic food "
        "--source google_play`"
    ) in text


def test_a_quiet_day_is_said_to_be_one() -> None:
    settings = RouteSettings.model_validate({"apprise": "json://e.org", "digest": "daily"})
    notice = digest_notice("boss", settings, DigestContent(STARTED, STARTED + timedelta(days=1)))
    assert notice.title == "Feedback, Mon 3 Aug to Tue 4 Aug: no new alerts"
    assert render_text(notice).splitlines()[1:] == ["No alerts."]
