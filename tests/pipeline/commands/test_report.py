"""`feedback report` on real engines, against a computation of its own over the same file."""

from __future__ import annotations

import csv
import random
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands import report as command
from pipeline.elasticsearch.client import connect
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.reports import gather as gathering
from pipeline.scores import counting, drivers, submissions
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from schemas.documents import READ_ALIAS
from schemas.score_documents import SCORES_INDEX
from tests.support.cli import feedback_output
from tests.support.pipeline import wait_until
from tests.support.worker import running_roles

pytestmark = pytest.mark.slow

TRUST = "Scores Test Trust"
LONDON = ZoneInfo("Europe/London")
MEASURES = ("stars", "nps", "csat", "ces", "fft")
TEXTS = (
    "Kind nurses", "Waited four hours, nobody told us anything", "Parking is awful",
    "The food was cold and late", "They explained everything", "Rude on the phone",
)  # fmt: skip
Row = dict[str, Any]
Run = Callable[..., Result]


def _rows() -> list[Row]:
    """Comments of 220 submissions in February to April 2025; some submissions have two."""
    rng = random.Random(5)
    rows: list[Row] = []
    for visit in range(220):
        at = datetime(2025, 2, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(85 * 24 * 60))
        values = {
            "stars": rng.choice(["1", "2", "3.5", "4", "5", "5"]),
            "nps": str(rng.randrange(11)),
            "csat": str(rng.randrange(11)),  # on a scale from 0 to 10
            "ces": str(rng.randrange(1, 8)),
            "fft": rng.choice(["1", "1", "2", "3", "4", "5", "6"]),
        }
        answered = {name: value for name, value in values.items() if rng.random() < 0.8}
        place = {"site": rng.choice(["North", "North", "South"]), "service": rng.choice("ABC")}
        if visit < 3:
            place["site"] = "Few"
        common = {"visit": str(visit), "date": at.isoformat(), **place, **answered}
        rows += [
            {"id": f"{visit}-{number}", "text": f"{rng.choice(TEXTS)} ({visit})", **common}
            for number in range(rng.choice([1, 1, 2]))
        ]
    # Half past eleven at night in UTC, and the next month in London.
    late = {"date": "2025-03-31T23:30:00+00:00", "site": "Late", "service": "A", "nps": "9"}
    rows += [{"id": f"late-{n}", "visit": "", "text": "Kind nurses", **late} for n in range(5)]
    return rows


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return _rows()


@pytest.fixture(scope="module")
def run(settings: Settings) -> Run:
    app = typer.Typer()
    app.command()(command.report)

    def invoke(*arguments: str, **changes: Any) -> Result:
        configuration = settings.model_copy(update=changes)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(command, "settings", lambda: configuration)
            return CliRunner().invoke(app, list(arguments))

    return invoke


