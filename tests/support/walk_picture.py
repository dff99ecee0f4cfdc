"""``python -m tests.support.walk_picture``: draw the walk of an event, ``docs/walk.svg``."""

from __future__ import annotations

from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from pipeline.streams.roles import Role
from schemas.kafka_topics import (
    ALERTS,
    CASES,
    DEAD,
    DELIVERIES,
    ENRICHED,
    FORMS,
    REVIEWS,
    SIGNALS,
    SOCIAL,
    URGENT,
    KafkaTopic,
)
from tests.support.pipeline import ROOT

PATH: Final = ROOT / "docs" / "walk.svg"
WIDTH, HEIGHT = 1150, 500
LINE_HEIGHT = 17
FILLS: Final = {"outside": "#ffffff", "kafka": "#f1f0ec", "ours": "#dfeaf7", "store": "#e3f1e4"}


class Box(NamedTuple):
    """A box of the picture; coordinates are of its upper left corner."""

    kind: str
    x: int
    y: int
    width: int
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        return 18 + LINE_HEIGHT * len(self.lines)

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.y + self.height / 2

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.width, self.y + self.height / 2

    @property
    def top(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height


def kafka(x: int, y: int, *topics: KafkaTopic) -> Box:
    return Box("kafka", x, y, 185, tuple(topic.name for topic in topics))


def role(x: int, y: int, role: Role, *lines: str) -> Box:
    return Box("ours", x, y, 165, (f"worker: {role}", *lines))


SOURCES = Box("outside", 20, 110, 130, ("review sites", "social media", "form services", "files"))
CONNECTORS = Box("ours", 185, 118, 120, ("connectors", "fetch, receive,", "parse"))
RAW = kafka(340, 118, REVIEWS, SOCIAL, FORMS)
ENRICH = role(350, 250, Role.ENRICH, "validate, redact,", "language, sentiment,", "topics, urgency")
LETTERS = kafka(340, 410, DEAD)
ENRICHED_TOPIC = kafka(570, 118, ENRICHED)
URGENT_TOPIC = kafka(570, 206, URGENT)
SIGNALS_TOPIC = kafka(570, 294, SIGNALS)
INDEX = role(795, 40, Role.INDEX, "bulk requests")
CASES_ROLE = role(795, 118, Role.CASES, "rules, due times")
SUBSCRIBERS = Box("outside", 795, 206, 165, ("your subscribers",))
WATCH = role(795, 285, Role.WATCH, "spike detector")
ALERTS_TOPIC = kafka(570, 385, ALERTS, DELIVERIES)
NOTIFY = role(795, 385, Role.NOTIFY, "routes, deliveries")
STORE = Box("store", 1000, 32, 130, ("Elasticsearch", "search, reports,", "Kibana"))
CASE_EVENTS = Box("kafka", 1000, 118, 130, (CASES.name,))
TRACKERS = Box("outside", 1000, 206, 130, ("Jira, Zendesk,", "webhooks"))
PEOPLE = Box("outside", 1000, 385, 130, ("mail, chat,", "webhooks"))

BOXES: Final = (
    SOURCES, CONNECTORS, RAW, ENRICH, LETTERS, ENRICHED_TOPIC, URGENT_TOPIC, SIGNALS_TOPIC, INDEX,
    CASES_ROLE, SUBSCRIBERS, WATCH, ALERTS_TOPIC, NOTIFY, STORE, CASE_EVENTS, TRACKERS, PEOPLE,
)  # fmt: skip
ARROWS: Final = (
    (SOURCES.right, CONNECTORS.left, ""),
    (CONNECTORS.right, RAW.left, ""),
    (RAW.bottom, ENRICH.top, ""),
    (ENRICH.right, ENRICHED_TOPIC.left, ""),
    (ENRICH.right, URGENT_TOPIC.left, ""),
    (ENRICH.right, SIGNALS_TOPIC.left, ""),
    (ENRICH.bottom, LETTERS.top, "dashed"),
    (ENRICHED_TOPIC.right, INDEX.left, ""),
    (ENRICHED_TOPIC.right, CASES_ROLE.left, ""),
    (ENRICHED_TOPIC.right, SUBSCRIBERS.left, ""),
    (URGENT_TOPIC.right, SUBSCRIBERS.left, ""),
    (SIGNALS_TOPIC.right, WATCH.left, ""),
    (WATCH.bottom, ALERTS_TOPIC.top, ""),
    (ALERTS_TOPIC.right, NOTIFY.left, ""),
    (INDEX.right, STORE.left, ""),
    (CASES_ROLE.right, CASE_EVENTS.left, "both"),
    (CASES_ROLE.right, TRACKERS.left, ""),
    (NOTIFY.right, PEOPLE.left, ""),
)


def draw() -> str:
    """Return the picture as SVG."""
    shapes = [arrow(*ends) for ends in ARROWS] + [box(each) for each in BOXES]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
            '  aria-label="The walk of an event, from sources through Kafka and the worker"',
            '  font-family="system-ui, sans-serif" font-size="13" fill="#1d2530">',
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"',
            '  markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"'
            ' fill="#5b6675"/></marker></defs>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fdfdfc"/>',
            *shapes,
            '<text x="20" y="482" fill="#5b6675">blue: the product · grey: Kafka topics · '
            "dashed: unreadable or refused</text>",
            "</svg>",
            "",
        ]
    )


def box(box: Box) -> str:
    middle = box.x + box.width / 2
    is_named = box.kind in {"ours", "store"}
    texts = []
    for number, line in enumerate(box.lines):
        weight = "600" if is_named and number == 0 else "400"
        texts.append(
            f'<text x="{middle:g}" y="{box.y + 22 + LINE_HEIGHT * number}" text-anchor="middle" '
            f'font-weight="{weight}">{escape(line)}</text>'
        )
    frame = (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6" '
        f'fill="{FILLS[box.kind]}" stroke="#8a94a3"/>'
    )
    return "\n".join([frame, *texts])


def arrow(start: tuple[float, float], end: tuple[float, float], style: str) -> str:
    """Return a curve that leaves and arrives horizontally, or a line if it runs downwards."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    curve = f"C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}" if x2 > x1 else f"L{x2:g} {y2:g}"
    extra = {"dashed": ' stroke-dasharray="4 4"', "both": ' marker-start="url(#head)"'}
    return (
        f'<path d="M{x1:g} {y1:g}{curve}" fill="none" stroke="#5b6675" '
        f'marker-end="url(#head)"{extra.get(style, "")}/>'
    )


if __name__ == "__main__":
    PATH.write_text(draw(), encoding="utf-8")
