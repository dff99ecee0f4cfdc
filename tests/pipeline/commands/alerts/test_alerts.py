"""`feedback alerts` on real engines: listing, looking at, acknowledging and silencing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from pipeline.commands.alerts import app, silence
from pipeline.elasticsearch.client import connect
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.settings import Settings
from schemas.alert import Alert
from schemas.alert_documents import ALERTS_INDEX, alert_document, alert_version
from schemas.documents import document, index_name
from schemas.feedback import EnrichedFeedback
from tests.schemas.test_documents import FULL
from tests.support.spikes import resolve_alert, spike

NOW = datetime.now(UTC).replace(microsecond=0)
SITE = "Alerts Test"
Run = Callable[..., Result]


def _ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


EXAMPLE = EnrichedFeedback.model_validate(
    FULL.model_dump()
    | {"event_id": "a1e7" * 8, "site": SITE, "text": "Hours in [a] queue\x1b[2J, again"}
)
FOOD = spike(
    site=SITE, topic="food", source=None, started_at=_ago(5), updated_at=_ago(4),
    severity="warning", example_ids=(EXAMPLE.event_id, "b" * 32),
)  # fmt: skip
URGENT = spike(
    site=f"{SITE} Annex", topic=None, source=None, kind="urgent",
    started_at=_ago(2), updated_at=_ago(1),
)  # fmt: skip
ENDED = resolve_alert(spike(site=SITE, topic=None, source="rss", started_at=_ago(50)))


@pytest.fixture(scope="module", autouse=True)
def indexed(settings: Settings) -> None:
    operations: list[dict[str, Any]] = []
    for alert in (FOOD, URGENT, ENDED):
        place = {"_index": ALERTS_INDEX, "_id": alert.alert_id, "version_type": "external"}
        operations += [{"index": {**place, "version": alert_version(alert)}}]
        operations += [alert_document(alert)]
    place = {"_index": index_name(EXAMPLE.created_at), "_id": EXAMPLE.event_id}
    operations += [{"index": place}, document(orjson.loads(EXAMPLE.to_payload()))]
    with connect(settings) as client:
        answer = client.bulk(operations=operations, refresh=True)
    assert not answer["errors"], answer


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    def invoke(*arguments: str, configuration: Settings = settings) -> Result:
        for module in (app, silence):
            monkeypatch.setattr(module, "settings", lambda: configuration)
        return CliRunner().invoke(app.app, list(arguments), env={"COLUMNS": "200"})

    return invoke


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.exception
    return orjson.loads(result.stdout)


def _list_ids(run: Run, *arguments: str) -> list[str]:
    listing = _json(run("list", "--site", f"{SITE}*", *arguments, "--json"))
    return [item["alert_id"] for item in listing["alerts"]]


def _silences(run: Run, alert: Alert) -> list[dict[str, Any]]:
    """Those that are active and name the alert or its site."""
    listing: list[dict[str, Any]] = _json(run("silences", "--json"))
    return [item for item in listing if item.get("alert_id", alert.alert_id) == alert.alert_id
            and item.get("site", alert.site) == alert.site]  # fmt: skip


def _error(result: Result) -> CommandError:
    assert isinstance(result.exception, CommandError), result.output
    return result.exception


def _ids(*found: Alert) -> list[str]:
    return [alert.alert_id for alert in found]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [URGENT, FOOD]),
        (["--all"], [URGENT, FOOD, ENDED]),
        (["--all", "--since", "3h"], [URGENT]),
        (["--all", "--since", _ago(47.5).isoformat()], [URGENT, FOOD, ENDED]),
        (["--all", "--since", _ago(46.5).isoformat()], [URGENT, FOOD]),
        (["--topic", "FOOD", "--topic", "parking"], [FOOD]),
        (["--all", "--source", "r*"], [ENDED]),
        (["--kind", "urgent"], [URGENT]),
        (["--severity", "warning"], [FOOD]),
        (["--limit", "1"], [URGENT]),
    ],
)
def test_lists_what_goes_on_and_matches_newest_first(
    run: Run, arguments: list[str], expected: list[Alert]
) -> None:
    assert _list_ids(run, *arguments) == _ids(*expected)


def test_the_table_tells_an_alert_in_two_lines(run: Run) -> None:
    _, *lines = run("list", "--site", SITE).stdout.splitlines()
    since = f"{FOOD.started_at:%Y-%m-%d %H:%M}"
    first = f"{FOOD.alert_id[:8]} {since} warning negative: {SITE} · food 12 of 14 0 to 5"
    assert [line.split() for line in lines] == [first.split(), ["firing"]]


def test_the_limit_says_that_there_are_more(run: Run) -> None:
    assert run("list", "--site", f"{SITE}*", "--limit", "1").stderr.startswith("1 of 2 shown")


def test_none_is_said_and_is_no_failure(run: Run) -> None:
    result = run("list", "--site", "Nowhere at all")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no matching alerts\n"


def test_shows_all_of_an_alert_with_its_words_and_what_people_wrote(run: Run) -> None:
    shown = run("show", FOOD.alert_id[:8]).stdout
    shown_words = " ".join(shown.split())
    for expected in (
        FOOD.sentence,
        FOOD.alert_id,
        "12 of 14 (86%)",
        "2.12, 0 to 5 (20%); seen is 5.65 times that",
        "once in 1,230 days",
        "queue, hours",
        "1 of 2 examples:",
        "Hours in [a] queue [2J, again",
    ):
        assert expected in shown_words
    assert "\x1b" not in shown


def test_json_of_an_alert_has_its_fields_its_silence_and_its_examples(run: Run) -> None:
    listing = _json(run("show", FOOD.alert_id, "--json"))
    assert listing.pop("silence") is None
    (example,) = listing.pop("examples")
    assert example["message"] == EXAMPLE.text
    assert listing == orjson.loads(FOOD.to_payload())


def test_an_acknowledged_alert_says_by_whom_until_that_is_taken_back(run: Run) -> None:
    done = run("ack", FOOD.alert_id[:8], "--by", "anna", "--note", "on it")
    assert done.stdout == (
        f"alert {FOOD.alert_id[:8]}, {SITE} · food, is acknowledged by anna until it ends\n"
    )
    assert "acknowledged by anna" in run("list", "--site", SITE).stdout
    assert "acknowledged by anna: on it" in run("show", FOOD.alert_id).stdout
    run("ack", FOOD.alert_id, "--by", "ben", "--for", "4h")
    (silence,) = _silences(run, FOOD)
    assert (silence["by"], silence["alert_id"]) == ("ben", FOOD.alert_id)
    lasting = datetime.fromisoformat(silence["ends_at"]) - datetime.fromisoformat(
        silence["starts_at"]
    )
    assert lasting == timedelta(hours=4)
    assert run("unsilence", FOOD.alert_id[:8]).stdout.endswith("is removed\n")
    assert _silences(run, FOOD) == []
    assert run("unsilence", FOOD.alert_id[:8]).stderr.endswith("has ended already\n")


def test_an_alert_that_has_ended_needs_no_acknowledgement(run: Run) -> None:
    done = run("ack", ENDED.alert_id)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.endswith("has ended: nothing to acknowledge\n")


def test_a_silence_keeps_quiet_what_matches_and_is_lifted_by_its_id(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "clara")
    wanted = ("silence", "--site", f"{SITE} Annex", "--kind", "urgent", "--for", "2h")
    dry = run(*wanted, "--dry-run")
    assert dry.stdout.startswith(f"urgent · {SITE} Annex would be silenced until ")
    assert ": 1 of " in dry.stdout
    assert _silences(run, URGENT) == []
    assert run(*wanted).exit_code == 0
    (silence,) = _silences(run, URGENT)
    assert silence["by"] == "clara"
    quiet = _json(run("list", "--site", f"{SITE}*", "--json"))["alerts"]
    assert [item["silence"] for item in quiet] == [silence, None]
    assert f"{silence['silence_id'][:8]}  urgent · {SITE} Annex" in run("silences").stdout
    run("unsilence", silence["silence_id"][:8])
    assert _silences(run, URGENT) == []


@pytest.mark.parametrize(
    ("arguments", "sentence", "status"),
    [
        (["show", "ffff0000ffff"], "finding alert ffff0000ffff: not found", ExitStatus.FAILED),
        (["ack", "0" * 31], f"finding alert {'0' * 31}: not found", ExitStatus.FAILED),
        (["unsilence", "ffff0000"], "finding silence ffff0000: not found", ExitStatus.FAILED),
        (["show", "abc"], "finding alert: an id is 4 to 32 of", ExitStatus.USAGE),
        (["show", "*"], "finding alert: an id is 4 to 32 of", ExitStatus.USAGE),
        (["list", "--since", "soon"], "reading --since: expected a date", ExitStatus.USAGE),
        (["silence", "--for", "2h"], "silencing: name a site, topic", ExitStatus.USAGE),
        (["silence", "--for", "soon", "--everything"], "reading --for: ", ExitStatus.USAGE),
        (["silence", "--for", "0h", "--everything"], "reading --for: ", ExitStatus.USAGE),
        (["silence", "--for", f"{'9' * 12}w", "--everything"], "reading --for: ", ExitStatus.USAGE),
        (["silence", "--for", "1h", "--site", "x" * 513], "reading --site: ", ExitStatus.USAGE),
    ],
)
def test_what_cannot_be_found_or_read_is_one_sentence(
    run: Run, arguments: list[str], sentence: str, status: ExitStatus
) -> None:
    error = _error(run(*arguments))
    assert str(error).startswith(sentence)
    assert error.status is status


def test_everything_is_not_silenced_together_with_something(run: Run) -> None:
    error = _error(run("silence", "--everything", "--site", "North", "--for", "2h", "--dry-run"))
    assert error.status is ExitStatus.USAGE


def test_an_ambiguous_beginning_is_answered_with_the_ids(run: Run, settings: Settings) -> None:
    two = [FOOD.model_copy(update={"alert_id": f"{'c0ffee' * 5}{end}"}) for end in ("01", "02")]
    with connect(settings) as client:
        for alert in two:
            body = alert_document(alert.model_copy(update={"site": "Two"}))
            client.index(index=ALERTS_INDEX, id=alert.alert_id, document=body, refresh=True)
        error = _error(run("show", "c0ffee"))
        for alert in two:
            client.delete(index=ALERTS_INDEX, id=alert.alert_id, refresh=True)
    assert error.status is ExitStatus.USAGE
    assert all(alert.alert_id in str(error) for alert in two)


@pytest.mark.parametrize(
    "arguments", [["list"], ["show", "abcd"], ["ack", "abcd"], ["silence", "--everything",
                  "--for", "1h"], ["silences"], ["unsilence", "abcd"]],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_engines_that_are_away_are_one_sentence(run: Run, arguments: list[str]) -> None:
    nowhere = Settings(
        kafka_bootstrap_servers="127.0.0.1:9", elasticsearch_url="http://127.0.0.1:9"
    )
    error = _error(run(*arguments, configuration=nowhere))
    assert isinstance(error, Unavailable)
    assert "start one with `feedback up`" in str(error)