@pytest.fixture(scope="module")
def ingested(
    rows: list[Row],
    settings: Settings,
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("scores")
    with (folder / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        names = ("id", "visit", "date", "text", "site", "service", *MEASURES)
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    with running_roles(settings, Role.ENRICH, Role.INDEX):
        feedback_output(
            f"feedback ingest scores.csv --organization '{TRUST}' --scale csat=0:10 "
            "--map attributes.submission=visit",
            environment, folder,
        )  # fmt: skip
        query = {"term": {"organization.name": TRUST}}
        with connect(settings) as client:

            def indexed() -> bool:
                client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
                report = client.count(index=READ_ALIAS, query=query, ignore_unavailable=True)
                return int(report["count"]) == len(rows)

            wait_until(indexed, seconds=90, what=f"{len(rows)} documents")


MARCH = ("--until", "2025-03-31", "--organization", TRUST)


def _report(run: Run, *arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.exception
    answer: dict[str, Any] = orjson.loads(result.stdout)
    return answer


# The computation of its own: nothing of pipeline.scores.


def _of_march(rows: Iterable[Row], zone: Any) -> list[Row]:
    moments = ((row, datetime.fromisoformat(row["date"]).astimezone(zone)) for row in rows)
    return [row for row, at in moments if (at.year, at.month) == (2025, 3)]


def _answers(rows: Iterable[Row], name: str) -> list[float]:
    """One for each visit, or for each row that names none."""
    report = {row["visit"] or row["id"]: float(row[name]) for row in rows if row.get(name)}
    return list(report.values())


def _share(hits: int, n: int) -> tuple[float, float, float]:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    low, high = proportion.proportion_confint(hits, n, method="wilson")
    return 100 * hits / n, 100 * low, 100 * high


def _compute_score(rows: list[Row], name: str) -> tuple[int, float, float, float]:
    if name == "stars":
        weightstats = pytest.importorskip("statsmodels.stats.weightstats")
        places = [(value - 1) / 4 for value in _answers(rows, "stars")]
        low, high = weightstats.DescrStatsW(places).tconfint_mean()
        return len(places), statistics.mean(places), max(0.0, low), min(1.0, high)
    if name == "nps":
        numpy = pytest.importorskip("numpy")
        answers = _answers(rows, "nps")
        n = len(answers)
        plus, minus = sum(a >= 9 for a in answers), sum(a <= 6 for a in answers)
        net, moved = (plus - minus) / n, (plus + minus) / n
        z2 = statistics.NormalDist().inv_cdf(0.975) ** 2
        ends = numpy.roots([n + z2, -2 * n * net, n * net**2 - z2 * moved])
        return n, 100 * (plus - minus) / n, 100 * min(ends), 100 * max(ends)
    tops = {"csat": ("csat", 8, 10), "ces": ("ces", 5, 7), "fft_positive": ("fft", 1, 2)}
    asked, least, most = tops[name]
    answers = _answers(rows, asked)
    return len(answers), *_share(sum(least <= a <= most for a in answers), len(answers))


def _same(score: dict[str, Any], expected: tuple[int, float, float, float]) -> None:
    n, value, low, high = expected
    assert (score["n"], score["value"]) == (n, value)
    assert (score["low"], score["high"]) == pytest.approx((low, high), rel=1e-11, abs=1e-11)


@pytest.mark.usefixtures("ingested")
@pytest.mark.parametrize("zone", [UTC, LONDON])
def test_scores_agree_to_the_last_digit_with_a_computation_over_the_file(
    run: Run, rows: list[Row], zone: Any
) -> None:
    name = "UTC" if zone is UTC else "Europe/London"
    report = _report(run, *MARCH, "--timezone", name)
    march = _of_march(rows, zone)
    assert report["overall"]["comments"] == len(march)
    groups = {
        (dimension, row["name"]): row["scores"]
        for dimension in ("site", "service")
        for row in report["groups"][dimension]["rows"]
    }
    compared = 0
    for measure in ("stars", "nps", "csat", "ces", "fft_positive"):
        _same(report["overall"]["scores"][measure], _compute_score(march, measure))
        for (dimension, group), scores in groups.items():
            some = [row for row in march if row[dimension] == group]
            n = len(_answers(some, "fft" if measure == "fft_positive" else measure))
            assert (scores[measure]["n"], scores[measure]["suppressed"]) == (n, n < 5)
            if n >= 5:
                _same(scores[measure], _compute_score(some, measure))
                compared += 1
    assert compared >= 25


@pytest.mark.usefixtures("ingested")
def test_comments_by_topic_agree_with_the_documents(
    run: Run, settings: Settings, rows: list[Row]
) -> None:
    with connect(settings) as client:
        hits = client.search(
            index=READ_ALIAS, query={"term": {"organization.name": TRUST}}, size=1_000
        )["hits"]["hits"]
    march = {row["id"] for row in _of_march(rows, UTC)}
    labels = defaultdict(list)
    for hit in hits:
        feedback = hit["_source"]["feedback"]
        if hit["_source"]["@timestamp"].startswith("2025-03"):
            labels[None].append(feedback["sentiment"]["label"])
            for label in ("positive", "neutral", "negative"):
                for topic in feedback.get(f"{label}_topics", ()):
                    labels[topic].append(label)
    report = _report(run, *MARCH, "--by", "topic")
    scores = {row["name"]: row["scores"] for row in report["groups"]["topic"]["rows"]}
    scores[None] = report["overall"]["scores"]
    assert len(labels[None]) == len(march)
    for topic, given in labels.items():
        scored = [label for label in given if label != "not_scored"]
        if len(scored) >= 5:
            expected = _share(scored.count("negative"), len(scored))
            _same(scores[topic]["share_negative"], (len(scored), *expected))


@pytest.mark.usefixtures("ingested")
def test_a_report_of_one_topic_has_the_share_of_that_topic_in_every_row(run: Run) -> None:
    by_topic = _report(run, *MARCH, "--by", "topic")["groups"]["topic"]["rows"]
    name = by_topic[0]["name"]
    of_topic = _report(run, *MARCH, "--topic", name, "--by", "site")
    expected, share = (
        row["scores"]["share_negative"] for row in (by_topic[0], of_topic["overall"])
    )
    assert (share["n"], share["value"]) == (expected["n"], expected["value"])
    sites = [row["scores"]["share_negative"]["n"] for row in of_topic["groups"]["site"]["rows"]]
    assert sum(sites) == share["n"] > 0


@pytest.mark.usefixtures("ingested")
def test_trend_and_change_are_scores_of_the_periods_before(run: Run) -> None:
    march = _report(run, *MARCH)["overall"]
    february = _report(run, "--until", "2025-02-28", "--organization", TRUST)["overall"]
    for name, score in march["scores"].items():
        before = february["scores"][name]
        assert (score["previous_n"], score["previous_value"]) == (before["n"], before["value"])
        assert score["change"] == score["value"] - before["value"]
        *_, last_but_one, last = march["trends"][name]
        assert (last["value"], last["low"]) == (score["value"], score["low"])
        assert last_but_one["value"] == before["value"]


@pytest.mark.usefixtures("ingested")
def test_a_report_is_the_same_however_many_pages_it_is_read_in(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_report() -> str:
        report = _report(run, *MARCH)
        del report["sources"]  # other tests' sources, whose state depends on the time
        return re.sub(r'"computed_at": ?"[^"]+"', "", orjson.dumps(report).decode())

    at_once = read_report()
    monkeypatch.setattr(counting, "_PAGE", 7)
    monkeypatch.setattr(drivers, "_PAGE", 7)
    monkeypatch.setattr(submissions, "_PAGE", 7)
    assert read_report() == at_once


@pytest.mark.usefixtures("ingested")
def test_a_custom_period_is_divided_by_its_step(run: Run) -> None:
    since = ("--since", "2025-02-10", "--until", "2025-03-31", "--period", "week")
    report = _report(run, *since, "--organization", TRUST)
    steps = report["overall"]["trends"]["nps"]
    assert [step["name"] for step in steps] == ["week"] * 7 + ["custom"]
    total = report["overall"]["scores"]["nps"]["n"]
    assert sum(step["n"] for step in steps) == total
    assert report["previous_period"]["start"].startswith("2024-12-22")


@pytest.mark.usefixtures("ingested")
def test_a_goal_is_held_against_the_score_of_its_group(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(
        '[[goals]]\nname = "North"\nmeasure = "csat"\ntarget = 99\nby = 2030-12-31\n'
        'site = "North"\nservice = "A"\n'
    )
    report = _report(run, *MARCH, "--site", "North", "--goals", str(path))
    (goal,) = report["goals"]
    (group,) = (row for row in report["groups"]["service"]["rows"] if row["name"] == "A")
    score = group["scores"]["csat"]
    assert goal["now"] == {name: score[name] for name in goal["now"]}
    assert goal["status"] == "behind"
    path.write_text(path.read_text().replace('service = "A"', 'topic = "weather"'))
    error = run(*MARCH, "--goals", str(path)).exception
    assert isinstance(error, CommandError)
    assert "'North': there is no topic weather" in str(error)
    assert error.status is ExitStatus.USAGE


@pytest.mark.usefixtures("ingested")
def test_few_answers_are_shown_by_no_format(run: Run) -> None:
    march = ("--since", "2025-02-01", *MARCH, "--by", "site", "--measure", "fft_positive")
    (few,) = (r for r in _report(run, *march)["groups"]["site"]["rows"] if r["name"] == "Few")
    score = few["scores"]["fft_positive"]
    assert score["suppressed"]
    assert not {"value", "low", "high", "change", "previous_value"} & set(score)
    table, text = (run(*march, "--format", form).stdout for form in ("table", "markdown"))
    for line in (*table.splitlines(), *text.splitlines()):
        assert not (line.strip(" |").startswith("Few") and "%" in line), line
    html = run(*march, "--format", "html").stdout
    row = re.search(r'"row">Few</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None
    assert "%" not in row[1]


@pytest.mark.usefixtures("ingested")
def test_every_format_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    for form in ("table", "markdown", "html", "json"):
        path = tmp_path / form
        result = run(*MARCH, "--format", form, "-o", str(path))
        assert (result.exit_code, result.stdout) == (0, ""), result.exception
        assert "FFT positive" in path.read_text(encoding="utf-8")


class _Page(HTMLParser):
    """The references of a page, and the labels of its figures."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.labels: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.outside += [values[name] or "" for name in ("src", "href", "data") if name in values]
        if tag == "svg":
            self.labels.append(values.get("aria-label") or "")


@pytest.mark.usefixtures("ingested")
def test_the_page_is_one_file_with_figures_that_can_be_read_out(run: Run, tmp_path: Path) -> None:
    goals = tmp_path / "goals.toml"
    goals.write_text(
        '[[goals]]\nname = "Recommended <b>"\nmeasure = "nps"\ntarget = 60\nby = 2030-12-31\n'
    )
    path = tmp_path / "report.html"
    result = run(*MARCH, "--goals", str(goals), "--format", "html", "-o", str(path))
    assert result.exit_code == 0, result.exception
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    overall = _report(run, *MARCH)["overall"]
    assert page.outside == []
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import|https?:", text)
    assert all(page.labels)
    assert "FFT positive by site, with 95 % intervals" in page.labels
    assert sum("by period" in label for label in page.labels) == len(overall["scores"])
    assert page.tags.count("figure") <= page.tags.count("table")
    assert "Recommended &lt;b&gt;" in text
    shown = re.search(r'class="value">([^<]+)', text)
    assert shown is not None
    assert shown[1] == f"{overall['scores']['fft_positive']['value']:.1f} %"


@pytest.mark.usefixtures("ingested")
def test_published_scores_replace_those_of_an_earlier_run(run: Run, settings: Settings) -> None:
    arguments = (*MARCH, "--by", "site", "--publish")
    for _ in range(2):
        result = run(*arguments)
        assert result.exit_code == 0, result.exception
    query = {"term": {"score.dimensions.organization": TRUST}}
    with connect(settings) as client:
        hits = client.search(index=SCORES_INDEX, query=query, size=500)["hits"]["hits"]
    report = _report(run, *MARCH, "--by", "site")
    rows = [report["overall"], *report["groups"]["site"]["rows"], *report["scorecard"]["rows"]]
    scores = [s for row in rows for s in row["scores"].values() if s["n"] or s["previous_n"]]
    assert {hit["_id"] for hit in hits} == {score["score_id"] for score in scores}
    published = next(hit["_source"] for hit in hits if hit["_id"] == scores[0]["score_id"])["score"]
    assert (published["value"], published["low"]) == (scores[0]["value"], scores[0]["low"])


def test_a_scope_without_feedback_is_reported_as_such(run: Run) -> None:
    nobody = ("--organization", "Nobody's Trust")
    text = " ".join(run(*nobody).stdout.split())
    assert "The index has none of this scope at all." in text
    assert _report(run, *nobody)["overall"]["comments"] == 0
    assert "The index has none of this scope" in run(*nobody, "--format", "html").stdout


@pytest.mark.usefixtures("ingested")
def test_a_period_without_feedback_names_the_newest(run: Run) -> None:
    text = " ".join(run("--organization", TRUST, "--site", "Late").stdout.split())
    assert "--until 2025-03-31 reports on it" in text


def test_an_index_that_is_not_there_yet_is_said_in_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "READ_ALIAS", "feedback-not-there")
    result = run()
    assert isinstance(result.exception, CommandError)
    assert "holds no feedback yet" in str(result.exception)


def test_without_servers_or_with_wrong_options_there_is_one_sentence(run: Run) -> None:
    away = run(elasticsearch_url="http://127.0.0.1:1").exception
    assert isinstance(away, Unavailable)
    for arguments, said in (
        (("--timezone", "Mars"), "reading --timezone 'Mars'"),
        (("--since", "2025-03-01", "--until", "2025-02-01"), "it must be before --until"),
        (("--site", "N*", "--publish"), "--site must be one value without *"),
    ):
        error = run(*arguments).exception
        assert isinstance(error, CommandError)
        assert (error.status, said in str(error)) == (ExitStatus.USAGE, True), error
