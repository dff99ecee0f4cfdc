"""`feedback translate check`: the answer of the service, and what waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.commands.translate import app as translate
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.producer import BatchProducer
from pipeline.search.untranslated import count_characters
from pipeline.settings import Settings
from pipeline.streams.roles import Role
from pipeline.translate.ledger import Ledger
from schemas.cached_translation import CachedTranslation, derive_text_id
from tests.support.fake_service import Served
from tests.support.pipeline import comments, publish
from tests.support.translators import ENGLISH, KEY, FakeDeepL
from tests.support.worker import drain

Run = Callable[..., Result]
THANKS, WAITED, _, POLISH = list(ENGLISH)[1:5]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    def invoke(settings: Settings, url: str, *arguments: str, key: str = KEY) -> Result:
        config = tmp_path / "feedback.toml"
        table = FakeDeepL().settings(url, key=key, languages=["de", "pl"])
        lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in table.items()]
        config.write_text("\n".join(["[translate]", *lines]))
        changed = settings.model_copy(update={"config": config})
        monkeypatch.setattr(translate, "settings", lambda: changed)
        return CliRunner().invoke(translate.app, ["check", *arguments])

    return invoke


def spend(settings: Settings, characters: int) -> None:
    """Write a translation to the ledger."""
    entry = CachedTranslation(
        text_id=derive_text_id("spent"), text="spent", language="de", service="deepl",
        characters=characters, at=datetime.now(UTC),
    )  # fmt: skip

    async def write() -> None:
        producer = BatchProducer(settings.kafka)
        await producer.start()
        ledger = Ledger(settings.kafka, producer, size=10)
        await ledger.add([entry])
        assert ledger.get(entry.text_id) == entry
        await ledger.close()
        await producer.stop()

    asyncio.run(write())


def test_check_counts_what_waits_and_what_was_spent(settings: Settings, run: Run) -> None:
    texts = (THANKS, THANKS, POLISH, "The nurses were lovely and explained everything.")
    records = comments("translate_check", len(texts))
    publish(
        settings,
        [r.model_copy(update={"text": t}) for r, t in zip(records, texts, strict=True)],
    )
    drain(settings, Role.ENRICH, Role.INDEX)
    spend(settings, 700)
    with Served(FakeDeepL().app) as served:
        shown = orjson.loads(run(settings, served.url, "--json").output)
        page = run(settings, served.url).output
    assert shown["translation"] == "Good day."
    assert shown["languages"] == ["de", "en", "pl"]
    assert shown["characters"]["month"] >= 700
    assert shown["characters"]["month_budget"] == 100_000
    waiting = shown["waiting"]  # other tests of these engines may have left some
    assert waiting["comments"] >= 3
    assert waiting["characters"] >= len(THANKS) + len(POLISH)
    assert waiting["languages"]["de"] >= 2
    assert waiting["languages"]["pl"] >= 1
    assert waiting["unsupported"] == []
    assert f"{waiting['comments']} comments of the last 30 days" in page
    assert KEY not in page


@pytest.mark.parametrize(
    ("key", "reason"), [("wrong", "status 403; are the settings right?"), (KEY, "Error")]
)
def test_a_service_that_does_not_translate_is_an_error_in_one_sentence(
    run: Run, key: str, reason: str
) -> None:
    with Served(FakeDeepL().app) as served:
        url = served.url if key == "wrong" else "http://127.0.0.1:9"
        result = run(Settings(), url, key=key)
    assert isinstance(result.exception, CommandError)
    assert result.exception.status is ExitStatus.UNAVAILABLE
    assert reason in str(result.exception)
    assert key not in str(result.exception) or key == "wrong"


def test_check_needs_a_translate_section(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "feedback.toml").write_text("[cases]\n")
    settings = Settings(config=tmp_path / "feedback.toml")
    monkeypatch.setattr(translate, "settings", lambda: settings)
    app = typer.Typer()
    app.add_typer(translate.app, name="translate")
    result = CliRunner().invoke(app, ["translate", "check"])
    assert isinstance(result.exception, CommandError)
    assert str(result.exception).endswith("there is no [translate]")


def test_texts_that_are_too_long_or_repeated_cost_nothing() -> None:
    documents = [
        {"message": text, "feedback": {"language": {"detected": "de"}}}
        for text in ("Danke", "Danke", "x" * 101, " ")
    ]
    comments_, characters = count_characters(documents, max_length=100)
    assert (comments_["de"], characters) == (2, 5)


def test_languages_of_the_settings_too_are_named_if_the_service_has_them_not() -> None:
    languages = {"de", "pa", "und", "zh"}
    assert translate.find_unsupported(languages, frozenset({"DE", "zh-Hans"})) == ("pa",)
    assert translate.find_unsupported(languages, frozenset()) == ()
