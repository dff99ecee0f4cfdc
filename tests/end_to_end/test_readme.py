"""README and docs are a promise: commands are run, names exist, tables are current."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import orjson
import pytest

from connectors.runtime.instances import build_instances
from deploy.local.ports import find_free_port
from pipeline.elasticsearch.client import connect
from pipeline.errors import ExitStatus
from pipeline.reference import settings_page, with_current_table
from pipeline.settings import Settings
from pipeline.settings_file import read_connector_sections, resolve_secret
from schemas.alert import Alert
from schemas.alert_documents import ALERTS_INDEX, alert_document
from tests.support.fake_service import serve_fake
from tests.support.pipeline import feedback, run_feedback, wait_until
from tests.support.services.app_store import APP, FakeAppStore
from tests.support.services.google_play import FakeGooglePlay
from tests.support.services.rss import FakeFeeds
from tests.support.spikes import spike

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}


def command_lines(text: str) -> list[str]:
    """Return the lines of a text's ``sh`` blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def commands_under(page: str, heading: str) -> list[str]:
    """Return the command lines under a heading of a page in docs."""
    (section,) = re.findall(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)",
        PAGES[f"docs/{page}.md"],
        re.DOTALL | re.MULTILINE,
    )
    return command_lines(section)


README = PAGES["README.md"]
INGEST, DEAD, STATUS = commands_under("collecting", "Files")
IMPORTS = commands_under("collecting", "Taking an import back")
LIST_CONNECTORS, DRY_RUN, ONCE, FOLLOW = commands_under("collecting", "Sources")
(SERVE,) = commands_under("collecting", "Webhooks and the form")
QR_CODE, QR_POSTER = commands_under("collecting", "A QR code to hang up")
(REPLY,) = commands_under("collecting", "Replies")
WORDS, MACHINE, URGENT, TOPIC, *OWN = commands_under("searching", "In the terminal")
(TRANSLATE,) = commands_under("understanding", "Other languages")
(EXPLAIN,) = commands_under("understanding", "What is found in a comment, and how well")
(CONFIG,) = commands_under("operations", "Checking the settings")
TRAIN, EVALUATE = commands_under("understanding", "Your own taxonomy and model")
REPORT_BY_SITE, REPORT_PAGE, REPORT_PUBLISH = commands_under("reports", "Reports")
ALERTS = commands_under("alerting", "Working with alerts")
CASES = [
    line
    for line in re.findall(r"^\$ (feedback cases .*)$", PAGES["docs/cases.md"], re.MULTILINE)
    if {"--overdue", "--recorded", "resolve"} & set(line.split())
]
(SETTINGS_FILE,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
(GOALS,) = re.findall(r"```toml\n(.*?)```", PAGES["docs/reports.md"], re.DOTALL)
COMMENTS = """Date,Rating,Comment
2026-03-02,1,"Two hours of waiting in awful pain."
2026-03-03,5,The nurses were kind and explained everything.
2026-03-04,2,More waiting. The toilets were dirty. Please call me about it.
no date,3,Fine
2026-03-05,4,
2026-03-06,,
"""
TRUST = "Trust of the README"
WARD = "Ward of the README"
ROUTES_AND_CASES = """[hours.office]
zone = "Europe/London"
times = "08:00-18:00"

[notify.ward-leads]
apprise = { env = "WARD_LEADS_MAIL" }
sites = ["Eastgate"]
hours = "office"

[notify.ticketing]
webhook = "https://hooks.example.org/feedback"
secret = { env = "TICKETING_SECRET" }
min_urgency = "critical"

[cases]
hours = "office"

[cases.rules.complaint]
owner = "PALS"
"""
THEMES = {
    "Respect and dignity": "The receptionist was rude.",
    "Communication and empathy": "They listened to me and my family.",
    "Accessibility and convenience": "The parking is too expensive.",
    "Efficiency and responsiveness": "Waited four hours to be seen.",
    "Proactive care and education": "The ward was dirty.",
}


def test_every_command_line_is_run_by_a_test() -> None:
    run = {
        "make demo",  # tests/pipeline/commands/test_demo.py
        "make test",  # is running
        "feedback up",  # tests/pipeline/commands/test_demo.py
        "feedback setup",
        "feedback worker",
        *(INGEST, DEAD, STATUS),
        *IMPORTS,
        *(WORDS, MACHINE, URGENT, TOPIC, *OWN, EXPLAIN, TRANSLATE),
        *(LIST_CONNECTORS, DRY_RUN, ONCE, FOLLOW, SERVE, REPLY),
        *(QR_CODE, QR_POSTER, CONFIG),
        *(TRAIN, EVALUATE),
        *(REPORT_BY_SITE, REPORT_PAGE, REPORT_PUBLISH),
        *ALERTS,
    }
    pages = PAGES.keys() - {"docs/connectors.md", "docs/writing-a-connector.md"}  # for authors
    lines = {line for page in pages for line in command_lines(PAGES[page])}
    exports = {line for line in lines if line.startswith("export FEEDBACK_")}
    assert lines - exports == run


def test_the_settings_file_is_the_same_on_every_page() -> None:
    assert f"```toml\n{SETTINGS_FILE}```" in PAGES["docs/collecting.md"]


def test_a_file_of_ones_own_is_brought_in_and_found(
    settings: Settings,
    environment: dict[str, str],
    start_worker: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    (tmp_path / "comments.csv").write_text(COMMENTS, encoding="utf-8")
    feedback("feedback setup", environment, tmp_path)
    worker = start_worker()
    feedback(f"{INGEST} --dry-run", environment, tmp_path)
    feedback(INGEST, environment, tmp_path)
    # The worker first works off what other tests left on Kafka.
    wait_until(
        lambda: count_hits(MACHINE, environment, tmp_path) >= 5, seconds=180, what="5 documents"
    )
    counts = orjson.loads(feedback(f"{INGEST} --json", environment, tmp_path))
    assert (counts["indexed"], counts["dead_lettered"], counts["skipped"]) == (5, 0, 1)
    for line in IMPORTS:
        assert "comments" in feedback(line, environment, tmp_path)
    assert "2 found" in feedback(f"{WORDS} --site North", environment, tmp_path)
    answer = orjson.loads(feedback(MACHINE, environment, tmp_path))
    assert answer["total"] == 5
    assert "[PHONE]" in feedback(EXPLAIN, environment, tmp_path)
    assert "1 found" in feedback(f"{URGENT} --site North", environment, tmp_path)
    for line in (TOPIC, *OWN):
        assert "found" in feedback(line, environment, tmp_path)
    unnamed = run_feedback(TRANSLATE, environment, tmp_path)
    assert (unnamed.returncode, "[translate]" in unnamed.stderr) == (2, True)
    (tmp_path / "broken.csv").write_text("Date,Comment\n2026-03-02,Kind,of,late\n2026-03-03,Fine\n")
    feedback("feedback ingest broken.csv --allow-dead-letters", environment, tmp_path)
    assert "broken:line 2" in feedback(DEAD, environment, tmp_path)
    assert "feedback-index" in feedback_status(STATUS, environment, tmp_path)
    feedback(REPORT_BY_SITE, environment, tmp_path)
    (tmp_path / "visits.csv").write_text("\n".join(visits()), encoding="utf-8")
    feedback(f"feedback ingest visits.csv --organization '{TRUST}'", environment, tmp_path)
    collect_what_fails_and_what_is_silent(environment, tmp_path)
    (tmp_path / "goals.toml").write_text(GOALS, encoding="utf-8")
    feedback(f"{REPORT_PAGE} --organization '{TRUST}' --goals goals.toml", environment, tmp_path)
    shows_what_is_promised((tmp_path / "report.html").read_text("utf-8"))
    feedback(REPORT_PUBLISH, environment, tmp_path)
    worker.terminate()
    assert worker.wait(30) == 0


def visits() -> list[str]:
    """Made-up comments of each theme, in every month of a spring."""
    rows = ["Date,Rating,Comment,Ward"]
    for number in range(75):
        text = list(THEMES.values())[number % 5]
        rating = 5 - number % 5
        rows.append(f"2026-0{number % 3 + 3}-1{number % 7},{rating},{text},Ward {number % 2 + 1}")
    return rows


def collect_what_fails_and_what_is_silent(environment: dict[str, str], folder: Path) -> None:
    with serve_fake(rss := FakeFeeds()) as news:
        feeds = orjson.dumps(rss.settings(news.url)["urls"]).decode()
        (folder / "feedback.toml").write_text(
            f'[rss.quiet]\nurls = {feeds}\nsilent_after = "1s"\n'
            f'[rss.gone]\nurls = ["{news.url}/nowhere"]\n',
            encoding="utf-8",
        )
        assert run_feedback(ONCE, environment, folder).returncode == ExitStatus.BAD_INPUT


def shows_what_is_promised(page: str) -> None:
    """Check what docs/reports.md says of the page, part by part."""
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert {"Stars over time", "Goals", "What moves Stars", "Sources"} <= set(headings)
    parts = dict(zip(headings, re.split(r"<h2>.*?</h2>", page)[1:], strict=True))
    assert 'aria-label="Stars by period, with 95 % intervals' in parts["Stars over time"]
    assert "Four stars" in parts["Goals"]
    assert row_names(parts["Scorecard of themes"]) == set(THEMES)
    assert "Parking (negative)" in row_names(parts["What moves Stars"])
    states = dict(re.findall(r'"row">(rss\.\w+)</th>.*?class="tag \w+">(\w+)<', parts["Sources"]))
    assert (states["rss.quiet"], states["rss.gone"]) == ("silent", "failed")


def row_names(part: str) -> set[str]:
    return set(re.findall(r'"row">(.*?)</th>', part))


def count_hits(line: str, environment: dict[str, str], folder: Path) -> int:
    """Return the number of hits of a search; 0 before the index exists."""
    done = run_feedback(line, environment, folder)
    return int(orjson.loads(done.stdout)["total"]) if done.returncode == 0 else 0


def test_sources_are_collected_followed_and_served(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    with serve_fake(FakeAppStore()) as app_store, serve_fake(rss := FakeFeeds()) as news:
        text = SETTINGS_FILE.replace('app = "310633997"', f'app = "{APP}"')
        text = text.replace('site = "Patients', f'base_url = "{app_store.url}"\nsite = "Patients')
        feeds = orjson.dumps(rss.settings(news.url)["urls"]).decode()
        text = re.sub(r"urls = .*", f"urls = {feeds}", text)
        (tmp_path / "feedback.toml").write_text(text, encoding="utf-8")
        with_secret = {**environment, "TYPEFORM_SECRET": "s3cret"}
        assert "app_store" in feedback(LIST_CONNECTORS, with_secret, tmp_path)
        assert "Visit" in feedback(DRY_RUN, with_secret, tmp_path)
        runs = orjson.loads(feedback(f"{ONCE} --json", with_secret, tmp_path))
        assert [(run["source"], run["instance"]) for run in runs] == [
            ("app_store", "patients"),
            ("rss", "news"),
        ]
        assert all(run["published"] for run in runs)
        before = len(news.requests)
        with until_stopped(FOLLOW, with_secret, tmp_path) as log:
            wait_until(
                lambda: len(news.requests) > before, seconds=60, what="a run of the follower"
            )
        port = find_free_port()
        with until_stopped(f"{SERVE} --port {port}", with_secret, tmp_path) as log:
            form = f"http://127.0.0.1:{port}/form/waiting-room"
            wait_until(lambda: answers(form), seconds=60, what="the form")
            assert "How was your visit?" in httpx.get(form, timeout=10).text
        assert "s3cret" not in log.read_text("utf-8")


def test_alerts_and_cases_are_dealt_with(
    settings: Settings,
    environment: dict[str, str],
    start_worker: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    (tmp_path / "feedback.toml").write_text(ROUTES_AND_CASES, encoding="utf-8")
    variables = {
        "FEEDBACK_CONFIG": str(tmp_path / "feedback.toml"),
        "WARD_LEADS_MAIL": "json://127.0.0.1:9",
        "TICKETING_SECRET": f"whsec_{b64encode(bytes(32)).decode()}",
    }
    environment = {**environment, **variables}
    start_worker(**variables)
    text = "Date,Comment\n{:%Y-%m-%d},This is a formal complaint: the nurse was rude to my mother."
    (tmp_path / "complaint.csv").write_text(text.format(datetime.now(UTC)), encoding="utf-8")
    feedback(f"feedback ingest complaint.csv --news --site '{WARD}'", environment, tmp_path)
    cases = f"feedback cases list --site '{WARD}' --json"
    wait_until(
        lambda: bool(list_ids(cases, "cases", environment, tmp_path)), seconds=180, what="a case"
    )
    (case_id,) = list_ids(cases, "cases", environment, tmp_path)
    index_alert(settings, alert := spike(site=WARD))
    for line in ALERTS:
        feedback(line.replace(" ID", f" {alert.alert_id[:12]}"), environment, tmp_path)
    assert [line.split()[2] for line in CASES] == ["list", "reply", "resolve"]
    for line in CASES:
        feedback(line.replace(" 1a2b3c4d", f" {case_id}"), environment, tmp_path)
    shown = feedback(f"feedback cases show {case_id}", environment, tmp_path)
    assert ("PALS" in shown, "A second nurse at night." in shown) == (True, True)
    routes = feedback(ALERTS[-1], environment, tmp_path)
    assert ("ward-leads" in routes, "ticketing" in routes) == (True, True)


def list_ids(line: str, kind: str, environment: dict[str, str], folder: Path) -> list[str]:
    done = run_feedback(line, environment, folder)
    return (
        [document[f"{kind[:-1]}_id"] for document in orjson.loads(done.stdout)[kind]]
        if done.returncode == 0
        else []
    )


def index_alert(settings: Settings, alert: Alert) -> None:
    with connect(settings) as client:
        client.index(
            index=ALERTS_INDEX, id=alert.alert_id, document=alert_document(alert), refresh=True
        )


def test_a_review_is_answered_where_the_service_lets_one(tmp_path: Path) -> None:
    with serve_fake(fake := FakeGooglePlay()) as service:
        table = {**fake.settings(service.url), "client_secret": {"env": "PLAY_SECRET"}}
        table["refresh_token"] = {"env": "PLAY_TOKEN"}
        lines = [f"{name} = {as_toml(value)}" for name, value in table.items()]
        text = "\n".join(
            ["[google_play.patients]", *lines, "", "[app_store.patients]", 'app = "1"']
        )
        (tmp_path / "feedback.toml").write_text(text, encoding="utf-8")
        secrets = fake.settings("")
        environment = {
            **os.environ,
            "PLAY_SECRET": secrets["client_secret"],
            "PLAY_TOKEN": secrets["refresh_token"],
        }
        assert "not sent" in feedback(REPLY, environment, tmp_path)
        assert fake.replies == {}
        feedback(f"{REPLY} --send", environment, tmp_path)
        assert fake.replies == {"gp:1": "We are sorry."}
    refused = run_feedback("feedback reply app_store.patients 1 'Hello'", environment, tmp_path)
    assert (refused.returncode, "does not support replies" in refused.stderr) == (2, True)


def as_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {as_toml(part)}" for name, part in value.items()) + " }"
    return orjson.dumps(value).decode()


@contextmanager
def until_stopped(line: str, environment: dict[str, str], folder: Path) -> Iterator[Path]:
    """Run a ``feedback …`` line until the block ends, then stop it; yield the path of its log."""
    log = folder / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "pipeline.cli", *line.split()[1:]]
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=file)
        try:
            yield log
            process.terminate()
            assert process.wait(40) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_the_settings_file_of_the_readme_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(SETTINGS_FILE, encoding="utf-8")
    resolve = partial(resolve_secret, resolve=lambda name: "x" * 20)
    sources = build_instances(read_connector_sections(path), resolve, f"reading {path}")
    assert [instance.source.name for instance in sources] == [
        "app_store",
        "rss",
        "typeform",
        "form",
    ]


def test_the_settings_in_force_are_shown(tmp_path: Path) -> None:
    (tmp_path / "feedback.toml").write_text(SETTINGS_FILE, encoding="utf-8")
    environment = {**os.environ, "TYPEFORM_SECRET": "s3cret"}
    shown = feedback(CONFIG, environment, tmp_path)
    assert "[rss.news] RSS and Atom feeds" in shown
    assert "environment variable TYPEFORM_SECRET" in shown
    assert "s3cret" not in shown
    missing = run_feedback(CONFIG, dict(os.environ), tmp_path)
    assert (missing.returncode, "TYPEFORM_SECRET is not set" in missing.stderr) == (2, True)


def test_a_code_and_a_poster_of_a_form_are_made(tmp_path: Path) -> None:
    (settings,) = re.findall(
        r"```toml\n([^`]*public_url[^`]*/form/[^`]*)```", PAGES["docs/collecting.md"]
    )
    (tmp_path / "feedback.toml").write_text(settings, encoding="utf-8")
    for line in (QR_CODE, QR_POSTER):
        feedback(line, {}, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "code.svg",
        "poster.html",
        "feedback.toml",
    }


def test_a_model_of_ones_own_is_trained_judged_and_used(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "labelled.csv").write_text("\n".join(labelled_rows()), encoding="utf-8")
    feedback(TRAIN, environment, tmp_path)
    folder = tmp_path / "model-healthcare"
    written = {path.name for path in folder.iterdir()}
    assert written == {"model.npz", "model.json", "card.md", "topics.png", "sentiment.png"}
    with_it = {**environment, "FEEDBACK_MODEL": str(folder)}
    figures = orjson.loads(feedback(f"{EVALUATE} --json", with_it, tmp_path))
    assert figures["sentiment"]["n"] == 240
    assert figures["topics"]["micro_f1"] > 0.9
    assert figures["of_writers_trained_on"] == 240


def labelled_rows() -> list[str]:
    """Made-up comments whose words give away their labels."""
    comments = {
        "food": (("cold soup", "negative"), ("tasty dinner", "very positive")),
        "waiting_time": (("waited for hours", "very negative"), ("seen on time", "positive")),
    }
    rows = ["Comment,Customer,Sentiment,Topics,Date"]
    for number in range(240):
        topic = ("food", "waiting_time")[number % 2]
        words, sentiment = comments[topic][number // 2 % 2]
        text = f"We had {words} on day {number % 7}"
        rows.append(f"{text},{number % 80},{sentiment},{topic},2026-03-02")
    return rows


def feedback_status(line: str, environment: dict[str, str], folder: Path) -> str:
    """Run ``feedback status`` without looking at engines that a user of this machine may run."""
    elsewhere = {**environment, "FEEDBACK_LOCAL_HOME": str(folder / "engines")}
    return feedback(line, elsewhere, folder)


def test_every_setting_that_is_named_exists() -> None:
    named = {
        name for text in PAGES.values() for name in re.findall(r"FEEDBACK_([A-Z_]+[A-Z])", text)
    }
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_tables_are_current() -> None:
    page = PAGES["docs/subscribing.md"]
    assert with_current_table(page) == page, "run `make generate`"
    assert PAGES["docs/settings.md"] == settings_page(), "run `make generate`"


@pytest.mark.parametrize("preset", ["nhs-fft", "hcahps", "text-date"])
def test_the_presets_that_are_named_exist(preset: str) -> None:
    from connectors.file.columns.presets import load_presets

    assert preset in load_presets()


def test_the_versions_of_python_that_are_promised_are_the_ones_declared() -> None:
    assert "Python 3.11, 3.12 or 3.13" in README
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in declared


def test_errors_have_the_exit_statuses_that_are_promised(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "README.csv").write_text(COMMENTS, encoding="utf-8")
    nowhere = {
        **os.environ,
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "FEEDBACK_ELASTICSEARCH_URL": "http://127.0.0.1:9",
    }
    statuses = {
        "ingest empty.csv": 4,
        "ingest README.csv --preset nope": 2,
        "search --since yesterday-ish": 2,
        "search anything": 3,
        "setup": 3,
    }
    for arguments, status in statuses.items():
        done = run_feedback(f"feedback {arguments}", nowhere, tmp_path)
        assert done.returncode == status, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith(("error: ", "Usage")), done.stderr
